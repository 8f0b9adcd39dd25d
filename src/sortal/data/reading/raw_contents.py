"""What files hold before its meaning is looked at, and what any file is refused for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from sortal.data.axes import Order
from sortal.data.inputs import Array
from sortal.data.preparing.array_shapes import InfiniteValue, settle_infinite
from sortal.data.readers.base import Arrays, Selection, Table, place_in_file
from sortal.data.reading.source import nearest
from sortal.data.texts.values import Column, write_as_text
from sortal.errors import DataError
from sortal.job.problems import JobError, Problem

_LISTED = 20
"""Most names that one sentence lists."""


@dataclass(slots=True)
class ExamplePlaces:
    """Where examples come from, for messages."""

    files: list[Table | Arrays] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    """Number of each file's first example, counted over all files."""

    def at(self, row: int) -> str:
        """Name the file and the row within it, counted from 1 without a header."""
        number = int(np.searchsorted(self.starts, row, side="right")) - 1
        return place_in_file(self.files[number], row - self.starts[number])


@dataclass(slots=True, kw_only=True)
class RawContents:
    """What files hold, before its meaning is looked at."""

    inputs: dict[str, Array]
    names: dict[str, tuple[str, ...]]
    columns: dict[str, Column]
    """Columns that are not inputs, by name."""

    places: ExamplePlaces
    counts: list[int]
    """Examples of each file."""

    notes: list[str]
    words: tuple[str, ...] = ()
    """Texts that mean a missing value in columns of numbers."""

    axes: dict[str, Order] = field(default_factory=dict)
    """Order of the axes in the files, of inputs that were brought into another."""

    lengths: dict[str, np.ndarray] = field(default_factory=dict)
    """Points of each example before its padding, of signals whose padding takes no part."""


def infinite_error(column: str, place: str) -> DataError:
    """The sentence about an infinite feature."""
    return DataError(
        f"{place}: feature {column!r} is infinite; "
        "data.infinite: missing would count such values as missing."
    )


def settle_infinite_values(
    array: Array, names: Sequence[str], places: ExamplePlaces, row: int, *, refuse: bool
) -> tuple[Array, int]:
    """Refuse infinite values by column and place, or count them and make them missing."""
    try:
        return settle_infinite(array, refuse=refuse)
    except InfiniteValue as error:
        column = names[error.column] if len(names) > 1 else names[0]
        raise infinite_error(column, places.at(row + error.row)) from error


def refuse_lacking(file: Table | Arrays, first: Table | Arrays, needed: Sequence[str]) -> None:
    """Refuse a file that lacks columns which the first file has."""
    known = set(file.names)
    lacking = [name for name in dict.fromkeys(needed) if name not in known]
    if lacking:
        near = nearest(lacking[0], list(file.names))
        hint = f" Did you mean {near!r}?" if near else ""
        raise DataError(
            f"{file.path}: expected the columns of {first.path.name}, "
            f"got none named {', '.join(map(repr, lacking[:_LISTED]))}{', ...' if len(lacking) > _LISTED else ''}.{hint}"
        )


def refuse_empty(files: Sequence[Table | Arrays], rows: int) -> None:
    """Refuse data without a single example."""
    if rows:
        return
    cut = sum(file.rows_read for file in files if isinstance(file, Selection))
    why = f": the cut drops all {cut} rows" if cut else ""
    raise DataError(f"{files[0].path}: expected examples, got none{why}.")


def cut_note(table: Table) -> Iterator[str]:
    """The sentence about rows that a cut dropped."""
    if isinstance(table, Selection) and table.rows_passed < table.rows_read:
        yield f"{table.rows_passed} of {table.rows_read} rows of {table.path.name} pass data.cut."


def infinite_note(count: int) -> Iterator[str]:
    """The sentence about infinite values that now are missing, if there were any."""
    if count:
        yield f"{count} infinite feature value{'s' if count > 1 else ''} counted as missing."


def words_note(count: int) -> Iterator[str]:
    """The sentence about words that were found in columns of numbers, if there were any."""
    if count:
        several = "s" if count > 1 else ""
        yield f"{count} word{several} such as NA in columns of numbers counted as missing."


def no_effect(option: str, reason: str) -> JobError:
    """The problem of an option of the data block that acts on nothing."""
    return JobError(
        [Problem(path=f"data.{option}", expected=f"nothing, for {reason}", got="a value")]
    )


def join_pieces(chunks: list[Any]) -> Column:
    """Join pieces of a column; as text where files disagree about its type."""
    try:
        return pa.chunked_array(chunks)
    except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError):
        # Files disagree about the column's type: as text, all of them can be compared.
        return pa.chunked_array([write_as_text(chunk) for chunk in chunks])
