"""Columns that scores stand beside, and text among them that holds numbers."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sortal.data import columns as meaning
from sortal.data.columns import BadValue


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
