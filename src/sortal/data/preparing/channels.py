"""Lanes: which numbers of an input share one statistic, and a walk over them block by block."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sortal.data.inputs import Array, Ragged, Walked
from sortal.errors import DataError

_BLOCK_BYTES = 1 << 24
_CHUNK_BYTES = 1 << 28


@dataclass(frozen=True, slots=True)
class Channels:
    """How the numbers of one input fall into lanes.

    A table has a lane a column, a signal one lane, a signal of several channels and
    stamps a lane a channel.
    """

    count: int
    axis: int | None
    """Axis of the array that runs over lanes; None where all numbers are one lane."""

    def columns(self, values: np.ndarray) -> np.ndarray:
        """Lay a block out as shape (numbers of a lane, lanes)."""
        if self.axis is None:
            return values.reshape(-1, 1)
        return np.moveaxis(values, self.axis, -1).reshape(-1, self.count)

    def align(self, statistic: np.ndarray, dimensions: int) -> np.ndarray:
        """Shape a statistic (lanes,) so that it broadcasts over a block."""
        shape = [1] * dimensions
        if self.axis is not None:
            shape[self.axis] = self.count
        return statistic.reshape(shape)


def channels_of(name: str, array: Array, names: tuple[str, ...]) -> Channels:
    """Tell the lanes of an input.

    Args:
        name: Its name: of two axes, the second of `signal...` is time, that of any other
            input is columns.
        array: Shape (examples,), (examples, columns), (examples, points, channels),
            (examples, channels, height, width, ...), or ragged.
        names: Names of its columns; empty for signals and stamps.
    """
    values = array.values if isinstance(array, Ragged) else array
    if isinstance(array, Ragged):
        axis = 1 if values.ndim == 2 else None
    elif values.ndim == 2:
        axis = 1 if names or not name.startswith("signal") else None
    else:
        axis = {1: None, 3: 2}.get(values.ndim, 1)
    count = 1 if axis is None else int(values.shape[axis])
    if names and len(names) != count:
        raise DataError(f"input {name!r} has {count} columns and {len(names)} names for them.")
    return Channels(count, axis)


def channel_names(name: str, lanes: Channels, names: tuple[str, ...]) -> tuple[str, ...]:
    """Names to show for lanes: those of the columns, or the input's with a number."""
    if names:
        return names
    if lanes.axis is None:
        return (name,)
    return tuple(f"{name}[{number}]" for number in range(lanes.count))


def row_blocks(
    array: Walked, rows: np.ndarray | None = None, *, size: int | None = None
) -> Iterator[Array]:
    """Walk over examples in pieces of about 16 MB.

    Args:
        array: An input, perhaps a memory map; only the piece at hand is copied.
        rows: Row numbers to walk over; all if None.
        size: Another size of the pieces [bytes].
    """
    count = len(array) if rows is None else len(rows)
    values = array.values if isinstance(array, Ragged) else array
    step = max(1, (size or _BLOCK_BYTES) * max(1, len(array)) // max(1, values.nbytes))
    for start in range(0, count, step):
        stop = min(start + step, count)
        yield array[slice(start, stop) if rows is None else rows[start:stop]]


def channel_blocks(
    array: Walked, lanes: Channels, rows: np.ndarray | None = None
) -> Iterator[np.ndarray]:
    """Walk over the examples as blocks of shape (numbers, lanes), in the array's own type."""
    for block in row_blocks(array, rows):
        yield lanes.columns(block.values if isinstance(block, Ragged) else np.asarray(block))


def channel_chunks(
    array: Walked, lanes: Channels, rows: np.ndarray
) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield some lanes at a time with all their numbers, for statistics that need an order.

    The walks that this takes are as many as 256 MB go into the array; one lane is always
    held whole.

    Yields:
        The lanes' slice, and their numbers in the array's own type, of shape (lanes of the
        slice, numbers).
    """
    values = array.values if isinstance(array, Ragged) else array
    numbers = sum(len(block) for block in channel_blocks(array, lanes, rows))
    width = max(1, _CHUNK_BYTES // max(1, values.dtype.itemsize * numbers))
    for first in range(0, lanes.count, width):
        chosen = slice(first, min(first + width, lanes.count))
        chunk = np.empty((chosen.stop - first, numbers), dtype=values.dtype)
        filled = 0
        for block in channel_blocks(array, lanes, rows):
            chunk[:, filled : filled + len(block)] = block[:, chosen].T
            filled += len(block)
        yield chosen, chunk
