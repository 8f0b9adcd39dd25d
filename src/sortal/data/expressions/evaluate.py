"""Expressions worked out over blocks of columns, with NumPy.

Numbers are computed in 64-bit floating point whatever their columns are, so that neither a whole number
without sign wraps around at `n - 1` nor a comparison depends on how a column was stored. Where a
whole number would be rounded so, whole numbers are computed exactly instead (`whole`). A missing
value is NaN: every comparison with it is false but `!=`, as in C++, and it counts as not true.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from sortal.data.expressions.parse import FUNCTIONS, Membership, Name, Node, Number, walk_inside_out
from sortal.data.expressions.whole import (
    COMPARED,
    EXACT,
    WholeNumbers,
    apply_to_whole_numbers,
    choose_where,
)

Value: TypeAlias = "np.ndarray | WholeNumbers"
"""Numbers (float64, NaN where missing), truth values (bool), or whole numbers that are exact."""

Columns = Mapping[Name | Membership, Value]
"""Values of each name, shape (rows,); of each `Membership` whether it holds, bool."""


def evaluate(
    node: Node, columns: Columns, counted: Collection[Name | Membership] = frozenset()
) -> Value:
    """Work an expression out: numbers, or truth values if it asks a question.

    A logarithm or a root of what has none is missing, and so is 0/0; 1/0 is infinite.

    Args:
        node: The expression.
        columns: What its names hold.
        counted: Names whose columns hold whole numbers, not numbers that happen to be whole.
    """
    with np.errstate(all="ignore"):
        parts = walk_inside_out(node)
        is_large = any(
            isinstance(one, WholeNumbers) for one in (*columns.values(), *map(_large, parts))
        )
        values = None if is_large else _as_floats(parts, columns, counted)
        return _exactly(parts, columns, counted) if values is None else values


def truth_values(values: Value) -> np.ndarray:
    """Which values count as true: all but 0 and missing ones."""
    if isinstance(values, WholeNumbers):
        return np.asarray((values.values != 0) & ~values.missing, dtype=bool)
    if values.dtype == bool:
        return values
    return np.asarray((values != 0) & ~np.isnan(values))


def _as_floats(
    parts: Sequence[Node], columns: Columns, counted: Collection[Name | Membership]
) -> np.ndarray | None:
    """Values by floating-point arithmetic; None where it would round a whole number."""
    done: list[tuple[np.ndarray, bool]] = []
    for part in parts:
        if isinstance(part, Number):
            done.append((np.asarray(float(part.value)), isinstance(part.value, int)))
        elif isinstance(part, Name | Membership):
            done.append((_floats(columns[part]), part in counted))
        else:
            given = done[-len(part.to) :]
            made = _applied(part.function, [values for values, _ in given])
            told = [whole for _, whole in given[part.function == "where" :]]
            is_whole = part.function in _WHOLE and all(told)
            if is_whole and part.function in _GROWING and (np.abs(made) >= EXACT).any():
                return None
            done[-len(part.to) :] = [(made, is_whole)]
    return done[0][0]


def _exactly(
    parts: Sequence[Node], columns: Columns, counted: Collection[Name | Membership]
) -> Value:
    """Values by exact arithmetic of whole numbers as far as these are concerned."""
    values: list[Value] = []
    for part in parts:
        if isinstance(part, Number):
            values.append(_large(part) or np.asarray(float(part.value)))
        elif isinstance(part, Name | Membership):
            held = columns[part]
            values.append((_whole(held) or held) if part in counted else held)
        else:
            given = values[-len(part.to) :]
            values[-len(part.to) :] = [_applied_exactly(part.function, given)]
    return values[0]


def _applied_exactly(function: str, values: Sequence[Value]) -> Value:
    apart = 1 if function == "where" else 0
    if any(isinstance(one, WholeNumbers) for one in values[apart:]) and function not in _LOGICAL:
        whole = [found for one in values[apart:] if (found := _whole(one)) is not None]
        if len(whole) == len(values) - apart:
            if function == "where":
                return choose_where(truth_values(values[0]), *whole)
            made = apply_to_whole_numbers(function, whole)
            if made is not None:
                return made
    return _applied(function, values)


def _applied(function: str, values: Sequence[Value]) -> np.ndarray:
    if function in _LOGICAL:
        return np.asarray(_LOGICAL[function](*map(truth_values, values)))
    if function == "where":
        return np.where(truth_values(values[0]), *map(_number, values[1:]))
    return np.asarray(_ARITHMETIC[function](*map(_number, values)))


def _large(part: Node) -> WholeNumbers | None:
    """A whole number of an expression that float64 rounds."""
    if isinstance(part, Number) and isinstance(part.value, int) and abs(part.value) >= EXACT:
        return WholeNumbers.of_number(part.value)
    return None


def _whole(value: Value) -> WholeNumbers | None:
    return value if isinstance(value, WholeNumbers) else WholeNumbers.of_array(value)


def _floats(value: Value) -> np.ndarray:
    return value.floats() if isinstance(value, WholeNumbers) else value


def _number(value: Value) -> np.ndarray:
    values = _floats(value)
    return values.astype(np.float64) if values.dtype == bool else values


def _floor_divided(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The whole number at or below the quotient; missing where the divisor is 0, as the rest is."""
    return np.where(second == 0, np.nan, np.floor_divide(first, second))


_LOGICAL: Mapping[str, Callable[..., np.ndarray]] = {
    "And": np.logical_and,
    "Or": np.logical_or,
    "Not": np.logical_not,
    "Invert": np.logical_not,
}
_ARITHMETIC: Mapping[str, Callable[..., np.ndarray]] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mult": np.multiply,
    "Div": np.divide,
    "FloorDiv": _floor_divided,
    # As `%` and `fmod` of C++: with the sign of the first.
    "Mod": np.fmod,
    "Pow": np.power,
    "USub": np.negative,
    **COMPARED,
    "min": np.minimum,
    "max": np.maximum,
    **{name: getattr(np, name) for name in FUNCTIONS.keys() - {"min", "max", "where"}},
}
_GROWING = frozenset({"Add", "Sub", "Mult", "Pow", "pow"})
"""What makes larger whole numbers of whole numbers."""

_WHOLE = _GROWING | {"Mod", "FloorDiv", "USub", "abs", "min", "max", "floor", "ceil", "where"}
"""What makes whole numbers of whole numbers."""
