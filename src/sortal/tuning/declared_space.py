"""Draw a space from what a method declares of its parameters, and from what the job says of them."""

import math
from collections.abc import Sequence
from typing import Any, Literal, TypeVar, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from sortal.job.problems import JobError, Problem
from sortal.job.tuned import TunedParameter
from sortal.job.type_names import arms, short, unwrap
from sortal.tuning.space import LOG_FROM, Choices, Dimension, Range

_AROUND = {True: 10.0, False: 100.0}
"""How far a missing end lies from the default, as a factor, of whole and of other numbers."""

T = TypeVar("T")


def make_dimension(declared: FieldInfo, tuned: TunedParameter) -> Dimension:
    """Draw one dimension; what the job leaves open comes from the method's own declaration.

    An end that the method does not declare lies a factor of 100 (whole numbers: 10) from a
    default above 0. A default that is no number of the range gives way to the middle.

    Args:
        declared: The field of the method's Parameters.
        tuned: What the job says.

    Raises:
        JobError: No dimension can be drawn; paths begin at the parameter (`min`, `initial`, or
            empty for the whole).
    """
    default = declared.get_default(call_default_factory=True)
    if tuned.values is not None:
        return _choices(tuned.values, default, tuned)
    own = _own_choices(declared)
    given = tuned.min is not None or tuned.max is not None
    number = _number(declared) or _untyped(declared, tuned)
    if number is None or (own and not given):
        if own and number is None and given:
            raise _problem("", "`values`, because it is no number", "min and max")
        if own and number is None:
            return _choices(own, default, tuned)
        what = "`values`, or min and max" if number else "`values` to choose from"
        raise _problem("", f"{what}, because the method declares no single range", "neither")
    whole, bounds = number
    return _range(whole, bounds, default, tuned)


def make_choices(values: Sequence[Any], default: Any) -> Choices:
    """Choices that a job lists as several values of a parameter."""
    chosen = Choices(values=tuple(values), initial=values[0])
    return Choices(values=tuple(values), initial=default) if chosen.holds(default) else chosen


def _choices(values: Sequence[Any], default: Any, tuned: TunedParameter) -> Choices:
    drawn = make_choices(values, default)
    if tuned.initial is None:
        return drawn
    if not drawn.holds(tuned.initial):
        listed = ", ".join(map(short, values))
        raise _problem("initial", f"one of {listed}", short(tuned.initial))
    return Choices(values=drawn.values, initial=tuned.initial)


def _own_choices(declared: FieldInfo) -> tuple[Any, ...]:
    """Choices that a declaration spells out: words, or no and yes."""
    found: list[Any] = []
    for arm in arms(declared.annotation):
        bare, _ = unwrap(arm)
        if get_origin(bare) is Literal:
            found += get_args(bare)
        elif bare is bool:
            found += [False, True]
    return tuple(found)


def _number(declared: FieldInfo) -> tuple[bool, list[Any]] | None:
    """Whether the number that a declaration allows is whole, and its bounds; None for no number."""
    for arm in arms(declared.annotation):
        bare, bounds = unwrap(arm, declared.metadata)
        if bare in (int, float):
            return bare is int, bounds
    return None


def _untyped(declared: FieldInfo, tuned: TunedParameter) -> tuple[bool, list[Any]] | None:
    """A parameter of any type is a number where the job says so; whole if both ends are."""
    if declared.annotation is not Any or tuned.min is None or tuned.max is None:
        return None
    return isinstance(tuned.min, int) and isinstance(tuned.max, int), []


def _range(whole: bool, bounds: list[Any], default: Any, tuned: TunedParameter) -> Range:
    number = default if type(default) in (int, float) else None
    low = _first(tuned.min, _lowest(whole, bounds), _around(number, whole=whole, up=False))
    high = _first(tuned.max, _highest(whole, bounds), _around(number, whole=whole, up=True))
    for key, end in (("min", low), ("max", high)):
        if end is None:
            raise _problem("", f"`{key}`, because the method declares no such end", "nothing")
        if whole and end != int(end):
            raise _problem(key, "a whole number", short(end))
    low, high = _known(low), _known(high)
    if low >= high:
        raise _problem("max" if tuned.max is not None else "min", "min below max", f"{low}, {high}")
    log = tuned.log if tuned.log is not None else low > 0 and high / low >= LOG_FROM
    if log and low <= 0:
        raise _problem("log", "a range above 0 where ratios count", f"min {low:g}")
    drawn = Range(low=low, high=high, initial=low, whole=whole, log=log, sigma=tuned.sigma)
    middle = drawn.at((drawn.place(low) + drawn.place(high)) / 2)
    initial = middle if tuned.initial is None else tuned.initial
    if tuned.initial is None and number is not None and drawn.holds(number):
        initial = number
    if not drawn.holds(initial):
        kind = "a whole number" if whole else "a number"
        raise _problem("initial", f"{kind} from {low:g} to {high:g}", short(initial))
    initial = int(initial) if whole else float(initial)
    return Range(low=low, high=high, initial=initial, whole=whole, log=log, sigma=tuned.sigma)


def _lowest(whole: bool, bounds: list[Any]) -> float | None:
    """The lower end that is declared; an open end at 0 is none, for no log scale reaches it."""
    for bound in bounds:
        if isinstance(bound, Ge):
            return _finite(bound.ge)
        if isinstance(bound, Gt):
            edge = _finite(bound.gt)
            if edge is None or (edge == 0 and not whole):
                return None
            return edge + 1 if whole else math.nextafter(edge, math.inf)
    return None


def _highest(whole: bool, bounds: list[Any]) -> float | None:
    for bound in bounds:
        if isinstance(bound, Le):
            return _finite(bound.le)
        if isinstance(bound, Lt):
            edge = _finite(bound.lt)
            if edge is None:
                return None
            return edge - 1 if whole else math.nextafter(edge, -math.inf)
    return None


def _finite(edge: Any) -> float | None:
    return edge if type(edge) in (int, float) and math.isfinite(edge) else None


def _around(number: float | None, *, whole: bool, up: bool) -> float | None:
    """An end a factor away from the default."""
    if number is None or number <= 0:
        return None
    factor = _AROUND[whole]
    if whole:
        return max(1, round(number * factor if up else number / factor))
    return number * factor if up else number / factor


def _first(*options: T | None) -> T | None:
    return next((option for option in options if option is not None), None)


def _known(end: float | None) -> float:
    if end is None:
        raise TypeError("an end was checked to be there")
    return end


def _problem(path: str, expected: str, got: str) -> JobError:
    return JobError([Problem(path=path, expected=expected, got=got)])
