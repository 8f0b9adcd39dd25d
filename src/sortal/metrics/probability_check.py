"""Whether scores can be probabilities: from 0 to 1, and together 1 where classes exclude each other."""

import numpy as np

SUM_TOLERANCE = 1e-3
"""How far the probabilities of an example may be from 1 together: sums in single precision round."""

_RANGE_TOLERANCE = 1e-6
"""How far a single probability may leave [0, 1]."""

_STORED = 1e-7
"""How far a number in single precision is from the decimal number that was written."""

_MOST_DIGITS = 7
"""Digits above which rounding is smaller than `SUM_TOLERANCE` for any number of classes."""


def can_be_probabilities(scores: np.ndarray, *, exclusive: bool) -> np.ndarray:
    """Whether all scores of each member can be probabilities; without examples they can.

    Args:
        scores: Shape (members, examples, outputs). A member with a NaN has none.
        exclusive: Whether the outputs of an example are classes that exclude each other, whose
            probabilities sum to 1; else each output is a target of its own.

    Returns:
        Shape (members,), bool.
    """
    inside = (scores >= -_RANGE_TOLERANCE) & (scores <= 1 + _most_above(exclusive=exclusive))
    sound = inside.all(axis=(1, 2))
    if exclusive and scores.shape[1]:
        sums = scores.sum(axis=-1, dtype=np.float64)
        with np.errstate(invalid="ignore"):
            sound &= (np.abs(sums - 1) <= SUM_TOLERANCE).all(axis=1)
    return np.asarray(sound)


def why_not_probabilities(scores: np.ndarray, *, exclusive: bool) -> str:
    """What scores of one member that cannot be probabilities are, to stand behind a colon.

    Args:
        scores: Shape (examples, outputs).
        exclusive: See `can_be_probabilities`.
    """
    missing = int(np.isnan(scores).sum())
    if missing:
        return f"{missing} of {scores.size} are not a number"
    low, high = float(scores.min()), float(scores.max())
    if not exclusive or low < -_RANGE_TOLERANCE:
        return f"they lie between {low:.4g} and {high:.4g}, not between 0 and 1"
    sums = scores.sum(axis=-1, dtype=np.float64)
    return (
        f"the scores of an example sum to between {sums.min():.4g} and {sums.max():.4g}, not to 1"
    )


def can_be_rounded_probabilities(scores: np.ndarray) -> bool:
    """Whether scores that were written with few digits can be probabilities of exclusive classes.

    The number of decimals, and of significant digits, is read off the scores. They can be
    probabilities if in each example numbers that round to them sum to 1.

    Args:
        scores: Shape (examples, classes), finite.

    >>> are_rounded_shares(np.array([[0.33, 0.33, 0.33]]))
    True
    >>> are_rounded_shares(np.array([[0.3333, 0.3333, 0.33]]))
    False
    """
    if (scores < 0).any() or (scores > 1 + SUM_TOLERANCE).any():
        return False
    rounding = _rounding(scores)
    least = np.maximum(scores - rounding, 0).sum(axis=1)
    most = np.minimum(scores + rounding, 1).sum(axis=1)
    return bool(((least <= 1 + SUM_TOLERANCE) & (most >= 1 - SUM_TOLERANCE)).all())


def _most_above(*, exclusive: bool) -> float:
    """How far a score may be above 1; of classes the sum is looked at beside."""
    return SUM_TOLERANCE if exclusive else _RANGE_TOLERANCE


def _rounding(scores: np.ndarray) -> np.ndarray:
    """How far each score may be from the number that was rounded to it; 0 of whole numbers."""
    if (scores == np.rint(scores)).all():
        return np.zeros(scores.shape)
    with np.errstate(divide="ignore"):
        exponent = np.where(scores > 0, np.floor(np.log10(scores)), 0.0)
    decimals = _half_digit(scores, np.zeros(scores.shape))
    significant = _half_digit(scores, -exponent - 1)
    return np.where(scores > 0, np.maximum(decimals, significant), decimals)


def _half_digit(scores: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Half of the last digit written, if it lies the same few digits behind `places` everywhere."""
    for digits in range(1, _MOST_DIGITS):
        unit = 10.0 ** -(places + digits)
        if (
            np.abs(np.rint(scores / unit) * unit - scores) <= _STORED * np.maximum(scores, unit)
        ).all():
            return np.asarray(unit / 2)
    return np.zeros(scores.shape)
