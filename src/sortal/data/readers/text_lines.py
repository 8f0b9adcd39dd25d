"""The lines of a text file that belong to its table, and their rows with the numbers of their lines."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from sortal.data.readers.encoding import UTF_8, open_bytes

_QUOTE_BEHIND_BLANKS = re.compile(' *"')

BLANKS = " "
"""The separator that stands for a run of spaces and tabs of any length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the text of a table is laid out."""

    encoding: str = UTF_8
    """Python's name of the encoding."""

    delimiter: str = ","
    """Character between fields; a space for runs of spaces and tabs."""

    comment: str = ""
    """Lines that begin with it are left out; empty for none."""

    skipped: int = 0
    """Lines before the table: blank ones, comments, the line `sep=` of Excel."""

    has_padded_quotes: bool = False
    """True if there are blanks between delimiters and quotes."""

    @property
    def is_filtered(self) -> bool:
        """True if single lines must be left out or changed before they can be taken apart."""
        return bool(self.comment) or self.has_padded_quotes or self.delimiter == BLANKS


def table_lines(lines: Iterable[str], layout: Layout, first: int = 1) -> Iterator[tuple[int, str]]:
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
        if layout.comment and not inside and line.lstrip(" \t").startswith(layout.comment):
            continue
        starts_inside = inside
        inside ^= line.count('"') % 2 == 1
        if layout.delimiter == BLANKS:
            yield number, _squeezed(line, is_inside=starts_inside)
        elif layout.has_padded_quotes and ('"' in line or starts_inside):
            yield number, tightened(line, layout.delimiter, is_inside=starts_inside)
        else:
            yield number, line


def rows(path: Path, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """Walk over the rows of a file, empty ones too, each with the line on which it begins, from 1.

    A header line is a row.
    """
    with open_text(path, layout.encoding) as file:
        for _ in range(layout.skipped):
            file.readline()
        yield from numbered_rows(file, layout, first=layout.skipped + 1)


def numbered_rows(
    lines: Iterable[str], layout: Layout, *, first: int = 1
) -> Iterator[tuple[int, list[str]]]:
    """Take lines apart into rows, each with the number of the line on which it begins."""
    numbered = _Numbered(table_lines(lines, layout, first))
    for row in csv.reader(numbered, delimiter=layout.delimiter):
        yield numbered.begun, row
        numbered.begun = 0


def line_of_open_quote(path: Path, layout: Layout) -> int | None:
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
    return delimiter != BLANKS and any(
        '"' in line and tightened(line, delimiter) != line for line in lines
    )


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


def tightened(line: str, delimiter: str, *, is_inside: bool = False) -> str:
    """A line without the spaces between delimiters and the quotes around fields.

    Args:
        line: The line with its end.
        delimiter: Character between fields.
        is_inside: True if the line begins within a quoted field.

    >>> tightened('1, "a, ""b" ,2', ",")
    '1,"a, ""b",2'
    """
    pieces, place = [], 0
    while True:
        opening = None if is_inside else _QUOTE_BEHIND_BLANKS.match(line, place)
        if is_inside or opening is not None:
            start = place if opening is None else opening.end()
            end = _end_of_quoted(line, start)
            pieces.append(("" if is_inside else '"') + line[start:end])
            if end == len(line):
                return "".join(pieces)
            place, is_inside = end, False
            rest = line[place:].lstrip(" ")
            if not rest.strip("\r\n") or rest.startswith(delimiter):
                place = len(line) - len(rest)
        end = line.find(delimiter, place)
        if end < 0:
            return "".join([*pieces, line[place:]])
        pieces.append(line[place : end + 1])
        place = end + 1


def _end_of_quoted(line: str, start: int) -> int:
    """Place behind the closing quote of a field; the end of the line if there is none."""
    place = line.find('"', start)
    while place >= 0 and line[place + 1 : place + 2] == '"':
        place = line.find('"', place + 2)
    return len(line) if place < 0 else place + 1


def _squeezed(line: str, *, is_inside: bool) -> str:
    """Put one space for each run of spaces and tabs outside quotes, and none at the ends."""
    body = line.rstrip("\r\n")
    end = line[len(body) :]
    pieces = body.split('"')
    for place in range(int(is_inside), len(pieces), 2):
        pieces[place] = re.sub(r"[ \t]+", " ", pieces[place])
    if not is_inside:
        pieces[0] = pieces[0].lstrip(" ")
    if (len(pieces) - 1 - int(is_inside)) % 2 == 0:
        pieces[-1] = pieces[-1].rstrip(" ")
    return '"'.join(pieces) + end
