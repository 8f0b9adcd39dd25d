"""Read events from files: the page's six CSVs as they are, or CSV, Parquet and ROOT with names."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sortal.data.readers import column_values as meaning
from sortal.data.readers.base import Selection, missing_words
from sortal.data.readers.derived import NotANumber
from sortal.data.split import Part
from sortal.data.texts.values import BadValue, write_as_text
from sortal.errors import DataError
from sortal.systems.cms.data.event_numbers import event_numbers
from sortal.systems.cms.data.events import Events, join, without_root
from sortal.systems.cms.data.files import (
    Columns,
    EventFile,
    find_files,
    is_number,
    open_columns,
    place_of,
)
from sortal.systems.cms.data.matrix import (
    BadVariable,
    first_not_finite,
    not_finite,
    variable_matrix,
)
from sortal.systems.cms.settings import CMSSettings

Read = TypeVar("Read")
_BLOCK_ROWS = 65_536
_PROCESSES_EXPECTED = (
    "names of processes such as TTbar.root (without a header line columns are the variables, the "
    "weight, the process)"
)
_FEW = 3
"""Numbers that an error shows of several."""

_SHOWN = 8
"""Processes that a note names."""


def read_files(settings: CMSSettings) -> Events:
    """Read all events, in the order of the files; weights are those of the files.

    Raises:
        DataError: A file is missing or has no events, a row has another number of columns, a
            value is no number; the text names file, line and column.
    """
    files = find_files(settings)
    opened = _of_one_order([open_columns(file, settings) for file in files])
    read = [_read(file, columns, settings) for file, columns in zip(files, opened, strict=True)]
    found = [events for events in read if events is not None]
    if not found:
        if any(_rows(columns) for columns in opened):
            raise DataError(f"cut: no event of {files[0].path} or any other file passes.")
        raise DataError(f"{files[0].path} and all other files: expected events, got none.")
    without = [file for file, events in zip(files, read, strict=True) if events is None]
    return join(found).noting(*_remarks(files, opened, settings), *_empty_remarks(without))


def _of_one_order(opened: Sequence[Columns]) -> list[Columns]:
    """Give all files the order of the first one's variables, and refuse those that have others."""
    first = opened[0]
    for columns in opened:
        if set(columns.variables) != set(first.variables):
            raise DataError(
                f"{columns.table.path}: expected the {len(first.variables)} variables of "
                f"{first.table.path} ({', '.join(first.variables)}), got "
                f"{len(columns.variables)} ({', '.join(columns.variables)})."
            )
    return [replace(columns, variables=first.variables) for columns in opened]


def _rows(columns: Columns) -> int:
    """Rows of a file that was walked over under a cut; 0 without a cut."""
    return columns.table.rows_read if isinstance(columns.table, Selection) else 0


def _empty_remarks(without: Sequence[EventFile]) -> Iterator[str]:
    if without:
        paths = [str(file.path) for file in without]
        shown = ", ".join(paths[:_SHOWN]) + (", ..." if len(paths) > _SHOWN else "")
        yield f"no events, or none that pass the cut, are in {shown}."


