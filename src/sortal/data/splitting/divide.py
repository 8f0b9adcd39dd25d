"""Divide examples into parts or folds, by the very draws that scikit-learn makes."""

from collections.abc import Iterator

import numpy as np

from sortal.data.dataset import Dataset
from sortal.data.labels import UNKNOWN, Labels, Outputs
from sortal.data.split import Part, Split
from sortal.data.splitting.strata import scarce_class, strata
from sortal.errors import DataError
from sortal.job.models import (
    ColumnSplit,
    FilesSplit,
    FoldSplit,
    GivenFoldSplit,
    GroupSplit,
    NoSplit,
    RandomSplit,
    SplitBlock,
)


def divide(dataset: Dataset, block: SplitBlock, seed: int) -> tuple[Split, ...]:
    """Divide a dataset as its job says: one split, or one a fold.

    What decides is the seed, the number of examples, their groups and their labels, never
    their features. Where classes exclude each other, examples of unknown class belong to
    no part. Independent targets are stratified by the combination of all of them, so that
    every target sees the same division.

    Args:
        dataset: The examples. Parts that the data gives (files, or a column) win over a random draw.
        block: The job's `data.split`.
        seed: The job's seed, used where the block has none of its own.

    Raises:
        DataError: The data cannot be divided so; the text names the class or part at fault.
    """
    usable = _usable(dataset.labels)
    match block:
        case FoldSplit():
            splits = _folds(dataset, usable, block, _seed(block.seed, seed))
        case GivenFoldSplit():
            splits = _given_folds(dataset, usable, block)
        case ColumnSplit() | FilesSplit():
            splits = (_given_parts(dataset, usable),)
        case RandomSplit() if dataset.parts is not None:
            splits = (_given_parts(dataset, usable),)
        case RandomSplit():
            splits = (_random(dataset, usable, block, _seed(block.seed, seed)),)
        case NoSplit():
            none = usable[:0]
            splits = (Split(train=usable.astype(np.int64), validation=none, test=none),)
        case GroupSplit():
            splits = (_by_group(dataset, usable, block, _seed(block.seed, seed)),)
    return splits


def divide_among(
    dataset: Dataset, rows: np.ndarray, block: RandomSplit | GroupSplit | FoldSplit, seed: int
) -> tuple[Split, ...]:
    """Divide some examples alone, as `divide` would if there were no others.

    Args:
        dataset: The examples.
        rows: Row numbers of those to divide, ascending, of known class.
        block: How, without a seed of its own.
        seed: Seed of the draw.

    Raises:
        DataError: They cannot be divided so.
    """
    match block:
        case RandomSplit():
            return (_random(dataset, rows, block, seed),)
        case GroupSplit():
            return (_by_group(dataset, rows, block, seed),)
        case FoldSplit():
            return _folds(dataset, rows, block, seed)


def _seed(own: int | None, job: int) -> int:
    return job if own is None else own


def _usable(labels: Labels) -> np.ndarray:
    """Row numbers that may belong to a part."""
    if labels.outputs is Outputs.INDEPENDENT:
        return np.arange(len(labels))
    usable = np.flatnonzero(labels.codes != UNKNOWN)
    if not len(usable):
        raise DataError("no example has a known class.")
    return usable


def _random(dataset: Dataset, usable: np.ndarray, block: RandomSplit, seed: int) -> Split:
    from sklearn.model_selection import train_test_split

    def draw(rows: np.ndarray, share: float, what: str) -> tuple[np.ndarray, np.ndarray]:
        """Draw a share of rows; gives those left and those drawn."""
        codes = None
        if block.stratified:
            codes = strata(dataset.labels.take(rows), fewest=2)
            _refuse_scarce(dataset.labels.take(rows), 2, what)
        try:
            rest, drawn = train_test_split(rows, test_size=share, stratify=codes, random_state=seed)
        except ValueError as error:
            raise DataError(f"{len(rows)} examples cannot be divided: {error}") from error
        return rest, drawn

    _check_shares(block)
    rest, test = usable, usable[:0]
    if block.test:
        rest, test = draw(rest, block.test, "a stratified split")
    validation = usable[:0]
    if block.validation:
        share = block.validation / (1 - block.test)
        rest, validation = draw(rest, share, "stratified validation after the test was drawn")
    return _split(rest, validation, test)


