"""A parameter that a search may change, as a job writes it: `{tune: true, min: 0.1, max: 10}`."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import ValidationError, field_validator

from sortal.job.block import JobBlock
from sortal.job.positions import dotted, joined
from sortal.job.problems import JobError, Problem
from sortal.job.type_names import short
from sortal.job.validation import problems_of


class TunedParameter(JobBlock):
    """What a search may make of one parameter; what is left out comes from the method."""

    tune: Literal[True]
    """That it is tuned; parameters that stay have a plain value instead."""
    min: int | float | None = None
    """Smallest value."""
    max: int | float | None = None
    """Largest value."""
    log: bool | None = None
    """Whether ratios count and not differences; if not given, where the range spans two decades."""
    sigma: float | None = None
    """Standard deviation of an evolution's small steps: in units of the parameter, or in decades where
    ratios count; a fifth of the range if not given."""
    values: list[Any] | None = None
    """Choices, instead of a range."""
    initial: Any = None
    """Where a search may begin; the method's default if not given, or the middle."""

    @field_validator("sigma")
    @classmethod
    def _positive(cls, value: float | None) -> float | None:
        if value is not None and value <= 0:
            raise ValueError("a deviation is above 0")
        return value


def is_tuned(given: Any) -> bool:
    """Whether a parameter's value in a job is a map that says `tune`."""
    return isinstance(given, Mapping) and "tune" in given


def read_tuned(given: Mapping[str, Any], path: str) -> TunedParameter:
    """Read what a search may make of one parameter.

    Args:
        given: The map as in the job.
        path: Its place, such as `classifiers[2].parameters.C`.

    Raises:
        JobError: All that is wrong with it, without lines.
    """
    plain = dict(given)
    try:
        tuned = TunedParameter.model_validate(plain)
    except ValidationError as error:
        raise JobError(problems_of(error, plain, TunedParameter, path=path)) from error
    problems = list(_contradictions(tuned))
    if problems:
        raise JobError([_placed(problem, path) for problem in problems])
    return tuned


def _placed(problem: Problem, path: str) -> Problem:
    return Problem(path=joined(path, problem.path), expected=problem.expected, got=problem.got)


def _contradictions(tuned: TunedParameter) -> list[Problem]:
    found = []
    if tuned.values is not None:
        for key in ("min", "max", "log", "sigma"):
            if getattr(tuned, key) is not None:
                got = short(getattr(tuned, key))
                found.append(Problem(path=key, expected="nothing beside `values`", got=got))
        if len(tuned.values) < 2:
            got = short(tuned.values)
            found.append(Problem(path="values", expected="two or more choices", got=got))
        found += _repeated(tuned.values)
    return found


def _repeated(values: list[Any]) -> list[Problem]:
    known: set[str] = set()
    found = []
    for place, value in enumerate(values):
        if repr(value) in known:
            path = dotted(("values", place))
            found.append(
                Problem(path=path, expected="each value once", got=f"{short(value)} again")
            )
        known.add(repr(value))
    return found
