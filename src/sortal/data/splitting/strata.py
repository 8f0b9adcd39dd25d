"""Strata: the proportions that a stratified draw keeps, and a subset drawn by them."""

import numpy as np

from sortal.data.labels import UNKNOWN, Labels, Outputs
from sortal.errors import DataError


def strata(labels: Labels, *, fewest: int) -> np.ndarray:
    """Give each example the code of its stratum, shape (examples,), int64.

    Classes that exclude each other are their own strata. Independent targets are taken
    together: a stratum is a combination of values of all targets, where unknown is a value
    like any other; combinations rarer than `fewest` share one stratum, and if even that
    stays rarer, they join the largest.
    """
    if labels.outputs is Outputs.EXCLUSIVE:
        return np.asarray(labels.codes, dtype=np.int64)
    _, codes = np.unique(labels.codes, axis=0, return_inverse=True)
    return pooled(codes.reshape(-1), fewest=fewest)


def pooled(codes: np.ndarray, *, fewest: int) -> np.ndarray:
    """Put strata rarer than `fewest` into one, and that into the largest if it stays rarer."""
    values, place, counts = np.unique(codes, return_inverse=True, return_counts=True)
    rare = (counts < fewest)[place]
    if not rare.any():
        return place.astype(np.int64)
    apart = rare.sum() >= fewest or rare.all()
    refuge = len(values) if apart else int(np.argmax(counts))
    return np.where(rare, refuge, place).astype(np.int64)


def scarce_class(labels: Labels, fewest: int) -> tuple[str, int] | None:
    """Find the rarest class with some, but fewer than `fewest`, known examples; its name and count.

    Independent targets are pooled instead (`strata`), so none of theirs is scarce.
    """
    if labels.outputs is Outputs.INDEPENDENT:
        return None
    counts = np.bincount(labels.codes[labels.codes != UNKNOWN], minlength=len(labels.classes))
    counts = np.where(counts == 0, fewest, counts)
    rarest = int(np.argmin(counts))
    if counts[rarest] >= fewest:
        return None
    return labels.classes[rarest], int(counts[rarest])


def draw_subset(labels: Labels, subset: float, seed: int) -> np.ndarray:
    """Draw some examples in the proportions of the whole; ascending row numbers.

    The draw is scikit-learn's `train_test_split(np.arange(n), train_size=subset,
    stratify=strata, random_state=seed)`. Examples of unknown class are a stratum; strata of
    one example are pooled. If fewer examples are left out than there are strata, they are left
    out at random.

    Args:
        labels: Labels of all examples.
        subset: How many (a whole number; all if there are no more), or a share in (0, 1].
        seed: Seed of the draw.

    Raises:
        DataError: The subset has no room for one example of every stratum.
    """
    from sklearn.model_selection import train_test_split

    everything = np.arange(len(labels))
    count = subset if isinstance(subset, int) else int(subset * len(labels))
    if count >= len(labels):
        return everything
    codes = pooled(strata(labels, fewest=2), fewest=2)
    kinds = len(np.unique(codes))
    if count < kinds:
        raise DataError(
            f"data.subset: {count} examples cannot hold one of each of the {kinds} kinds of label."
        )
    # The stratified draw puts at least one example of each stratum on either side.
    stratify = codes if len(labels) - count >= kinds else None
    rows, _ = train_test_split(everything, train_size=count, stratify=stratify, random_state=seed)
    drawn: np.ndarray = np.sort(rows)
    return drawn
