"""Comma or tab separated text, plain or compressed (.gz), streamed.

All values are read as text. A type guessed from the first block would be wrong where the
thousandth block holds the first fraction or the first name; read as text, a value means
the same in whatever block it lies.
"""

import gzip
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from sortal.data.readers.base import MISSING, Batch
from sortal.errors import DataError

_BLOCK_BYTES = 1 << 18
_LINES_A_BLOCK = 16


class DelimitedTable:
    """A .csv or .tsv file with a header line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._separator = "\t" if ".tsv" in path.name.lower() else ","
        self._block_bytes = max(_BLOCK_BYTES, _LINES_A_BLOCK * _longest_first_line(path))
        try:
            with self._open([]) as reader:
                self._raw_names = tuple(reader.schema.names)
        except (pa.ArrowInvalid, OSError) as error:
            raise self._damaged(error) from error
        self.names = tuple(name.strip() for name in self._raw_names)
        twice = [name for name, count in Counter(self.names).items() if count > 1]
        if twice:
            raise DataError(f"{path}: expected column names that differ, got {twice[0]!r} twice.")

    def batches(self, names: Sequence[str], size: int) -> Iterator[Batch]:
        """Walk over some columns as text, null where a value is missing."""
        raw = [self._raw_names[self.names.index(name)] for name in names]
        try:
            with self._open(raw) as reader:
                for batch in reader:
                    named = batch.rename_columns(list(names))
                    for start in range(0, len(named), size):
                        yield named.slice(start, size)
        except (pa.ArrowInvalid, OSError, EOFError) as error:
            raise self._damaged(error) from error

    def _open(self, raw_names: list[str]) -> csv.CSVStreamingReader:
        return csv.open_csv(
            self.path,
            # One thread, for only then do errors tell the row; two gained 5 % when measured.
            read_options=csv.ReadOptions(block_size=self._block_bytes, use_threads=False),
            parse_options=csv.ParseOptions(
                delimiter=self._separator, newlines_in_values=True, ignore_empty_lines=True
            ),
            convert_options=csv.ConvertOptions(
                include_columns=raw_names,
                column_types=dict.fromkeys(raw_names, pa.string()),
                null_values=list(MISSING),
                strings_can_be_null=True,
            ),
        )

    def _damaged(self, error: Exception) -> DataError:
        text = str(error)
        if "Empty CSV" in text:
            return DataError(f"{self.path}: expected a header line and rows, got an empty file.")
        if "UTF8" in text:
            return DataError(f"{self.path}: expected UTF-8 text, got other bytes ({text}).")
        return DataError(f"{self.path}: not a readable table: {text}.")


def _longest_first_line(path: Path) -> int:
    """Length of the longer of header and first row [bytes]; a block must hold whole lines."""
    open_it = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with open_it(path, "rb") as file:
            return max(len(file.readline()), len(file.readline()))
    except (OSError, EOFError) as error:
        raise DataError(f"{path}: cannot be read ({error}).") from error
