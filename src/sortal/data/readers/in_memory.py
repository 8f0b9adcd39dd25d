"""Tables and arrays that Python code holds already, as if they were an open file."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from sortal.data.inputs import Ragged
from sortal.data.preparing.array_shapes import unmasked
from sortal.data.readers.base import OFFSETS, Arrays, Batch, Table
from sortal.data.readers.column_values import numbers
from sortal.data.readers.sliced import SlicedArrays, refuse_objects
from sortal.errors import DataError

_TABLE, _ARRAYS = Path("the table"), Path("the arrays")
"""What error messages call them."""


class InMemoryTable:
    """A table in memory."""

    def __init__(self, table: Any) -> None:
        """Args: a `pyarrow.Table`."""
        self.path = _TABLE
        self.names: tuple[str, ...] = tuple(table.column_names)
        self._table = table

    def batches(self, names: Sequence[str], size: int) -> Iterator[Batch]:
        """Walk over some columns."""
        chosen = self._table.select(list(names)).combine_chunks()
        yield from chosen.to_batches(max_chunksize=size)


def open_in_memory(data: Any, inputs: Sequence[str]) -> Table | Arrays:
    """Open what is in memory.

    Args:
        data: A data frame (pandas, polars, pyarrow or any other that exports Arrow); one
            array, if there is one input; or a mapping of inputs to arrays, or of columns to
            values.
        inputs: Names of the inputs that are wanted.

    Raises:
        DataError: It is none of these.
    """
    if hasattr(data, "__arrow_c_stream__"):
        return InMemoryTable(_as_arrow(data))
    if isinstance(data, Mapping):
        if any(name in data for name in inputs):
            return _held_arrays(data)
        return InMemoryTable(_as_table(data))
    if len(inputs) > 1:
        raise DataError(
            f"expected a mapping of the inputs {', '.join(map(repr, inputs))} to arrays, "
            f"got {type(data).__name__}."
        )
    return _held_arrays({inputs[0]: data})


def _as_arrow(frame: Any) -> Any:
    """A data frame as a `pyarrow.Table`.

    A column of Python objects of several types, as pandas makes it of a file with text among
    numbers, becomes text, so that the value that is no number is found with its row.
    """
    counts = Counter(str(name) for name in getattr(frame, "columns", ()))
    twice = sorted(name for name, count in counts.items() if count > 1)
    if twice:
        raise DataError(f"{_TABLE}: expected columns of different names, got {twice[0]!r} twice.")
    try:
        return pa.table(frame)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        if not hasattr(frame, "select_dtypes"):
            raise DataError(f"{_TABLE}: its columns cannot be read ({error}).") from error
    mixed = {name: _as_texts(frame[name]) for name in frame.select_dtypes("object").columns}
    return pa.table(frame.copy(deep=False).assign(**mixed))


def _as_texts(values: Any) -> Any:
    """A pandas column of objects as it is if it is of one type, else the text of each known value."""
    try:
        pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return values.map(str).where(values.notna(), None)
    return values


def _as_table(data: Mapping[str, Any]) -> Any:
    try:
        return pa.table({name: pa.array(values) for name, values in data.items()})
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise DataError(f"{_TABLE}: its columns cannot be read ({error}).") from error


def _held_arrays(data: Mapping[str, Any]) -> SlicedArrays:
    held: dict[str, np.ndarray] = {}
    for name, given in data.items():
        if isinstance(given, Ragged):
            held |= {name: given.values, f"{name}{OFFSETS}": given.offsets}
        else:
            held[name] = _as_array(name, given)
    shapes = {name: array.shape for name, array in held.items()}
    return SlicedArrays(_ARRAYS, shapes, lambda name, rows: held[name][rows])


def _as_array(name: str, given: Any) -> np.ndarray:
    try:
        array = unmasked(given) if isinstance(given, np.ma.MaskedArray) else np.asarray(given)
    except ValueError as error:
        raise DataError(f"{_ARRAYS}: {name!r} is no array ({error}).") from error
    if array.dtype.hasobject:
        array = _with_gaps(array)
    refuse_objects(_ARRAYS, name, array.dtype)
    return array


def _with_gaps(array: np.ndarray) -> np.ndarray:
    """Numbers among which pandas keeps `NA`, or Python None, with NaN there; all else as it is."""
    try:
        read = pa.array(array.ravel(), from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return array
    if not (pa.types.is_integer(read.type) or pa.types.is_floating(read.type)):
        return array
    return numbers(read).astype(np.float64).reshape(array.shape)
