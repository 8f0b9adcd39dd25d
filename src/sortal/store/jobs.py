"""Records of jobs: JSON that the driver defines, one file a job, replaced whole.

Of a record's content the store reads `entries[].key` (the members that the job refers
to), `ensembles` (their titles, keys and the keys of what they average), `imported` (titles
and keys), `dataset` and, when it must rename the job, `name`.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sortal.errors import NotFound
from sortal.store import atomic
from sortal.store.names import check_name
from sortal.store.records import Json, Record, parse, plain


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

    def write(self, name: str, record: Json) -> None:
        """Write or replace a record; NaN becomes null."""
        atomic.write_text(self.path(name), _text(plain(record)))

    def read(self, name: str) -> Record:
        """A job's record.

        Raises:
            NotFound: There is no job of that name.
            Damaged: The record is not a JSON object.
        """
        path = self.path(name)
        try:
            text = path.read_bytes()
        except FileNotFoundError as error:
            where = str(self.folder.parent)
            raise NotFound("job", name, self.names(), where=where) from error
        return parse(text, path)

    def read_or_none(self, name: str) -> Record | None:
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


def keys_of(record: Json) -> set[str]:
    """Keys of the members that a job's record refers to, those that its ensembles average too.

    `interim` lists members that were stored before they were trained to the end, `imported` those
    of classifiers that were trained elsewhere.
    """
    ensembles = record.get("ensembles", ())
    averaged = [member for entry in ensembles for member in entry["members"]]
    entries = [
        *record.get("entries", ()),
        *record.get("interim", ()),
        *ensembles,
        *averaged,
        *record.get("imported", ()),
    ]
    return {str(entry["key"]) for entry in entries if "key" in entry}
