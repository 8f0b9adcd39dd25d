"""The names of a text file's columns: missing ones, repeated ones, and numbers in their place."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from sortal.data.readers.base import MISSING
from sortal.data.readers.text.number_format import is_plain_number
from sortal.errors import DataError

_INDEX = re.compile(r"Unnamed: \d+(\.\d+)*|__index_level_\d+__", re.ASCII)
_BETWEEN = re.compile(r"\w\W*[,;:|!~^\s\x01]\W*\w")
_STARTS_AS_NUMBER = re.compile(r"[+-]?[.,]?\d|$", re.ASCII)
_CURE = "if that line is an example already, `columns: numbered` or the names of all columns say so"


def complete_names(
    names: Sequence[str], rows: Sequence[Sequence[str]], *, are_given: bool = False
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of all columns, where the header has one less than every row.

    The nameless column is the last where it is empty, and the first where it holds names or counts
    from 1, as R writes the names of rows.

    Args:
        names: The names as the file or the user gives them.
        rows: The first rows of the file, without its header.
        are_given: True if no header gives the names: then only an empty last column is added.

    Returns:
        The names, and a note if the first one was added; the names as they were if neither is so.
    """
    width = len(names) + 1
    if not rows or len(names) < 2 or any(len(row) != width for row in rows):
        return tuple(names), ()
    if not any(row[-1].strip() for row in rows):
        return (*names, ""), ()
    if are_given:
        return tuple(names), ()
    first = [row[0].strip() for row in rows]
    counted = [str(number) for number in range(1, len(first) + 1)]
    if first == counted or not any(map(_STARTS_AS_NUMBER.match, first)):
        note = "rows have one field more than the header has names: the first column has no name."
        return ("", *names), (note,)
    return tuple(names), ()


def blank_columns(names: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """Places of the columns that have neither a name nor a value."""
    return tuple(
        place
        for place, name in enumerate(names)
        if not name and rows and not any(len(row) > place and row[place].strip() for row in rows)
    )


def check_names(
    path: Path, names: Sequence[str], rows: Sequence[Sequence[str]], *, is_header: bool
) -> None:
    """Refuse names that do not tell the columns apart.

    Args:
        path: The file.
        names: Names of all its columns, empty where one has none.
        rows: Its first rows, without the header.
        is_header: True if the first line of the table gave the names.

    Raises:
        DataError: Two columns have the same name, several have none although they hold values, or
            the names are values.
    """
    counts = Counter(names)
    twice = [name for name, count in counts.items() if count > 1 and name]
    odd = twice or [name for name in names if name in MISSING and name]
    if is_header and odd and are_numbers(names):
        raise DataError(
            f"{path}, line 1: expected names of columns, got numbers, {odd[0]!r} among them; {_CURE}."
        )
    if twice:
        raise DataError(f"{path}: expected column names that differ, got {twice[0]!r} twice.")
    blank = set(blank_columns(names, rows))
    nameless = [str(n + 1) for n, name in enumerate(names) if not name and n not in blank]
    if len(nameless) > 1:
        raise DataError(
            f"{path}: expected a name for each column (one may lack it), got none for the columns "
            f"{', '.join(nameless[:-1])} and {nameless[-1]}; name them in the first line of the file."
        )


def nameless_columns(names: Sequence[str]) -> tuple[str, ...]:
    """The columns that have no name, or the one that pandas gives to an index without a name.

    >>> nameless_columns(["", "mag", "Unnamed: 3", "__index_level_0__"])
    ('', 'Unnamed: 3', '__index_level_0__')
    """
    return tuple(name for name in names if not name or _INDEX.fullmatch(name))


def is_undivided(names: Sequence[str]) -> bool:
    """True if a file has one column whose name looks like the names of several.

    >>> is_undivided(["mass:width:kind"]), is_undivided(["mass"])
    (True, False)
    """
    return len(names) == 1 and bool(_BETWEEN.search(names[0]))


def are_numbers(names: Sequence[str]) -> bool:
    """True if all names of a file look like values of its first example."""
    numbers = list(map(is_plain_number, names))
    return any(numbers) and all(
        is_number or name in MISSING for is_number, name in zip(numbers, names, strict=True)
    )
