"""Values that a user says are missing, taken out of tables and arrays of any format."""

import math
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sortal.data.inputs import Array, Ragged
from sortal.data.readers.base import Batch, Noted, Table, WithLists, missing_words
from sortal.data.readers.derived import DerivedTable

Missing: TypeAlias = tuple[str | float, ...] | None
"""Texts and numbers that mean that a value is missing; None if the user names none."""

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


class BlankedTable:
    """A table in which some values are missing."""

    def __init__(
        self,
        table: Table,
        missing: tuple[str | float, ...],
        columns: Collection[str] | None = None,
    ) -> None:
        """Wrap a table.

        Args:
            table: The table.
            missing: Texts and numbers that mean a missing value.
            columns: The columns that are changed, each with its elements `NAME[k]`; all if None.
        """
        self.path: Path = table.path
        self.names: tuple[str, ...] = table.names
        self.notes: tuple[str, ...] = table.notes if isinstance(table, Noted) else ()
        self.missing_words = missing_words(table)
        self.has_lists = isinstance(table, WithLists) and table.has_lists
        self.table = table
        self.missing, self.columns = missing, None if columns is None else frozenset(columns)
        """What is taken out, and of which columns; of all if None."""

    def batches(self, names: Sequence[str], size: int) -> Iterator[Batch]:
        """Walk over some columns."""
        for batch in self.table.batches(names, size):
            columns = [
                blanked(column, self.missing) if self._is_changed(name) else column
                for name, column in zip(names, batch.columns, strict=True)
            ]
            yield pa.RecordBatch.from_arrays(columns, list(names))

    def _is_changed(self, name: str) -> bool:
        chosen = self.columns
        return chosen is None or name in chosen or name.partition("[")[0] in chosen


def without_missing(
    table: Table,
    missing: tuple[str | float, ...],
    columns: Collection[str] | None = None,
) -> Table:
    """A table in which some values are missing, those that its aliases are made of among them.

    Args:
        table: The table; one from which the same values were taken already comes back as it is.
        missing: Texts and numbers that mean a missing value.
        columns: The columns of the file that are changed; all if None.
    """
    if isinstance(table, DerivedTable):
        source = without_missing(table.source, missing, columns)
        return table if source is table.source else DerivedTable(source, table.texts, table.cut)
    chosen = None if columns is None else frozenset(columns)
    if isinstance(table, BlankedTable) and (table.missing, table.columns) == (missing, chosen):
        return table
    return BlankedTable(table, missing, columns)


def blanked(column: Any, missing: Missing) -> Any:
    """A column with null in the place of what is missing.

    Text is compared with the texts, blanks around it left out, and where it is a number with the
    numbers. A column of numbers is compared with the numbers and with the texts that are numbers.
    An empty text is always missing.
    """
    if missing is None:
        return column
    kind = column.type
    if pa.types.is_dictionary(kind):
        return blanked(column.dictionary_decode(), missing)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return _without(column, _is_missing_text(column, missing))
    if pa.types.is_integer(kind):
        whole = [int(one) for one in missing_numbers(missing) if one == math.floor(one)]
        fitting = [one for one in whole if _holds(kind, one)]
        return _without(column, pc.is_in(column, value_set=pa.array(fitting, kind)))
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        values = pc.cast(column, pa.float64(), safe=False)
        sought = pc.cast(pa.array(missing_numbers(missing), pa.float64()), pa.float64())
        if pa.types.is_float32(kind):
            # -9.99 as 32 bits hold it is not the -9.99 of 64 bits.
            sought = pc.cast(pc.cast(sought, pa.float32(), safe=False), pa.float64())
        return _without(column, pc.is_in(values, value_set=sought))
    return column


def blanked_array(array: Array, missing: Missing) -> Array:
    """An array with NaN in the place of what is missing; copied only if something is.

    Whole numbers become fractions of 64 bits then. Text and truth values are left as they are.
    """
    if missing is None:
        return array
    if isinstance(array, Ragged):
        return Ragged(_blanked_values(array.values, missing), array.offsets)
    return _blanked_values(array, missing)


def _blanked_values(values: np.ndarray, missing: tuple[str | float, ...]) -> np.ndarray:
    numbers = missing_numbers(missing)
    if values.dtype.kind not in "iuf" or not numbers:
        return values
    sought = np.array(numbers)
    if values.dtype.kind == "f":
        sought = sought.astype(values.dtype)
    found = np.isin(values, sought)
    if not found.any():
        return values
    changed = np.array(values, dtype=values.dtype if values.dtype.kind == "f" else np.float64)
    changed[found] = np.nan
    return changed


def _is_missing_text(column: Any, missing: tuple[str | float, ...]) -> Any:
    trimmed = pc.utf8_trim_whitespace(column)
    texts = ["", *(one for one in missing if isinstance(one, str))]
    found = pc.is_in(trimmed, value_set=pa.array(texts, column.type))
    numbers = [float(one) for one in missing if not isinstance(one, str)]
    if numbers:
        is_number = pc.match_substring_regex(trimmed, _NUMBER)
        values = pc.cast(pc.if_else(is_number, trimmed, None), pa.float64())
        found = pc.or_(found, pc.is_in(values, value_set=pa.array(numbers, pa.float64())))
    return found


def _without(column: Any, found: Any) -> Any:
    return pc.if_else(found, pa.scalar(None, column.type), column)


def missing_numbers(missing: Missing) -> list[float]:
    """Numbers that mean a missing value: those given as numbers, and texts that are numbers."""
    return [
        float(one)
        for one in missing or ()
        if not isinstance(one, str) or re.fullmatch(_NUMBER[1:-1], one.strip(), re.ASCII)
    ]


def _holds(kind: Any, number: int) -> bool:
    limits = np.iinfo(kind.to_pandas_dtype())
    return bool(limits.min <= number <= limits.max)
