"""The store: a folder that holds results, and one door to all of its parts."""

import json
from contextlib import AbstractContextManager
from pathlib import Path

from sortal.errors import Damaged, NotFound, UserError
from sortal.store.files import atomic
from sortal.store.files.json_lines import parse
from sortal.store.files.names import check_name
from sortal.store.holdings import Holdings
from sortal.store.members import Members
from sortal.store.parts import Parts
from sortal.store.records.job_record import JobRecord
from sortal.store.upkeep.upkeep import Upkeep

FORMAT = 1
DEFAULT = Path(".sortal")
_FILE = "sortal.json"


class Store(Members, Holdings, Upkeep):
    """A store folder. Any number of processes may read and commit at the same time.

    Safe against killed processes at any moment; not against loss of power, since
    nothing is forced to the disk. Members, data and artifacts, and upkeep each have
    their own file; here are opening a store and running jobs in it.
    """

    __slots__ = ()

    @classmethod
    def open(cls, folder: Path | str = DEFAULT, *, create: bool = True) -> "Store":
        """Open a store; nothing but its format is read.

        Args:
            folder: Where it is.
            create: Whether to make one where there is none.

        Raises:
            NotFound: There is none, and `create` is False.
            UserError: The folder holds other things, or the store is of a newer format.
            Damaged: The file that makes it a store is unreadable.
        """
        folder = Path(folder).absolute()
        if not (folder / _FILE).exists():
            if not create:
                inner = folder / DEFAULT
                raise NotFound("store", str(folder), [str(inner)] if inner.is_dir() else [])
            _make(folder)
        _check_format(folder / _FILE)
        return cls(Parts.of(folder))

    @classmethod
    def existing(cls, folder: Path | str = DEFAULT) -> "Store | None":
        """Open a store if there is one; nothing is made."""
        return cls.open(folder, create=False) if (Path(folder) / _FILE).exists() else None

    def lease(self, name: str) -> AbstractContextManager[None]:
        """Be the one driver of a job while the block runs; `StoreBusy` if there is another."""
        return self.parts.leases.take(name)

    def job_names(self) -> list[str]:
        """Names of all jobs, sorted."""
        return self.parts.jobs.names()

    def write_job(self, record: JobRecord) -> None:
        """Write or replace the record of the job that it names."""
        self.parts.jobs.write(record)

    def read_job(self, name: str) -> JobRecord:
        """A job's record; `NotFound` with the nearest names if there is none."""
        return self.parts.jobs.read(name)

    def job_or_none(self, name: str) -> JobRecord | None:
        """A job's record, None if there is none."""
        return self.parts.jobs.read_or_none(name)

    def snapshot_folder(self, task: str) -> Path:
        """Folder for a task's resumable state, created if need be."""
        return self.parts.snapshots.take(task)

    def snapshot_folders(self) -> list[Path]:
        """Folders of all resumable state."""
        return self.parts.snapshots.folders()

    def drop_snapshot(self, task: str) -> None:
        """Delete a task's resumable state at once."""
        self.parts.snapshots.drop(task)

    def log_path(self, name: str) -> Path:
        """Where a job's log is or would be; its folder is created."""
        path = self.folder / "logs" / f"{check_name('job', name)}.jsonl"
        path.parent.mkdir(exist_ok=True)
        return path


def _make(folder: Path) -> None:
    """Turn a new or empty folder into a store; two processes may do so at once."""
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder}: expected a folder for the store, got a file.")
    folder.mkdir(parents=True, exist_ok=True)
    inside = {path.name for path in folder.iterdir()}
    foreign = sorted(name for name in inside if not name.startswith(atomic.PREFIX))
    if foreign and _FILE not in inside:
        raise UserError(
            f"{folder}: expected a store or an empty folder, got a folder that holds "
            f"{foreign[0]!r} and no {_FILE}; name another folder for the store."
        )
    if _FILE not in inside:
        atomic.write_text(folder / _FILE, json.dumps({"format": FORMAT}) + "\n")


def _check_format(path: Path) -> None:
    number = parse(path.read_bytes(), path).get("format")
    if not isinstance(number, int) or number < 1:
        raise Damaged(f"{path}: expected a format number, got {number!r}.")
    if number > FORMAT:
        raise UserError(
            f"{path.parent}: this store has format {number}, and this version of Sortal reads up "
            f"to format {FORMAT}; install a newer Sortal."
        )
