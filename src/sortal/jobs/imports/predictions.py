"""Put classifiers that were trained elsewhere beside those of a job, from files of predictions.

An imported classifier is two things in the store: entries in the `imported` of a job's record,
one a fold, and a segment of its own for each with its scores of the reported examples. So it is
judged, compared, shown and deleted like any other; there is no model of it to apply.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import UNKNOWN, Labels, Outputs
from sortal.data.reading.predictions import Predictions, read_predictions, recoded
from sortal.data.split import Split
from sortal.errors import DataError, OptionError, UserError
from sortal.job.models import DataBlock
from sortal.jobs.imports.match import match_predictions
from sortal.jobs.imports.record import new_record, with_entries
from sortal.jobs.imports.segment import METHOD, FoldPredictions, write_imported_segment
from sortal.jobs.results.results import JobResults, require_examples
from sortal.store.records.job_record import ImportedEntry, JobRecord
from sortal.store.store import Store


@dataclass(frozen=True, kw_only=True)
class ImportSummary:
    """What an import came to."""

    results: JobResults
    """Of the job that lists the classifiers."""

    titles: tuple[str, ...]
    """Of the classifiers, in the order of their files."""

    new: tuple[str, ...]
    """Those that were not there before."""

    is_new_job: bool

    notes: tuple[str, ...] = ()
    """What was found out of the files and is not plain, in sentences."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Home:
    """The job that lists what is imported."""

    record: JobRecord
    dataset: Dataset
    splits: tuple[Split, ...]
    is_new: bool


def import_predictions(
    store: Store,
    paths: Sequence[Path],
    *,
    job: str,
    title: str | None = None,
    id_column: str | None = None,
    label_column: str | None = None,
) -> ImportSummary:
    """Judge predictions of files, and list each file as a classifier of a job.

    Every file is read and matched before anything is written. Where the store has the job, a
    file holds each of its reported examples once, of all folds together. Else the ids and
    labels of the first file become a dataset without features, all of it reported.

    Args:
        store: Where the job is or goes.
        paths: Tables of ids, labels and scores of each class, or decisions.
        job: Its name.
        title: Title of the classifier of a single file; that of a file is its name if None.
        id_column: Column that names each example; `id` if None.
        label_column: Column of true classes, `label` if None. A job that is in the store knows the
            truth: then the column may be missing.

    Raises:
        DataError: A file is not what it should be, or does not match the job's examples.
        NotFound: A file has no such column.
        OptionError: One title is given for several files, or the job's name cannot be one.
        UserError: A title is taken, or the job has independent targets or was imported as figures
            alone.
        StoreBusy: The job is running.
    """
    titles = _titles(paths, title)
    if not job.strip():
        raise OptionError("job", job, "the name of a job")
    with store.leases.take(job):
        stored = store.jobs.read_or_none(job)
        classes = _classes_of(stored) if stored is not None else None
        files: list[Predictions] = []
        for path in paths:
            read = read_predictions(
                path, id_column=id_column, label_column=label_column, classes=classes
            )
            classes = classes or read.classes
            files.append(read)
        home = _stored_home(store, stored) if stored is not None else _new_home(job, files[0])
        pieces = {name: _pieces(name, file, home) for name, file in zip(titles, files, strict=True)}
        new = _refuse_taken(job, home.record, pieces)
        if home.is_new:
            store.datasets.save(home.dataset)
            for split in home.splits:
                store.datasets.splits.save(home.dataset.fingerprint, split)
        _list(store, home, pieces, new)
    return ImportSummary(
        results=JobResults.read(store, job),
        titles=titles,
        new=new,
        is_new_job=home.is_new,
        notes=tuple(note for file in files for note in file.reading_notes),
    )


def _titles(paths: Sequence[Path], title: str | None) -> tuple[str, ...]:
    if not paths:
        raise UserError("nothing to import: no file is named.")
    if title is not None and (len(paths) > 1 or not title.strip()):
        raise OptionError("title", title, "a title of one file; several are titled by their names")
    titles = tuple(_stem(path) for path in paths) if title is None else (title,)
    for name in titles:
        if titles.count(name) > 1:
            raise UserError(
                f"two files would be titled {name!r}: import them one by one, with a title."
            )
    return titles


