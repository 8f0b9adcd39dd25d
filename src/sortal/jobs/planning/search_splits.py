"""How a search divides the examples: it trains and validates, and the test examples take no part."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sortal.data.dataset import Dataset
from sortal.data.labels import UNKNOWN, Labels
from sortal.data.split import Split
from sortal.data.splitting.divide import divide_among
from sortal.errors import DataError
from sortal.job.models import FoldSplit, GroupSplit, Job, RandomSplit, TuningBlock

SHARE = 0.2
"""Share of the training examples that validates where nothing is said: a fifth."""

_NONE = np.array([], dtype=np.int64)


def search_splits(job: Job, dataset: Dataset, splits: Sequence[Split]) -> tuple[Split, ...]:
    """Divide the examples for a search: none of the splits has test examples.

    Where `tuning` asks for a share or for folds, they are drawn among the training
    examples of each split. Else the split's own validation examples validate; without any, the
    tested fold of a cross-validation does, or a fifth of the training examples.

    Args:
        job: The job, with `tuning`.
        dataset: The examples.
        splits: The job's own.

    Raises:
        DataError: The training examples cannot be divided so.
    """
    tuning = job.tuning or TuningBlock()
    seed = job.seed if tuning.seed is None else tuning.seed
    found: list[Split] = []
    for split in splits:
        if tuning.folds is not None:
            found += _in_folds(dataset, split, tuning.folds, seed, by_group=_by_group(job))
        elif tuning.validation is not None:
            found.append(_drawn(dataset, split, tuning.validation, seed, by_group=_by_group(job)))
        elif len(split.validation):
            found.append(_only(split.train, split.validation, split.fold))
        elif split.fold is not None:
            found.append(_only(split.train, split.test, split.fold))
        else:
            found.append(_drawn(dataset, split, SHARE, seed, by_group=_by_group(job)))
    return tuple(found)


def _only(train: np.ndarray, validation: np.ndarray, fold: int | None) -> Split:
    return Split(train=train, validation=validation, test=_NONE, fold=fold)


def _by_group(job: Job) -> bool:
    """Whether groups stay together, as they do in the job's own split."""
    split = job.data.split
    return split.kind == "group" or (isinstance(split, FoldSplit) and split.by_group)


def _known(labels: Labels, rows: np.ndarray) -> np.ndarray:
    """Rows of known class: the others take part in no draw."""
    if labels.codes.ndim > 1:
        return rows
    known: np.ndarray = rows[labels.codes[rows] != UNKNOWN]
    return known


def _drawn(dataset: Dataset, split: Split, share: float, seed: int, *, by_group: bool) -> Split:
    rows = _known(dataset.labels, split.train)
    block = (
        GroupSplit(kind="group", test=0.0, validation=share)
        if by_group
        else RandomSplit(test=0.0, validation=share)
    )
    (drawn,) = divide_among(dataset, rows, block, seed)
    return replace(drawn, fold=split.fold, fingerprint="")


def _in_folds(
    dataset: Dataset, split: Split, folds: int, seed: int, *, by_group: bool
) -> list[Split]:
    if split.fold is not None:
        raise DataError(
            "folds within the folds of a cross-validation are not made; leave `folds` out, and "
            "the folds of data.split validate."
        )
    rows = _known(dataset.labels, split.train)
    block = FoldSplit(kind="folds", folds=folds, by_group=by_group)
    return [
        _only(one.train, one.test, one.fold) for one in divide_among(dataset, rows, block, seed)
    ]
