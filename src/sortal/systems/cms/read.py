"""Read events from files: the page's six CSVs as they are, or CSV, Parquet and ROOT with names."""

from collections.abc import Callable
from typing import Any

import numpy as np

from sortal.data import columns as meaning
from sortal.data.columns import BadValue
from sortal.data.gather_tables import feature_matrix
from sortal.data.split import Part
from sortal.errors import DataError
from sortal.systems.cms.events import Events, join, without_root
from sortal.systems.cms.files import Columns, EventFile, find_files, open_columns
from sortal.systems.cms.settings import Settings

_BLOCK_ROWS = 65_536


def read_files(settings: Settings) -> Events:
    """Read all events, in the order of the files; weights are those of the files.

    Raises:
        DataError: A file is missing, a row has another number of columns, a value is no
            number; the text names file, line and column.
    """
    files = find_files(settings)
    opened = [open_columns(file, settings) for file in files]
    first = opened[0]
    for columns in opened[1:]:
        if columns.variables != first.variables:
            raise DataError(
                f"{columns.table.path}: expected the variables of {first.table.path} "
                f"({', '.join(first.variables)}), got {', '.join(columns.variables)}."
            )
    return join([_read(file, columns) for file, columns in zip(files, opened, strict=True)])


def _read(file: EventFile, columns: Columns) -> Events:
    """Read one file, block by block."""
    blocks = []
    row = 0
    for batch in columns.table.batches(columns.needed, _BLOCK_ROWS):
        if len(batch):
            blocks.append(_block(batch, file, columns, row))
        row += len(batch)
    if not blocks:
        raise DataError(f"{file.path}: expected events, got none.")
    return join(blocks)


def _block(batch: Any, file: EventFile, columns: Columns, row: int) -> Events:
    def read(name: str, understand: Callable[[Any], np.ndarray]) -> np.ndarray:
        try:
            return understand(batch.column(name))
        except BadValue as error:
            raise DataError(f"{columns.at(row + error.row)}: column {name!r}: {error}.") from error

    matrix, bad = feature_matrix(batch, columns.variables)
    for name, error in bad.items():
        raise DataError(f"{columns.at(row + error.row)}: variable {name!r}: {error}.")
    _refuse_not_finite(matrix, columns, row)
    processes, codes = _processes(batch, file, columns)
    factors = [read(name, meaning.weights) for name in columns.scale_factors]
    number = columns.event_number
    return Events(
        variables=columns.variables,
        features=matrix,
        weights=read(columns.weight, meaning.weights),
        processes=processes,
        process=codes,
        is_signal=np.full(len(batch), file.is_signal),
        parts=None
        if file.part is None
        else np.full(len(batch), list(Part).index(file.part), dtype=np.int8),
        numbers=None if number is None else read(number, meaning.folds),
        factors=np.prod(factors, axis=0) if factors else None,
    )


def _refuse_not_finite(matrix: np.ndarray, columns: Columns, row: int) -> None:
    wrong = np.argwhere(~np.isfinite(matrix))
    if len(wrong):
        event, variable = wrong[0]
        value = matrix[event, variable]
        shown = "NaN or nothing" if np.isnan(value) else f"{value}"
        raise DataError(
            f"{columns.at(row + int(event))}: variable {columns.variables[variable]!r}: expected a "
            f"finite number, got {shown}; leave such events out with a cut, or give the variable a "
            "value with an alias."
        )


def _processes(batch: Any, file: EventFile, columns: Columns) -> tuple[tuple[str, ...], np.ndarray]:
    """Names of processes and each event's place among them."""
    if columns.process is None:
        return (without_root(file.path.name.partition(".")[0]),), np.zeros(len(batch), np.int64)
    encoded = meaning.texts(batch.column(columns.process)).dictionary_encode()
    names = list(encoded.dictionary.to_pylist())
    codes = encoded.indices.fill_null(len(names)).to_numpy(zero_copy_only=False)
    if encoded.null_count:
        names.append(file.path.name.partition(".")[0])
    return tuple(map(without_root, names)), codes.astype(np.int64)
