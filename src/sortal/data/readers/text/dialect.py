"""How a text file separates its fields and writes its numbers: given by the user, or found out.

What is found out rests on the first lines of a file. It is never silent: `Dialect.notes` says what
differs from comma separated UTF-8 text (tabs in files that end in `.tsv`) with decimal points.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from sortal.data.readers.base import MISSING
from sortal.data.readers.text.column_names import blank_columns, check_names, complete_names
from sortal.data.readers.text.encoding import UTF_8, Head, read_head, shown_encoding
from sortal.data.readers.text.lines import TextLayout, field_count, has_padded_quotes, numbered_rows
from sortal.data.readers.text.number_format import (
    PLAIN_NUMBERS,
    DetectedNumberFormat,
    NumberFormat,
    detect_number_format,
)
from sortal.data.readers.text.options import TextOptions
from sortal.data.readers.text.preamble import (
    Preamble,
    find_comment_sign,
    read_preamble,
    strip_comment_lines,
)
from sortal.data.readers.text.separator import NAMES, find_delimiter
from sortal.errors import DataError

_USUAL = {".csv": ",", ".csv.gz": ",", ".tsv": "\t", ".tsv.gz": "\t"}
_MOST_ROWS = 2000
_LINES_MEASURED = 64
_COLUMNS_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one text file is to be taken apart."""

    layout: TextLayout = field(default_factory=TextLayout)
    header_lines: int = 0
    """Lines of text that the header takes, from the first line that is not skipped; 0 without one."""

    header_quotes: int = 0
    """Number of quotes in the lines of the header."""

    names: tuple[str, ...] = ()
    """Names of the columns in the file, blanks around them removed; empty where they are not
    known."""

    is_plain: bool = True
    """True if nothing must be left out or changed before the file can be taken apart."""

    numbers: NumberFormat = PLAIN_NUMBERS
    number_columns: frozenset[int] = frozenset()
    """Places of the columns that hold numbers, as far as the first rows show it."""

    name_columns: frozenset[int] = frozenset()
    """Places of the columns that hold names, whatever their fields look like."""

    blank_columns: tuple[int, ...] = ()
    """Places of columns without a name and without a value in the first rows."""

    longest_line: int = 0
    """Length of the longest of the first lines [bytes]."""

    notes: tuple[str, ...] = ()
    """What was found out and is not plain, in sentences."""


def usual_delimiter(ending: str) -> str | None:
    """The separator that the last suffixes of a name stand for; None where they leave it open."""
    return _USUAL.get(ending)


def find_dialect(
    path: Path,
    ending: str,
    options: TextOptions,
    *,
    columns: Sequence[str] | None = None,
    header: bool = True,
) -> Dialect:
    """Find out what the user did not say of a text file.

    Args:
        path: The file.
        ending: Its last suffixes, such as `.csv` or `.csv.gz`.
        options: What the user says.
        columns: Names of all columns of a file without a header line, where they are known.
        header: True if the file begins with the names of its columns.

    Raises:
        DataError: It cannot be read, is no text, has columns that cannot be told apart, or numbers
            that have two meanings.
    """
    usual = usual_delimiter(ending)
    head = read_head(path, "utf-8" if options.is_strict else options.encoding)
    lines = list(io.StringIO(head.text, newline=""))
    if options.is_strict:
        layout = TextLayout(delimiter=usual or ",")
        return Dialect(layout=layout, header_lines=int(header), longest_line=_longest(lines))
    opening = read_preamble(lines, options.comment)
    table = lines[opening.skipped :]
    if not table:
        expected = "a header line and rows" if header else "rows"
        raise DataError(f"{path}: expected {expected}, got an empty file.")
    layout = _layout(table, opening, options, usual, head, header=header, columns=columns)
    found = _take_apart(path, table, opening, layout, head, header=header, columns=columns)
    names, notes = complete_names(found.names, found.rows, are_given=not header)
    blank = blank_columns(names, found.rows)
    if blank:
        shown = [str(place + 1) for place in blank[:_COLUMNS_SHOWN]]
        if len(blank) > _COLUMNS_SHOWN:
            shown.append(f"{len(blank) - _COLUMNS_SHOWN} more")
        notes = (*notes, f"without name and value, and left out: column {_listed(shown)}.")
    check_names(path, names, found.rows, is_header=found.header_lines > 0)
    of_names = _name_columns(names, options)
    understood = _understood(path, names, found.rows, options, of_names)
    changes = _changes(layout, options, usual, opening, understood.numbers)
    return Dialect(
        layout=layout,
        header_lines=found.header_lines,
        header_quotes="".join(table[: found.header_lines]).count('"'),
        names=names,
        is_plain=found.is_plain and names == found.names and _is_plain(layout, opening, names),
        numbers=understood.numbers,
        number_columns=understood.columns,
        name_columns=of_names,
        blank_columns=blank,
        longest_line=_longest(lines),
        notes=(
            *([f"{path.name}: {changes}."] if changes else []),
            *(f"{path.name}: {note}" for note in (*found.notes, *notes)),
        ),
    )


