"""The lines of a text file that belong to its table, and their rows with the numbers of their lines."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TypeAlias

from sortal.data.readers.text.encoding import UTF_8, open_bytes

_RUN_OF_BLANKS = re.compile(r"[ \t]+")
_SPACES = re.compile(" *")
_TO_CLOSING_QUOTE = r'[^"]*(?:""[^"]*)*(?P<closing>"|\Z)'
"""What follows the quote that opens a field; `closing` is empty where the line ends within the field."""

_TO_CLOSING = re.compile(f"(?P<field>{_TO_CLOSING_QUOTE})")

BLANKS = " "
"""The separator that stands for a run of spaces and tabs of any length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLayout:
    """How the text of a table is laid out."""

    encoding: str = UTF_8
    """Python's name of the encoding."""

    delimiter: str = ","
    """Character between fields; a space for runs of spaces and tabs."""

    comment: str = ""
    """Lines that begin with it are left out; empty for none."""

    width: int = 0
    """Fields of a row where `comment` was found out: a line with so many fields is a row, whatever it
    begins with. 0 where the user gave `comment`."""

    skipped: int = 0
    """Lines before the table: blank ones, comments, the line `sep=` of Excel."""

    has_padded_quotes: bool = False
    """True if there are blanks between delimiters and quotes."""

    @property
    def is_filtered(self) -> bool:
        """True if single lines must be left out or changed before they can be taken apart."""
        return bool(self.comment) or self.has_padded_quotes or self.delimiter == BLANKS

    @property
    def borders(self) -> str:
        """The characters that end a field."""
        return " \t" if self.delimiter == BLANKS else self.delimiter


def table_lines(
    lines: Iterable[str], layout: TextLayout, first: int = 1
) -> Iterator[tuple[int, str]]:
    """Walk over the lines of a table, as they are to be taken apart.

    Args:
        lines: Lines with their ends, without those that `layout.skipped` counts.
        layout: What to leave out and to change.
        first: Number of the first line.

    Yields:
        The number of a line, and the line.
    """
    if not layout.is_filtered:
        yield from enumerate(lines, start=first)
        return
    inside = False
    for number, line in enumerate(lines, start=first):
        if layout.comment and not inside and is_comment(line, layout):
            continue
        if not inside and '"' not in line:
            yield number, _squeezed(line, ()) if layout.delimiter == BLANKS else line
            continue
        if layout.delimiter != BLANKS and not layout.has_padded_quotes:
            inside = ends_inside(line, layout.borders, is_inside=inside)
            yield number, line
            continue
        spans, inside = quoted_spans(
            line, layout.borders, is_padded=layout.has_padded_quotes, is_inside=inside
        )
        if layout.delimiter == BLANKS:
            yield number, _squeezed(line, spans)
        else:
            yield number, _tightened(line, spans, layout.delimiter)


def is_comment(line: str, layout: TextLayout) -> bool:
    """True if a line that does not begin within quotes is left out."""
    if not line.lstrip(" \t").startswith(layout.comment):
        return False
    return not layout.width or field_count(line, layout) != layout.width


def field_count(line: str, layout: TextLayout) -> int:
    """Number of fields of one line, comment or not; 0 if it cannot be taken apart."""
    plain = replace(layout, comment="")
    try:
        return max((len(row) for _, row in numbered_rows([line], plain)), default=0)
    except csv.Error:
        return 0


def rows(path: Path, layout: TextLayout) -> Iterator[tuple[int, list[str]]]:
    """Walk over the rows of a file, empty ones too, each with the line on which it begins, from 1.

    A header line is a row.
    """
    with open_text(path, layout.encoding) as file:
        for _ in range(layout.skipped):
            file.readline()
        yield from numbered_rows(file, layout, first=layout.skipped + 1)


def numbered_rows(
    lines: Iterable[str], layout: TextLayout, *, first: int = 1
) -> Iterator[tuple[int, list[str]]]:
    """Take lines apart into rows, each with the number of the line on which it begins."""
    numbered = _Numbered(table_lines(lines, layout, first))
    for row in csv.reader(numbered, delimiter=layout.delimiter):
        yield numbered.begun, row
        numbered.begun = 0


def line_of_open_quote(path: Path, layout: TextLayout) -> int | None:
    """Line, from 1, of the row whose quote is never closed; None if all quotes are closed."""
    # Behind a quote that is open, this line is a part of a field.
    last = ["end", "end"]
    with open_text(path, layout.encoding) as file:
        for _ in range(layout.skipped):
            file.readline()
        lines = chain(file, [layout.delimiter.join(last)])
        numbered = _Numbered(table_lines(lines, layout, layout.skipped + 1))
        begun, found = 0, list[str]()
        try:
            for row in csv.reader(numbered, delimiter=layout.delimiter):
                begun, numbered.begun, found = numbered.begun, 0, row
        except csv.Error:
            # The rest of the file is longer than the longest field of Python's parser.
            return numbered.begun
    return None if found == last else begun


