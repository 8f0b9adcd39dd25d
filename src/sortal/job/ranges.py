"""Ranges of parameter values: added or multiplied, exact as written, the stop included."""

import math
from collections.abc import Iterator
from decimal import Decimal, localcontext
from typing import Any, TypeAlias

Number: TypeAlias = int | float

LONGEST = 100_000
"""Values that one range may have."""

_DIGITS = 60
_SLACK = Decimal("1e-9")
"""How far past the stop, relative to the last move, rounding of the numbers given may lead."""


class EndlessRange(ValueError):
    """The range never reaches its stop, or only after more than `LONGEST` values."""


def arithmetic_range(start: Number, stop: Number, step: Number) -> tuple[Number, ...]:
    """Count from start to stop.

    Whole numbers stay whole. Decimals are counted in decimal, so that steps of 0.1 give
    0.3 and not 0.30000000000000004.

    Args:
        start: First value, finite as are the others.
        stop: Last value if a step falls on it within rounding, else a bound.
        step: Below zero to count down.

    Raises:
        EndlessRange: The step is zero, leads away from the stop, or is too small.

    >>> added(0.1, 0.3, 0.1)
    (0.1, 0.2, 0.3)
    """
    if step == 0 or (stop - start) * math.copysign(1, step) < 0:
        raise EndlessRange(f"from {start} by {step}, which never comes to {stop}")
    with localcontext(prec=_DIGITS):
        first, last, move = _exact(start), _exact(stop), _exact(step)
        moves = (last - first) / move
        if moves + _SLACK >= LONGEST:
            raise EndlessRange(f"more than {LONGEST} values")
        if isinstance(start, int) and isinstance(step, int):
            return tuple(start + step * place for place in range(int(moves) + 1))
        decimals = [first + move * place for place in range(int(moves + _SLACK) + 1)]
        return tuple(float(_within(value, first, last)) for value in decimals)


def geometric_range(start: Number, stop: Number, factor: Number) -> tuple[Number, ...]:
    """Multiply from start to stop.

    Values are whole numbers if start and factor are, or if start and stop are and every
    value between happens to be; otherwise they are multiplied in decimal.

    Args:
        start: First value, not zero, finite as are the others.
        stop: Last value if it is hit within rounding, else a bound.
        factor: Above one to move away from zero, between zero and one to move towards it.

    Raises:
        EndlessRange: The factor never leads to the stop, or only in too many steps.

    >>> multiplied(0.001, 1, 10)
    (0.001, 0.01, 0.1, 1.0)
    """
    growing = abs(stop) > abs(start)
    same_sign = (start > 0 and stop > 0) or (start < 0 and stop < 0)
    moves = factor > 0 and factor != 1
    if not (same_sign and moves and (start == stop or growing == (factor > 1))):
        raise EndlessRange(f"from {start} times {factor}, which never comes to {stop}")
    if isinstance(start, int) and isinstance(factor, int):
        return tuple(_powers(start, stop, factor))
    with localcontext(prec=_DIGITS):
        first, last = _exact(start), _exact(stop)
        bound = last * (1 + _SLACK if factor > 1 else 1 - _SLACK)
        decimals = [_within(value, first, last) for value in _powers(first, bound, _exact(factor))]
    whole = isinstance(start, int) and isinstance(stop, int)
    if whole and all(value == value.to_integral_value() for value in decimals):
        return tuple(map(int, decimals))
    return tuple(map(float, decimals))


def _powers(value: Any, bound: Any, factor: Any) -> Iterator[Any]:
    """Multiply until the bound is passed; all whole numbers, or all decimals."""
    count = 0
    while abs(value) <= abs(bound) if factor > 1 else abs(value) >= abs(bound):
        count += 1
        if count > LONGEST:
            raise EndlessRange(f"more than {LONGEST} values")
        yield value
        value = value * factor


def _exact(number: Number) -> Decimal:
    """The number as it was written, not as binary holds it."""
    return Decimal(repr(number))


def _within(value: Decimal, first: Decimal, last: Decimal) -> Decimal:
    return min(max(value, min(first, last)), max(first, last))
