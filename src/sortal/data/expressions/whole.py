"""Whole numbers of any size in expressions, where floating-point numbers would round them.

Python's own integers do the arithmetic: they never overflow, and int64 and uint64 compare exactly.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sortal.data.texts.spelling import as_whole_number
from sortal.data.texts.values import plain, write_as_text

EXACT = 2.0**53
"""From here on, float64 does not hold every whole number."""

_MOST_BITS = 1000
"""A float64 holds whole numbers of so many bits, though not exactly."""


COMPARED: Mapping[str, Callable[..., Any]] = {
    "Eq": np.equal,
    "NotEq": np.not_equal,
    "Lt": np.less,
    "LtE": np.less_equal,
    "Gt": np.greater,
    "GtE": np.greater_equal,
}
"""Comparisons, by the name that Python's syntax tree has for each."""


@dataclass(frozen=True, slots=True, eq=False)
class WholeNumbers:
    """Whole numbers, one a row, or a single one for all rows."""

    values: np.ndarray
    """Python integers, 0 where the value is missing, dtype object."""

    missing: np.ndarray
    """Where no value is known, bool, of the same shape."""

    @classmethod
    def of_number(cls, value: int) -> "WholeNumbers":
        """One number for all rows."""
        return cls(np.array(value, dtype=object), np.array(False))

    @classmethod
    def of_array(cls, values: np.ndarray) -> "WholeNumbers | None":
        """Numbers or truth values that are all whole, NaN where missing; None if they are not."""
        numbers = values.astype(np.float64)
        missing = np.isnan(numbers)
        known = np.where(missing, 0, numbers)
        if not (np.isfinite(known) & (known == np.floor(known))).all():
            return None
        return cls(_integers(known), missing)

    @classmethod
    def of_column(cls, column: Any, numbers: np.ndarray) -> "WholeNumbers | None":
        """All values of a column of whole numbers, exactly; None if it is another column.

        Args:
            column: Integers, or decimals or text of which all are whole numbers.
            numbers: These values as float64, NaN where a value is missing.
        """
        values, missing = plain(column), np.isnan(numbers)
        if pa.types.is_integer(values.type):
            filled = pc.fill_null(values, 0).to_numpy(zero_copy_only=False)
            return cls(filled.astype(object), missing)
        if not (pa.types.is_string(values.type) or pa.types.is_decimal(values.type)):
            return None
        read = [
            None if text is None else as_whole_number(text)
            for text in write_as_text(values).to_pylist()
        ]
        if any(value is None for value, gap in zip(read, missing, strict=True) if not gap):
            return None
        return cls(np.array([value or 0 for value in read], dtype=object), missing)

    def floats(self) -> np.ndarray:
        """The nearest float64 of each, NaN where missing."""
        return np.where(self.missing, np.nan, self.values.astype(np.float64))

    def column(self, rows: int) -> Any:
        """An Arrow column: int64, or uint64 if need be, or else float64, which rounds."""
        values, missing = (np.broadcast_to(one, rows) for one in (self.values, self.missing))
        low, high = min(values, default=0), max(values, default=0)
        for kind, least, most in ((np.int64, -(2**63), 2**63 - 1), (np.uint64, 0, 2**64 - 1)):
            if least <= low and high <= most:
                return pa.array(values.astype(kind), mask=np.array(missing))
        return pa.array(self.floats() if self.values.shape else np.full(rows, self.floats()))


def apply_to_whole_numbers(
    function: str, given: Sequence[WholeNumbers]
) -> "WholeNumbers | np.ndarray | None":
    """Apply an operator or a function to whole numbers, exactly.

    Returns:
        Whole numbers, or truth values; None if the result is no whole number, or a very large one.
    """
    missing = given[0].missing
    for one in given[1:]:
        missing = missing | one.missing
    values = [one.values for one in given]
    if function in COMPARED:
        same = np.asarray(COMPARED[function](*values), dtype=bool)
        return np.asarray(np.where(missing, function == "NotEq", same))
    if function in ("Mod", "FloorDiv"):
        first, second = np.broadcast_arrays(*values)
        missing = np.broadcast_to(missing | (second == 0).astype(bool), first.shape)
        second = np.where(second == 0, 1, second)
        if function == "FloorDiv":
            return WholeNumbers(np.asarray(first // second, dtype=object), missing)
        # As in C++ the sign is that of the first.
        rest = np.asarray(abs(first) % abs(second), dtype=object)
        return WholeNumbers(np.where(first < 0, -rest, rest).astype(object), missing)
    if function not in _KEPT or _bits(function, values) > _MOST_BITS:
        return None
    return WholeNumbers(np.asarray(_KEPT[function](*values), dtype=object), missing)


def choose_where(mask: np.ndarray, first: WholeNumbers, second: WholeNumbers) -> WholeNumbers:
    """The first where the mask is true, else the second."""
    return WholeNumbers(
        np.where(mask, first.values, second.values),
        np.where(mask, first.missing, second.missing),
    )


def _bits(function: str, values: Sequence[np.ndarray]) -> int:
    """An upper limit of the bits of a result."""
    sizes = [max((abs(v) for v in np.atleast_1d(one)), default=0) for one in values]
    bits = [int(size).bit_length() for size in sizes]
    if function == "Pow":
        return bits[0] * int(sizes[1]) if (np.atleast_1d(values[1]) >= 0).all() else _MOST_BITS + 1
    return sum(bits) + 1


_KEPT: Mapping[str, Callable[..., Any]] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mult": np.multiply,
    "Pow": np.power,
    "pow": np.power,
    "USub": np.negative,
    "abs": np.absolute,
    "min": np.minimum,
    "max": np.maximum,
    "floor": np.positive,
    "ceil": np.positive,
}


def _integers(values: np.ndarray) -> np.ndarray:
    """Whole float64 values as Python integers."""
    if (np.abs(values) < 2.0**63).all():
        return values.astype(np.int64).astype(object)
    made = np.empty(values.shape, dtype=object)
    made[...] = np.array([int(value) for value in values.ravel()], dtype=object).reshape(
        values.shape
    )
    return made
