"""Read rows of many members, opening each segment once and one file at a time."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from sortal.errors import Damaged, NotFound
from sortal.store.files.json_lines import Record
from sortal.store.parts import Parts
from sortal.store.records.member_record import MemberRecord
from sortal.store.segments.segment import Place, Segment

T = TypeVar("T")


def find(parts: Parts, keys: Iterable[str]) -> dict[str, Place]:
    """Places of those of the keys that are stored and not deleted, in the order of the keys."""
    places, dead = parts.index.places(), parts.tombstones.keys()
    return {key: places[key] for key in keys if key in places and key not in dead}


def records(parts: Parts, keys: Sequence[str]) -> dict[str, MemberRecord]:
    """Records of members by key, in the order of the keys."""
    return _gather(parts, keys, _records)


def rows(parts: Parts, keys: Sequence[str], array: str) -> list[np.ndarray]:
    """Copies of the members' rows of `scores`, `predicted` or `spread`, in the order of the keys."""

    def read(segment: Segment, wanted: Mapping[str, int]) -> dict[str, np.ndarray]:
        mapped: np.ndarray = getattr(segment, array)
        if max(wanted.values()) >= len(mapped):
            raise Damaged(f"{segment.folder / array}.npy: has only {len(mapped)} members.")
        return {key: np.array(mapped[row]) for key, row in wanted.items()}

    found = _gather(parts, keys, read)
    return [found[key] for key in keys]


def histories(parts: Parts, keys: Sequence[str]) -> dict[str, list[Record]]:
    """Rows of the members' training courses by key, in the order of the keys; empty for none."""

    def read(segment: Segment, wanted: Mapping[str, int]) -> dict[str, list[Record]]:
        known = segment.history()
        return {key: known.get(key, []) for key in wanted}

    return _gather(parts, keys, read)


def printed(parts: Parts, keys: Sequence[str]) -> dict[str, str]:
    """What was printed while the members trained, by key; empty for nothing."""

    def read(segment: Segment, wanted: Mapping[str, int]) -> dict[str, str]:
        known = segment.printed()
        return {key: known.get(key, "") for key in wanted}

    return _gather(parts, keys, read)


def _gather(
    parts: Parts, keys: Sequence[str], read: Callable[[Segment, Mapping[str, int]], dict[str, T]]
) -> dict[str, T]:
    """Read once from each segment.

    Raises:
        NotFound: A key is not stored, or deleted.
        Damaged: A file that is needed is missing or unreadable.
    """
    places = find(parts, keys)
    wanted: dict[str, dict[str, int]] = defaultdict(dict)
    for key in keys:
        if key not in places:
            raise NotFound("member", key, (), where=str(parts.folder))
        wanted[places[key].segment][key] = places[key].row
    found: dict[str, T] = {}
    for name, of_segment in wanted.items():
        found.update(read(parts.segments.get(name), of_segment))
    return {key: found[key] for key in keys}


def _records(segment: Segment, wanted: Mapping[str, int]) -> dict[str, MemberRecord]:
    found = segment.some_records(wanted.values())
    for key, row in wanted.items():
        if found[row].key != key:
            raise Damaged(f"{segment.folder}: line {row + 1} of members.jsonl is not {key}.")
    return {key: found[row] for key, row in wanted.items()}
