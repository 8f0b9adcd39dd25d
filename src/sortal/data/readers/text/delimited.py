"""Delimited text, plain or compressed (.gz), with a header line or without, streamed.

All values are read as text. A type guessed from the first block would be wrong where the
thousandth block holds the first fraction or the first name; read as text, a value means
the same in whatever block it lies. How fields are separated and numbers are written is found out
from the first lines (`sortal.data.readers.text.dialect`), and what contradicts it later is refused.
"""

import csv as plain_csv
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from sortal.data.readers.base import MISSING, Batch, suffix_of
from sortal.data.readers.damaged import refuse_inflated
from sortal.data.readers.text.column_names import check_names
from sortal.data.readers.text.dialect import find_dialect, usual_delimiter
from sortal.data.readers.text.encoding import not_in_encoding
from sortal.data.readers.text.lines import TextLayout, line_of_open_quote, rows
from sortal.data.readers.text.options import TextOptions
from sortal.data.readers.text.stream import TextStream
from sortal.data.texts.values import without_padded_words, without_words
from sortal.errors import DataError

_BLOCK_BYTES = 1 << 18
_LINES_A_BLOCK = 64
_LONGEST_LINE = 1 << 24
"""Lines of this size are no rows of a table [bytes]; a block holds several lines."""

_WRONG_COUNT = re.compile(r"Expected (\d+) columns?, got \d+")
_COMMA_NUMBER = re.compile(r"\s*[+-]?\d+,\d+\s*")
_POINT_NUMBER = r"^\s*[+-]?(\d+\.\d*|\.\d+)([eE][+-]?\d+)?\s*$"


