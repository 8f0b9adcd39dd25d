"""The examples of a job: those of its data set, divided and cut down as its data block says."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import Labels, Outputs
from sortal.data.split import Part
from sortal.data.splitting.strata import draw_subset, scarce_class, strata
from sortal.errors import DataError
from sortal.job.models import DataBlock as JobData
from sortal.job.models import GivenFoldSplit, NoSplit
from sortal.plugins.given_data import GivenData
from sortal.systems.clavis.batch.jobfile import BatchDataBlock

FEATURES = "features"
TRAINING = -1
"""Fold of training examples where folds divide the test examples alone."""

TEST_SIZE = 0.2
"""Share that tests where neither the data set nor the job says anything."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DividedExamples:
    """Examples as a data set of ours, and how a job of ours divides them."""

    dataset: Dataset = field(repr=False)

    split: NoSplit | GivenFoldSplit | None
    """The job's `data.split`; None where the parts of the data set hold."""

    notes: tuple[str, ...] = ()
    """What the user should know of it."""

    folds_of_test: bool = False
    """Whether `dataset.folds` divide the test examples alone; training examples have fold -1."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Rows:
    """Rows of the examples that train and that test, in the order in which they are used."""

    train: np.ndarray
    test: np.ndarray
    notes: tuple[str, ...] = ()


def dataset_of(source: GivenData, block: BatchDataBlock) -> DividedExamples:
    """Divide, cut down and name the examples of a data set.

    Rows keep the order in which scikit-learn's `train_test_split` draws them, so that whatever
    depends on the order of examples (bootstraps, batches) is as in a script of its own. Ids
    are row numbers: of the training examples as the data set gives them, then of its test examples.

    Args:
        source: The data set.
        block: The job's data block.

    Raises:
        DataError: The examples cannot be divided so; the text says what to change.
    """
    labels = _labels(source)
    folds = None if block.disable_cross_validation else source.folds
    given = len(source.X_test) > 0
    _refuse_conflicts(source, block, has_folds=folds is not None, has_test=given)
    rows = _divided(source, block, labels, has_folds=folds is not None and not source.folds_of_test)
    rows, notes = _cut_down(rows, labels, block)
    every = np.concatenate([rows.train, rows.test])
    features = np.concatenate([source.X_train, source.X_test]) if given else source.X_train
    dataset = Dataset(
        name=source.name,
        inputs=Inputs({FEATURES: _plain(features, source.name)[every]}, _ids(rows, len(labels))),
        labels=labels.take(every),
        names={FEATURES: tuple(f"x{number}" for number in range(features.shape[1]))},
        folds=_folds(source, folds, rows),
        parts=_parts(rows),
    )
    return DividedExamples(
        dataset=dataset,
        split=_split(block, dataset, tests=len(rows.test) > 0),
        notes=(*rows.notes, *notes),
        folds_of_test=folds is not None and source.folds_of_test,
    )


def _labels(source: GivenData) -> Labels:
    """Labels of all examples, those of the test set last."""
    codes = np.concatenate([source.y_train, source.y_test])
    if source.is_multilabel:
        return Labels(codes.astype(np.int8), source.class_names, Outputs.INDEPENDENT)
    return Labels(codes, source.class_names)


def _refuse_conflicts(
    source: GivenData, block: BatchDataBlock, *, has_folds: bool, has_test: bool
) -> None:
    if block.disable_cross_validation or not (has_folds or source.folds_of_test):
        return
    cure = "or set disable_cross_validation: true"
    if source.folds_of_test:
        if not (has_test and has_folds):
            raise DataError(
                f"data set {source.name}: cv_folds_for_test_only needs cv_folds and test examples, "
                f"and there are none: give both, {cure}."
            )
        return
    if has_test:
        raise DataError(
            f"data set {source.name} gives folds of its training examples and test examples too: "
            f"leave one of them out, {cure}."
        )
    if block.test_size:
        raise DataError(
            f"data.test_size: expected 0 (or nothing), because {source.name} gives folds, got "
            f"{block.test_size:g}: set it to 0, {cure}."
        )


def _divided(source: GivenData, block: BatchDataBlock, labels: Labels, *, has_folds: bool) -> _Rows:
    train = np.arange(len(source.X_train))
    nothing = train[:0]
    if len(source.X_test):
        return _Rows(train=train, test=np.arange(len(train), len(labels)))
    if has_folds:
        return _Rows(train=train, test=nothing)
    size = TEST_SIZE if block.test_size is None else block.test_size
    if size == 0:
        note = "test_size is 0: every example trains, and there are no test scores to compare by."
        return _Rows(train=train, test=nothing, notes=(note,))
    if size == 1:
        note = (
            "test_size is 1: classifiers are tested on the very examples that they were trained "
            "on; the scores say nothing of new data."
        )
        return _Rows(train=train, test=train, notes=(note,))
    return _drawn(train, labels, size, block.random_state)


def _drawn(rows: np.ndarray, labels: Labels, size: float, seed: int) -> _Rows:
    """Draw test examples, in the proportion of the classes, as scikit-learn does."""
    from sklearn.model_selection import train_test_split

    if scarce := scarce_class(labels, 2):
        name, count = scarce
        raise DataError(
            f"class {name!r} has {count} example, and a stratified split needs 2 of each class."
        )
    codes = strata(labels, fewest=2)
    try:
        train, test = train_test_split(rows, test_size=size, stratify=codes, random_state=seed)
    except ValueError as error:
        raise DataError(f"{len(rows)} examples cannot be divided: {error}") from error
    return _Rows(train=train, test=test)


def _cut_down(rows: _Rows, labels: Labels, block: BatchDataBlock) -> tuple[_Rows, list[str]]:
    """Use shares of both parts."""
    train = _share(rows.train, labels, block.subset_train, block)
    test = _share(rows.test, labels, block.subset_test, block) if len(rows.test) else rows.test
    notes = [
        f"{name} is {share:g}: the first {len(kept)} of {len(all_)} examples are used, in the order "
        f"of the data. {_lost(labels, all_, kept)}".rstrip()
        for name, share, kept, all_ in (
            ("subset_train", block.subset_train, train, rows.train),
            ("subset_test", block.subset_test, test, rows.test),
        )
        if len(kept) < len(all_) and block.subset == "first"
    ]
    return _Rows(train=train, test=test, notes=rows.notes), notes


def _share(rows: np.ndarray, labels: Labels, share: float, block: BatchDataBlock) -> np.ndarray:
    if block.subset == "random" and share < 1:
        kept = draw_subset(labels.take(rows), share, block.random_state)
    else:
        kept = np.arange(max(1, int(share * len(rows) + 1e-9)))
    return np.asarray(rows[kept])


def _lost(labels: Labels, before: np.ndarray, after: np.ndarray) -> str:
    """A sentence on classes that are left without an example; empty if there are none."""
    if labels.outputs is Outputs.INDEPENDENT:
        return ""
    gone = np.setdiff1d(labels.codes[before], labels.codes[after])
    named = ", ".join(labels.classes[code] for code in gone)
    return f"None of them is of {named}: set subset to random." if named else ""


def _folds(source: GivenData, folds: np.ndarray | None, rows: _Rows) -> np.ndarray | None:
    """Fold of each example, None without folds."""
    if folds is None:
        return None
    if not source.folds_of_test:
        return np.asarray(folds[rows.train])
    training = np.full(len(rows.train), TRAINING)
    return np.concatenate([training, folds[rows.test - len(source.X_train)]])


def _parts(rows: _Rows) -> np.ndarray | None:
    """Part of each example, None where there is nothing to test."""
    if not len(rows.test):
        return None
    codes = {part: code for code, part in enumerate(Part)}
    lengths = [len(rows.train), len(rows.test)]
    return np.repeat(np.array([codes[Part.TRAIN], codes[Part.TEST]], dtype=np.int8), lengths)


def _split(
    block: BatchDataBlock, dataset: Dataset, *, tests: bool
) -> NoSplit | GivenFoldSplit | None:
    if tests:
        return None
    if dataset.folds is None:
        return NoSplit(kind="none")
    each = block.save_clfs_for_folds
    return GivenFoldSplit(kind="given_folds", column="cv_folds", each_fold=each)


def _ids(rows: _Rows, examples: int) -> np.ndarray:
    """Row numbers; of examples that both train and test, those that test count on."""
    repeated = len(rows.test) > 0 and np.intersect1d(rows.train, rows.test).size > 0
    return np.concatenate([rows.train, rows.test + (examples if repeated else 0)])


def _plain(features: np.ndarray, name: str) -> np.ndarray:
    """Features as the engine takes them; booleans as bytes.

    Raises:
        DataError: A feature is infinite.
    """
    if features.dtype.kind == "b":
        return features.astype(np.uint8)
    if features.dtype.kind == "f" and np.isinf(features).any():
        row, column = np.argwhere(np.isinf(features))[0]
        raise DataError(
            f"data set {name}: expected finite features, got {features[row, column]} in row {row}, "
            f"column {column}."
        )
    return features.astype(np.float32) if features.dtype == np.float16 else features


def data_block(block: BatchDataBlock, divided: DividedExamples) -> JobData:
    """The data block of a job of ours on divided examples."""
    scaling: Literal["standard", "none"] = "standard" if block.scale else "none"
    ours = JobData(source=block.dataset, scaling=scaling)
    return ours if divided.split is None else ours.model_copy(update={"split": divided.split})
