"""Parameters of a classifier block: the values that each one stands for, and their combinations."""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sortal.job.positions import dotted, joined
from sortal.job.problems import JobError, Problem
from sortal.job.ranges import LONGEST, EndlessRange, arithmetic_range, geometric_range
from sortal.job.type_names import nearest, short

_KEYS = ("value", "values", "start", "stop", "step", "factor")
_FORMS = (
    {"value"},
    {"values"},
    {"start", "stop", "step"},
    {"start", "stop", "factor"},
)
_FORMS_IN_WORDS = "value, values, or start and stop with step or factor"


@dataclass(frozen=True, slots=True)
class Expansion:
    """The values of every parameter, in the order of the job file."""

    values: Mapping[str, tuple[Any, ...]]
    """At least one value each."""

    @property
    def varied(self) -> tuple[str, ...]:
        """Parameters with more than one value."""
        return tuple(name for name, values in self.values.items() if len(values) > 1)

    @property
    def count(self) -> int:
        """Number of combinations."""
        return math.prod(map(len, self.values.values()))


def expand(
    parameters: Mapping[str, Any], is_array: Callable[[str], bool], *, path: str = ""
) -> Expansion:
    """Find the values of every parameter.

    A list is several values, `{value: x}` is always one, `{values: [...]}` always
    several; `{start, stop, step}` and `{start, stop, factor}` are ranges. A map without
    any of these keys is one value.

    Args:
        parameters: As in the job, plain values.
        is_array: Whether the method takes a list for a parameter: a flat list is then one
            value, and a list of lists is several.
        path: Where the parameters are in the job, such as `classifiers[2].parameters`.

    Raises:
        JobError: All problems, without lines.
    """
    values: dict[str, tuple[Any, ...]] = {}
    problems: list[Problem] = []
    for name, given in parameters.items():
        try:
            values[name] = _values(name, given, is_array=is_array(name))
        except JobError as error:
            problems += [replace(found, path=joined(path, found.path)) for found in error.problems]
    if problems:
        raise JobError(problems)
    return Expansion(values)


def combinations(expansion: Expansion) -> Iterator[dict[str, Any]]:
    """Combine all values; the first parameter varies slowest.

    >>> list(combinations(Expansion({"a": (1, 2), "b": ("x",)})))
    [{'a': 1, 'b': 'x'}, {'a': 2, 'b': 'x'}]
    """
    for choice in itertools.product(*expansion.values.values()):
        yield dict(zip(expansion.values, choice, strict=True))


def _values(name: str, given: Any, *, is_array: bool) -> tuple[Any, ...]:
    if isinstance(given, Mapping) and not given.keys().isdisjoint(_KEYS):
        return _form(name, given)
    if isinstance(given, list) and not (is_array and not any(isinstance(v, list) for v in given)):
        if is_array and not all(isinstance(value, list) for value in given):
            raise _problem([name], "one list, or a list of lists", short(given))
        return _several([name], given)
    return (_finite([name], given),)


def _form(name: str, form: Mapping[Any, Any]) -> tuple[Any, ...]:
    """Read a map that says how its values are meant."""
    if set(form) not in _FORMS:
        odd = next((key for key in form if key not in _KEYS), None)
        close = "" if odd is None else nearest(odd, set(_KEYS) - set(form))
        raise _problem([name], _FORMS_IN_WORDS, ", ".join(map(str, form)), close)
    if "value" in form:
        return (_finite([name, "value"], form["value"]),)
    if "values" in form:
        if not isinstance(form["values"], list):
            raise _problem([name, "values"], "a list of values", short(form["values"]))
        return _several([name, "values"], form["values"])
    return _range(name, form)


def _several(path: list[str | int], given: list[Any]) -> tuple[Any, ...]:
    if not given:
        raise _problem(path, "at least one value", "an empty list")
    seen: set[str] = set()
    for place, value in enumerate(given):
        _finite([*path, place], value)
        known = repr(value)  # tells 1 from 1.0 and from true, which equality does not
        if known in seen:
            raise _problem([*path, place], "each value once", f"{short(value)} again")
        seen.add(known)
    return tuple(given)


def _range(name: str, form: Mapping[str, Any]) -> tuple[Any, ...]:
    wrong = [
        Problem(path=dotted([name, key]), expected="a finite number", got=short(value))
        for key, value in form.items()
        if not _is_number(value)
    ]
    if wrong:
        raise JobError(wrong)
    move = "step" if "step" in form else "factor"
    count = arithmetic_range if move == "step" else geometric_range
    try:
        return count(form["start"], form["stop"], form[move])
    except EndlessRange as error:
        expected = f"a range that ends within {LONGEST} values"
        raise _problem([name, move], expected, f"a range that cannot end: {error}") from error


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _finite(path: list[str | int], value: Any) -> Any:
    """Pass a value on unless it is infinite or NaN, which no result could be stored under."""
    if isinstance(value, float) and not math.isfinite(value):
        raise _problem(path, "a finite value", str(value))
    if isinstance(value, list):
        for place, inner in enumerate(value):
            _finite([*path, place], inner)
    return value


def _problem(path: list[str | int], expected: str, got: str, close: str = "") -> JobError:
    return JobError([Problem(path=dotted(path), expected=expected, got=got, nearest=close)])
