"""Bring another store's results into this one."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sortal.errors import Damaged, UserError
from sortal.store.artifacts import FILE, Artifact
from sortal.store.datasets.faults import SPLITS
from sortal.store.files import atomic, manifest
from sortal.store.files.damage import Damage
from sortal.store.files.json_lines import Record
from sortal.store.records.job_record import JobRecord
from sortal.store.store import Store
from sortal.store.timings import keep_times_of
from sortal.store.upkeep.renaming import Renaming, is_here, new_names


@dataclass(slots=True, kw_only=True)
class Merged:
    """What `merge_stores` copied, in numbers; what was there already is not counted."""

    segments: int = 0
    datasets: int = 0
    splits: int = 0
    jobs: int = 0
    artifacts: int = 0
    timings: int = 0
    """Segments that both stores have, whose times on another machine were kept."""

    renamed: dict[str, str] = field(default_factory=dict)
    """New names of jobs whose name was taken by a different job."""

    kept: list[str] = field(default_factory=list)
    """`kind/name` of artifacts that both stores have: ours stays."""

    damaged: list[Damage] = field(default_factory=list)
    """What the other store holds and could not be copied."""


def merge_stores(ours: Store, other: Store) -> Merged:
    """Copy what is sound and missing here; the other store is only read (but for its index).

    A dataset or split that is damaged here is put aside and replaced by a sound one from there.
    Members that are deleted there and absent here stay deleted; members that are live
    there are live here afterwards. Jobs come last, so that a merge cut short can be
    repeated and leaves no job without its members.

    Raises:
        StoreBusy: A job is running in either store.
        UserError: The other store is this one.
    """
    if ours.folder.samefile(other.folder):
        raise UserError(f"{ours.folder}: a store cannot be merged with itself.")
    with ours.leases.alone():
        other.leases.refuse_running()
        return _merge(ours, other)


def _merge(ours: Store, other: Store) -> Merged:
    merged = Merged()
    _merge_datasets(ours, other, merged)
    _merge_segments(ours, other, merged)
    records = _readable_jobs(other, merged)
    renaming = new_names(ours, other, records)
    _merge_artifacts(ours, other, renaming, merged)
    _merge_jobs(ours, records, renaming, merged)
    return merged


def _merge_datasets(ours: Store, other: Store, merged: Merged) -> None:
    for name in other.datasets.names():
        if ours.datasets.faults(name, compare=manifest.read_once):
            with _copy(other.datasets.path(name), ours.datasets.folder, SPLITS) as built:
                # The copy is what is read whole: copying may go wrong too.
                faults = other.datasets.faults(name, compare=None) or manifest.check(built)
                merged.damaged += [Damage("data", name, *fault) for fault in faults]
                if faults:
                    continue
                ours.datasets.splits.copy_sound(name, built)
                ours.datasets.install(built, name)
                merged.datasets += 1
        _merge_splits(ours, other, name, merged)


def _merge_splits(ours: Store, other: Store, dataset: str, merged: Merged) -> None:
    for name in other.datasets.splits.names(dataset):
        if not ours.datasets.splits.fault(dataset, name):
            continue
        try:
            ours.datasets.splits.save(dataset, other.datasets.splits.get(dataset, name))
            merged.splits += 1
        except Damaged as error:
            what = f"is unreadable ({error})"
            merged.damaged.append(Damage("split", f"{dataset}/{name}", f"{name}.npz", what))


def _merge_segments(ours: Store, other: Store, merged: Merged) -> None:
    dead_there = other.members.tombstones.keys()
    ours.members.tombstones.add(dead_there - ours.members.live().keys())
    contents = other.members.index.contents()
    for name in sorted(other.members.segments.names()):
        keys = contents.get(name, ())
        if keys and dead_there.issuperset(keys):
            continue
        if _merge_segment(ours, other, name, merged):
            ours.members.tombstones.clear(set(keys) - dead_there)
    _ = ours.members.index.places()


def _merge_segment(ours: Store, other: Store, name: str, merged: Merged) -> bool:
    """Copy one segment; whether it is here afterwards."""
    if name in ours.members.segments.names() and not ours.members.segments.faults(name):
        merged.timings += keep_times_of(ours, other, name)
        return True
    faults = other.members.segments.faults(name)
    merged.damaged += [Damage("segment", name, *fault) for fault in faults]
    if faults:
        return False
    with _copy(other.members.segments.path(name), ours.members.segments.folder) as built:
        ours.members.segments.install(built, name)
    merged.segments += 1
    return True


def _readable_jobs(other: Store, merged: Merged) -> dict[str, JobRecord]:
    records = {}
    for name in other.jobs.names():
        try:
            records[name] = other.jobs.read(name)
        except Damaged as error:
            what = f"is unreadable ({error})"
            merged.damaged.append(Damage("job", name, f"{name}.json", what))
    return records


def _merge_artifacts(ours: Store, other: Store, renaming: Renaming, merged: Merged) -> None:
    for kind in other.artifacts.kinds():
        for name in other.artifacts.names(kind):
            try:
                artifact = other.artifacts.get(kind, name)
            except Damaged as error:
                what = f"is unreadable ({error})"
                merged.damaged.append(Damage("artifact", f"{kind}/{name}", FILE, what))
                continue
            _merge_artifact(ours, other, artifact, renaming, merged)


def _merge_artifact(
    ours: Store, other: Store, artifact: Artifact, renaming: Renaming, merged: Merged
) -> None:
    """Copy what is missing; what is named after a job comes with that job alone, under its name here."""
    kind, name, meta = artifact.kind, renaming.name(artifact), renaming.meta(artifact)
    if name is None:
        return
    if ours.artifacts.has(kind, name):
        if _same_artifact(ours.artifacts.get(kind, name), artifact, meta):
            return
        # What a deleted job left under the name would be taken for that of the job that comes.
        is_left = renaming.is_named_after_job(artifact) and not ours.jobs.path(name).exists()
        if not is_left:
            merged.kept.append(f"{kind}/{name}")
            return
    faults = other.artifacts.faults(kind, artifact.name)
    merged.damaged += [Damage("artifact", f"{kind}/{artifact.name}", *fault) for fault in faults]
    if not faults:
        ours.artifacts.save(kind, name, meta, _copier(artifact.folder))
        merged.artifacts += 1


def _merge_jobs(
    ours: Store, records: Mapping[str, JobRecord], renaming: Renaming, merged: Merged
) -> None:
    for name, record in records.items():
        renamed = record.model_copy(update={"name": renaming.names[name]})
        if is_here(ours, renamed):
            continue
        ours.jobs.write(renamed)
        merged.jobs += 1
        if renamed.name != name:
            merged.renamed[name] = renamed.name


def _same_artifact(here: Artifact, there: Artifact, meta: Record) -> bool:
    lists = [(folder / manifest.FILE).read_bytes() for folder in (here.folder, there.folder)]
    return here.meta == meta and lists[0] == lists[1]


def _copier(source: Path) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        ignored = shutil.ignore_patterns(manifest.FILE)
        shutil.copytree(source, folder, ignore=ignored, dirs_exist_ok=True)

    return write


@contextmanager
def _copy(source: Path, beside: Path, *apart: str) -> Iterator[Path]:
    """A temporary copy of a folder, without what is named apart; gone after the body."""
    built = atomic.temporary_folder(beside)
    try:
        shutil.copytree(source, built, ignore=shutil.ignore_patterns(*apart), dirs_exist_ok=True)
        yield built
    finally:
        atomic.discard(built)
