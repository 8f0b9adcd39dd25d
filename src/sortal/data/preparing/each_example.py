"""Scaling of every example by its own numbers: nothing is fitted."""

import numpy as np

from sortal.data.inputs import Ragged
from sortal.data.preparing.channels import Channels


def minmax_of_each(
    values: np.ndarray, lanes: Channels, ends: np.ndarray | None = None
) -> np.ndarray:
    """Scale each channel of each example to [0, 1] by its own smallest and largest known number.

    A channel of one value becomes 0; missing values stay missing.

    Args:
        values: Shape (examples, ...), float64.
        lanes: The channels.
        ends: Points of each example before its padding, which takes no part; None where none is known.
    """
    known = values
    if ends is not None:
        inside = np.arange(values.shape[1]) < ends[:, np.newaxis]
        known = np.where(inside.reshape(*inside.shape, *[1] * (values.ndim - 2)), values, np.nan)
    axes = tuple(axis for axis in range(1, values.ndim) if axis != lanes.axis)
    low = np.fmin.reduce(known, axis=axes, keepdims=True)
    return _between(values, low, np.fmax.reduce(known, axis=axes, keepdims=True))


def minmax_of_each_ragged(array: Ragged) -> np.ndarray:
    """Do the same for signals of unequal length, shape of `array.values`."""
    lengths = array.lengths
    starts = array.offsets[:-1][lengths > 0]
    if not len(starts):
        return array.values
    low, high = (
        np.repeat(ufunc.reduceat(array.values, starts, axis=0), lengths[lengths > 0], axis=0)
        for ufunc in (np.fmin, np.fmax)
    )
    return _between(array.values, low, high)


def _between(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    # Half of both, so that the difference of the largest floats stays finite.
    spread = high / 2 - low / 2
    scaled: np.ndarray = (values / 2 - low / 2) / np.where(spread == 0, 1, spread)
    return scaled