def _remarks(
    files: Sequence[EventFile], opened: Sequence[Columns], settings: CMSSettings
) -> Iterator[str]:
    if settings.unit_weights:
        yield "unit_weights: every event has the weight 1, and the files' weights are not read."
        bare = [columns.table.path for columns in opened if not columns.has_header]
        if bare and not settings.variables:
            yield (
                f"{bare[0]} has no header line: the column before the process counts as the weight, "
                "which is not read. If it is a variable, name all variables (`variables`)."
            )
    nameless = [one.table.path for one in opened if any(not n.strip() for n in one.table.names)]
    if nameless and not settings.variables:
        yield f"a column without a name is left out, in {nameless[0]} for one."
    tables = [columns.table for columns in opened if isinstance(columns.table, Selection)]
    read, passed = sum(t.rows_read for t in tables), sum(t.rows_passed for t in tables)
    if passed < read:
        yield f"{passed} of {read} events pass the cut."
    unnamed = [file for file, columns in zip(files, opened, strict=True) if not columns.process]
    if unnamed:
        names = dict.fromkeys(file.process for file in unnamed)
        shown = ", ".join(list(names)[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
        yield f"no column of {unnamed[0].path} names the process: processes are {shown}."


def _read(file: EventFile, columns: Columns, settings: CMSSettings) -> Events | None:
    """Read one file, block by block; None where a file that is divided later has no events.

    Raises:
        DataError: The file has the events of one part, and none, or none passes the cut.
    """
    try:
        blocks = list(_blocks(file, columns, settings))
    except NotANumber as error:
        place = place_of(file.path, error.row, has_header=columns.has_header)
        raise DataError(f"{place}: column {error.column!r}: {error.reason}.") from error
    if blocks:
        return join(blocks)
    cut = columns.table.rows_read if isinstance(columns.table, Selection) else 0
    if file.part is None:
        return None
    dropped = f": the cut drops all {cut}" if cut else ""
    raise DataError(f"{file.path}: expected events, got none{dropped}.")


def _blocks(file: EventFile, columns: Columns, settings: CMSSettings) -> Iterator[Events]:
    row = 0
    for batch in columns.table.batches(columns.needed, _BLOCK_ROWS):
        if len(batch):
            yield _block(batch, file, columns, row, settings)
        row += len(batch)


def _block(
    batch: Any, file: EventFile, columns: Columns, row: int, settings: CMSSettings
) -> Events:
    def read(name: str, understand: Callable[[Any], Read]) -> Read:
        try:
            return understand(batch.column(name))
        except BadValue as error:
            place = columns.at(row + error.row)
            raise DataError(f"{place}: column {name!r}: {error}.") from error

    matrix = _matrix(batch, columns, row, settings)
    factors = [read(name, meaning.weights) for name in columns.scale_factors]
    processes: tuple[str, ...] = (file.process,)
    codes = np.zeros(len(batch), np.int64)
    if columns.process is not None:
        processes, codes = read(columns.process, _processes)
    number = columns.event_number
    return Events(
        variables=columns.variables,
        features=matrix,
        weights=np.ones(len(batch))
        if columns.weight is None
        else read(columns.weight, meaning.weights),
        processes=tuple(map(without_root, processes)),
        process=codes,
        is_signal=np.full(len(batch), file.is_signal),
        parts=None
        if file.part is None
        else np.full(len(batch), list(Part).index(file.part), dtype=np.int8),
        numbers=None if number is None else read(number, event_numbers),
        factors=np.prod(factors, axis=0) if factors else None,
    )


def _matrix(batch: Any, columns: Columns, row: int, settings: CMSSettings) -> np.ndarray:
    """The variables of a block, all finite, or with gaps where an imputation fills these in."""
    names, words = columns.variables, missing_words(columns.table)
    try:
        matrix = variable_matrix(batch, names, settings.missing, words)
    except BadVariable as error:
        place = columns.at(row + error.row)
        raise DataError(f"{place}: variable {error.name!r}: {error.reason}.") from error
    wrong = not_finite(matrix, gaps_allowed=settings.imputation != "none")
    if wrong.any():
        found = first_not_finite(matrix, wrong, names)
        filled = "; an imputation fills missing values in" if "NaN" in found.reason else ""
        raise DataError(
            f"{columns.at(row + found.row)}: variable {found.name!r}: {found.reason}; leave such "
            f"events out with a cut, or give the variable a value with an alias{filled}."
        )
    return matrix


def _processes(column: Any) -> tuple[tuple[str, ...], np.ndarray]:
    """Names in a column, and each event's place among them, int64."""
    named = write_as_text(column)
    if named.null_count:
        row = pc.index(pc.is_null(named), True).as_py()
        raise BadValue(row, "nothing", "the name of a process")
    encoded = named.dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    names = tuple(encoded.dictionary.to_pylist())
    # A column of whole numbers has a name and a type: it can be a code, and is in no wrong place.
    if not pa.types.is_integer(column.type) and all(is_number(name) for name in names):
        raise BadValue(0, f"numbers alone ({', '.join(names[:_FEW])})", _PROCESSES_EXPECTED)
    return names, codes.astype(np.int64)
