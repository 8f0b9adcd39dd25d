"""Event numbers, whole as experiments count them: exact beyond what floating-point numbers hold."""

from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sortal.data.readers import column_values as meaning
from sortal.data.texts.values import BadValue
from sortal.errors import DataError


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
        text = pc.utf8_trim_whitespace(column)
        # A point, or truly wrong: read as numbers below, which tells the row. Where both kinds
        # hold all numbers the last one stays.
        for kind in (pa.uint64(), pa.int64()):
            with suppress(pa.ArrowInvalid):
                column = pc.cast(text, kind)
    if pa.types.is_integer(column.type):
        with suppress(pa.ArrowInvalid):
            column = pc.cast(column, pa.int64())
        whole: np.ndarray = column.to_numpy(zero_copy_only=False)
        return whole
    try:
        return meaning.folds(column)
    except BadValue as error:
        raise BadValue(error.row, error.got, "a whole number") from error


def joined_numbers(pieces: Sequence[np.ndarray]) -> np.ndarray:
    """Put event numbers of several blocks, in order, into one array; exact.

    Args:
        pieces: At least one, of int64 or uint64.

    Returns:
        uint64 if a piece is, else int64.

    Raises:
        DataError: No type holds them all: some are beyond int64, and some below 0.
    """
    if all(piece.dtype == np.int64 for piece in pieces):
        return np.concatenate(pieces)
    least = min(int(piece.min(initial=0)) for piece in pieces)
    if least < 0:
        raise DataError(
            f"event_number: expected none below 0 beside numbers of 2^63 or more, got {least}."
        )
    # By itself NumPy makes float64 of both kinds, in which neighbours are one number.
    return np.concatenate(pieces, dtype=np.uint64, casting="unsafe")


def event_folds(column: pa.Array, folds: int) -> np.ndarray:
    """Fold of each event: its number modulo the folds.

    Returns:
        Shape (events,), int64, from 0.

    Raises:
        BadValue: A value is missing, or no whole number.
    """
    return np.asarray(event_numbers(column) % folds, dtype=np.int64)