def _stem(path: Path) -> str:
    return Path(path.name.removesuffix(".gz")).stem


def _classes_of(record: JobRecord) -> tuple[str, ...]:
    require_examples(record)
    if record.outputs is not Outputs.EXCLUSIVE:
        raise UserError(
            f"{record.name} has independent targets, and only predictions of classes that exclude "
            "each other can be imported."
        )
    return record.classes


def _stored_home(store: Store, record: JobRecord) -> _Home:
    dataset = store.datasets.get(record.dataset)
    splits = tuple(
        store.datasets.splits.get(record.dataset, one.fingerprint) for one in record.splits
    )
    return _Home(record=record, dataset=dataset, splits=splits, is_new=False)


def _new_home(job: str, first: Predictions) -> _Home:
    """A job of the examples of a file, none of which anything here was trained on."""
    if first.labels is None:
        raise DataError(
            f"{first.table.path}: expected a column {first.label_column!r} of true classes, or "
            "--label to name it: the store has no job of that name that knows them."
        )
    codes = recoded(first.labels, first.classes)
    strange = np.flatnonzero(codes == UNKNOWN)
    if len(strange):
        got = first.labels.classes[first.labels.codes[strange[0]]]
        raise DataError(
            f"{first.at(int(strange[0]), first.label_column)}: expected one of the classes "
            f"{', '.join(first.classes)}, got {got!r}."
        )
    source = str(first.table.path)
    dataset = Dataset(
        name=first.table.path.name,
        inputs=Inputs({}, first.ids),
        labels=Labels(codes, first.classes),
        names={},
        notes=("ids and labels were imported, and there are no features.",),
    )
    none = np.zeros(0, dtype=np.int64)
    rows = np.arange(len(dataset), dtype=np.int64)
    split = Split(train=none, validation=none, test=rows, trained_elsewhere=True)
    record = new_record(
        job,
        text=f"# imported from {source}",
        dataset=dataset,
        splits=(split,),
        block=DataBlock(
            source=source, id=first.id_column or None, label=first.label_column or None
        ),
    )
    return _Home(record=record, dataset=dataset, splits=(split,), is_new=True)


def _pieces(title: str, file: Predictions, home: _Home) -> list[FoldPredictions]:
    matched = match_predictions(file, home.dataset, home.splits, home.record.name)
    return [
        FoldPredictions.of(title=title, file=file, split=split, rows=rows, scores=scores)
        for split, (rows, scores) in zip(home.splits, matched, strict=True)
    ]


def _refuse_taken(
    job: str, record: JobRecord, pieces: Mapping[str, Sequence[FoldPredictions]]
) -> tuple[str, ...]:
    """Titles that are not there yet; one that stands for something else is refused."""
    new = []
    for title, several in pieces.items():
        there = {entry.key for entry in record.titled(title)}
        if not there:
            new.append(title)
        elif there != {piece.key(record.dataset) for piece in several}:
            listed = {entry.title for entry in record.imported}
            cure = f", or delete it first: sortal store rm '{job}/{title}'" * (title in listed)
            raise UserError(
                f"{job} has another classifier under the title {title!r}: choose another{cure}."
            )
    return tuple(new)


def _list(
    store: Store,
    home: _Home,
    pieces: Mapping[str, Sequence[FoldPredictions]],
    new: Sequence[str],
) -> None:
    """Write what is missing, and put new classifiers into the job's record after their scores."""
    dataset = home.dataset
    for several in pieces.values():
        found = store.members.find(piece.key(dataset.fingerprint) for piece in several)
        for piece in several:
            if piece.key(dataset.fingerprint) not in found:
                write_imported_segment(store, piece, dataset, home.record.bootstrap)
    if new:
        listed = [_entry(piece, dataset.fingerprint) for title in new for piece in pieces[title]]
        store.jobs.write(with_entries(home.record, listed))


def _entry(piece: FoldPredictions, dataset: str) -> ImportedEntry:
    return ImportedEntry(
        title=piece.title,
        key=piece.key(dataset),
        method=METHOD,
        calibration="",
        parameters=piece.parameters,
        seed=None,
        fold=piece.split.fold,
        target=None,
    )
