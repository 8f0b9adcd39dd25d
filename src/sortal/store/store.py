"""The store: a folder that holds results, and one door to all of its parts."""

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sortal.data.dataset import Dataset
from sortal.data.split import Split
from sortal.errors import Damaged, NotFound, UserError
from sortal.store import atomic, collect, gather, verify
from sortal.store import merge as merging
from sortal.store import usage as using
from sortal.store.artifacts import Artifact
from sortal.store.collect import Freed
from sortal.store.damage import Damage
from sortal.store.merge import Merged
from sortal.store.names import check_name
from sortal.store.parts import Parts
from sortal.store.records import Json, Record, parse
from sortal.store.segment import Place, Segment, SegmentDraft
from sortal.store.usage import Usage

FORMAT = 1
DEFAULT = Path(".sortal")
_FILE = "sortal.json"


@dataclass(frozen=True, slots=True)
class Store:
    """A store folder. Any number of processes may read and commit at the same time.

    Safe against killed processes at any moment; not against loss of power, since
    nothing is forced to the disk.
    """

    parts: Parts

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

    @property
    def folder(self) -> Path:
        """Where the store is, absolute."""
        return self.parts.folder

    # Members

    def draft(self) -> SegmentDraft:
        """Begin a segment: use it in a `with` block and `commit` it there."""
        return SegmentDraft(self.parts.segments, self.parts.tombstones)

    def find(self, keys: Iterable[str]) -> dict[str, Place]:
        """Places of those of the keys that are stored and not deleted."""
        return gather.find(self.parts, keys)

    def record(self, key: str) -> Record:
        """The record of one member; `NotFound` if it is not stored."""
        return self.records([key])[key]

    def records(self, keys: Iterable[str]) -> dict[str, Record]:
        """Records of members by key, in order; `NotFound` if one is not stored."""
        return gather.records(self.parts, list(keys))

    def scores(self, keys: Sequence[str]) -> list[np.ndarray]:
        """Scores of members, each (examples, outputs) float32, copied; in order."""
        return gather.rows(self.parts, keys, "scores")

    def predicted(self, keys: Sequence[str]) -> list[np.ndarray]:
        """Decisions of members, each (examples[, outputs]), copied; in order."""
        return gather.rows(self.parts, keys, "predicted")

    def history(self, key: str) -> list[Record]:
        """Rows of a member's training course; empty if it has none."""
        place = self.find([key]).get(key)
        if place is None:
            raise NotFound("member", key, (), where=str(self.folder))
        return self.segment(place.segment).history().get(key, [])

    def segment(self, name: str) -> Segment:
        """A segment by name; `NotFound` if there is none."""
        return self.parts.segments.get(name)

    # Data

    def save_dataset(self, dataset: Dataset) -> Path:
        """Store a dataset under its fingerprint; nothing happens if it is there."""
        return self.parts.datasets.save(dataset)

    def dataset(self, fingerprint: str) -> Dataset:
        """Open a stored dataset; its arrays are memory maps."""
        return self.parts.datasets.get(fingerprint)

    def save_split(self, dataset: str, split: Split) -> Path:
        """Store a split beside its dataset; nothing happens if it is there."""
        return self.parts.datasets.save_split(dataset, split)

    def split(self, dataset: str, split: str) -> Split:
        """Read a split by the fingerprints of its dataset and its own."""
        return self.parts.datasets.split(dataset, split)

    def remember_source(self, signature: str, fingerprint: str) -> None:
        """Note which dataset a source was read into."""
        self.parts.datasets.remember_source(signature, fingerprint)

    def known_source(self, signature: str) -> str | None:
        """Fingerprint of the stored dataset that a source was read into, if that is known."""
        return self.parts.datasets.known_source(signature)

    # Jobs

    def lease(self, name: str) -> AbstractContextManager[None]:
        """Be the one driver of a job while the block runs; `StoreBusy` if there is another."""
        return self.parts.leases.take(name)

    def job_names(self) -> list[str]:
        """Names of all jobs, sorted."""
        return self.parts.jobs.names()

    def write_job(self, name: str, record: Json) -> None:
        """Write or replace a job's record; NaN becomes null."""
        self.parts.jobs.write(name, record)

    def read_job(self, name: str) -> Record:
        """A job's record; `NotFound` with the nearest names if there is none."""
        return self.parts.jobs.read(name)

    def job_or_none(self, name: str) -> Record | None:
        """A job's record, None if there is none."""
        return self.parts.jobs.read_or_none(name)

    def snapshot_folder(self, task: str) -> Path:
        """Folder for a task's resumable state, created if need be."""
        return self.parts.snapshots.take(task)

    def drop_snapshot(self, task: str) -> None:
        """Delete a task's resumable state at once."""
        self.parts.snapshots.drop(task)

    def log_path(self, name: str) -> Path:
        """Where a job's log is or would be; its folder is created."""
        path = self.folder / "logs" / f"{check_name('job', name)}.jsonl"
        path.parent.mkdir(exist_ok=True)
        return path

    # Artifacts

    def save_artifact(
        self, kind: str, name: str, meta: Json, write: Callable[[Path], None]
    ) -> Artifact:
        """Store or replace a named folder that `write` fills, with JSON about it."""
        return self.parts.artifacts.save(kind, name, meta, write)

    def artifact(self, kind: str, name: str) -> Artifact:
        """A stored artifact; `NotFound` with the nearest names if there is none."""
        return self.parts.artifacts.get(kind, name)

    def artifact_names(self, kind: str) -> list[str]:
        """Names of the artifacts of a kind, sorted."""
        return self.parts.artifacts.names(kind)

    def remove_artifact(self, kind: str, name: str) -> None:
        """Delete an artifact; `NotFound` if there is none."""
        self.parts.artifacts.remove(kind, name)

    # Upkeep

    def verify(self) -> list[Damage]:
        """Everything that is not what was written; every byte of the store is read."""
        return verify.damages(self.parts)

    def verify_segments(self, names: Iterable[str] | None = None) -> list[Damage]:
        """Damages of some segments, or of all."""
        return verify.segment_damages(self.parts, names)

    def quarantine(self, damage: Damage) -> Path | None:
        """Put what is damaged aside, so that a run computes it again; None if it is gone."""
        return verify.put_aside(self.parts, damage)

    def remove_members(self, keys: Iterable[str]) -> None:
        """Delete members: they are found no more, and `gc` frees their bytes.

        Raises:
            NotFound: One of them is not stored; none is deleted.
            StoreBusy: A job is running.
        """
        with self.parts.leases.alone():
            wanted = list(keys)
            live = self.find(wanted)
            for key in wanted:
                if key not in live:
                    raise NotFound("member", key, (), where=str(self.folder))
            self.parts.tombstones.add(wanted)

    def remove_job(self, name: str) -> int:
        """Delete a job's record, and the members that no other job refers to.

        Returns:
            How many members were deleted.

        Raises:
            NotFound: There is no such job.
            Damaged: A job's record is unreadable, so that shared members cannot be told.
            StoreBusy: A job is running.
        """
        with self.parts.leases.alone():
            mine = self.find(collect.own_keys(self.parts, name))
            self.parts.tombstones.add(mine)
            self.parts.jobs.remove(name)
            return len(mine)

    def gc(self, *, snapshot_days: float = 30.0) -> Freed:
        """Free the disk of deleted members, unused datasets, old snapshots and leftovers.

        Raises:
            StoreBusy: A job is running.
        """
        with self.parts.leases.alone():
            return collect.collect(self.parts, snapshot_days=snapshot_days)

    def merge(self, other: "Store") -> Merged:
        """Copy what another store holds and this one lacks; damaged things are named and skipped.

        Raises:
            StoreBusy: A job is running in either store.
            UserError: The other store is this one.
        """
        if self.folder.samefile(other.folder):
            raise UserError(f"{self.folder}: a store cannot be merged with itself.")
        with self.parts.leases.alone():
            other.parts.leases.refuse_running()
            return merging.merge(self.parts, other.parts)

    def usage(self) -> dict[str, Usage]:
        """Count and bytes by kind of thing."""
        return using.usage(self.parts)


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
