"""How a text file of events is written: what stands between its columns, and in its header line."""

import re
import zlib
from collections.abc import Sequence
from pathlib import Path

from sortal.data.readers.base import suffix_of
from sortal.data.readers.text.dialect import usual_delimiter
from sortal.data.readers.text.encoding import open_bytes
from sortal.errors import DataError

_WORDS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars", " ": "spaces"}
_QUOTED = re.compile(r'"[^"]*"')
_MARK = "#"
"""Begins a comment, or a header line as `numpy.savetxt` writes it."""

FEWEST_COLUMNS = 3
"""Columns of the least file: a variable, the weight and the process."""


def refuse_wrong_separator(path: Path) -> None:
    """Refuse a file whose columns are not separated as the ending of its name says.

    Raises:
        DataError: Naming the line, what is expected between columns, and what came.
    """
    number, line = _first_line(path)
    expected = usual_delimiter(suffix_of(path)) or ","
    got = _other_separator(line, expected)
    if got:
        cure = " (or a file that ends in .tsv)" if got == "\t" else ""
        raise DataError(
            f"{path}, line {number}: expected {_WORDS[expected]} between columns, got "
            f"{_WORDS[got]}; write the file with {_WORDS[expected]}{cure}."
        )


def _other_separator(line: str, expected: str) -> str:
    """What separates columns instead of what is expected; empty if nothing does."""
    plain = _QUOTED.sub('""', line)
    if expected in plain:
        decimal = plain.count(";") >= FEWEST_COLUMNS - 1 and all(
            field.count(",") <= 1 for field in plain.split(";")
        )
        return ";" if expected == "," and decimal else ""
    for one in (";", "\t", ",", "|"):
        if plain.count(one) >= FEWEST_COLUMNS - 1:
            return one
    return " " if len(plain.split()) >= FEWEST_COLUMNS else ""


def _first_line(path: Path) -> tuple[int, str]:
    """The first line that is neither empty nor a comment, and its number from 1."""
    number = 0
    try:
        with open_bytes(path) as file:
            for number, raw in enumerate(file, 1):
                line = raw.decode("utf-8", "replace").strip("\ufeff\r\n ")
                if line and not line.startswith(_MARK):
                    return number, line
    except (OSError, EOFError, zlib.error):
        # The reader has a sentence for a file that cannot be read.
        pass
    return number, ""


def marked_header(names: Sequence[str]) -> dict[str, str]:
    """An alias for the first column of a header line that begins with `#`; none where it does not.

    >>> marked_header(["# pt", "met"]), marked_header(["pt", "met"])
    ({'pt': '`# pt`'}, {})
    """
    first = names[0] if names else ""
    name = first.lstrip(_MARK).strip()
    if not first.startswith(_MARK) or not name or name in names or "`" in first:
        return {}
    return {name: f"`{first}`"}
