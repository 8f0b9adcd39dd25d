"""The members of a store: take them in, find them, read what is stored of them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from sortal.errors import Damaged, NotFound
from sortal.store.files.json_lines import Record
from sortal.store.records.member_record import MemberRecord
from sortal.store.segments.index import Index
from sortal.store.segments.segment import Place, Segment, SegmentDraft, Segments
from sortal.store.segments.tombstones import Tombstones

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Members:
    """Members by key. Each segment is opened once for all members that are asked for, one file at a time.

    Functions that read raise `NotFound` if a key is not stored or deleted, and `Damaged` if a file
    that is needed is missing or unreadable. What they return is in the order of the keys.
    """

    segments: Segments
    index: Index
    tombstones: Tombstones

    @classmethod
    def of(cls, folder: Path) -> "Members":
        """The members of the store in `folder`; nothing is read or created before it is used."""
        segments = Segments(folder / "segments", folder / "quarantine")
        index = Index(folder / "index.jsonl", segments)
        return cls(segments, index, Tombstones(folder / "tombstones"))

    def draft(self) -> SegmentDraft:
        """Begin a segment: use it in a `with` block and `commit` it there."""
        return SegmentDraft(self.segments, self.tombstones)

    def live(self) -> dict[str, Place]:
        """Places of all members that are stored and not deleted."""
        dead = self.tombstones.keys()
        return {key: place for key, place in self.index.places().items() if key not in dead}

    def find(self, keys: Iterable[str]) -> dict[str, Place]:
        """Places of those of the keys that are stored and not deleted."""
        places, dead = self.index.places(), self.tombstones.keys()
        return {key: places[key] for key in keys if key in places and key not in dead}

    def require(self, keys: Iterable[str]) -> dict[str, Place]:
        """Places of all of the keys."""
        wanted = list(keys)
        found = self.find(wanted)
        for key in wanted:
            if key not in found:
                raise NotFound("member", key, (), where=str(self.segments.folder.parent))
        return found

    def record(self, key: str) -> MemberRecord:
        """The record of one member."""
        return self.records([key])[key]

    def records(self, keys: Iterable[str]) -> dict[str, MemberRecord]:
        """Records of members by key."""
        return self._gather(keys, _records)

    def scores(self, keys: Sequence[str]) -> list[np.ndarray]:
        """Scores of members, each (examples, outputs) float32, copied."""
        return self._rows(keys, "scores")

    def predicted(self, keys: Sequence[str]) -> list[np.ndarray]:
        """Decisions of members, each (examples[, outputs]), copied."""
        return self._rows(keys, "predicted")

    def spread(self, keys: Sequence[str]) -> list[np.ndarray]:
        """Spread of ensembles over what they average, each (examples, outputs), copied."""
        return self._rows(keys, "spread")

    def history(self, key: str) -> list[Record]:
        """Rows of a member's training history, empty if it has none."""
        return self.histories([key])[key]

    def histories(self, keys: Iterable[str]) -> dict[str, list[Record]]:
        """Rows of members' training histories by key; empty for members that have none."""
        return self._gather(keys, lambda segment, _: defaultdict(list, segment.history()))

    def printed(self, keys: Iterable[str]) -> dict[str, str]:
        """What was printed while members trained, by key; empty where nothing was."""
        return self._gather(keys, lambda segment, _: defaultdict(str, segment.printed()))

    def _rows(self, keys: Sequence[str], array: str) -> list[np.ndarray]:
        def read(segment: Segment, wanted: Mapping[str, int]) -> dict[str, np.ndarray]:
            mapped: np.ndarray = getattr(segment, array)
            if max(wanted.values()) >= len(mapped):
                raise Damaged(f"{segment.folder / array}.npy: has only {len(mapped)} members.")
            return {key: np.array(mapped[row]) for key, row in wanted.items()}

        found = self._gather(keys, read)
        return [found[key] for key in keys]

    def _gather(
        self, keys: Iterable[str], read: Callable[[Segment, Mapping[str, int]], Mapping[str, T]]
    ) -> dict[str, T]:
        """Read once from each segment; `read` gets the segment and the rows of the wanted members in it."""
        places = self.require(keys)
        wanted: dict[str, dict[str, int]] = defaultdict(dict)
        for key, place in places.items():
            wanted[place.segment][key] = place.row
        found: dict[str, T] = {}
        for name, rows in wanted.items():
            values = read(self.segments.get(name), rows)
            found.update({key: values[key] for key in rows})
        return {key: found[key] for key in places}


def _records(segment: Segment, wanted: Mapping[str, int]) -> dict[str, MemberRecord]:
    found = segment.some_records(wanted.values())
    for key, row in wanted.items():
        if found[row].key != key:
            raise Damaged(f"{segment.folder}: line {row + 1} of members.jsonl is not {key}.")
    return {key: found[row] for key, row in wanted.items()}
