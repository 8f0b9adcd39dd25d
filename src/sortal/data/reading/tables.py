"""Read whole tables: features into one matrix, other columns as they are."""

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from typing import Any

import numpy as np
import pyarrow as pa

from sortal.data.readers.base import Batch, Table, missing_words
from sortal.data.readers.column_values import count_missing_words, numbers
from sortal.data.reading.raw_contents import (
    ExamplePlaces,
    RawContents,
    cut_note,
    infinite_note,
    join_pieces,
    no_effect,
    refuse_empty,
    refuse_lacking,
    settle_infinite_values,
    words_note,
)
from sortal.data.reading.roles import Roles
from sortal.data.storage.spill import Spool
from sortal.data.texts.values import BadValue
from sortal.job.models import DataBlock
from sortal.job.problems import JobError, Problem

FEATURES = "features"
"""Name of the input that the feature columns of a table make."""

_BLOCK_ROWS = 65_536
_OTHER_MARKS = re.compile(r"\d[, '\u2019\u00a0\u202f]\d|\d\.\d+[.,]\d")
_ALIKE_VALUES = 1 << 20
"""Most values that are understood at once."""


def gather_tables(tables: Sequence[Table], roles: Roles, block: DataBlock) -> RawContents:
    """Read tables one after another into the input `features` and the columns beside it.

    Raises:
        JobError: A feature is not a number; lists the columns of the first block that has such.
        DataError: A file lacks a column, or a feature is infinite and may not be.
    """
    if block.length is not None:
        raise no_effect("length", "the data has no signals to cut or pad")
    if block.axes:
        raise no_effect("axes", "a table has columns and no arrays")
    places, notes, counts = ExamplePlaces(), list[str](), list[int]()
    beside: dict[str, list[Any]] = {name: [] for name in roles.beside}
    infinite, rows, worded = 0, 0, 0
    words = dict.fromkeys(word for table in tables for word in missing_words(table))
    with closing(Spool()) as matrices:
        for table in tables:
            refuse_lacking(table, tables[0], (*roles.inputs, *roles.beside))
            notes.extend(_more_columns(table, tables[0]))
            places.files.append(table)
            places.starts.append(rows)
            for batch in table.batches(
                tuple(dict.fromkeys((*roles.inputs, *roles.beside))), _BLOCK_ROWS
            ):
                features = _features(
                    batch, roles.inputs, places, rows, given=block.inputs is not None
                )
                worded += _words(batch, roles.inputs, features, missing_words(table))
                matrix, changed = settle_infinite_values(
                    features, roles.inputs, places, rows, refuse=block.infinite == "error"
                )
                matrices.add(np.asarray(matrix))
                infinite += changed
                for name, chunks in beside.items():
                    chunks.append(batch.column(name))
                rows += len(batch)
            counts.append(rows - places.starts[-1])
            notes.extend(cut_note(table))
        refuse_empty(tables, rows)
        notes.extend(infinite_note(infinite))
        notes.extend(words_note(worded))
        whole = matrices.array()
    return RawContents(
        inputs={FEATURES: whole},
        names={FEATURES: roles.inputs},
        columns={name: join_pieces(chunks) for name, chunks in beside.items()},
        places=places,
        counts=counts,
        notes=notes,
        words=tuple(words),
    )


def feature_matrix(
    batch: Batch, names: Sequence[str], words: Collection[str] = ()
) -> tuple[np.ndarray, dict[str, BadValue]]:
    """Lay columns side by side.

    Args:
        batch: The rows.
        names: Its columns that are numbers.
        words: Texts that mean a missing value, beside empty ones.

    Returns:
        Shape (rows, columns), float32 if all columns are, else float64; and the first bad
        value of each column that is not numbers.
    """
    columns = _columns(batch, names)
    read: list[tuple[slice, np.ndarray]] = []
    bad: dict[str, BadValue] = {}
    for group in _alike(columns, len(batch)):
        try:
            values = numbers(pa.concat_arrays(columns[group]), words)
            read.append((group, values.reshape(group.stop - group.start, len(batch)).T))
        except (BadValue, pa.ArrowInvalid):
            # One of them is bad, or their texts are too long for one array.
            for place in range(group.start, group.stop):
                try:
                    values = numbers(columns[place], words)
                    read.append((slice(place, place + 1), values[:, np.newaxis]))
                except BadValue as error:
                    bad[names[place]] = error
    narrow = bool(read) and all(values.dtype == np.float32 for _, values in read)
    shape, kind = (len(batch), len(names)), np.float32 if narrow else np.float64
    matrix = np.full(shape, np.nan, dtype=kind) if bad else np.empty(shape, dtype=kind)
    for group, values in read:
        matrix[:, group] = values
    return matrix, bad


def _alike(columns: Sequence[Any], rows: int) -> Iterator[slice]:
    """Runs of neighbouring columns of one type, which are understood with one call.

    A call a column would take most of the time where there are many columns and few rows.
    """
    most = max(1, _ALIKE_VALUES // max(1, rows))
    start = 0
    for place in range(1, len(columns) + 1):
        if (
            place == len(columns)
            or place - start == most
            or columns[place].type != columns[start].type
            or pa.types.is_dictionary(columns[start].type)
        ):
            yield slice(start, place)
            start = place


def _features(
    batch: Batch, names: Sequence[str], places: ExamplePlaces, row: int, *, given: bool
) -> np.ndarray:
    words = missing_words(places.files[-1])
    matrix, bad = feature_matrix(batch, names, words)
    if not bad:
        return matrix
    # To tell a place may read a file anew: once a row, not once a column.
    at = {inside: places.at(row + inside) for inside in {error.row for error in bad.values()}}
    raise JobError(
        [
            Problem(
                path=f"data.inputs[{place}]" if given else "data.exclude",
                expected=f"numbers in column {name!r}{_hint(bad[name].got)}, "
                f"or {name!r} in data.exclude to leave it out"
                + (f", or {bad[name].cure}" if bad[name].cure else ""),
                got=f"{bad[name].got} in {at[bad[name].row]}",
            )
            for place, name in enumerate(names)
            if name in bad
        ]
    )


def _words(batch: Batch, names: Sequence[str], matrix: np.ndarray, words: Collection[str]) -> int:
    """Count words among numbers; looked for only where more is missing than the reader left out."""
    if not words:
        return 0
    is_gap = np.isnan(matrix)
    columns = _columns(batch, names)
    if np.count_nonzero(is_gap) == sum(column.null_count for column in columns):
        return 0
    return sum(
        count_missing_words(column, words)
        for column, gaps in zip(columns, is_gap.sum(axis=0), strict=True)
        if gaps > column.null_count
    )


def _columns(batch: Batch, names: Sequence[str]) -> list[Any]:
    """Columns by their names; a search of the batch for each name would take most of the time."""
    held = dict(zip(batch.schema.names, batch.columns, strict=True))
    return [held[name] for name in names]


def _hint(got: str) -> str:
    """How numbers with other marks than a decimal point can be read."""
    if _OTHER_MARKS.search(got):
        return " (data.decimal and data.thousands say which marks numbers have)"
    return " without percent signs" if "%" in got else ""


def _more_columns(table: Table, first: Table) -> Iterator[str]:
    known = set(first.names)
    more = [name for name in table.names if name not in known]
    if more:
        yield (
            f"{table.path.name} has columns that {first.path.name} lacks, left out: "
            f"{', '.join(more[:5])}{', ...' if len(more) > 5 else ''}."
        )
