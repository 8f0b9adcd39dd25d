"""Find what is damaged in a store, and put it aside so that a run computes it again."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from sortal.errors import Damaged
from sortal.store.files import atomic, manifest
from sortal.store.files.damage import ITS_FOLDER, MISSING, Damage
from sortal.store.files.names import is_segment_name
from sortal.store.store import Store


def find_segment_damages(store: Store, names: Iterable[str] | None = None) -> list[Damage]:
    """Damages of some segments, or of all; every byte is read."""
    chosen = store.members.segments.names() if names is None else names
    return [
        Damage("segment", name, file, what)
        for name in sorted(chosen)
        for file, what in store.members.segments.faults(name)
    ]


def find_damages(store: Store) -> list[Damage]:
    """Damages of everything in a store; every byte is read.

    Job records carry no digest: a changed one is found only if it has no longer the form of one.
    What they say of datasets and splits tells which of these are missing.
    """
    return [
        *find_segment_damages(store),
        *_dataset_damages(store),
        *_missing_data(store),
        *_job_damages(store),
        *_artifact_damages(store),
    ]


def find_data_damages(store: Store, dataset: str, splits: Iterable[str]) -> list[Damage]:
    """Damages of a dataset and of some of its splits; each file is read once a process.

    What was never stored is missing like what was deleted: the caller knows which it is.
    """
    faults = store.datasets.faults(dataset, compare=manifest.read_once)
    found = [Damage("data", dataset, file, what) for file, what in faults]
    if not any(one.is_absence for one in found):
        found += _split_damages(store, dataset, splits)
    return found


def quarantine(store: Store, damage: Damage) -> Path | None:
    """Move what is damaged to the quarantine; None where it is gone already."""
    match damage.kind:
        case "segment":
            return store.members.segments.put_aside(damage.name)
        case "data":
            return store.datasets.put_aside(damage.name)
        case "split":
            return store.datasets.splits.put_aside(*damage.name.split("/"))
        case "job":
            path = store.jobs.path(damage.name)
        case "artifact":
            path = store.artifacts.path(*damage.name.split("/"))
    moved = atomic.unused(store.folder / "quarantine", f"{damage.kind}-{path.name}")
    return moved if atomic.move_away(path, moved) else None


def _dataset_damages(store: Store) -> list[Damage]:
    found = []
    for name in store.datasets.names():
        found += [Damage("data", name, file, what) for file, what in store.datasets.faults(name)]
        found += _split_damages(store, name, store.datasets.splits.names(name))
    return found


def _split_damages(store: Store, dataset: str, splits: Iterable[str]) -> Iterator[Damage]:
    for split in splits:
        if what := store.datasets.splits.fault(dataset, split):
            yield Damage("split", f"{dataset}/{split}", f"{split}.npz", what)


def _missing_data(store: Store) -> list[Damage]:
    """Datasets and splits that a job was run on and that are not there."""
    found: dict[str, Damage] = {}
    for dataset, split in _data_of_jobs(store):
        if not store.datasets.path(dataset).is_dir():
            found[dataset] = Damage("data", dataset, ITS_FOLDER, MISSING)
        elif split and not store.datasets.splits.path(dataset, split).exists():
            name = f"{dataset}/{split}"
            found[name] = Damage("split", name, f"{split}.npz", MISSING)
    return list(found.values())


def _data_of_jobs(store: Store) -> Iterator[tuple[str, str]]:
    """Dataset and split, or a dataset alone, of every job whose record can be read."""
    for name in store.jobs.names():
        try:
            record = store.jobs.read(name)
        except Damaged:
            continue  # `_job_damages` names it
        if is_segment_name(record.dataset):
            yield record.dataset, ""
            names = (split.fingerprint for split in record.splits)
            yield from ((record.dataset, name) for name in names if is_segment_name(name))


def _job_damages(store: Store) -> list[Damage]:
    found = []
    for name in store.jobs.names():
        try:
            store.jobs.read(name)
        except Damaged as error:
            found.append(Damage("job", name, f"{name}.json", f"is unreadable ({error})"))
    return found


def _artifact_damages(store: Store) -> list[Damage]:
    return [
        Damage("artifact", f"{kind}/{name}", file, what)
        for kind in store.artifacts.kinds()
        for name in store.artifacts.names(kind)
        for file, what in store.artifacts.faults(kind, name)
    ]
