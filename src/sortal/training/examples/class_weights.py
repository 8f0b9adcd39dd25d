"""Factors that a user gives to classes, laid out as `examples` multiplies them into weights."""

import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from sortal.data.labels import ClassFinder, Outputs
from sortal.errors import NotFound, OptionError

ClassWeight: TypeAlias = float | Sequence[float]
"""A class's factor, or of an independent target the factors of its absence and presence."""

_OPTION = "class_weight"


def given_factors(
    given: Mapping[str, ClassWeight] | Sequence[ClassWeight],
    classes: Sequence[str],
    outputs: Outputs,
) -> np.ndarray:
    """Lay out factors by class.

    Args:
        given: By name in any spelling that finds the class (`ClassFinder`), where classes left out
            keep factor 1, or one for each in order. A
            single number for an independent target goes to the examples that have it.
        classes: Names of classes or targets.
        outputs: Whether classes exclude each other.

    Returns:
        float64, shape (classes,), or (targets, 2) for absent and present.

    Raises:
        NotFound: A name is none of `classes`.
        OptionError: A list of another length, a class named twice, or a factor that is not finite and 0 or more.

    >>> given_factors({"rr": 3.0}, ["rr", "eb"], Outputs.INDEPENDENT)
    array([[1., 3.],
           [1., 1.]])
    """
    named = _by_name(given, classes)
    if outputs is Outputs.EXCLUSIVE:
        return np.array([_number(name, named.get(name, 1.0)) for name in classes])
    return np.array([_pair(name, named.get(name, 1.0)) for name in classes]).reshape(-1, 2)


def _by_name(
    given: Mapping[str, ClassWeight] | Sequence[ClassWeight], classes: Sequence[str]
) -> Mapping[str, ClassWeight]:
    if not isinstance(given, Mapping):
        if len(given) != len(classes):
            raise OptionError(_OPTION, given, f"{len(classes)} numbers, one a class")
        return dict(zip(classes, given, strict=True))
    named: dict[str, ClassWeight] = {}
    known = ClassFinder(classes)
    for text, factor in given.items():
        name = known.find(text)
        if name is None:
            raise NotFound("class", text, classes, where=_OPTION)
        if name in named:
            raise OptionError(f"{_OPTION}.{text}", factor, f"one factor for the class {name!r}")
        named[name] = factor
    return named


def _pair(name: str, value: ClassWeight) -> tuple[float, float]:
    if not isinstance(value, Sequence):
        return 1.0, _number(name, value)
    if isinstance(value, str) or len(value) != 2:
        raise OptionError(f"{_OPTION}.{name}", value, "one number, or two: absent and present")
    return _number(name, value[0]), _number(name, value[1])


def _number(name: str, value: ClassWeight) -> float:
    if isinstance(value, (int, float)) and math.isfinite(value) and value >= 0:
        return float(value)
    raise OptionError(f"{_OPTION}.{name}", value, "a finite number of at least 0")
