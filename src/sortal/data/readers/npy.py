"""NumPy .npy files: a structured array is a table by the names of its fields."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from sortal.data.readers.base import Batch
from sortal.data.readers.sliced import SlicedArrays, refuse_objects
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
            columns = [as_column(block[name]) for name in names]
            yield pa.RecordBatch.from_arrays(columns, list(names))


def open_npy(path: Path) -> StructuredTable | SlicedArrays:
    """Open a .npy file as a memory map: records as a table, else as the one array `features`.

    Raises:
        DataError: It is not a .npy file, or holds Python objects.
    """
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        if "object" in str(error).lower():
            refuse_objects(path, path.stem, np.dtype(object))
        raise DataError(f"{path}: not a readable .npy file ({error}).") from error
    if array.dtype.names is not None:
        return StructuredTable(path, array.reshape(-1))
    refuse_objects(path, path.stem, array.dtype)
    return SlicedArrays(path, {"features": array.shape}, lambda _, rows: array[rows])


def as_column(values: np.ndarray) -> pa.Array:
    """Turn a one-dimensional array into a column; bytes become text."""
    if values.dtype.kind == "S":
        values = np.char.decode(values, "utf-8")
    if not values.dtype.isnative:
        values = values.astype(values.dtype.newbyteorder("="))
    return pa.array(np.ascontiguousarray(values), from_pandas=False)
