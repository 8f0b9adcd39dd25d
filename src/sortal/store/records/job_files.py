"""Files of job records: one JSON file a job, replaced whole."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sortal.errors import NotFound
from sortal.store.files import atomic
from sortal.store.files.json_lines import Record, parse
from sortal.store.files.names import check_name
from sortal.store.records.job_record import JobRecord


@dataclass(frozen=True, slots=True)
class Jobs:
    """All job records of a store."""

    folder: Path

    def names(self) -> list[str]:
        """Names of the jobs, sorted."""
        if not self.folder.is_dir():
            return []
        return sorted(
            path.stem
            for path in self.folder.iterdir()
            if path.suffix == ".json" and not path.name.startswith(".")
        )

    def path(self, name: str) -> Path:
        """Where a job's record is or would be."""
        return self.folder / f"{check_name('job', name)}.json"

    def write(self, record: JobRecord) -> None:
        """Write or replace the record of the job that it names."""
        atomic.write_text(self.path(record.name), _text(record.to_json()))

    def read(self, name: str) -> JobRecord:
        """A job's record, which names the job as its file does.

        Raises:
            NotFound: There is no job of that name.
            Damaged: The file is not the record of a job.
        """
        path = self.path(name)
        try:
            text = path.read_bytes()
        except FileNotFoundError as error:
            where = str(self.folder.parent)
            raise NotFound("job", name, self.names(), where=where) from error
        record = JobRecord.from_json(parse(text, path), str(path))
        # A file may have been copied or renamed by hand: it must not be written over its original.
        return record if record.name == name else record.model_copy(update={"name": name})

    def read_or_none(self, name: str) -> JobRecord | None:
        """A job's record, None where there is none."""
        return self.read(name) if self.path(name).exists() else None

    def remove(self, name: str) -> None:
        """Delete a record that exists."""
        self.path(name).unlink()


def _text(record: Record) -> str:
    """JSON with a line for each key, and for each element of a list.

    Not `indent`, which leaves the quick encoder: a record of thousands of members takes a second.
    """
    lines = [f"{json.dumps(key)}: {_value(value)}" for key, value in record.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _value(value: Any) -> str:
    if not isinstance(value, list) or not value:
        return json.dumps(value, allow_nan=False)
    listed = ",\n ".join(json.dumps(one, allow_nan=False) for one in value)
    return f"[\n {listed}\n]"
