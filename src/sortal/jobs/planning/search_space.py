"""What a search may change of a classifier: its space, drawn from the job and the method, and its checks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from sortal.job.positions import dotted, joined
from sortal.job.problems import JobError, Problem
from sortal.job.tuned import is_tuned, read_tuned
from sortal.job.type_names import short
from sortal.job.validation import problems_of
from sortal.job.values import Expansion
from sortal.methods.contract.base import Method, Parameters
from sortal.tuning.declared_space import make_choices, make_dimension
from sortal.tuning.space import Choices, Dimension, Range, Space


@dataclass(frozen=True, slots=True, kw_only=True)
class TunableClassifier:
    """The parameters of a classifier in a search."""

    space: Space = field(default_factory=Space)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Parameters that stay as they are."""

    def parameters(self, method: Method, values: Mapping[str, Any]) -> Parameters:
        """Parameters of one candidate.

        Raises:
            ValidationError: Its values do not go together.
        """
        return method.Parameters.model_validate({**self.fixed, **values})


def refuse_tuned(parameters: Mapping[str, Any], path: str) -> None:
    """Refuse parameters to tune in a job without a search.

    Raises:
        JobError: There are such.
    """
    wrong = [
        Problem(
            path=joined(path, dotted((name,))),
            expected="a value, because the job has no `tuning`",
            got=short(given),
        )
        for name, given in parameters.items()
        if is_tuned(given)
    ]
    if wrong:
        raise JobError(wrong)


def find_search_space(
    method: Method, parameters: Mapping[str, Any], expansion: Expansion, path: str
) -> TunableClassifier:
    """Draw the space of a classifier.

    Args:
        method: Its method.
        parameters: As in the job.
        expansion: Those of them that do not say `tune`, expanded; several values are choices.
        path: Where the parameters are in the job.

    Raises:
        JobError: All that is wrong with them, without lines.
    """
    dimensions: dict[str, Dimension] = {}
    fixed: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, given in parameters.items():
        declared = method.Parameters.model_fields.get(name)
        if declared is None:
            fixed[name] = None  # the method itself says that it has no such parameter
        elif is_tuned(given):
            try:
                dimensions[name] = make_dimension(declared, read_tuned(given, ""))
            except JobError as error:
                problems += [_below(problem, path, name) for problem in error.problems]
        elif len(expansion.values[name]) > 1:
            default = declared.get_default(call_default_factory=True)
            dimensions[name] = make_choices(expansion.values[name], default)
        else:
            (fixed[name],) = expansion.values[name]
    if problems:
        raise JobError(problems)
    drawn = TunableClassifier(space=Space(dimensions), fixed=fixed)
    _check(method, drawn, parameters, path)
    return drawn


def _below(problem: Problem, path: str, name: str) -> Problem:
    return replace(problem, path=joined(path, joined(dotted((name,)), problem.path)))


def _check(
    method: Method, drawn: TunableClassifier, parameters: Mapping[str, Any], path: str
) -> None:
    """Refuse initial values that the method refuses, and ends and choices that it never takes."""
    start = {**drawn.fixed, **drawn.space.initial}
    found = _refused(method, start, path)
    for name, one in drawn.space.dimensions.items():
        at = joined(path, dotted((name,)))
        for key, value in _extremes(one, tuned=is_tuned(parameters[name])):
            refused = _refused(method, {**start, name: value}, path)
            found += [replace(p, path=joined(at, key)) for p in refused if p.path.startswith(at)]
    if found:
        raise JobError(list({problem.path: problem for problem in found}.values()))


def _refused(method: Method, values: Mapping[str, Any], path: str) -> list[Problem]:
    try:
        method.Parameters.model_validate(dict(values))
    except ValidationError as error:
        return problems_of(error, dict(values), method.Parameters, path=path)
    return []


def _extremes(one: Dimension, *, tuned: bool) -> Iterator[tuple[str, Any]]:
    """Ends of a range and every choice, each with the key below the parameter that names it."""
    match one:
        case Range():
            yield "min", one.at(one.place(one.low))
            yield "max", one.at(one.place(one.high))
        case Choices():
            for place, value in enumerate(one.values):
                yield dotted(("values", place)) if tuned else dotted((place,)), value
