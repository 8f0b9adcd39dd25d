"""Read whole tables: features into one matrix, other columns as they are."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import numpy as np

from sortal.data.columns import BadValue, numbers
from sortal.data.gathered import (
    Gathered,
    Places,
    chunked,
    cut_note,
    infinite_note,
    no_axes,
    no_signals,
    refuse_empty,
    refuse_lacking,
    settled,
)
from sortal.data.readers.base import Batch, Table
from sortal.data.roles import Roles
from sortal.data.spill import Spool
from sortal.job.models import DataBlock
from sortal.job.problems import JobError, Problem

FEATURES = "features"
"""Name of the input that the feature columns of a table make."""

_BLOCK_ROWS = 65_536


def gather_tables(tables: Sequence[Table], roles: Roles, block: DataBlock) -> Gathered:
    """Read tables one after another into the input `features` and the columns beside it.

    Raises:
        JobError: A feature is not a number; lists the columns of the first block that has such.
        DataError: A file lacks a column, or a feature is infinite and may not be.
    """
    if block.length is not None:
        raise no_signals()
    if block.axes:
        raise no_axes()
    places, notes, counts = Places(), list[str](), list[int]()
    beside: dict[str, list[Any]] = {name: [] for name in roles.beside}
    infinite, rows = 0, 0
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
        whole = matrices.array()
    return Gathered(
        inputs={FEATURES: whole},
        names={FEATURES: roles.inputs},
        columns={name: chunked(chunks) for name, chunks in beside.items()},
        places=places,
        counts=counts,
        notes=notes,
    )


def feature_matrix(batch: Batch, names: Sequence[str]) -> tuple[np.ndarray, dict[str, BadValue]]:
    """Lay columns side by side.

    Returns:
        Shape (rows, columns), float32 if all columns are, else float64; and the first bad
        value of each column that is not numbers.
    """
    read: dict[str, np.ndarray] = {}
    bad: dict[str, BadValue] = {}
    for name in names:
        try:
            read[name] = numbers(batch.column(name))
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
    matrix, bad = feature_matrix(batch, names)
    if not bad:
        return matrix
    raise JobError(
        [
            Problem(
                path=f"data.inputs[{names.index(name)}]" if given else "data.exclude",
                expected=f"numbers in column {name!r}, or {name!r} in data.exclude to leave it out",
                got=f"{error.got} in {places.at(row + error.row)}",
            )
            for name, error in bad.items()
        ]
    )


def _more_columns(table: Table, first: Table) -> Iterator[str]:
    more = [name for name in table.names if name not in first.names]
    if more:
        yield (
            f"{table.path.name} has columns that {first.path.name} lacks, left out: "
            f"{', '.join(more[:5])}{', ...' if len(more) > 5 else ''}."
        )
