"""NumPy .npy files: a structured array is a table by the names of its fields."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from sortal.data.readers.base import Batch
from sortal.data.readers.damaged import explain_damage, refuse_inflated
from sortal.data.readers.sliced import SlicedArrays, refuse_objects
from sortal.data.texts.values import BadValue
from sortal.errors import DataError


class StructuredTable:
    """A memory-mapped array of records."""

    def __init__(self, path: Path, records: np.ndarray) -> None:
        self.path = path
        self._records = records
        self.names = tuple(records.dtype.names or ())
        for name in self.names:
            field = records.dtype[name]
            refuse_objects(path, name, field)
            if field.shape or field.names:
                raise DataError(
                    f"{path}: field {name!r} holds {field} in each record, expected one value."
                )

    def batches(self, names: Sequence[str], size: int) -> Iterator[Batch]:
        """Walk over some fields."""
        for start in range(0, len(self._records), size):
            block = self._records[start : start + size]
            columns = [
                placed_column(block[name], self.path, f"field {name!r}", start) for name in names
            ]
            yield pa.RecordBatch.from_arrays(columns, list(names))


def open_npy(path: Path) -> StructuredTable | SlicedArrays:
    """Open a .npy file as a memory map: records as a table, else as the one array `features`.

    Raises:
        DataError: It is not a .npy file, or holds Python objects.
    """
    with explain_damage(path, ".npy"):
        try:
            array = np.lib.format.open_memmap(path, mode="r")
        except ValueError as error:
            if "object" in str(error).lower():
                refuse_objects(path, path.stem, np.dtype(object))
            raise
    if array.dtype.names is not None:
        refuse_inflated(path, "the array of records", array.size, array.itemsize)
        return StructuredTable(path, array.reshape(-1))
    refuse_objects(path, path.stem, array.dtype)
    if array.ndim:
        refuse_inflated(path, "the array", len(array), array.nbytes // max(1, len(array)))
    return SlicedArrays(path, {"features": array.shape}, lambda _, rows: array[rows])


def placed_column(values: np.ndarray, path: Path, what: str, first: int = 0) -> pa.Array:
    """Turn a one-dimensional array of a file into a column, as `as_column` does.

    Args:
        values: The values.
        path: The file.
        what: What they are, for messages.
        first: Row of the first value in the file, from 0.

    Raises:
        DataError: A value that no column can hold, with its file and row.
    """
    try:
        return as_column(values)
    except BadValue as error:
        raise DataError(f"{path}, row {first + error.row + 1}: {what}: {error}.") from error


def as_column(values: np.ndarray) -> pa.Array:
    """Turn a one-dimensional array into a column; bytes become text.

    Raises:
        BadValue: Bytes that are no text in UTF-8, or a type that no column has.
    """
    if values.dtype.kind in "SU":
        return _text_column(values)
    if not values.dtype.isnative:
        values = values.astype(values.dtype.newbyteorder("="))
    try:
        return pa.array(np.ascontiguousarray(values), from_pandas=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        kind = f"values of the type {values.dtype}"
        raise BadValue(0, kind, "numbers, text, truth values or times") from error


def _text_column(values: np.ndarray) -> pa.Array:
    if values.dtype.kind == "S":
        try:
            values = np.char.decode(values, "utf-8")
        except UnicodeDecodeError as error:
            row = next(row for row, value in enumerate(values.tolist()) if not _is_utf8(value))
            raise BadValue(row, repr(values[row].item())[:60], "text in UTF-8") from error
    if not values.dtype.isnative:
        values = values.astype(values.dtype.newbyteorder("="))
    try:
        return pa.array(np.ascontiguousarray(values), from_pandas=False)
    except UnicodeError as error:
        row = next(row for row in range(len(values)) if not _is_text(values[row : row + 1]))
        raise BadValue(row, "characters that Unicode has not", "text") from error


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_text(value: np.ndarray) -> bool:
    try:
        pa.array(value)
    except UnicodeError:
        return False
    return True
