"""Numbers that stand for a missing value, such as -999: as missing, before anything is derived."""

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from sortal.data.readers import missing
from sortal.data.readers.base import Batch, Table, WithLists, missing_words
from sortal.data.readers.derived import DerivedTable
from sortal.data.readers.expression import names, needed_aliases, parse


class _Blanked:
    """A table in whose columns some numbers are missing values."""

    def __init__(self, table: Table, columns: Collection[str], values: Sequence[float]) -> None:
        self.path, self.names = table.path, table.names
        self.has_lists = isinstance(table, WithLists) and table.has_lists
        self.missing_words = missing_words(table)
        self._table, self._columns, self._values = table, frozenset(columns), values

    def batches(self, names: Sequence[str], size: int) -> Iterator[Batch]:
        """Walk over some columns, at most `size` rows at a time."""
        for batch in self._table.batches(names, size):
            columns = [
                self._blank(column)
                if name in self._columns or name.partition("[")[0] in self._columns
                else column
                for name, column in zip(names, batch.columns, strict=True)
            ]
            yield pa.RecordBatch.from_arrays(columns, list(names))

    def _blank(self, column: pa.Array) -> pa.Array:
        return missing.blanked(column, tuple(map(float, _with_rounded(self._values))))


def _with_rounded(blanks: Sequence[float]) -> np.ndarray:
    """The numbers, and what 32 bits make of them."""
    exact = np.asarray(blanks, dtype=np.float64)
    with np.errstate(over="ignore"):
        rounded = exact.astype(np.float32).astype(np.float64)
    return np.unique(np.concatenate([exact, rounded[np.isfinite(rounded)]]))


def are_blank(values: np.ndarray, blanks: Sequence[float]) -> np.ndarray:
    """Tell which numbers stand for a missing value, also where they were rounded to 32 bits.

    Args:
        values: In any shape.
        blanks: The numbers that mean a missing value.

    Returns:
        Of the shape of `values`, bool.
    """
    found: np.ndarray = np.isin(values.astype(np.float64), _with_rounded(blanks))
    return found


def blanked(
    table: Table, variables: Collection[str], aliases: Mapping[str, str], blanks: Sequence[float]
) -> Table:
    """A file's table with missing values in place of some numbers.

    Only columns that variables are made of are changed: a weight of -1 stays one.

    Args:
        table: The file's table, with the aliases that a tree brings and no others.
        variables: Columns and aliases that a network takes; weight, process and such not among
            them.
        aliases: Other aliases.
        blanks: The numbers.
    """
    if not blanks:
        return table
    own = table.texts if isinstance(table, DerivedTable) else {}
    every = needed_aliases({**own, **aliases}, variables)
    columns = {name for name in variables if name not in every}
    columns |= {one.name for name, text in every.items() for one in names(parse(text, name))}
    if isinstance(table, DerivedTable):
        return DerivedTable(_Blanked(table.source, columns, blanks), own)
    return _Blanked(table, columns, blanks)
