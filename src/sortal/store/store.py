"""The store: a folder that holds results, as a value of its parts."""

import json
from dataclasses import dataclass
from pathlib import Path

from sortal.errors import Damaged, NotFound, UserError
from sortal.store.artifacts import Artifacts
from sortal.store.datasets.datasets import Datasets
from sortal.store.files import atomic
from sortal.store.files.json_lines import parse
from sortal.store.files.names import check_name
from sortal.store.lease import Leases
from sortal.store.members import Members
from sortal.store.records.job_files import Jobs
from sortal.store.snapshots import Snapshots

FORMAT = 1
DEFAULT = Path(".sortal")
_FILE = "sortal.json"


@dataclass(frozen=True, slots=True)
class Store:
    """A store folder. Any number of processes may read and commit at the same time.

    Safe against killed processes at any moment; not against loss of power, since
    nothing is forced to the disk. Each part is in a file of its own; `upkeep/` verifies,
    deletes, frees and merges whole stores.
    """

    folder: Path
    """Where the store is, absolute."""

    members: Members
    datasets: Datasets
    jobs: Jobs
    artifacts: Artifacts
    snapshots: Snapshots
    leases: Leases

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
        return cls(
            folder=folder,
            members=Members.of(folder),
            datasets=Datasets(folder / "data", folder / "quarantine", folder / "sources.json"),
            jobs=Jobs(folder / "jobs"),
            artifacts=Artifacts(folder / "artifacts"),
            snapshots=Snapshots(folder / "snapshots"),
            leases=Leases(folder / "leases"),
        )

    @classmethod
    def existing(cls, folder: Path | str = DEFAULT) -> "Store | None":
        """Open a store if there is one; nothing is made."""
        return cls.open(folder, create=False) if (Path(folder) / _FILE).exists() else None

    def log_path(self, job: str) -> Path:
        """Where a job's log is or would be; its folder is created."""
        path = self.folder / "logs" / f"{check_name('job', job)}.jsonl"
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