def has_padded_quotes(lines: Sequence[str], delimiter: str) -> bool:
    """True if blanks stand between delimiters and the quotes around fields."""
    inside = False
    for line in lines if delimiter != BLANKS else ():
        if inside or '"' in line:
            spans, inside = quoted_spans(line, delimiter, is_padded=True, is_inside=inside)
            if _tightened(line, spans, delimiter) != line:
                return True
    return False


def open_text(path: Path, encoding: str) -> io.TextIOWrapper:
    """Open a file as text whose ends of lines are left as they are."""
    return io.TextIOWrapper(open_bytes(path), encoding=encoding, newline="")


class _Numbered:
    """Lines for a parser, and the number of the first line since `begun` was last set to 0."""

    def __init__(self, lines: Iterator[tuple[int, str]]) -> None:
        self._lines = lines
        self.begun = 0

    def __iter__(self) -> "_Numbered":
        return self

    def __next__(self) -> str:
        number, line = next(self._lines)
        self.begun = self.begun or number
        return line


Spans: TypeAlias = Sequence[tuple[int, int]]
"""Places of quoted fields in a line, quotes included: the first character, and the one behind the last."""


def quoted_spans(
    line: str, borders: str, *, is_padded: bool = False, is_inside: bool = False
) -> tuple[Spans, bool]:
    """Walk over the quoted fields of a line.

    As for Python's parser and Arrow's, a quote opens a field only where the field begins: the quote
    in `5" disk` belongs to the text.

    Args:
        line: The line.
        borders: Characters that end a field.
        is_padded: True if spaces may stand before the quote that opens a field.
        is_inside: True if the line begins within a quoted field.

    Returns:
        Places of the quoted fields, and True if the line ends within the last one.
    """
    first, further = _quoted(borders, is_padded=is_padded)
    begun = (_TO_CLOSING if is_inside else first).match(line)
    found = [] if begun is None else [begun]
    found += further.finditer(line, begun.end() if begun is not None else 0)
    is_open = bool(found) and not found[-1]["closing"]
    return [one.span("field") for one in found], is_open


def ends_inside(line: str, borders: str, *, is_padded: bool = False, is_inside: bool) -> bool:
    """True if a line ends within a quoted field; arguments are those of `quoted_spans`."""
    last = line.rfind('"')
    # A quote behind a character of a field opens none and is not doubled: no field is open after it.
    if last > 0 and line[last - 1] not in borders and line[last - 1] not in ' "':
        return False
    return quoted_spans(line, borders, is_padded=is_padded, is_inside=is_inside)[1]


@cache
def _quoted(borders: str, *, is_padded: bool) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Expressions of a quoted field at the beginning of a line, and behind a border."""
    field = f'{" *" if is_padded else ""}(?P<field>"{_TO_CLOSING_QUOTE})'
    return re.compile(field), re.compile(f"[{re.escape(borders)}]{field}")


def strip_around_quotes(line: str, delimiter: str, *, is_inside: bool = False) -> str:
    """A line without the spaces between delimiters and the quotes around fields.

    Args:
        line: The line with its end.
        delimiter: Character between fields.
        is_inside: True if the line begins within a quoted field.

    >>> tightened('1, "a, ""b" ,2', ",")
    '1,"a, ""b",2'
    """
    spans, _ = quoted_spans(line, delimiter, is_padded=True, is_inside=is_inside)
    return _tightened(line, spans, delimiter)


def _tightened(line: str, spans: Spans, delimiter: str) -> str:
    pieces, place = list[str](), 0
    for start, end in spans:
        pieces += [line[place:start].rstrip(" "), line[start:end]]
        behind = _end_of_spaces(line, end)
        is_last = line[behind : behind + 1] in ("", "\r", "\n")
        place = behind if is_last or line.startswith(delimiter, behind) else end
    return "".join([*pieces, line[place:]])


def _squeezed(line: str, spans: Spans) -> str:
    """Put one space for each run of spaces and tabs outside quotes, and none at the ends."""
    body = line.rstrip("\r\n")
    pieces, place = list[str](), 0
    for start, end in spans:
        pieces += [_RUN_OF_BLANKS.sub(" ", body[place:start]), body[start:end]]
        place = end
    pieces.append(_RUN_OF_BLANKS.sub(" ", body[place:]))
    pieces[0] = pieces[0].lstrip(" ")
    pieces[-1] = pieces[-1].rstrip(" ")
    return "".join(pieces) + line[len(body) :]


def _end_of_spaces(line: str, place: int) -> int:
    found = _SPACES.match(line, place)
    return place if found is None else found.end()
