"""What a store does with members: take them in, find them, give their results out."""

from collections.abc import Iterable, Sequence

import numpy as np

from sortal.store import gather
from sortal.store.files.json_lines import Record
from sortal.store.parts import Opened
from sortal.store.records.member_record import MemberRecord
from sortal.store.segments.segment import Place, Segment, SegmentDraft
from sortal.store.timings import Timing, timings
from sortal.store.upkeep import collect


class Members(Opened):
    """The part of a store's door that is about members."""

    __slots__ = ()

    def draft(self) -> SegmentDraft:
        """Begin a segment: use it in a `with` block and `commit` it there."""
        return SegmentDraft(self.parts.segments, self.parts.tombstones)

    def find(self, keys: Iterable[str]) -> dict[str, Place]:
        """Places of those of the keys that are stored and not deleted."""
        return gather.find(self.parts, keys)

    def record(self, key: str) -> MemberRecord:
        """The record of one member; `NotFound` if it is not stored."""
        return self.records([key])[key]

    def records(self, keys: Iterable[str]) -> dict[str, MemberRecord]:
        """Records of members by key, in order; `NotFound` if one is not stored."""
        return gather.records(self.parts, list(keys))

    def scores(self, keys: Sequence[str]) -> list[np.ndarray]:
        """Scores of members, each (examples, outputs) float32, copied; in order."""
        return gather.rows(self.parts, keys, "scores")

    def predicted(self, keys: Sequence[str]) -> list[np.ndarray]:
        """Decisions of members, each (examples[, outputs]), copied; in order."""
        return gather.rows(self.parts, keys, "predicted")

    def spread(self, keys: Sequence[str]) -> list[np.ndarray]:
        """Spread of ensembles over what they average, each (examples, outputs), copied; in order."""
        return gather.rows(self.parts, keys, "spread")

    def history(self, key: str) -> list[Record]:
        """Rows of a member's training course, empty if it has none; `NotFound` if not stored."""
        return self.histories([key])[key]

    def histories(self, keys: Iterable[str]) -> dict[str, list[Record]]:
        """Rows of members' training courses by key, in order; `NotFound` if one is not stored."""
        return gather.histories(self.parts, list(keys))

    def printed(self, keys: Iterable[str]) -> dict[str, str]:
        """What was printed while members trained, by key; `NotFound` if one is not stored."""
        return gather.printed(self.parts, list(keys))

    def timings(self, keys: Iterable[str]) -> dict[str, list[Timing]]:
        """Times of members by key, one for each machine that trained them."""
        return timings(self.parts, keys)

    def delete_unlisted(self, keys: Iterable[str]) -> None:
        """Delete those of some members that no job refers to."""
        self.parts.tombstones.add(collect.unlisted(self.parts, self.find(keys)))

    def segment(self, name: str) -> Segment:
        """A segment by name; `NotFound` if there is none."""
        return self.parts.segments.get(name)
