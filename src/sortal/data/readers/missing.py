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
from sortal.data.preparing.channels import row_blocks
from sortal.data.readers.base import Batch, Table, TableWithLists, TableWithNotes, missing_words
from sortal.data.readers.derived import DerivedTable
from sortal.data.storage.spill import allocate
from sortal.data.texts.spelling import as_whole_number
from sortal.data.texts.values import is_binary, plain, write_as_text

Missing: TypeAlias = tuple[str | float, ...] | None
"""Texts and numbers that mean that a value is missing; None if the user names none."""

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


class MaskedTable:
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
        self.notes: tuple[str, ...] = table.notes if isinstance(table, TableWithNotes) else ()
        self.missing_words = missing_words(table)
        self.has_lists = isinstance(table, TableWithLists) and table.has_lists
        self.table = table
        self.missing, self.columns = missing, None if columns is None else frozenset(columns)
        """The values to take out, and the columns to take them from; None stands for all columns."""

    def batches(self, names: Sequence[str], size: int) -> Iterator[Batch]:
        """Walk over some columns."""
        for batch in self.table.batches(names, size):
            columns = [
                mask_column(column, self.missing) if self._is_changed(name) else column
                for name, column in zip(names, batch.columns, strict=True)
            ]
            yield pa.RecordBatch.from_arrays(columns, list(names))

    def _is_changed(self, name: str) -> bool:
        chosen = self.columns
        return chosen is None or name in chosen or name.partition("[")[0] in chosen


def mask_table(
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
        source = mask_table(table.source, missing, columns)
        return table if source is table.source else DerivedTable(source, table.texts, table.cut)
    chosen = None if columns is None else frozenset(columns)
    if isinstance(table, MaskedTable) and (table.missing, table.columns) == (missing, chosen):
        return table
    return MaskedTable(table, missing, columns)


def mask_column(column: Any, missing: Missing) -> Any:
    """A column with null in the place of what is missing.

    Text, that of bytes too, is compared with the texts, blanks around it left out, and where it is a
    number with the numbers. A column of numbers is compared with the numbers and with the texts that
    are numbers. An empty text is always missing.
    """
    if missing is None:
        return column
    values = plain(column)
    kind = values.type
    if pa.types.is_string(kind):
        return _without(values, _is_missing_text(values, missing))
    if is_binary(kind):
        named = pc.fill_null(write_as_text(values), "")
        return _without(values, _is_missing_text(named, missing))
    if pa.types.is_integer(kind):
        sought = pa.array(_sought(missing, np.dtype(kind.to_pandas_dtype())), kind)
        return _without(values, pc.is_in(values, value_set=sought))
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        width = np.dtype(kind.to_pandas_dtype() if pa.types.is_floating(kind) else np.float64)
        sought = pa.array(_sought(missing, width).astype(np.float64))
        wide = pc.cast(values, pa.float64(), safe=False)
        return _without(values, pc.is_in(wide, value_set=sought))
    return column


def mask_array(array: Array, missing: Missing) -> Array:
    """An array with NaN in the place of what is missing; copied only if something is, block by block.

    Whole numbers become fractions of 64 bits then. Text and truth values are left as they are.
    """
    if missing is None:
        return array
    if isinstance(array, Ragged):
        return Ragged(_blanked_values(array.values, missing), array.offsets)
    return _blanked_values(array, missing)


def _blanked_values(values: np.ndarray, missing: tuple[str | float, ...]) -> np.ndarray:
    if values.dtype.kind not in "iuf":
        return values
    sought = _sought(missing, values.dtype)
    if not any(np.isin(np.asarray(block), sought).any() for block in row_blocks(values)):
        return values
    changed = allocate(values.shape, values.dtype if values.dtype.kind == "f" else np.float64)
    filled = 0
    for block in row_blocks(values):
        place = changed[filled : filled + len(block)]
        place[...] = np.asarray(block)
        place[np.isin(np.asarray(block), sought)] = np.nan
        filled += len(block)
    return changed


def _is_missing_text(column: Any, missing: tuple[str | float, ...]) -> Any:
    trimmed = pc.utf8_trim_whitespace(column)
    words = ["", *(one for one in missing if isinstance(one, str))]
    found = pc.is_in(trimmed, value_set=pa.array(words, pa.string()))
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
    return [float(one) for one in _numbers_in(missing)]


def _numbers_in(missing: Missing) -> Iterator[str | float]:
    """The numbers, as they are given."""
    for one in missing or ():
        if not isinstance(one, str) or re.fullmatch(_NUMBER[1:-1], one.strip(), re.ASCII):
            yield one


def _sought(missing: Missing, kind: np.dtype[Any]) -> np.ndarray:
    """The numbers as a column of one type holds them, without those that it cannot hold.

    -9.99 as 32 bits hold it is not the -9.99 of 64 bits, and -99999 in 16 bits would be infinite.
    """
    given = list(_numbers_in(missing))
    if kind.kind == "f":
        exact = np.array([float(one) for one in given], dtype=np.float64)
        with np.errstate(over="ignore"):
            rounded = exact.astype(kind)
        return np.asarray(rounded[np.isinf(rounded) == np.isinf(exact)])
    limits = np.iinfo(kind)
    whole = [_whole(one) for one in given]
    fitting = [one for one in whole if one is not None and limits.min <= one <= limits.max]
    return np.array(fitting, dtype=kind)


def _whole(number: str | float) -> int | None:
    """The whole number that one is, exactly; None if it is none."""
    if isinstance(number, str):
        return as_whole_number(number.strip())
    return int(number) if math.isfinite(number) and number == math.floor(number) else None
