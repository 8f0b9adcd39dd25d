"""Read values of new examples as numbers; a value that is no number is an error with its place, or marks its row."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from sortal.data.inputs import Array, Ragged
from sortal.data.preparing.array_shapes import InfiniteValue, settle_infinite
from sortal.data.readers.base import Batch, name_row
from sortal.data.readers.column_values import read_numbers_among_text
from sortal.data.reading.raw_contents import infinite_error
from sortal.data.reading.tables import feature_matrix
from sortal.errors import DataError


@dataclass(slots=True)
class BlockReader:
    """Reads the numbers of one block of a file, and notes the rows that cannot be read."""

    path: Path
    row: int
    """Row of the block's first example in the file, from 0."""

    infinite: Literal["error", "missing"]
    skip_bad: bool
    """Whether rows with a value that is refused are marked, where this is an error otherwise."""

    faults: dict[int, str] = field(default_factory=dict)
    """The fault of a row, by its place in the block."""

    words: tuple[str, ...] = ()
    """Texts that mean a missing value among numbers, beside empty ones."""

    lengths: dict[str, np.ndarray] = field(default_factory=dict)
    """Points of the block's signals before padding that reading adds."""

    def at(self, row: int) -> str:
        """Name the file and a row of the block, counted from 1 without a header line."""
        return name_row(self.path, self.row + row)

    def matrix(self, batch: Batch, names: Sequence[str]) -> np.ndarray:
        """Lay columns side by side, shape (rows, columns); NaN where a marked value is.

        Raises:
            DataError: A value is not a number.
        """
        matrix, bad = feature_matrix(batch, names, self.words)
        for name, error in bad.items():
            if not self.skip_bad or not _is_text(batch.column(name)):
                place = self.at(error.row)
                raise DataError(f"{place}: column {name!r}: {error}.") from error
            values, wrong = read_numbers_among_text(batch.column(name), self.words)
            matrix[:, list(names).index(name)] = values
            for row in np.flatnonzero(wrong):
                self._mark(int(row), f"column {name!r} holds no number")
        return matrix

    def settled(self, array: Array, names: Sequence[str]) -> Array:
        """Treat infinite values as the job says.

        Args:
            array: An input.
            names: Names of its columns; for signals and stamps, the name of the input.

        Raises:
            DataError: A value is infinite and may not be.
        """
        refuse = self.infinite == "error"
        if refuse and self.skip_bad:
            for row in _infinite_rows(array):
                self._mark(int(row), "a feature is infinite")
            refuse = False
        try:
            return settle_infinite(array, refuse=refuse)[0]
        except InfiniteValue as error:
            column = names[error.column] if len(names) > 1 else names[0]
            raise infinite_error(column, self.at(error.row)) from error

    def _mark(self, row: int, fault: str) -> None:
        self.faults.setdefault(row, f"{self.at(row)}: {fault}")


def _is_text(column: Any) -> bool:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _infinite_rows(array: Array) -> np.ndarray:
    values = array.values if isinstance(array, Ragged) else array
    if values.dtype.kind != "f":
        return np.zeros(0, dtype=np.int64)
    infinite = np.isinf(values).any(axis=tuple(range(1, values.ndim)))
    if isinstance(array, Ragged):
        points = np.flatnonzero(infinite)
        return np.unique(np.searchsorted(array.offsets, points, side="right") - 1)
    return np.flatnonzero(infinite)
