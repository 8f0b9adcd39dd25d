"""Members in mid-training: how far they are, and what they are called as results as they are."""

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from sortal.errors import Damaged
from sortal.jobs.results.history import AT, WATCHED, MemberHistory
from sortal.store.records.job_record import InterimEntry, JobRecord, MemberEntry
from sortal.store.store import Store
from sortal.training.snapshots.started import StartedMember, find_started_members

if TYPE_CHECKING:
    import polars as pl

MARK = " (unfinished)"
"""Ends the titles of results that are not trained to the end."""


def find_started(store: Store, keys: Iterable[str]) -> dict[str, StartedMember]:
    """Those of the keys that are not stored and that a snapshot holds, past their first epoch."""
    wanted = list(keys)
    missing = set(wanted) - store.members.find(wanted).keys()
    found: dict[str, StartedMember] = {}
    for folder in store.snapshots.folders() if missing else ():
        with suppress(Damaged):  # what it held is trained anew, and then is told
            found |= {one.key: one for one in find_started_members(folder) if one.key in missing}
    return found


def unfinished_frame(
    entries: Iterable[MemberEntry], found: Mapping[str, StartedMember]
) -> "pl.DataFrame":
    """One row per member in mid-training: title, seed, fold, target, epochs done, best loss so far."""
    import polars as pl

    rows = []
    for entry in entries:
        if entry.key in found:
            one = found[entry.key]
            course = MemberHistory(seed=entry.seed, fold=entry.fold, rows=one.history)
            best = course.best or {}
            rows.append(
                {
                    "title": entry.title,
                    "target": entry.target,
                    "seed": entry.seed,
                    "fold": entry.fold,
                    "epochs": one.epochs,
                    "best_epoch": best.get(AT),
                    WATCHED: best.get(WATCHED),
                }
            )
    return pl.DataFrame(rows, infer_schema_length=None)


def interim_key(one: StartedMember) -> str:
    """Key of a member as it is after so many updates: never that of the finished one."""
    return hashlib.blake2b(f"as is {one.key} {one.steps}".encode(), digest_size=16).hexdigest()


def rung_key(key: str, budget: float) -> str:
    """Key of what a member is at a rung of a search: never that of the finished one."""
    return hashlib.blake2b(f"at {budget:g} of {key}".encode(), digest_size=16).hexdigest()


def interim_entries(
    entries: Iterable[MemberEntry], found: Mapping[str, StartedMember]
) -> list[InterimEntry]:
    """Entries for results of members as they are; `of` is the key of the finished one."""
    made = []
    for entry in entries:
        if entry.key in found:
            changed = {"title": entry.title + MARK, "key": interim_key(found[entry.key])}
            made.append(InterimEntry(**{**dict(entry), **changed}, of=entry.key))
    return made


def with_interim(record: JobRecord, found: Mapping[str, StartedMember]) -> JobRecord:
    """A job's record that also lists the results of its members as they are."""
    known = {entry.key for entry in record.interim}
    new = (one for one in interim_entries(record.entries, found) if one.key not in known)
    return record.model_copy(update={"interim": (*record.interim, *new)})


def settled_interim(interim: Iterable[InterimEntry], store: Store) -> tuple[InterimEntry, ...]:
    """Of interim entries those worth listing: stored, the latest of each, until it is finished."""
    entries = list(interim)
    found = store.members.find(key for entry in entries for key in (entry.key, entry.of))
    latest = {entry.of: entry for entry in entries if entry.key in found}
    return tuple(entry for of, entry in latest.items() if of not in found)
