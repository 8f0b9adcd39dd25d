"""Training examples set aside to validate, where the split has none for it."""

from fractions import Fraction

import numpy as np

from sortal.data.prepared import Prepared
from sortal.networks.stream import stream_seed

TENTH = 0.1
"""Share that is held out where none is asked for."""


def hold_out(data: Prepared, share: float = TENTH) -> np.ndarray:
    """Choose about a share of the training examples, at least one and never all.

    The choice depends on the split and on the labels of all targets, never on a member.
    Examples are sorted by label (by the combination of labels where targets are
    independent), in random order within, and every tenth (every 1 / share-th) is taken: a
    stratified draw in which rare labels are pooled. Where the data has groups, whole groups
    are taken.

    Returns:
        Shape (training examples,), bool; all False when there are fewer than two.
    """
    rows = data.split.train
    random = np.random.default_rng(stream_seed(data.split.fingerprint, "holdout"))
    groups = data.dataset.groups
    if groups is not None:
        _, units = np.unique(np.asarray(groups[rows]), return_inverse=True)
        if units.max() > 0:
            count = min(max(1, round(share * (units.max() + 1))), units.max())
            return np.isin(units, random.permutation(units.max() + 1)[:count])
    codes = np.asarray(data.dataset.labels.codes[rows]).reshape(len(rows), -1)
    _, kinds = np.unique(codes, axis=0, return_inverse=True)
    order = np.lexsort((random.random(len(rows)), kinds.ravel()))
    chosen = np.zeros(len(rows), dtype=bool)
    chosen[order[_evenly(len(rows), share)]] = True
    return chosen


def _evenly(count: int, share: float) -> np.ndarray:
    """Places of a share of `count` things in a row, the first in the middle of its stretch."""
    # As a fraction, because 11.5 / 0.1 may fall just below 115.
    exact = Fraction(str(share))
    numbers = np.arange(count, dtype=np.int64)
    places = (2 * numbers + 1) * exact.denominator // (2 * exact.numerator)
    within = places[places < count]
    return (within if len(within) else np.array([count - 1]))[: count - 1]
