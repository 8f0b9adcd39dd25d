"""Read whole tables: features into one matrix, other columns as they are."""

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from typing import Any

import numpy as np

from sortal.data.columns import numbers, words_in
from sortal.data.gathered import (
    Gathered,
    Places,
    chunked,
    cut_note,
    infinite_note,
    no_signals,
    refuse_empty,
    refuse_lacking,
    settled,
    words_note,
)
from sortal.data.readers.base import Batch, Table, missing_words
from sortal.data.roles import Roles
from sortal.data.spill import Spool
from sortal.data.texts import BadValue
from sortal.job.models import DataBlock
from sortal.job.problems import JobError, Problem

FEATURES = "features"
"""Name of the input that the feature columns of a table make."""

_BLOCK_ROWS = 65_536
_OTHER_MARKS = re.compile(r"\d[, '\u2019\u00a0\u202f]\d|\d\.\d+[.,]\d")


def gather_tables(tables: Sequence[Table], roles: Roles, block: DataBlock) -> Gathered:
    """Read tables one after another into the input `features` and the columns beside it.

    Raises:
        JobError: A feature is not a number; lists the columns of the first block that has such.
        DataError: A file lacks a column, or a feature is infinite and may not be.
    """
    if block.length is not None:
        raise no_signals()
    places, notes, counts = Places(), list[str](), list[int]()
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
                matrix, changed = settled(
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
    return Gathered(
        inputs={FEATURES: whole},
        names={FEATURES: roles.inputs},
        columns={name: chunked(chunks) for name, chunks in beside.items()},
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
    read: dict[str, np.ndarray] = {}
    bad: dict[str, BadValue] = {}
    for name in names:
        try:
            read[name] = numbers(batch.column(name), words)
        except BadValue as error:
            bad[name] = error
    narrow = bool(read) and all(values.dtype == np.float32 for values in read.values())
    matrix = np.empty((len(batch), len(names)), dtype=np.float32 if narrow else np.float64)
    for column, name in enumerate(names):
        matrix[:, column] = read.get(name, np.nan)
    return matrix, bad


def _features(
    batch: Batch, names: Sequence[str], places: Places, row: int, *, given: bool
) -> np.ndarray:
    words = missing_words(places.files[-1])
    matrix, bad = feature_matrix(batch, names, words)
    if not bad:
        return matrix
    raise JobError(
        [
            Problem(
                path=f"data.inputs[{names.index(name)}]" if given else "data.exclude",
                expected=f"numbers in column {name!r}{_hint(error.got)}, "
                f"or {name!r} in data.exclude to leave it out"
                + (f", or {error.cure}" if error.cure else ""),
                got=f"{error.got} in {places.at(row + error.row)}",
            )
            for name, error in bad.items()
        ]
    )


def _words(batch: Batch, names: Sequence[str], matrix: np.ndarray, words: Collection[str]) -> int:
    """Count words among numbers; looked for only where more is missing than the reader left out."""
    if not words:
        return 0
    gaps = np.isnan(matrix).sum(axis=0)
    columns = [batch.column(name) for name in names]
    return sum(
        words_in(column, words)
        for column, missing in zip(columns, gaps, strict=True)
        if missing > column.null_count
    )


def _hint(got: str) -> str:
    """How numbers with other marks than a decimal point can be read."""
    if _OTHER_MARKS.search(got):
        return " (data.decimal and data.thousands say which marks numbers have)"
    return " without percent signs" if "%" in got else ""


def _more_columns(table: Table, first: Table) -> Iterator[str]:
    more = [name for name in table.names if name not in first.names]
    if more:
        yield (
            f"{table.path.name} has columns that {first.path.name} lacks, left out: "
            f"{', '.join(more[:5])}{', ...' if len(more) > 5 else ''}."
        )