class DelimitedTable:
    """A file of delimited text."""

    def __init__(
        self,
        path: Path,
        *,
        columns: Sequence[str] | None = None,
        header: bool = True,
        kept: Mapping[str, Sequence[str]] = MappingProxyType({}),
        text: TextOptions | None = None,
    ) -> None:
        """Open a file.

        Args:
            path: The file.
            columns: Names of all columns of a file that has no header line, in order.
            header: True if the first line names the columns, where `columns` does not;
                without a header they are named `c1`, `c2`, ...
            kept: Words by a column in which they are values, though elsewhere they mean that a value
                is missing.
            text: Options of the text; all is found out if None.
        """
        self.path = path
        self._text = TextOptions() if text is None else text
        self.missing_words = MISSING if self._text.missing is None else ()
        self._kept = kept if self.missing_words else {}
        self._given = None if columns is None else tuple(columns)
        self._header = header and columns is None
        self._dialect = find_dialect(
            path, suffix_of(path), self._text, columns=columns, header=self._header
        )
        longest = self._dialect.longest_line
        if longest >= _LONGEST_LINE:
            raise DataError(
                f"{path}: expected lines of less than {_LONGEST_LINE >> 20} MiB, got a longer one "
                "among the first lines."
            )
        lines = min(_LINES_A_BLOCK * longest, 2 * _LONGEST_LINE)
        self._block_bytes = max(_BLOCK_BYTES, lines)
        self._raw_names, names = self._columns()
        blank = set(self._dialect.blank_columns)
        self._places = {name: place for place, name in enumerate(names) if place not in blank}
        self.names: tuple[str, ...] = tuple(self._places)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found in the file and is not plain, in sentences."""
        return self._dialect.notes

    def batches(self, names: Sequence[str], size: int) -> Iterator[Batch]:
        """Walk over some columns as text, null where a value is missing."""
        places = [self._places[name] for name in names]
        blank = self._dialect.blank_columns
        raw = [self._raw_names[place] for place in (*places, *blank)]
        row, size_of_file = 0, self.path.stat().st_size
        with self._understood_errors():
            stream = TextStream(self.path, self._dialect)
            with self._open(stream, raw) as reader:
                for batch in reader:
                    refuse_inflated(self.path, "the table", row + len(batch), 0, size_of_file)
                    self._refuse_filled(batch, len(places), row)
                    cleaned = batch.columns[: len(names)]
                    if self._may_need_cleaning(stream):
                        cleaned = [
                            self._cleaned(column, name, stream, row)
                            for column, name in zip(cleaned, names, strict=True)
                        ]
                    named = pa.RecordBatch.from_arrays(cleaned, list(names))
                    row += len(batch)
                    for start in range(0, len(named), size):
                        yield named.slice(start, size)
            if stream.quotes % 2 and (line := line_of_open_quote(self.path, self._dialect.layout)):
                raise self._open_quote(line)

    def line_of_row(self, row: int) -> int:
        """Line, from 1, on which a row begins; rows are counted from 0 without the header line.

        Raises:
            IndexError: The file has no such row.
        """
        return _line_of(self.path, self._dialect.layout, row, has_header=self._has_header_row)

    @property
    def _has_header_row(self) -> bool:
        return self._dialect.header_lines > 0

    def _columns(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names by which Arrow knows the columns, and what they are called outside."""
        if not self._dialect.is_plain:
            names = self._dialect.names
            return tuple(f"c{number}" for number in range(1, len(names) + 1)), names
        with (
            self._understood_errors(),
            self._open(TextStream(self.path, self._dialect), []) as reader,
        ):
            raw = tuple(reader.schema.names)
        if self._header or self._given is not None:
            names = tuple(name.strip() for name in raw)
        else:
            names = tuple(f"c{number}" for number in range(1, len(raw) + 1))
        if self._text.is_strict:
            check_names(self.path, names, (), is_header=False)
        return raw, names

    def _open(self, stream: TextStream, raw_names: list[str]) -> csv.CSVStreamingReader:
        is_plain = self._dialect.is_plain
        given = self._given
        if not is_plain:
            given = tuple(f"c{number}" for number in range(1, len(self._dialect.names) + 1))
        # Where no column is asked for, Arrow reads all of the first block, and would guess their types.
        types = dict.fromkeys(raw_names, pa.string()) or dict.fromkeys(
            self._dialect.names, pa.binary()
        )
        return csv.open_csv(
            pa.PythonFile(stream, mode="r"),
            read_options=csv.ReadOptions(
                block_size=self._block_bytes,
                # Two threads gained 5 % when measured.
                use_threads=False,
                column_names=given,
                autogenerate_column_names=not self._header and given is None,
            ),
            parse_options=csv.ParseOptions(
                delimiter=self._dialect.layout.delimiter,
                newlines_in_values=True,
                ignore_empty_lines=True,
            ),
            convert_options=csv.ConvertOptions(
                include_columns=raw_names,
                column_types=types,
                null_values=self._null_values(),
                strings_can_be_null=True,
                quoted_strings_can_be_null=self._text.is_strict,
            ),
        )

    def _null_values(self) -> list[str]:
        kept = {word for words in self._kept.values() for word in words}
        return ["", *(word for word in self.missing_words if word and word not in kept)]

    def _may_need_cleaning(self, stream: TextStream) -> bool:
        """False if all fields so far are as Arrow reads them; looks at no field."""
        is_odd = bool(self._kept) or not self._dialect.numbers.is_plain
        return is_odd or stream.has_blanks or self._has_quotes(stream)

    def _has_quotes(self, stream: TextStream) -> bool:
        return stream.quotes > (self._dialect.header_quotes if self._dialect.is_plain else 0)

    def _cleaned(self, column: Any, name: str, stream: TextStream, row: int) -> Any:
        """A column whose missing fields are null and whose numbers have decimal points.

        Arrow has one list of words for all columns, and compares whole fields.
        """
        if self._has_quotes(stream) and not self._text.is_strict:
            column = _without_empty(column)
        kept = set(self._kept.get(name, ()))
        if self._kept:
            others = {word for words in self._kept.values() for word in words}
            column = without_words(column, others - kept)
        if self.missing_words and stream.has_blanks and _has_blanks(column):
            column = without_padded_words(column, set(self.missing_words) - kept)
        place = self._places[name]
        if place in self._dialect.name_columns or self._dialect.numbers.is_plain:
            return column
        return self._with_points(column, place, row)

    def _with_points(self, column: Any, place: int, row: int) -> Any:
        """Write numbers as plain ones; refuse those of another format that would be misread.

        In a column that also holds other texts, numbers are written as plain ones too: then it is
        such a text, and not the first number, that is refused where a number is needed.
        """
        numbers = self._dialect.numbers
        fits = pc.match_substring_regex(column, numbers.pattern)
        if numbers.decimal != "." and place in self._dialect.number_columns:
            misread = pc.and_(pc.invert(fits), pc.match_substring_regex(column, _POINT_NUMBER))
            found = pc.index(misread, True).as_py()
            if found >= 0:
                raise DataError(
                    f"{self.path}, line {self.line_of_row(row + found)}: column "
                    f"{self._name_at(place)!r}: expected a number with a decimal comma, as in the "
                    f"first lines, got {column[found].as_py()!r}; data.decimal says which mark is right."
                )
        changed = column
        if numbers.grouping:
            changed = pc.replace_substring_regex(changed, numbers.grouping, "")
        if numbers.decimal != ".":
            changed = pc.replace_substring(changed, numbers.decimal, ".")
        return pc.if_else(fits, changed, column)

    def _name_at(self, place: int) -> str:
        return next(name for name, known in self._places.items() if known == place)

    def _refuse_filled(self, batch: Any, first: int, row: int) -> None:
        """Refuse a value in a column that has no name and had no value in the first rows."""
        for number, place in enumerate(self._dialect.blank_columns, start=first):
            column = batch.column(number)
            filled = pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(column)), 0)
            found = pc.index(filled, True).as_py()
            if found >= 0:
                raise DataError(
                    f"{self.path}, line {self.line_of_row(row + found)}: expected nothing in column "
                    f"{place + 1}, which has no name and no value in the first lines, "
                    f"got {column[found].as_py()!r}; name the column in the first line of the file."
                )

    @contextmanager
    def _understood_errors(self) -> Iterator[None]:
        try:
            yield
        except (pa.ArrowInvalid, OSError, EOFError, UnicodeError, zlib.error) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> DataError:
        text = str(error)
        encoding = self._dialect.layout.encoding
        if "Empty CSV" in text:
            expected = "a header line and rows" if self._header else "rows"
            return DataError(f"{self.path}: expected {expected}, got an empty file.")
        if "UTF8" in text or isinstance(error, UnicodeError):
            return not_in_encoding(self.path, encoding, error)
        if "straddling" in text and (opened := line_of_open_quote(self.path, self._dialect.layout)):
            return self._open_quote(opened)
        wrong = _WRONG_COUNT.search(text)
        place = wrong and self._line_of_other_width(int(wrong[1]))
        if wrong and place:
            line, row = place
            hint = ""
            if len(row) > int(wrong[1]) and any(map(_COMMA_NUMBER.fullmatch, row)):
                hint = "; each number with a decimal comma needs quotes, or another separator"
            if row[0].lstrip().startswith("#") and not self._dialect.layout.comment:
                hint = (
                    '; if this line is a comment, `comment: "#"` in the job\'s data leaves it out'
                )
            expected = "1 column" if wrong[1] == "1" else f"{wrong[1]} columns"
            if wrong[1] == "1" and not self._text.is_strict:
                hint = (
                    "; lines above the table have to be deleted, unless data.comment says what they "
                    "begin with"
                )
            return DataError(
                f"{self.path}, line {line}: expected {expected}, got {len(row)}{hint}."
            )
        return DataError(f"{self.path}: not a readable table: {text}.")

    def _open_quote(self, line: int) -> DataError:
        return DataError(
            f"{self.path}, line {line}: expected a second quote that ends the field, got none up to "
            "the end of the file; close the quote, or double it if it belongs to the text."
        )

    def _line_of_other_width(self, width: int) -> tuple[int, list[str]] | None:
        """First line, from 1, of the first row that has not so many fields, and this row.

        Arrow counts rows, of which a quoted one may have several lines and an empty line is none.
        """
        before_rows = self._has_header_row
        try:
            for line, row in rows(self.path, self._dialect.layout):
                if not row:
                    continue
                if len(row) != width and not before_rows:
                    return line, row
                before_rows = False
        except (plain_csv.Error, UnicodeError, OSError, EOFError, zlib.error):
            # Arrow's own sentence about the first problem stands.
            return None
        return None


