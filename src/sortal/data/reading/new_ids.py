"""Ids of new examples: from which column they come, and one type for all files together."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sortal.data.inputs import Array, Ragged
from sortal.data.readers import column_values as columns
from sortal.data.readers.base import Arrays, Table, name_row
from sortal.data.readers.numpy_files.npy import placed_column
from sortal.data.texts.values import BadValue
from sortal.errors import DataError

Kind: TypeAlias = Literal["int64", "uint64", "text"]
"""How ids are written; equal for all files, because a written file has one type a column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdColumn:
    """Where the ids of new examples come from."""

    name: str | None = None
    """The column or array; None for row numbers, counted over all files."""

    kind: Kind = "int64"

    note: str = ""
    """A sentence for the user where the column that the job names is not used."""

    def read(self, column: Any, path: Path, row: int) -> np.ndarray:
        """Read the ids of one block.

        Args:
            column: A `pyarrow` array.
            path: The file, for messages.
            row: Row of the block's first example in the file, from 0.

        Raises:
            DataError: An id is missing or cannot name an example.
        """
        try:
            return _read(column, self.kind)
        except BadValue as error:
            raise DataError(f"{name_row(path, row + error.row)}: id: {error}.") from error

    def read_array(self, values: Array, path: Path, row: int) -> np.ndarray:
        """Read the ids of one block of an array; arguments and errors are those of `read`."""
        if isinstance(values, Ragged) or values.ndim != 1:
            raise DataError(f"{path}: array {self.name!r} does not hold one id for each example.")
        return self.read(placed_column(values, path, f"array {self.name!r}", row), path, row)


def choose_ids(
    files: Sequence[Table | Arrays], *, asked: str | None, usual: str | None
) -> IdColumn:
    """Choose the column of ids, and the one type that holds those of all files exactly.

    Args:
        files: The new files, open; of each at most one block is read.
        asked: The column that the user names; empty for the one without a name, and for row
            numbers where a file has none; None if nothing is said.
        usual: The column that the job named; used where every file has it.
    """
    if asked is not None:
        if not asked and any(asked not in file.names for file in files):
            return IdColumn()
        having = [file for file in files if asked in file.names]
        return IdColumn(name=asked, kind=_common(having, asked))
    if usual is None:
        return IdColumn()
    lacking = next((file for file in files if usual not in file.names), None)
    if lacking is not None:
        return IdColumn(
            note=f"{lacking.path.name} has no column {usual!r}, by which the job names examples: "
            "ids are row numbers, counted from 0; --id names another column."
        )
    return IdColumn(name=usual, kind=_common(files, usual))


def _common(files: Sequence[Table | Arrays], name: str) -> Kind:
    """The type of all files, text where they differ: it holds every id exactly."""
    kinds = {_kind(file, name) for file in files}
    return kinds.pop() if len(kinds) == 1 else "text"


def _kind(file: Table | Arrays, name: str) -> Kind:
    found = _first(file, name)
    if pa.types.is_dictionary(found):
        found = found.value_type
    if pa.types.is_uint64(found):
        return "uint64"
    return "int64" if pa.types.is_integer(found) or pa.types.is_floating(found) else "text"


def _first(file: Table | Arrays, name: str) -> Any:
    """The `pyarrow` type of a column; null where the file has no rows."""
    if isinstance(file, Table):
        batches: Any = file.batches((name,), 1)
        with closing(batches):
            return next((batch.column(name).type for batch in batches), pa.null())
    for block in file.blocks((name,), 1):
        values = block[name]
        if isinstance(values, Ragged) or values.ndim != 1:
            break  # reading the file reports this with its path
        return placed_column(values, file.path, f"array {name!r}").type
    return pa.null()


def _read(column: Any, kind: Kind) -> np.ndarray:
    stored = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_uint64(stored):
        if column.null_count:
            row = pc.index(pc.is_null(column), True).as_py()
            raise BadValue(row, "nothing", "a name for each example")
        values = np.asarray(pc.cast(column, pa.uint64()).to_numpy(zero_copy_only=False))
    else:
        values = columns.ids(column, as_text=True)
    return values.astype(str) if kind == "text" and values.dtype.kind != "U" else values
