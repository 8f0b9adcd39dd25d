"""The copy that a store keeps of a job's data: whether it is sound, and what is lost where it is not."""

from collections.abc import Iterable

from sortal.errors import Damaged
from sortal.job.problems import Problem
from sortal.store.files import digests
from sortal.store.files.damage import Damage
from sortal.store.files.digests import Seals
from sortal.store.records.job_record import JobRecord
from sortal.store.store import Store
from sortal.store.upkeep.verify import find_data_damages


def stored_damages(
    store: Store, job: str, dataset: str, splits: Iterable[str]
) -> tuple[Damage, ...]:
    """Damaged or missing files of a dataset and its splits; what was never stored does not count.

    Args:
        store: Where they may be stored.
        job: Name of the job that uses them; its record tells what was stored.
        dataset: Fingerprint of the dataset.
        splits: Fingerprints of the splits.
    """
    known = _known_data(_record(store, job), dataset)
    wanted = dict.fromkeys([*splits, *(name.partition("/")[2] for name in known)])
    found = find_data_damages(store, dataset, filter(None, wanted))
    return tuple(one for one in found if one.name in known or not one.is_absence)


def large_files(store: Store, dataset: str) -> Seals:
    """Size and time of the large files of a dataset, every one of which this process has read.

    Raises:
        Damaged: A file of the dataset has changed since it was written.
    """
    store.datasets.get(dataset)
    seals = store.datasets.seals(dataset)
    return {name: seal for name, seal in seals.items() if seal[0] >= digests.LARGE_BYTES}


def describe_damages(damages: Iterable[Damage]) -> tuple[str, ...]:
    """A sentence for each damage, which says what a run will do."""
    return tuple(
        f"{one}; a run {'' if one.is_absence else 'puts it aside and '}makes it anew from the source."
        for one in damages
    )


def describe_repair(damage: Damage) -> str:
    """A sentence for a damage that a run is mending."""
    aside = "" if damage.is_absence else "put aside in quarantine/ and "
    return f"{damage}; it is {aside}made anew from the source."


def lost_with_source(store: Store, job: str) -> list[Problem]:
    """A sentence about what is lost of a job whose source is gone; empty where the stored copy is sound."""
    dataset, damages = _damages_of_record(store, job)
    if not damages:
        return []
    got = (
        f"a copy that is damaged ({_listed(damages)}): the features, labels and ids of data {dataset} "
        f"are lost; the stored scores and figures can still be shown with: sortal show {job!r}"
    )
    expected = "the source, or a sound copy of its data in the store"
    return [Problem(path="data.source", expected=expected, got=got)]


def lost_by_change(store: Store, job: str, dataset: str) -> tuple[str, ...]:
    """A sentence where a job was run on other data before, whose stored copy is damaged."""
    record = _record(store, job)
    if record is not None and record.dataset == dataset:
        return ()
    before, damages = _damages_of_record(store, job)
    if not damages:
        return ()
    return (
        f"the source has changed since this job was run, and the stored copy of what it was is "
        f"damaged ({_listed(damages)}): the features, labels and ids of data {before} are lost.",
    )


def _damages_of_record(store: Store, job: str) -> tuple[str, tuple[Damage, ...]]:
    """Fingerprint of the data that a job was run on, and what is damaged of it."""
    record = _record(store, job)
    dataset = "" if record is None else record.dataset
    return dataset, stored_damages(store, job, dataset, ()) if dataset else ()


def _record(store: Store, job: str) -> JobRecord | None:
    try:
        return store.jobs.read_or_none(job)
    except Damaged:
        return None  # a run needs the record, and names what is wrong with it


def _known_data(record: JobRecord | None, dataset: str) -> frozenset[str]:
    """Names of the dataset and the splits that a job's record lists, as damages name them."""
    if record is None or record.dataset != dataset:
        return frozenset()
    splits = (f"{dataset}/{split.fingerprint}" for split in record.splits)
    return frozenset([dataset, *splits])


def _listed(damages: Iterable[Damage]) -> str:
    return ", ".join(f"{one.file} {one.what}" for one in damages)
