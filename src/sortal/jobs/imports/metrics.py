"""Put classifiers into a store of which nothing is known but figures: no example, no prediction.

Such a job has a dataset without examples, which only names the classes; its classifiers are
`imported` in its record, as those of prediction files are, and share one segment whose scores are
empty. So they are ranked, shown, merged and deleted like any other, and whatever asks for an example is
refused (`results.need_examples`).
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import Labels, Outputs
from sortal.data.split import Part, Split
from sortal.errors import UserError
from sortal.evaluation.bootstrap import bootstrap_seed
from sortal.job.models import DataBlock
from sortal.jobs.imports.foreign import Foreign, ForeignJob, ForeignMember
from sortal.jobs.imports.record import imported_record, new_record, with_entries
from sortal.store.records.job_record import RESAMPLES, ImportedEntry, JobRecord
from sortal.store.records.member_record import MemberRecord
from sortal.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedTitles:
    """What an import came to, in titles."""

    new: tuple[str, ...]
    there: tuple[str, ...]
    """With the same figures as before."""

    taken: tuple[str, ...]
    """That stand for something else, and are left as they are."""


def import_metrics(store: Store, job: ForeignJob) -> ImportedTitles:
    """List classifiers in a job of figures alone, made if need be; what is there is left as it is.

    Args:
        store: Where they go.
        job: What is told of them; titles differ.

    Raises:
        OptionError: The job's name cannot be one.
        UserError: The store has another job of that name, or one of other classes.
        StoreBusy: The job is running.
    """
    dataset, split = _dataset(job), _nothing()
    keys = {one.title: one.keys(dataset.fingerprint) for one in job.classifiers}
    with store.leases.take(job.name):
        stored = store.jobs.read_or_none(job.name)
        if stored is not None:
            _refuse_other(stored, job, dataset)
        record = stored or _new(job, dataset, split)
        listed: dict[str, set[str]] = defaultdict(set)
        for known in record.imported:
            listed[known.title].add(known.key)
        new = [one for one in job.classifiers if one.title not in listed]
        taken = [title for title in keys if title in listed and listed[title] != set(keys[title])]
        if new:
            store.datasets.save(dataset)
            store.datasets.splits.save(dataset.fingerprint, split)
        _write(store, job, dataset, [one for one in job.classifiers if one.title not in taken])
        if new:
            entries = [entry for one in new for entry in _entries(one, keys[one.title])]
            store.jobs.write(with_entries(record, entries))
    return ImportedTitles(
        new=tuple(one.title for one in new),
        there=tuple(title for title in keys if title in listed and title not in taken),
        taken=tuple(taken),
    )


def _dataset(job: ForeignJob) -> Dataset:
    """No examples, but names of classes; its fingerprint is that of what is known of the data."""
    shape = (0,) if job.outputs is Outputs.EXCLUSIVE else (0, len(job.classes))
    meaning = json.dumps(["figures alone", job.identity, job.data, job.classes, job.outputs])
    return Dataset(
        name=job.data,
        inputs=Inputs({}, np.zeros(0, dtype=np.int64)),
        labels=Labels(np.zeros(shape, dtype=np.int8), job.classes, job.outputs),
        names={},
        notes=("figures alone were imported: there are no examples.",),
        fingerprint=hashlib.blake2b(meaning.encode(), digest_size=16).hexdigest(),
    )


def _nothing() -> Split:
    none = np.zeros(0, dtype=np.int64)
    return Split(train=none, validation=none, test=none, trained_elsewhere=True)


def _new(job: ForeignJob, dataset: Dataset, split: Split) -> JobRecord:
    return new_record(
        job.name,
        text=job.text,
        dataset=dataset,
        splits=(split,),
        block=DataBlock(source=job.data),
        notes=job.notes,
        asked=job.asked,
        figures_alone=True,
    )


def _refuse_other(record: JobRecord, job: ForeignJob, dataset: Dataset) -> None:
    if not record.figures_alone:
        raise UserError(f"the store has another job named {job.name!r}, which was run here.")
    if record.dataset != dataset.fingerprint:
        raise UserError(
            f"{job.name!r} is in the store with the classes {', '.join(record.classes) or 'unknown'}, "
            f"and these are {', '.join(job.classes) or 'unknown'}, or of other data: delete that job first, "
            "or name another store."
        )


def _write(store: Store, job: ForeignJob, dataset: Dataset, classifiers: Sequence[Foreign]) -> None:
    """Judge what the store lacks of some classifiers, and keep it in one segment."""
    distinct = {
        key: (one, member)
        for one in classifiers
        for key, member in zip(one.keys(dataset.fingerprint), one.members, strict=True)
    }
    found = store.members.find(distinct)
    records = [_record(key, *of, job, dataset) for key, of in distinct.items() if key not in found]
    if records:
        exclusive = job.outputs is Outputs.EXCLUSIVE
        scores = np.zeros((len(records), 0, len(job.classes)), dtype=np.float32)
        decided = np.zeros(scores.shape[: 2 if exclusive else 3], dtype=np.uint8)
        with store.members.draft() as draft:
            draft.commit(records, scores, decided)


def _record(
    key: str, one: Foreign, member: ForeignMember, job: ForeignJob, dataset: Dataset
) -> MemberRecord:
    """What the segment says of one member."""
    seed = bootstrap_seed(dataset.fingerprint)
    figures = {Part.TEST: member.test.scores(job.classes, resamples=RESAMPLES, seed=seed)}
    if member.train is not None:
        figures[Part.TRAIN] = member.train.scores(job.classes, resamples=0, seed=seed)
    return imported_record(
        key,
        dataset,
        _nothing(),
        source=job.data,
        method=one.method,
        parameters=one.parameters,
        figures=figures,
        not_savable="it was imported as figures alone",
        notes=member.notes,
        fold=member.fold,
        classes=member.test.names(job.classes),
        fit_seconds=member.fit_seconds,
        score_seconds=member.score_seconds,
    )


def _entries(one: Foreign, keys: Sequence[str]) -> Iterator[ImportedEntry]:
    for key, member in zip(keys, one.members, strict=True):
        yield ImportedEntry(
            title=one.title,
            fold_of=one.fold_of,
            asked=one.asked,
            key=key,
            method=one.method,
            calibration="",
            parameters=one.parameters,
            seed=None,
            fold=member.fold,
            target=None,
            reference=one.is_reference,
        )