def _by_group(dataset: Dataset, usable: np.ndarray, block: GroupSplit, seed: int) -> Split:
    from sklearn.model_selection import GroupShuffleSplit

    groups = _groups(dataset)
    _check_shares(block)
    needed = 1 + bool(block.test) + bool(block.validation)
    _refuse_few_groups(groups[usable], needed, f"{needed} parts")

    def draw(rows: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
        splitter = GroupShuffleSplit(n_splits=1, test_size=share, random_state=seed)
        try:
            rest, drawn = next(splitter.split(rows, groups=groups[rows]))
        except ValueError as error:
            raise DataError(
                f"{len(np.unique(groups[rows]))} groups cannot be divided: {error}"
            ) from error
        return rows[rest], rows[drawn]

    rest, test, validation = usable, usable[:0], usable[:0]
    if block.test:
        rest, test = draw(rest, block.test)
    if block.validation:
        rest, validation = draw(rest, block.validation / (1 - block.test))
    return _split(rest, validation, test)


def _folds(dataset: Dataset, usable: np.ndarray, block: FoldSplit, seed: int) -> tuple[Split, ...]:
    labels = dataset.labels.take(usable)
    groups = _groups(dataset)[usable] if block.by_group else None
    if len(usable) < block.folds:
        raise DataError(f"{len(usable)} examples cannot be divided into {block.folds} folds.")
    if block.stratified:
        _refuse_scarce(labels, block.folds, f"{block.folds} stratified folds")
    if groups is not None:
        _refuse_few_groups(groups, block.folds, f"{block.folds} folds")
    codes = strata(labels, fewest=block.folds) if block.stratified else None
    drawn = _draw_folds(block, seed, codes, groups, len(usable))
    folds = np.empty(len(usable), dtype=np.int64)
    for fold, (_, test) in enumerate(drawn):
        folds[test] = fold
    return _rotations(usable, folds, np.arange(block.folds), validation=block.validation)


def _draw_folds(
    block: FoldSplit,
    seed: int,
    codes: np.ndarray | None,
    groups: np.ndarray | None,
    examples: int,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

    kind = {
        (False, False): KFold,
        (True, False): StratifiedKFold,
        (False, True): GroupKFold,
        (True, True): StratifiedGroupKFold,
    }[block.stratified, block.by_group]
    splitter = kind(n_splits=block.folds, shuffle=True, random_state=seed)
    yield from splitter.split(np.zeros(examples), codes, groups)


def _given_folds(dataset: Dataset, usable: np.ndarray, block: GivenFoldSplit) -> tuple[Split, ...]:
    """One split per number that occurs; gaps between numbers mean nothing."""
    if dataset.folds is None:
        raise DataError(
            f"split.kind: given_folds needs the fold numbers of column {block.column!r}."
        )
    folds = dataset.folds[usable]
    numbers = np.unique(folds)
    if len(numbers) < 2:
        raise DataError(
            f"column {block.column!r} names one fold only ({numbers[0]}); 2 are needed."
        )
    return _rotations(usable, folds, numbers, validation=block.validation)


def _rotations(
    usable: np.ndarray, folds: np.ndarray, numbers: np.ndarray, *, validation: bool
) -> tuple[Split, ...]:
    """Each fold tests once, in the order of their numbers.

    Args:
        usable: Row numbers that are divided.
        folds: Fold of each of them.
        numbers: Numbers of the folds.
        validation: Whether the next fold, after the last the first, validates.
    """
    if validation and len(numbers) < 3:
        raise DataError(
            "split.validation: true needs 3 or more folds, to train, to validate and to test; "
            f"there are {len(numbers)}."
        )
    splits = []
    for number, following in zip(numbers, np.roll(numbers, -1), strict=True):
        validates = (folds == following) & validation
        tests = folds == number
        rows = (usable[~tests & ~validates], usable[validates], usable[tests])
        splits.append(_split(*rows, fold=int(number)))
    return tuple(splits)


def _given_parts(dataset: Dataset, usable: np.ndarray) -> Split:
    if dataset.parts is None:
        raise DataError("the data does not say which part each example belongs to.")
    codes = dataset.part_codes
    parts = dataset.parts[usable]
    train, validation, test = (
        usable[parts == codes[part]] for part in (Part.TRAIN, Part.VALIDATION, Part.TEST)
    )
    return _split(train, validation, test)


def _split(
    train: np.ndarray, validation: np.ndarray, test: np.ndarray, fold: int | None = None
) -> Split:
    """Order the rows of each part; refuse parts that leave nothing to train on or to report."""
    if not len(test) and (fold is not None or not len(validation)):
        where = f"fold {fold}" if fold is not None else "the split"
        raise DataError(f"{where} leaves no example to test or validate on.")
    if not len(train):
        raise DataError("the split leaves no example to train on.")
    train, validation, test = (np.sort(rows).astype(np.int64) for rows in (train, validation, test))
    return Split(train=train, validation=validation, test=test, fold=fold)


def _check_shares(block: RandomSplit | GroupSplit) -> None:
    if block.test + block.validation >= 1:
        raise DataError(
            f"split.test {block.test:g} and split.validation {block.validation:g} "
            "leave nothing to train on: their sum must be below 1."
        )
    if not block.test and not block.validation:
        raise DataError("split.test and split.validation are both 0: nothing is left to judge by.")


def _groups(dataset: Dataset) -> np.ndarray:
    if dataset.groups is None:
        raise DataError("a split by groups needs data.group, the column of groups.")
    return dataset.groups


def _refuse_scarce(labels: Labels, fewest: int, what: str) -> None:
    scarce = scarce_class(labels, fewest)
    if scarce:
        name, count = scarce
        raise DataError(
            f"class {name!r} has {count} example{'s' if count != 1 else ''}, and {what} needs "
            f"{fewest} of each class: leave it out of data.classes, or set split.stratified: false."
        )


def _refuse_few_groups(groups: np.ndarray, fewest: int, what: str) -> None:
    count = len(np.unique(groups))
    if count < fewest:
        raise DataError(f"{what} need at least {fewest} groups, and the data has {count}.")
