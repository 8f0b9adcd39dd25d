"""Meta parameters: one entry of a job that stands for many configurations, and their titles."""

import itertools
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sortal.job.positions import dotted, joined
from sortal.job.problems import JobError, Problem
from sortal.job.ranges import EndlessRange, Number, arithmetic_range, geometric_range
from sortal.job.type_names import nearest, short

META = "is_meta"
MOST = 100_000
"""Configurations that one entry may stand for."""

_KEYS = (META, "values", "min", "max", "step")
_STEPS = ("add", "multiply")
_PLACEHOLDER = re.compile(r"\{([\w-]+)\}")


def is_meta(value: Any) -> bool:
    """Whether a parameter's value is a meta parameter and not an object that is meant as it is."""
    return isinstance(value, Mapping) and META in value


def expand(entry: Mapping[str, Any], path: str = "") -> list[dict[str, Any]]:
    """Give all combinations of the values of an entry's meta parameters.

    The first meta parameter varies slowest; what is not meta is the same in all of them.

    Args:
        entry: Keys and values of one entry of `classifiers` or `projections`.
        path: Where it stands, such as `classifiers[2]`.

    Raises:
        JobError: All that is wrong with its meta parameters, without lines.

    >>> expand({"method": "svm", "C": {"is_meta": True, "min": 0.1, "max": 0.3,
    ...         "step": {"type": "add", "value": 0.1}}})[2]
    {'method': 'svm', 'C': 0.3}
    """
    lists: dict[str, tuple[Any, ...]] = {}
    problems: list[Problem] = []
    for name, value in entry.items():
        try:
            lists[name] = values_of(value) if is_meta(value) else (value,)
        except JobError as error:
            inner = joined(path, dotted([name]))
            problems += [replace(one, path=joined(inner, one.path)) for one in error.problems]
    count = math.prod(map(len, lists.values()))
    if count > MOST:
        few, many = f"at most {MOST} configurations of one entry", str(count)
        problems.append(_problem(path, few, many))
    if problems:
        raise JobError(problems)
    return [dict(zip(lists, chosen, strict=True)) for chosen in itertools.product(*lists.values())]


def values_of(meta: Mapping[str, Any]) -> tuple[Any, ...]:
    """Give the values of one meta parameter; `values` stand before a range.

    Raises:
        JobError: It has none, or its range is empty or never ends.
    """
    problems = list(_odd(meta))
    if problems:
        raise JobError(problems)
    if "values" in meta:
        return _listed(meta["values"])
    return _ranged(meta)


def _odd(meta: Mapping[str, Any]) -> Iterator[Problem]:
    """Keys that do not belong there, and `is_meta` that is not true."""
    for key in meta:
        if key not in _KEYS:
            expected = f"one of {', '.join(_KEYS)}"
            yield _problem(dotted([key]), expected, short(key), nearest(key, _KEYS))
    if meta[META] is not True:
        expected = "true; a value that is no meta parameter stands there by itself"
        yield _problem(META, expected, short(meta[META]))


def _listed(values: Any) -> tuple[Any, ...]:
    """Values of a list; equal ones make equal configurations, of which the list of them keeps one."""
    if not isinstance(values, list):
        raise JobError([_problem("values", "a list of values", short(values))])
    if not values:
        raise JobError([_problem("values", "one value or more", "an empty list")])
    return tuple(values)


def _ranged(meta: Mapping[str, Any]) -> tuple[Any, ...]:
    problems = [_number_problem(meta, key) for key in ("min", "max")]
    step = meta.get("step")
    if isinstance(step, Mapping):
        problems += [_kind_problem(step), _number_problem(step, "value", "step")]
    else:
        expected = '{"type": "add", "value": 1} or the like, or a list of values'
        problems.append(_problem("step", expected, short(step)))
    told = [problem for problem in problems if problem is not None]
    if told or not isinstance(step, Mapping):
        raise JobError(told)
    start, stop, move = meta["min"], meta["max"], step["value"]
    try:
        return _counted(start, stop, move, multiplies=step["type"] == "multiply")
    except EndlessRange as error:
        raise JobError(
            [_problem("step.value", "a range that ends and is not empty", str(error))]
        ) from error


def _counted(low: Number, high: Number, move: Number, *, multiplies: bool) -> tuple[Any, ...]:
    """Count from min to max; a step that leads down from min begins at max instead."""
    count = geometric_range if multiplies else arithmetic_range
    try:
        values = count(low, high, move)
    except EndlessRange:
        leads_down = low * move < low if multiplies else move < 0
        if low > high or not leads_down:
            raise
        low, high = high, low
        values = count(low, high, move)
    # The first is the number as it is written: the title of 1 by 0.5 begins with 1, not with 1.0.
    return (low, *values[1:])


def _kind_problem(step: Mapping[str, Any]) -> Problem | None:
    kind = step.get("type")
    odd = next((key for key in step if key not in ("type", "value")), None)
    if odd is not None:
        return _problem(dotted(["step", odd]), "type and value", short(odd))
    if kind in _STEPS:
        return None
    return _problem("step.type", "add or multiply", short(kind), nearest(kind, _STEPS))


def _number_problem(around: Mapping[str, Any], key: str, *outer: str) -> Problem | None:
    value: Any = around.get(key)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and math.isfinite(value):
        return None
    return _problem(dotted([*outer, key]), "a number", short(value))


def _problem(path: str, expected: str, got: str, close: str = "") -> Problem:
    return Problem(path=path, expected=expected, got=got, nearest=close)


def fill(template: str, values: Mapping[str, Any]) -> str:
    """Write values into a title: `{name}` becomes Python's text of that parameter's value.

    What names no value is left as it stands.

    >>> fill("SVM {kernel} {sizes} {x}", {"kernel": "rbf", "sizes": [1, True]})
    'SVM rbf [1, True] {x}'
    """
    return _PLACEHOLDER.sub(
        lambda found: str(values[found[1]]) if found[1] in values else found[0], template
    )


def placeholders(template: str) -> tuple[str, ...]:
    """Names in braces of a title."""
    return tuple(found[1] for found in _PLACEHOLDER.finditer(template))
