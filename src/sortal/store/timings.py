"""How long members took to train and to score, on every host and device that did so.

A member is stored once. Where a store is merged whose members were trained elsewhere too, only the
times of those are kept, as artifacts of kind `timings`.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sortal.errors import Damaged, NotFound
from sortal.store.files.json_lines import Record
from sortal.store.store import Store

KIND = "timings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Times of one member on one machine."""

    host: str
    device: str
    """Processor or graphics card; empty where it was not recorded."""

    threads: int | None
    fit_seconds: float
    score_seconds: float
    created: str
    """When, in ISO format; empty where it was not recorded."""

    @classmethod
    def of(cls, record: Mapping[str, object]) -> "Timing":
        """Read a member's record."""
        threads = record.get("threads")
        return cls(
            host=str(record.get("host", "")),
            device=str(record.get("device", "")),
            threads=threads if isinstance(threads, int) else None,
            fit_seconds=_number(record.get("fit_seconds")),
            score_seconds=_number(record.get("score_seconds")),
            created=str(record.get("created", "")),
        )

    def to_json(self) -> Record:
        """The same as plain JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


def timings(store: Store, keys: Iterable[str]) -> dict[str, list[Timing]]:
    """Times of members by key, one a host, device and number of threads; the first recorded counts.

    Members that are nowhere have none.
    """
    wanted = list(dict.fromkeys(keys))
    found: dict[str, list[Timing]] = {key: [] for key in wanted}
    of_segment: dict[str, list[str]] = {}
    for name, held in store.members.index.contents().items():
        for key in found.keys() & set(held):
            of_segment.setdefault(name, []).append(key)
    for name, held_keys in of_segment.items():
        for key, timing in _of_segment(store, name):
            if key in held_keys:
                found[key].append(timing)
    for key, timing in _kept(store):
        if key in found:
            found[key].append(timing)
    return {key: _distinct(several) for key, several in found.items()}


def keep_times_of(ours: Store, other: Store, segment: str) -> int:
    """Keep the times of a segment that both stores have, where they are of another machine.

    Returns:
        Number of artifacts that were made.
    """
    known = {_machine(timing) for _, timing in _of_segment(ours, segment)}
    elsewhere: dict[tuple[str, str, int | None], Record] = {}
    for key, timing in _of_segment(other, segment):
        if _machine(timing) not in known:
            elsewhere.setdefault(_machine(timing), {})[key] = timing.to_json()
    made = 0
    for machine, members in elsewhere.items():
        text = "\n".join([segment, *map(str, machine)])
        name = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
        if name not in ours.artifacts.names(KIND):
            ours.artifacts.save(KIND, name, {"members": members}, _nothing)
            made += 1
    return made


def _of_segment(store: Store, name: str) -> Iterator[tuple[str, Timing]]:
    with suppress(Damaged, NotFound):  # `verify` names it
        for record in store.members.segments.get(name).plain_records:
            yield str(record["key"]), Timing.of(record)


def _kept(store: Store) -> Iterator[tuple[str, Timing]]:
    for name in store.artifacts.names(KIND):
        with suppress(Damaged, NotFound):
            members = store.artifacts.get(KIND, name).meta.get("members", {})
            yield from ((key, Timing.of(of)) for key, of in members.items())


def _distinct(several: list[Timing]) -> list[Timing]:
    first: dict[tuple[str, str, int | None], Timing] = {}
    for timing in sorted(several, key=lambda one: one.created):
        first.setdefault(_machine(timing), timing)
    return list(first.values())


def _machine(timing: Timing) -> tuple[str, str, int | None]:
    return timing.host, timing.device, timing.threads


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


def _nothing(folder: Path) -> None:
    """An artifact that is its description alone."""