def line_of_row(path: Path, row: int, *, has_header: bool) -> int:
    """Line, from 1, on which a row of a plain file begins.

    Quoted rows may have several lines, empty lines are no rows. Plain is UTF-8 text with the
    separator that the ending of the file stands for.

    Args:
        path: The file, which can be read.
        row: Counted from 0 without the header line.
        has_header: True if it begins with the names of its columns.

    Raises:
        IndexError: The file has no such row.
    """
    layout = TextLayout(delimiter=usual_delimiter(suffix_of(path)) or ",")
    return _line_of(path, layout, row, has_header=has_header)


def _line_of(path: Path, layout: TextLayout, row: int, *, has_header: bool) -> int:
    before = row + has_header
    for line, fields in rows(path, layout):
        if fields and not before:
            return line
        before -= bool(fields)
    raise IndexError(row)


def _without_empty(column: Any) -> Any:
    """Make quoted empty fields null, as plain ones are."""
    # A null has no characters either. NumPy looks at so few places faster than three calls of Arrow.
    places = np.frombuffer(column.buffers()[1], dtype=np.int32)
    places = places[column.offset : column.offset + len(column) + 1]
    if np.count_nonzero(places[1:] == places[:-1]) == column.null_count:
        return column
    is_empty = pc.equal(pc.binary_length(column), 0)
    return pc.if_else(is_empty, pa.scalar(None, pa.string()), column)


def _has_blanks(column: Any) -> bool:
    """True if a text column may hold spaces or tabs; looks at its bytes alone."""
    data = column.buffers()[2]
    content = b"" if data is None else data.to_pybytes()
    return b" " in content or b"\t" in content
