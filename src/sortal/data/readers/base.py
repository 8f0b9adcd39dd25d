"""What a reader is: it opens a file as a table of columns or as named arrays, and streams either.

Nothing here or in a reader decides what a column means; that is `sortal.data.reading.roles` and
`sortal.data.readers.column_values`.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

from sortal.data.inputs import Array

Batch: TypeAlias = Any
"""A `pyarrow.RecordBatch` (pyarrow has no types of its own)."""

MISSING = (
    "",
    "NaN",
    "nan",
    "NAN",
    "-nan",
    "NA",
    "N/A",
    "n/a",
    "#N/A",
    "<NA>",
    "NULL",
    "null",
)
"""Texts that mean that a value is missing, in every column of a text file, unless in quotes."""


@runtime_checkable
class Table(Protocol):
    """An open file of columns that all have the same number of rows."""

    path: Path
    names: tuple[str, ...]
    """Names of the columns, in the file's order, no two alike."""

    def batches(self, names: Sequence[str], size: int) -> Iterator[Batch]:
        """Walk over some columns, at most `size` rows at a time, in memory that stays bounded.

        A column's type may be text where the format has no types; it is the same in all batches.

        Raises:
            DataError: The file is not what its suffix says, or breaks off.
        """
        ...


@runtime_checkable
class Arrays(Protocol):
    """An open file of named arrays; an array's first axis is examples."""

    path: Path
    names: tuple[str, ...]
    """Names of the arrays; `X_offsets` beside `X` is part of `X`, which is then ragged."""

    def length(self, name: str) -> int:
        """Examples of one array."""
        ...

    def whole(self, name: str) -> Array:
        """One array with all its examples, memory-mapped where the format allows it."""
        ...

    def blocks(self, names: Sequence[str], size: int) -> Iterator[Mapping[str, Array]]:
        """Walk over some arrays of equal length, at most `size` examples at a time."""
        ...


@runtime_checkable
class TableWithLists(Protocol):
    """A table that also knows columns of lists: `NAME[k]` asks `batches` for one element of each."""

    has_lists: bool


@runtime_checkable
class TableOfText(Protocol):
    """A table whose values are all text, so that a word in a column of numbers can only mean a gap."""

    missing_words: tuple[str, ...]
    """Texts that mean a missing value; empty where values have types."""


def missing_words(opened: Table | Arrays) -> tuple[str, ...]:
    """Texts that mean a missing value in columns of numbers; none where values have types."""
    return opened.missing_words if isinstance(opened, TableOfText) else ()


@runtime_checkable
class Selection(Protocol):
    """A table that leaves out rows of its file."""

    rows_read: int
    """Rows of the file in the last walk so far."""

    rows_passed: int
    """Those of them that are rows of the table."""

    def row_in_file(self, row: int) -> int:
        """Which row of the file became a row of the table, both counted from 0."""
        ...


@runtime_checkable
class TableWithNotes(Protocol):
    """A table that says how its file was read."""

    notes: tuple[str, ...]
    """What was found in the file that its ending alone does not say, or left out; sentences for the user."""


def suffix_of(path: Path) -> str:
    """The last suffixes of a file's name, by which its reader is chosen, in lower case.

    >>> suffix_of(Path("stars.tsv.csv")), suffix_of(Path("Stars.TSV.gz"))
    ('.csv', '.tsv.gz')
    """
    name = path.name.lower()
    compressed = name.endswith(".gz")
    ending = Path(name.removesuffix(".gz")).suffix
    return f"{ending}.gz" if compressed else ending


def place_in_file(opened: Table | Arrays, row: int) -> str:
    """Name a file and one of its rows, counted from 1 without a header line.

    Args:
        opened: The file.
        row: Row of the table, from 0.
    """
    inside = opened.row_in_file(row) if isinstance(opened, Selection) else row
    return name_row(opened.path, inside)


def name_row(path: Path, row: int) -> str:
    """Name a file and one of its rows, counted from 0 here and from 1 in the name."""
    return f"{path.name}, row {row + 1}"


OFFSETS = "_offsets"
"""Ending of the array that holds where each example of a ragged array begins."""

NAMES = "_names"
"""Ending of the array that holds the names of a flat array's columns."""
