"""Named arrays of examples: what a classifier sees."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from sortal.errors import DataError

Rows: TypeAlias = np.ndarray | slice


@dataclass(frozen=True, slots=True, eq=False)
class Ragged:
    """Signals of unequal length, end to end.

    Example `i` is `values[offsets[i]:offsets[i + 1]]`.
    """

    values: np.ndarray
    """Shape (points of all examples,) or (points, channels)."""

    offsets: np.ndarray
    """Shape (examples + 1,), int64, ascending from 0."""

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, rows: Rows) -> "Ragged":
        """Select examples; the values of the selection are copied."""
        chosen = np.arange(len(self))[rows]
        starts, ends = self.offsets[chosen], self.offsets[chosen + 1]
        offsets = np.concatenate([[0], np.cumsum(ends - starts)]).astype(np.int64)
        parts = [self.values[start:end] for start, end in zip(starts, ends, strict=True)]
        return Ragged(np.concatenate(parts) if parts else self.values[:0], offsets)

    @property
    def lengths(self) -> np.ndarray:
        """Points of each example, shape (examples,)."""
        return np.diff(self.offsets)

    def padded(self, length: int, *, value: float = 0.0) -> np.ndarray:
        """Cut or pad every example at its end to `length` points.

        Returns:
            Shape (examples, length) or (examples, length, channels).
        """
        shape = (len(self), length, *self.values.shape[1:])
        dense = np.full(shape, value, dtype=self.values.dtype)
        for row, (start, end) in enumerate(zip(self.offsets[:-1], self.offsets[1:], strict=True)):
            points = min(length, int(end - start))
            dense[row, :points] = self.values[start : start + points]
        return dense


@dataclass(frozen=True, slots=True, eq=False)
class KnownPoints:
    """A padded input as ragged signals, made block by block where a walk asks for rows."""

    values: np.ndarray
    """Shape (examples, points) or (examples, points, channels)."""

    lengths: np.ndarray
    """Points of each example before its padding, shape (examples,)."""

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: Rows) -> Ragged:
        """The known points of some examples; they are copied."""
        values = np.asarray(self.values[rows])
        lengths = np.asarray(self.lengths[rows], dtype=np.int64)
        known = np.arange(values.shape[1]) < lengths[:, np.newaxis]
        return Ragged(values[known], np.concatenate([[0], np.cumsum(lengths)]))

    @property
    def nbytes(self) -> int:
        """Size of the padded array."""
        return int(self.values.nbytes)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the numbers."""
        return self.values.dtype


Array: TypeAlias = np.ndarray | Ragged

Walked: TypeAlias = Array | KnownPoints
"""What statistics walk over."""


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """Named arrays over the same examples, with the examples' ids.

    Arrays may be memory maps; `take` and `blocks` copy only what they return.
    """

    arrays: Mapping[str, Array]
    """`features` (examples, features), `signal` (examples, points[, channels]) or
    `Ragged`, `stamp` (examples, channels, height, width), or any other name."""

    ids: np.ndarray = field(repr=False)
    """Stable name of each example, shape (examples,), int64 or str."""

    lengths: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)
    """Points of each signal before its padding, shape (examples,), int64; only inputs whose padding is known."""

    def __post_init__(self) -> None:
        lengths = {name: len(array) for name, array in self.arrays.items()}
        lengths |= {f"lengths of {name}": len(points) for name, points in self.lengths.items()}
        if any(length != len(self.ids) for length in lengths.values()):
            raise DataError(
                f"inputs differ in length: {lengths}, and there are {len(self.ids)} ids."
            )

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: Rows) -> "Inputs":
        """Select examples by index array or slice."""
        return Inputs(
            {name: array[rows] for name, array in self.arrays.items()},
            self.ids[rows],
            {name: points[rows] for name, points in self.lengths.items()},
        )

    def blocks(self, size: int) -> Iterator["Inputs"]:
        """Walk over the examples in order, at most `size` at a time."""
        for start in range(0, len(self), size):
            yield self.take(slice(start, start + size))

    @property
    def width(self) -> int:
        """Numbers of one example, all inputs flattened.

        Raises:
            DataError: An input has examples of unequal length.
        """
        return sum(math.prod(_dense(*named).shape[1:]) for named in self.arrays.items())

    def matrix(self) -> np.ndarray:
        """Flatten every input and lay them side by side, in the order of `arrays`.

        Returns:
            Shape (examples, features). A single flat input is returned uncopied.

        Raises:
            DataError: An input has examples of unequal length.
        """
        flat = []
        for name, given in self.arrays.items():
            array = _dense(name, given)
            # Not -1: numpy cannot tell the width of no examples.
            flat.append(np.asarray(array).reshape(len(array), math.prod(array.shape[1:])))
        return flat[0] if len(flat) == 1 else np.concatenate(flat, axis=1)


def _dense(name: str, array: Array) -> np.ndarray:
    if isinstance(array, Ragged):
        raise DataError(
            f"input {name!r} has examples of unequal length ({array.lengths.min()} to "
            f"{array.lengths.max()} points): give data.length to cut and pad them."
        )
    return array
