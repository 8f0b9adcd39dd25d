"""Event numbers, whole as experiments count them: exact beyond what floating-point numbers hold."""

from contextlib import suppress

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sortal.data import columns as meaning
from sortal.data.columns import BadValue


def event_numbers(column: pa.Array) -> np.ndarray:
    """Understand a column of event numbers.

    Returns:
        Shape (events,), int64, or uint64 where numbers are beyond it; exact for whole-number columns
        and plain text.

    Raises:
        BadValue: A value is missing, or no whole number.
    """
    if column.null_count:
        raise BadValue(pc.index(pc.is_null(column), True).as_py(), "nothing", "a whole number")
    if pa.types.is_string(column.type):
        # A point, or truly wrong: read as numbers below, which tells the row.
        with suppress(pa.ArrowInvalid):
            column = pc.cast(pc.utf8_trim_whitespace(column), pa.int64())
    if pa.types.is_integer(column.type):
        with suppress(pa.ArrowInvalid):
            column = pc.cast(column, pa.int64())
        whole: np.ndarray = column.to_numpy(zero_copy_only=False)
        return whole
    try:
        return meaning.folds(column)
    except BadValue as error:
        raise BadValue(error.row, error.got, "a whole number") from error


def event_folds(column: pa.Array, folds: int) -> np.ndarray:
    """Fold of each event: its number modulo the folds.

    Returns:
        Shape (events,), int64, from 0.

    Raises:
        BadValue: A value is missing, or no whole number.
    """
    return np.asarray(event_numbers(column) % folds, dtype=np.int64)