def _layout(
    table: Sequence[str],
    opening: Preamble,
    options: TextOptions,
    usual: str | None,
    head: Head,
    *,
    header: bool,
    columns: Sequence[str] | None,
) -> TextLayout:
    delimiter = options.delimiter or opening.separator or ""
    lines = strip_comment_lines(table, opening, delimiter or None) or table
    if not delimiter:
        width = None if columns is None else len(columns)
        delimiter = find_delimiter(lines, usual, has_header=header, width=width)
    layout = TextLayout(
        encoding=head.encoding,
        delimiter=delimiter,
        skipped=opening.skipped,
        has_padded_quotes=has_padded_quotes(lines, delimiter),
    )
    comment = find_comment_sign(table, layout, opening, is_given=bool(options.comment))
    width = field_count(lines[0], layout) if comment and not options.comment else 0
    return replace(layout, comment=comment, width=width)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """The first rows of a table, and its columns."""

    names: tuple[str, ...]
    """Names of the columns as they were given or as the header has them."""

    rows: list[list[str]]
    """Without the header."""

    header_lines: int
    is_plain: bool = True
    """False if a comment names the columns."""

    notes: tuple[str, ...] = ()


def _take_apart(
    path: Path,
    table: Sequence[str],
    opening: Preamble,
    layout: TextLayout,
    head: Head,
    *,
    header: bool,
    columns: Sequence[str] | None,
) -> _Found:
    numbered = _first_rows(path, table, layout, head)
    rows = [row for _, row in numbered]
    if not header:
        numbers = [f"c{place}" for place in range(1, len(rows[0]) + 1 if rows else 1)]
        return _Found(
            names=tuple(numbers if columns is None else columns), rows=rows, header_lines=0
        )
    named = opening.names_in_remark(layout, rows)
    if named:
        note = f"the columns are named by the line {opening.last_remark.strip()[:60]!r}."
        return _Found(names=tuple(named), rows=rows, header_lines=0, is_plain=False, notes=(note,))
    if not numbered:
        return _Found(names=(), rows=[], header_lines=len(table))
    lines = numbered[1][0] - numbered[0][0] if len(numbered) > 1 else len(table)
    names = tuple(name.strip() for name in rows[0])
    return _Found(names=names, rows=rows[1:], header_lines=lines)


def _first_rows(
    path: Path, table: Sequence[str], layout: TextLayout, head: Head
) -> list[tuple[int, list[str]]]:
    """Rows with the numbers of their lines, empty ones left out; those of a long file are some."""
    walk = numbered_rows(table, layout)
    found: list[tuple[int, list[str]]] = []
    try:
        found.extend(islice(((line, row) for line, row in walk if row), _MOST_ROWS))
    except csv.Error as error:
        # A field beyond the limit of Python's parser, which Arrow does not have.
        if layout.is_filtered or layout.skipped or layout.encoding != UTF_8:
            raise DataError(f"{path}: cannot be taken apart ({error}).") from error
        return []
    # The last row may go on behind the lines that were looked at.
    return found if head.is_whole or len(found) < 3 else found[:-1]


def _understood(
    path: Path,
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    options: TextOptions,
    of_names: frozenset[int],
) -> DetectedNumberFormat:
    """The format of the numbers, and the columns that hold them."""
    words = MISSING if options.missing is None else ("", *map(str, options.missing))
    columns: list[list[str] | None] = []
    for place in range(len(names)):
        fields = (row[place].strip() for row in rows if place < len(row))
        known = [field for field in fields if field not in words]
        columns.append(None if place in of_names else known)
    understood = detect_number_format(columns, options.decimal, options.thousands)
    if understood.doubtful is not None:
        place = understood.doubtful
        shown = next(field for field in columns[place] or () if "," in field)
        raise DataError(
            f"{path}, column {names[place]!r}: {shown!r} can mean {shown.replace(',', '.')} or "
            f'{shown.replace(",", "")}; say `decimal: ","` or `thousands: ","` in the job\'s data.'
        )
    if options.decimal == ",":
        # Then a decimal point contradicts what the user says, wherever there are numbers.
        places = {place for place, fields in enumerate(columns) if fields is not None}
        return replace(understood, columns=understood.columns | places)
    return understood


def _name_columns(names: Sequence[str], options: TextOptions) -> frozenset[int]:
    """Places of the columns of which the user makes no numbers."""
    words = set(options.words)
    features = set(names if options.features is None else options.features)
    return frozenset(
        place for place, name in enumerate(names) if name in words or name not in features
    )


def _is_plain(layout: TextLayout, opening: Preamble, names: Sequence[str]) -> bool:
    is_utf_8 = layout.encoding in (UTF_8, "ascii")
    return (
        is_utf_8 and not opening.skipped and not layout.is_filtered and len({*names}) == len(names)
    )


def _changes(
    layout: TextLayout,
    options: TextOptions,
    usual: str | None,
    opening: Preamble,
    numbers: NumberFormat,
) -> str:
    """What was found out and is not plain, as a part of a sentence; empty if there is nothing."""
    found = []
    if options.delimiter is None and layout.delimiter != usual:
        found.append(NAMES.get(layout.delimiter, f"the separator {layout.delimiter!r}"))
    formats = NumberFormat(
        "." if options.decimal else numbers.decimal, "" if options.thousands else numbers.thousands
    )
    found += formats.described()
    is_odd = options.encoding is None and layout.encoding != UTF_8
    text = f" as {shown_encoding(layout.encoding)} text" if is_odd else ""
    listed = f" with {_listed(found)}" if found else ""
    without = []
    if opening.separator:
        without.append(f"its first line `sep={opening.separator}`")
    if (opening.remarks or layout.comment) and options.comment is None:
        without.append(f"the lines that begin with {opening.sign!r}")
    if without:
        listed += f"{',' if found else ''} without {_listed(without)}"
    return f"read{text}{listed}" if text or listed else ""


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _longest(lines: Sequence[str]) -> int:
    return max((len(line.encode()) for line in lines[:_LINES_MEASURED]), default=0)
