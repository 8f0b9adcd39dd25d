"""Free the disk of what nobody can reach any more."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sortal.errors import Damaged
from sortal.store.files import atomic
from sortal.store.parts import Parts
from sortal.store.submitted import FOLDER, ended_runs

_DEPTHS = ("", "*/", "*/*/", "*/*/*/")
"""How deep below a store's folder temporary names are made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freed:
    """What `gc` removed, in numbers."""

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


def collect(parts: Parts, *, snapshot_days: float) -> Freed:
    """Remove deleted segments, what belongs to no job any more, what is old, and leftovers.

    A segment goes when all its members are deleted; until then a deleted member's
    bytes stay. Quarantined things stay.
    """
    segments = _remove(_dead_segments(parts))
    _forget_tombstones(parts)
    datasets = _remove(_unused_datasets(parts))
    artifacts = _remove(_unowned(parts))
    snapshots = _remove(parts.snapshots.old(snapshot_days))
    submitted = _remove(ended_runs(parts.folder / FOLDER, snapshot_days))
    leftovers = _remove([*_abandoned(parts.folder), *parts.artifacts.replaced()])
    return Freed(
        segments=len(segments),
        datasets=len(datasets),
        artifacts=len(artifacts),
        snapshots=len(snapshots),
        submitted=len(submitted),
        leftovers=len(leftovers),
        bytes=sum([*segments, *datasets, *artifacts, *snapshots, *submitted, *leftovers]),
    )


def own_keys(parts: Parts, job: str) -> set[str]:
    """Keys of a job's members that no other job refers to."""
    others = (name for name in parts.jobs.names() if name != job)
    mine = set(parts.jobs.read(job).keys)
    return mine.difference(*(parts.jobs.read(name).keys for name in others))


def unlisted(parts: Parts, keys: Iterable[str]) -> set[str]:
    """Those of the keys that no job refers to; none while a job's record cannot be read."""
    left = set(keys)
    if not left:
        return left
    try:
        return left.difference(*(parts.jobs.read(name).keys for name in parts.jobs.names()))
    except Damaged:
        return set()  # what the damaged record refers to is not known


def _dead_segments(parts: Parts) -> list[Path]:
    dead = parts.tombstones.keys()
    contents = parts.index.contents()
    return [parts.segments.path(name) for name, keys in contents.items() if dead.issuperset(keys)]


def _forget_tombstones(parts: Parts) -> None:
    """Drop tombstones of members that are in no segment, unless a segment is unreadable."""
    if parts.segments.names() == parts.index.contents().keys():
        parts.tombstones.clear(parts.tombstones.keys() - parts.index.places().keys())


def _unused_datasets(parts: Parts) -> list[Path]:
    try:
        used = set(_used_datasets(parts))
    except Damaged:
        return []  # what the damaged record refers to is not known, so nothing can be given up
    return [parts.datasets.path(name) for name in parts.datasets.names() if name not in used]


def _used_datasets(parts: Parts) -> Iterator[str]:
    for job in parts.jobs.names():
        yield parts.jobs.read(job).dataset
    live = parts.live()
    for name in parts.segments.names():
        for record in parts.segments.get(name).plain_records:
            if record["key"] in live:
                yield str(record.get("dataset"))


def _unowned(parts: Parts) -> Iterator[Path]:
    """Artifacts of a dataset that no job has, or else of jobs none of which is there."""
    try:
        jobs = {name: parts.jobs.read(name).dataset for name in parts.jobs.names()}
    except Damaged:
        return  # what the damaged record has is not known
    used = set(jobs.values())
    for kind in parts.artifacts.kinds():
        for name in parts.artifacts.names(kind):
            try:
                meta = parts.artifacts.get(kind, name).meta
            except Damaged:
                continue  # whose it is cannot be told; `verify` names it
            dataset, owners = meta.get("dataset"), meta.get("jobs", [meta.get("job")])
            gone = not any(owner is None or owner in jobs for owner in owners)
            if dataset not in used if dataset else gone:
                yield parts.artifacts.path(kind, name)


def named_after(parts: Parts, job: str) -> Iterator[Path]:
    """Artifacts under the name of a job that belong to no other one that is there."""
    jobs = set(parts.jobs.names()) - {job}
    for kind in parts.artifacts.kinds():
        if parts.artifacts.has(kind, job):
            try:
                owners = parts.artifacts.get(kind, job).meta.get("jobs", ())
            except Damaged:
                continue  # whose it is cannot be told; `verify` names it
            if job in owners and jobs.isdisjoint(owners):
                yield parts.artifacts.path(kind, job)


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
