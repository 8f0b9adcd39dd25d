"""Comma or tab separated text, plain or compressed (.gz), with a header line or without, streamed.

All values are read as text. A type guessed from the first block would be wrong where the
thousandth block holds the first fraction or the first name; read as text, a value means
the same in whatever block it lies.
"""

import csv as plain_csv
import gzip
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

import pyarrow as pa
from pyarrow import csv

from sortal.data.readers.base import MISSING, Batch
from sortal.data.readers.damaged import refuse_inflated
from sortal.errors import DataError

_BLOCK_BYTES = 1 << 18
_LINES_A_BLOCK = 16
_LONGEST_LINE = 1 << 26
"""Lines of this size are no rows of a table [bytes]; a block holds several lines."""

_WRONG_COUNT = re.compile(r"Expected (\d+) columns?, got \d+")


class DelimitedTable:
    """A .csv or .tsv file."""

    def __init__(
        self, path: Path, *, columns: Sequence[str] | None = None, header: bool = True
    ) -> None:
        """Open a file.

        Args:
            path: The file.
            columns: Names of all columns of a file that has no header line, in order.
            header: Whether the first line names the columns, where `columns` does not;
                without a header they are named `c1`, `c2`, ...
        """
        self.path = path
        self._separator = "\t" if ".tsv" in path.name.lower() else ","
        lines = min(_LINES_A_BLOCK * _longest_first_line(path), 2 * _LONGEST_LINE)
        self._block_bytes = max(_BLOCK_BYTES, lines)
        self._given = None if columns is None else tuple(columns)
        self._header = header and columns is None
        try:
            with self._open([]) as reader:
                self._raw_names = tuple(reader.schema.names)
        except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as error:
            raise self._damaged(error) from error
        unnamed = not self._header and columns is None
        self.names = tuple(
            f"c{number}" if unnamed else name.strip()
            for number, name in enumerate(self._raw_names, start=1)
        )
        twice = [name for name, count in Counter(self.names).items() if count > 1]
        if twice:
            raise DataError(f"{path}: expected column names that differ, got {twice[0]!r} twice.")

    def batches(self, names: Sequence[str], size: int) -> Iterator[Batch]:
        """Walk over some columns as text, null where a value is missing."""
        places = dict(zip(self.names, self._raw_names, strict=True))
        raw = [places[name] for name in names]
        try:
            size_of_file, rows = self.path.stat().st_size, 0
            with self._open(raw) as reader:
                for batch in reader:
                    rows += len(batch)
                    refuse_inflated(self.path, "the table", rows, 0, size_of_file)
                    named = batch.rename_columns(list(names))
                    for start in range(0, len(named), size):
                        yield named.slice(start, size)
        except (pa.ArrowInvalid, OSError, EOFError) as error:
            raise self._damaged(error) from error

    def _open(self, raw_names: list[str]) -> csv.CSVStreamingReader:
        return csv.open_csv(
            self.path,
            read_options=csv.ReadOptions(
                block_size=self._block_bytes,
                # Two threads gained 5 % when measured.
                use_threads=False,
                column_names=self._given,
                autogenerate_column_names=not self._header and self._given is None,
            ),
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
            expected = "a header line and rows" if self._header else "rows"
            return DataError(f"{self.path}: expected {expected}, got an empty file.")
        if "UTF8" in text or isinstance(error, UnicodeDecodeError):
            return DataError(f"{self.path}: expected UTF-8 text, got other bytes ({text}).")
        wrong = _WRONG_COUNT.search(text)
        place = wrong and self._line_of_other_width(int(wrong[1]))
        if wrong and place:
            line, got = place
            return DataError(f"{self.path}, line {line}: expected {wrong[1]} columns, got {got}.")
        return DataError(f"{self.path}: not a readable table: {text}.")

    def _line_of_other_width(self, width: int) -> tuple[int, int] | None:
        """First line of the first row that has not so many columns, from 1, and how many it has.

        Arrow counts rows, of which a quoted one may have several lines and an empty line is none.
        """
        try:
            for line, row in _rows(self.path, self._separator):
                if row and len(row) != width:
                    return line, len(row)
        except (plain_csv.Error, UnicodeError, OSError, EOFError, zlib.error):
            # Arrow's own sentence about the first problem stands.
            return None
        return None


def line_of_row(path: Path, row: int, *, has_header: bool) -> int:
    """Line, from 1, on which a row begins; quoted rows may have several lines, empty ones are no rows.

    Args:
        path: The file, which can be read.
        row: Counted from 0 without the header line.
        has_header: Whether it begins with the names of its columns.

    Raises:
        IndexError: The file has no such row.
    """
    before = row + has_header
    for line, fields in _rows(path, "\t" if ".tsv" in path.name.lower() else ","):
        if fields and not before:
            return line
        before -= bool(fields)
    raise IndexError(row)


def _rows(path: Path, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Walk over the rows of a file, empty ones too, each with the line on which it begins."""
    with _as_text(path) as file:
        rows = plain_csv.reader(file, delimiter=separator)
        line = 1
        for row in rows:
            yield line, row
            line = rows.line_num + 1


def _as_text(path: Path) -> TextIO:
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _longest_first_line(path: Path) -> int:
    """Length of the longer of the first two lines [bytes]; a block must hold whole lines."""
    open_it = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with open_it(path, "rb") as file:
            longest = max(len(file.readline(_LONGEST_LINE)), len(file.readline(_LONGEST_LINE)))
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read ({error}).") from error
    if longest >= _LONGEST_LINE:
        raise DataError(
            f"{path}, line 1 or 2: expected lines of less than {_LONGEST_LINE >> 20} MiB, got a longer one."
        )
    return longest
