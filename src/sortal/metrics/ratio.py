"""Divisions and means that say NaN where they are undefined, never 0."""

import numpy as np


def ratio(numerator: np.ndarray, denominator: np.ndarray | np.float64) -> np.ndarray:
    """Divide element by element; NaN where the denominator is not above zero.

    >>> ratio(np.array([1.0, 1.0]), np.array([4.0, 0.0]))
    array([0.25,  nan])
    """
    numerator, denominator = np.broadcast_arrays(
        np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    )
    undefined = np.full(numerator.shape, np.nan)
    quotient: np.ndarray = np.divide(numerator, denominator, out=undefined, where=denominator > 0)
    return quotient


def average(values: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Average over the last axis, the examples.

    Args:
        values: Shape (..., examples).
        weights: Shape (examples,); negative ones are subtracted as they stand.

    Returns:
        Shape (...); NaN where the weights do not sum to more than zero, or a value is NaN.
    """
    values = np.asarray(values)
    if weights is None:
        count = np.float64(values.shape[-1])
        return ratio(values.sum(axis=-1, dtype=np.float64), count)
    weights = np.asarray(weights, dtype=np.float64)
    return ratio(values @ weights, weights.sum())


def mean_defined(values: np.ndarray) -> np.ndarray:
    """Average over the last axis, leaving NaN out; NaN where nothing is defined."""
    defined = ~np.isnan(values)
    return ratio(np.where(defined, values, 0.0).sum(axis=-1), defined.sum(axis=-1))
