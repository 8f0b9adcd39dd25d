"""Free the disk of what nobody can reach any more."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sortal.errors import Damaged
from sortal.store.files import atomic
from sortal.store.store import Store
from sortal.store.submitted import FOLDER, ended_runs

_DEPTHS = ("", "*/", "*/*/", "*/*/*/")
"""How deep below a store's folder temporary names are made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freed:
    """What `free_disk` removed, in numbers."""

    segments: int
    datasets: int
    artifacts: int
    """Pictures and searches of jobs that are gone."""

    snapshots: int
    submitted: int
    """Runs of a server that ended long ago."""

    leftovers: int
    """Temporary files and folders of processes that are gone, and replaced artifacts."""

    bytes: int


def free_disk(store: Store, *, snapshot_days: float = 30.0) -> Freed:
    """Free the disk of deleted members, what no job has, old snapshots and runs, leftovers.

    A segment goes when all its members are deleted; until then a deleted member's
    bytes stay. Quarantined things stay.

    Args:
        store: The store.
        snapshot_days: Age at which snapshots, and runs of a server that ended, go.

    Raises:
        StoreBusy: A job is running.
    """
    with store.leases.alone():
        return _collect(store, snapshot_days)


def _collect(store: Store, snapshot_days: float) -> Freed:
    segments = _remove(_dead_segments(store))
    _forget_tombstones(store)
    datasets = _remove(_unused_datasets(store))
    artifacts = _remove(_unowned(store))
    snapshots = _remove(store.snapshots.old(snapshot_days))
    submitted = _remove(ended_runs(store.folder / FOLDER, snapshot_days))
    leftovers = _remove([*_abandoned(store.folder), *store.artifacts.replaced()])
    return Freed(
        segments=len(segments),
        datasets=len(datasets),
        artifacts=len(artifacts),
        snapshots=len(snapshots),
        submitted=len(submitted),
        leftovers=len(leftovers),
        bytes=sum([*segments, *datasets, *artifacts, *snapshots, *submitted, *leftovers]),
    )


def _dead_segments(store: Store) -> list[Path]:
    dead = store.members.tombstones.keys()
    contents = store.members.index.contents()
    return [
        store.members.segments.path(name)
        for name, keys in contents.items()
        if dead.issuperset(keys)
    ]


def _forget_tombstones(store: Store) -> None:
    """Drop tombstones of members that are in no segment, unless a segment is unreadable."""
    if store.members.segments.names() == store.members.index.contents().keys():
        store.members.tombstones.clear(
            store.members.tombstones.keys() - store.members.index.places().keys()
        )


def _unused_datasets(store: Store) -> list[Path]:
    try:
        used = set(_used_datasets(store))
    except Damaged:
        return []  # what the damaged record refers to is not known, so nothing can be given up
    return [store.datasets.path(name) for name in store.datasets.names() if name not in used]


def _used_datasets(store: Store) -> Iterator[str]:
    for job in store.jobs.names():
        yield store.jobs.read(job).dataset
    live = store.members.live()
    for name in store.members.segments.names():
        for record in store.members.segments.get(name).plain_records:
            if record["key"] in live:
                yield str(record.get("dataset"))


def _unowned(store: Store) -> Iterator[Path]:
    """Artifacts of a dataset that no job has, or else of jobs none of which is there."""
    try:
        jobs = {name: store.jobs.read(name).dataset for name in store.jobs.names()}
    except Damaged:
        return  # what the damaged record has is not known
    used = set(jobs.values())
    for kind in store.artifacts.kinds():
        for name in store.artifacts.names(kind):
            try:
                meta = store.artifacts.get(kind, name).meta
            except Damaged:
                continue  # whose it is cannot be told; `verify` names it
            dataset, owners = meta.get("dataset"), meta.get("jobs", [meta.get("job")])
            gone = not any(owner is None or owner in jobs for owner in owners)
            if dataset not in used if dataset else gone:
                yield store.artifacts.path(kind, name)


def _abandoned(folder: Path) -> list[Path]:
    return [
        path
        for depth in _DEPTHS
        for path in folder.glob(f"{depth}{atomic.PREFIX}*")
        if atomic.is_abandoned(path)
    ]


def _remove(paths: Iterable[Path]) -> list[int]:
    """Delete files and folders; the bytes of each."""
    sizes = []
    for path in list(paths):
        sizes.append(atomic.size_of(path))
        atomic.discard(path)
    return sizes
