"""Padding behind signals: where each signal ends, and its known points alone for statistics.

Signals of unequal length are padded to one, by `data.length` with zeros or by their file with
missing values. Padding is no measurement: it takes no part in scaling and imputation, and is 0
once examples are prepared.
"""

import numpy as np

from sortal.data.inputs import Array, Ragged
from sortal.data.preparing.channels import Channels, row_blocks


def channels_inside(lanes: Channels) -> Channels:
    """The lanes of a padded array, as they lie in the ragged blocks of `KnownPoints`."""
    return Channels(lanes.count, None if lanes.axis is None else lanes.axis - 1)


def added_padding(array: Array, length: int) -> np.ndarray | None:
    """Points of signals that `length` pads, shape (examples,); None where it pads none.

    Args:
        array: Signals as in their file.
        length: Points that each is to have.
    """
    if isinstance(array, Ragged):
        lengths = np.minimum(array.lengths, length)
    else:
        lengths = np.full(len(array), min(array.shape[1], length), dtype=np.int64)
    return lengths if (lengths < length).any() else None


def signal_ends(values: np.ndarray, lengths: np.ndarray | None) -> np.ndarray:
    """Points before the padding, where missing values behind a signal are padding too.

    Args:
        values: Shape (examples, points[, channels]).
        lengths: Points before padding of other kind; None where there is none.

    Returns:
        Shape (examples,), int64; 0 for an example without any known value.
    """
    known = np.ones(values.shape[:2], dtype=bool)
    if values.dtype.kind == "f":
        known = ~np.isnan(values)
        if values.ndim == 3:
            known = known.any(axis=2)
    if lengths is not None:
        known &= np.arange(values.shape[1]) < lengths[:, np.newaxis]
    last = values.shape[1] - np.argmax(known[:, ::-1], axis=1)
    return np.where(known.any(axis=1), last, 0).astype(np.int64)


def missing_padding(array: np.ndarray, lengths: np.ndarray | None) -> np.ndarray | None:
    """`signal_ends` of all examples, block by block; None where no signal ends before its last point."""
    found, start = [], 0
    for block in row_blocks(array):
        own = None if lengths is None else lengths[start : start + len(block)]
        found.append(signal_ends(np.asarray(block), own))
        start += len(block)
    every = np.concatenate(found) if found else np.zeros(0, dtype=np.int64)
    return every if (every < array.shape[1]).any() else None


def without_padding(values: np.ndarray, lengths: np.ndarray) -> None:
    """Set what lies behind signals to 0, in place.

    Args:
        values: Shape (examples, points[, channels]).
        lengths: Points of each example, shape (examples,).
    """
    values[np.arange(values.shape[1]) >= lengths[:, np.newaxis]] = 0
