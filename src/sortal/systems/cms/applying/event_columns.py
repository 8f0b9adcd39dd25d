"""Columns that scores stand beside, and text among them that holds numbers."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sortal.data.readers import column_values as meaning
from sortal.data.texts.values import BadValue
from sortal.systems.cms.data.event_numbers import event_numbers


def type_of(column: pa.Array, *, whole: bool) -> Any:
    """The type that a column of text has, other columns have theirs.

    Args:
        column: Its first rows.
        whole: Whether whole numbers are to stay whole, as event numbers do.

    Returns:
        An Arrow type: 64-bit integer, with a sign where that holds all, 64-bit float, or text.
    """
    if not pa.types.is_string(column.type):
        return column.type
    try:
        values = meaning.numbers(column)
    except BadValue:
        return pa.string()
    if whole and (values == np.floor(values)).all():
        return pa.from_numpy_dtype(event_numbers(column).dtype)
    return pa.float64()


def as_type(column: pa.Array, kind: Any) -> pa.Array:
    """A column in the type that `type_of` gave its first rows; missing numbers are NaN.

    Raises:
        BadValue: A value cannot be of that type.
    """
    if column.type == kind or pa.types.is_string(kind):
        return column
    if pa.types.is_integer(kind):
        # An alias is floating-point in those blocks whose whole numbers it holds.
        if not pa.types.is_string(column.type):
            return _held(event_numbers(column), kind)
        try:
            return pc.cast(pc.utf8_trim_whitespace(column), kind)
        except pa.ArrowInvalid:
            return _held(event_numbers(column), kind)
    return pa.array(meaning.numbers(column).astype(np.float64))


def as_number_type(column: pa.Array, kind: Any) -> pa.Array:
    """An alias in the type of its first rows: it is floating-point where that holds its whole numbers.

    Raises:
        BadValue: A number would be rounded in that type.
    """
    numeric = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    if column.type == kind or not numeric:
        return column
    values = column
    if pa.types.is_floating(column.type):
        values = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    try:
        return pc.cast(values, kind)
    except pa.ArrowInvalid as error:
        sizes = np.nan_to_num(np.abs(meaning.numbers(column)))
        row = int(np.argmax(sizes))
        expected = f"a number of type {kind}, as those before it"
        raise BadValue(row, f"{column[row].as_py()}", expected) from error


def _held(numbers: np.ndarray, kind: Any) -> pa.Array:
    """Whole numbers in one of the 64-bit types."""
    bad = np.flatnonzero(numbers < 0 if kind == pa.uint64() else numbers >= 2**63)
    if len(bad):
        row = int(bad[0])
        raise BadValue(row, f"{numbers[row]}", f"a number of type {kind}, as those before it")
    return pa.array(numbers.astype(kind.to_pandas_dtype()))
