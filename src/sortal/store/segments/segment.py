"""Segments: what one task left in the store, all of it or nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, TypeAlias

import numpy as np

from sortal.data.storage.stored_files import map_array
from sortal.errors import Damaged, NotFound
from sortal.store.files import atomic, manifest
from sortal.store.files.json_lines import Record, parse, read_lines, split_lines, write_lines
from sortal.store.files.names import check_name, is_segment_name, segment_name
from sortal.store.records.member_record import MemberRecord
from sortal.store.segments.tombstones import Tombstones

MEMBERS, HISTORY, PRINTED = "members.jsonl", "history.jsonl", "printed.jsonl"
SCORES, PREDICTED, SPREAD = "scores.npy", "predicted.npy", "spread.npy"

History: TypeAlias = Sequence[Mapping[str, float | None]]
"""Rows of a member's training in the order they were measured: `epoch`, and a value a metric."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a member is."""

    segment: str
    row: int
    """Its number along the first axis of the segment's arrays."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stored segment; nothing is read before it is asked for, and nothing damaged is given."""

    name: str
    folder: Path

    @property
    def records(self) -> list[MemberRecord]:
        """One record a member, in order, without their histories.

        Raises:
            Damaged: A record is of another form.
        """
        rows = range(len(split_lines(self.folder / MEMBERS)))
        return list(self.some_records(rows).values())

    @property
    def plain_records(self) -> list[Record]:
        """The JSON of each member's record, in order: for those who read one field of many members."""
        return read_lines(self.folder / MEMBERS, {"key": str})

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of its members, in order.

        Raises:
            Damaged: The records are unreadable, or not those that the segment is named after.
        """
        keys = tuple(record["key"] for record in self.plain_records)
        if segment_name(keys) != self.name:
            raise Damaged(f"{self.folder / MEMBERS}: these are not the members of {self.name}.")
        return keys

    @property
    def scores(self) -> np.ndarray:
        """Shape (members, examples, outputs), float32, a memory map: hold one at a time."""
        self._refuse_changed(SCORES)
        return map_array(self.folder / SCORES)

    @property
    def predicted(self) -> np.ndarray:
        """Decisions of the members, shape (members, examples[, outputs]), a memory map."""
        self._refuse_changed(PREDICTED)
        return map_array(self.folder / PREDICTED)

    @property
    def spread(self) -> np.ndarray:
        """The standard deviation over what an ensemble averages, shape and map of `scores`."""
        self._refuse_changed(SPREAD)
        return map_array(self.folder / SPREAD)

    def some_records(self, rows: Iterable[int]) -> dict[int, MemberRecord]:
        """Records of some members by row; the others are not parsed.

        Raises:
            Damaged: The records have changed, or one is missing or of another form.
        """
        path = self.folder / MEMBERS
        lines = split_lines(path)
        found = {}
        for row in rows:
            if row >= len(lines):
                raise Damaged(f"{path}: no line {row + 1}.")
            place = f"{path}, line {row + 1}"
            found[row] = MemberRecord.from_json(parse(lines[row], place), place)
        # Only now: what is wrong with a record says more than that its file has changed.
        self._refuse_changed(MEMBERS)
        return found

    def history(self) -> dict[str, list[Record]]:
        """Rows of the training history by key, of those members that have one."""
        self._refuse_changed(HISTORY)
        path = self.folder / HISTORY
        if not path.exists():
            return {}
        records = read_lines(path, {"key": str, "history": list})
        return {record["key"]: record["history"] for record in records}

    def printed(self) -> dict[str, str]:
        """What was printed while a member trained, by key, of those that printed anything."""
        self._refuse_changed(PRINTED)
        path = self.folder / PRINTED
        if not path.exists():
            return {}
        records = read_lines(path, {"key": str, "printed": str})
        return {record["key"]: record["printed"] for record in records}

    def model_folder(self, number: int) -> Path:
        """Folder of the model that the records call `number`, whose files are what was written.

        Every file is read once a process for this, unless it changes.

        Raises:
            Damaged: A file of it, or of what prepares examples for it, is missing or has changed.
        """
        folder = self.folder / "models" / str(number)
        if not folder.is_dir():
            raise Damaged(f"{folder}: the model's folder is missing.")
        self._refuse_changed(f"models/{number}/", "preparer/", MEMBERS)
        return folder

    def _refuse_changed(self, *places: str) -> None:
        """Refuse files and folders that are not what was written; others are not looked at.

        Each file is read once a process for this, unless it changes.
        """
        for file, what in manifest.check_some(self.folder, places):
            raise Damaged(f"{self.folder / file}: {what}.")


@dataclass(frozen=True, slots=True)
class Segments:
    """All segments of a store."""

    folder: Path
    quarantine: Path

    def names(self) -> set[str]:
        """Names of the stored segments."""
        if not self.folder.is_dir():
            return set()
        return {
            name.name
            for shelf in self.folder.iterdir()
            if len(shelf.name) == 2 and shelf.is_dir()
            for name in shelf.iterdir()
            if is_segment_name(name.name)
        }

    def path(self, name: str) -> Path:
        """Where a segment of that name is or would be."""
        return self.folder / name[:2] / name

    def get(self, name: str) -> Segment:
        """A stored segment.

        Raises:
            NotFound: There is none of that name.
        """
        folder = self.path(name)
        if not is_segment_name(name) or not folder.is_dir():
            raise NotFound("segment", name, (), where=str(self.folder.parent))
        return Segment(name, folder)

    def faults(self, name: str) -> list[manifest.Fault]:
        """What is wrong with a segment, file by file."""
        folder = self.path(name)
        faults = manifest.check(folder)
        if not any(file in (MEMBERS, manifest.FILE) for file, _ in faults):
            try:
                _ = Segment(name, folder).keys
            except Damaged as error:
                faults.append((MEMBERS, f"does not fit the segment ({error})"))
        return faults

    def install(self, built: Path, name: str) -> None:
        """Move a finished folder to its place, or discard it where a sound one was first."""
        target = self.path(name)
        while not atomic.place(built, target):
            if not self.faults(name):
                atomic.discard(built)
                return
            self.put_aside(name)

    def put_aside(self, name: str) -> Path | None:
        """Move a segment to the quarantine; None where it is gone already."""
        moved = atomic.unused(self.quarantine, f"segment-{name}")
        return moved if atomic.move_away(self.path(name), moved) else None


class SegmentDraft:
    """A segment that is being made: a private folder, until `commit` gives it its name.

    Leaving the `with` block without a commit discards it.
    """

    def __init__(self, segments: Segments, tombstones: Tombstones) -> None:
        self._segments, self._tombstones = segments, tombstones
        self.folder = atomic.temporary_folder(segments.folder)
        """Models and whatever else belongs to the segment is written here by the caller."""

    def __enter__(self) -> "SegmentDraft":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.discard()

    def commit(
        self,
        records: Sequence[MemberRecord],
        scores: np.ndarray,
        predicted: np.ndarray,
        *,
        histories: Mapping[str, History] = _NOTHING,
        printed: Mapping[str, str] = _NOTHING,
    ) -> str:
        """Store the members, and bring back those of them that had been deleted.

        Args:
            records: One a member.
            scores: Shape (members, examples, outputs), stored as float32.
            predicted: Decisions, first axis as in `scores`.
            histories: Rows of training by key, of those members that have any.
            printed: What was printed while a member trained, by key.

        Returns:
            The segment's name, which depends on the keys and their order. If such a
            segment is there already and sound, it stays and this one is discarded.

        Raises:
            ValueError: The lengths differ, there are no members, or a key comes twice.
        """
        keys = _checked_keys(records, scores, predicted)
        name = segment_name(keys)
        write_lines(self.folder / MEMBERS, (record.to_json() for record in records))
        self._write_apart(HISTORY, "history", histories)
        self._write_apart(PRINTED, "printed", printed)
        np.save(self.folder / SCORES, np.asarray(scores, dtype=np.float32), allow_pickle=False)
        np.save(self.folder / PREDICTED, predicted, allow_pickle=False)
        manifest.write(self.folder)
        self._segments.install(self.folder, name)
        self._tombstones.clear(keys)
        return name

    def _write_apart(self, file: str, what: str, by_key: Mapping[str, object]) -> None:
        kept = [{"key": key, what: value} for key, value in by_key.items() if value]
        if kept:
            write_lines(self.folder / file, kept)

    def discard(self) -> None:
        """Delete the folder; nothing happens after a commit."""
        atomic.discard(self.folder)


def _checked_keys(
    records: Sequence[MemberRecord], scores: np.ndarray, predicted: np.ndarray
) -> tuple[str, ...]:
    keys = tuple(check_name("member key", record.key) for record in records)
    if not keys or len(set(keys)) != len(keys):
        raise ValueError(f"a segment needs members with different keys, got {list(keys)}.")
    if scores.ndim != 3 or not len(keys) == len(scores) == len(predicted):
        raise ValueError(
            f"{len(keys)} records need scores (members, examples, outputs) and as many rows of "
            f"predictions, got shapes {scores.shape} and {predicted.shape}."
        )
    return keys
