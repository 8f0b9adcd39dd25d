"""Columns that scores stand beside: event numbers, and text that holds numbers."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sortal.data import columns as meaning
from sortal.data.columns import BadValue


def event_folds(column: pa.Array, folds: int) -> np.ndarray:
    """Fold of each event: its number modulo the folds, exact for all whole numbers of 64 bits.

    Returns:
        Shape (events,), int64, from 0.

    Raises:
        BadValue: A value is missing, or no whole number.
    """
    if column.null_count:
        raise BadValue(pc.index(pc.is_null(column), True).as_py(), "nothing", "a whole number")
    if pa.types.is_string(column.type):
        try:
            column = pc.cast(pc.utf8_trim_whitespace(column), pa.int64())
        except pa.ArrowInvalid:
            return np.asarray(meaning.folds(column) % folds)
    if pa.types.is_integer(column.type):
        return np.asarray(column.to_numpy() % folds, dtype=np.int64)
    return np.asarray(meaning.folds(column) % folds)


def type_of(column: pa.Array, *, whole: bool) -> Any:
    """The type that a column of text has, other columns have theirs.

    Args:
        column: Its first rows.
        whole: Whether whole numbers are to stay whole, as event numbers do.

    Returns:
        An Arrow type: 64-bit integer, 64-bit float, or text.
    """
    if not pa.types.is_string(column.type):
        return column.type
    try:
        values = meaning.numbers(column)
    except BadValue:
        return pa.string()
    return pa.int64() if whole and (values == np.floor(values)).all() else pa.float64()


def as_type(column: pa.Array, kind: Any) -> pa.Array:
    """A column in the type that `type_of` gave its first rows; missing numbers are NaN.

    Raises:
        BadValue: A value cannot be of that type.
    """
    if column.type == kind or pa.types.is_string(kind):
        return column
    if pa.types.is_integer(kind):
        try:
            return pc.cast(pc.utf8_trim_whitespace(column), kind)
        except pa.ArrowInvalid:
            return pa.array(meaning.folds(column))
    return pa.array(meaning.numbers(column).astype(np.float64))
