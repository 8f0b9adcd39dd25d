"""Bring arrays as files hold them into the shapes that inputs have."""

from typing import Any

import numpy as np

from sortal.data.axes import STAMPS, Order, reorder_axes
from sortal.data.inputs import Array, Ragged
from sortal.data.preparing.channels import row_blocks
from sortal.data.storage.spill import allocate
from sortal.errors import DataError


def as_input(name: str, array: Array, length: int | None, order: Order | None = None) -> Array:
    """Give an array the shape of an input.

    One number an example becomes one column; stamps without channels get one; signals are
    cut or padded to `length` if there is one. true and false become 1 and 0.

    Args:
        name: Its name.
        array: The array as the file holds it.
        length: Points that signals are to have.
        order: Where channels lie in the file; None for where inputs have them.

    Raises:
        DataError: The array holds no numbers.
    """
    if isinstance(array, Ragged):
        values = _numeric(name, array.values)
        ragged = Ragged(values, array.offsets)
        return ragged if length is None else ragged.padded(length)
    dense = _numeric(name, array if order is None else reorder_axes(name, array, order))
    if dense.ndim == 1:
        return dense.reshape(-1, 1)
    if dense.ndim == 3 and name.lower() in STAMPS:
        return dense[:, np.newaxis]
    if length is not None and is_signal(name, dense):
        return _resized(dense, length)
    return dense


def is_signal(name: str, array: Array) -> bool:
    """Whether an input has points in time, so that it can be cut and padded."""
    if isinstance(array, Ragged):
        return True
    if array.ndim == 3:
        return name.lower() not in STAMPS
    return array.ndim == 2 and name.startswith("signal")


def column_names(name: str, array: Array, given: np.ndarray | None) -> tuple[str, ...]:
    """Names of the columns of a flat input: those given, or the input's name with a number.

    Args:
        name: The input.
        array: Its array, as an input.
        given: Names that the file holds, shape (columns,), or None.
    """
    if isinstance(array, Ragged) or array.ndim != 2 or is_signal(name, array):
        return ()
    if given is not None:
        if given.shape != (array.shape[1],):
            raise DataError(
                f"array {name!r} has {array.shape[1]} columns, its names have shape {given.shape}."
            )
        return tuple(map(str, given))
    if array.shape[1] == 1:
        return (name,)
    return tuple(f"{name}_{number}" for number in range(array.shape[1]))


def settle_infinite(array: Array, *, refuse: bool) -> tuple[Array, int]:
    """Refuse infinite values, or make them missing.

    Returns:
        The array, copied only if something was changed, and how many values were infinite.

    Raises:
        InfiniteValue: There is one and `refuse` is set.
    """
    values = array.values if isinstance(array, Ragged) else array
    if values.dtype.kind != "f":
        return array, 0
    count, start = 0, 0
    for block in row_blocks(values):
        infinite = np.isinf(np.asarray(block))
        if infinite.any():
            if refuse:
                place = np.argwhere(infinite)[0]
                row = start + int(place[0])
                if isinstance(array, Ragged):
                    row = int(np.searchsorted(array.offsets, row, side="right")) - 1
                raise InfiniteValue(row, int(place[1]) if len(place) > 1 else 0)
            count += int(infinite.sum())
        start += len(block)
    if not count:
        return array, 0
    changed, filled = allocate(values.shape, values.dtype), 0
    for block in row_blocks(values):
        place = changed[filled : filled + len(block)]
        place[...] = np.asarray(block)
        place[np.isinf(place)] = np.nan
        filled += len(block)
    return (Ragged(changed, array.offsets) if isinstance(array, Ragged) else changed), count


def unmasked(given: "np.ma.MaskedArray[Any, Any]") -> np.ndarray:
    """Values with NaN, or empty text, where they are masked."""
    if not np.ma.getmaskarray(given).any():
        return np.asarray(given.data)
    if given.dtype.kind in "US":
        return np.asarray(given.filled(""))
    kind = given.dtype if given.dtype.kind == "f" else np.float64
    return np.where(np.ma.getmaskarray(given), np.nan, given.data).astype(kind)


class InfiniteValue(ValueError):
    """An infinite feature where none is allowed, at an example and a column."""

    def __init__(self, row: int, column: int) -> None:
        self.row, self.column = row, column
        super().__init__(f"infinite value in row {row}, column {column}")


def _numeric(name: str, values: np.ndarray) -> np.ndarray:
    if values.dtype.kind == "b":
        return values.astype(np.uint8)
    if values.dtype.kind not in "iuf":
        raise DataError(
            f"array {name!r} holds {values.dtype.name}, expected numbers; "
            "use data.exclude to leave it out."
        )
    return values


def _resized(dense: np.ndarray, length: int) -> np.ndarray:
    if dense.shape[1] == length:
        return dense
    resized = np.zeros((len(dense), length, *dense.shape[2:]), dtype=dense.dtype)
    kept = min(length, dense.shape[1])
    resized[:, :kept] = dense[:, :kept]
    return resized
