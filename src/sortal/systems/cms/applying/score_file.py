"""A file of scores that grows chunk by chunk: ROOT, Parquet or CSV; it appears whole or not at all."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from sortal.errors import DataError, MissingExtra, OptionError, UserError
from sortal.store.files import atomic

TREE = "events"
"""The tree of a ROOT file of scores."""


class ScoreFile(Protocol):
    """An open file of scores."""

    def write(self, table: pa.Table) -> None:
        """Append rows; the first chunk decides the types of all.

        Raises:
            DataError: The file cannot hold a column.
        """
        ...

    def close(self) -> None:
        """End the file."""
        ...


@contextmanager
def writing(path: Path, *, header: bool = True) -> Iterator[ScoreFile]:
    """Open a file for scores; an error or interrupt in the body leaves no file behind.

    Args:
        path: Its ending says what it is; a file that is there is replaced at the end.
        header: Whether CSV begins with the names of the columns.
    """
    opener = check_out(path)
    with atomic.replacing(path) as unfinished, closing(opener(unfinished, header)) as file:
        yield file


def check_out(path: Path) -> Callable[[Path, bool], ScoreFile]:
    """What writes a file of that name.

    Raises:
        OptionError: There is no such kind of file.
        UserError: Its folder does not exist.
        MissingExtra: The package that writes it is not installed.
    """
    suffix = path.suffix.lower()
    if suffix not in _OPENERS:
        raise OptionError("--out", str(path), f"a file that ends in {', '.join(_OPENERS)}")
    if not path.parent.is_dir():
        raise UserError(f"--out: the folder {path.parent} does not exist.")
    if suffix == ".root":
        from importlib.util import find_spec

        if find_spec("uproot") is None:
            raise MissingExtra("writing ROOT files", "root")
    return _OPENERS[suffix]


class _ParquetFile:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: Any = None

    def write(self, table: pa.Table) -> None:
        from pyarrow import parquet

        if self._writer is None:
            self._writer = parquet.ParquetWriter(self._path, table.schema)
        self._writer.write_table(_fitted(table, self._writer.schema))

    def close(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()


class _CsvFile:
    """Text as it came is written as it came; quotes stand only where they must."""

    def __init__(self, path: Path, header: bool) -> None:
        self._file = path.open("wb")
        self._header = header

    def write(self, table: pa.Table) -> None:
        import polars as pl

        frame = pl.from_arrow(table)
        if isinstance(frame, pl.DataFrame):
            frame.write_csv(self._file, include_header=self._header)
        self._header = False

    def close(self) -> None:
        self._file.close()


class _RootFile:
    """A TTree; a chunk is a basket of each branch."""

    def __init__(self, path: Path) -> None:
        import uproot

        # LZ4 packs scores, which are all digits, as little as others and twenty times as fast.
        self._file = uproot.recreate(path, compression=uproot.LZ4(1))
        self._tree: Any = None
        self._schema: pa.Schema | None = None

    def write(self, table: pa.Table) -> None:
        if self._tree is None:
            self._schema = table.schema
            kinds = {field.name: _branch_type(field) for field in table.schema}
            self._tree = self._file.mktree(TREE, kinds)
        fitted = _fitted(table, self._schema)
        self._tree.extend(
            {name: _branch(name, fitted.column(name)) for name in fitted.column_names}
        )

    def close(self) -> None:
        if not self._file.closed:
            self._file.close()


_OPENERS: dict[str, Callable[[Path, bool], ScoreFile]] = {
    ".root": lambda path, _: _RootFile(path),
    ".parquet": lambda path, _: _ParquetFile(path),
    ".csv": _CsvFile,
}


def _fitted(table: pa.Table, schema: pa.Schema | None) -> pa.Table:
    """The table in the types of the first chunk."""
    if table.schema == schema:
        return table
    try:
        return table.cast(schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError) as error:
        raise DataError(
            f"--keep: a column has another type in this file than in those before it ({error})."
        ) from error


def _branch_type(field: pa.Field) -> Any:
    kind = field.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind):
        return "string"
    if pa.types.is_boolean(kind):
        return np.dtype(bool)
    if pa.types.is_integer(kind) or pa.types.is_float32(kind) or pa.types.is_float64(kind):
        return np.dtype(kind.to_pandas_dtype())
    raise DataError(
        f"--keep: a ROOT file cannot hold the column {field.name!r} of type {kind}; "
        "write Parquet instead."
    )


def _branch(name: str, column: pa.ChunkedArray) -> Any:
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind):
        import awkward as ak

        text = column.cast(pa.string()).fill_null("").combine_chunks()
        return ak.from_arrow(text, highlevel=True)
    if column.null_count and not pa.types.is_floating(kind):
        raise DataError(
            f"--keep: the column {name!r} lacks values, and a ROOT file can say so of fractions "
            "alone; write Parquet instead."
        )
    values: np.ndarray = column.to_numpy()
    return values
