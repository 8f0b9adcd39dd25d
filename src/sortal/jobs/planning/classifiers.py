"""Expand the classifier blocks of a job into validated parameters, finding every problem."""

import typing
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError

from sortal.errors import NotFound, OptionError, UserError
from sortal.job.models import ClassifierBlock, Job
from sortal.job.problems import JobError, Problem
from sortal.job.tuned import is_tuned
from sortal.job.type_names import arms, nearest, unwrap
from sortal.job.validation import problems_of
from sortal.job.values import Expansion, combinations, expand
from sortal.jobs.planning.members import render_title
from sortal.jobs.planning.search_space import TunableClassifier, find_search_space, refuse_tuned
from sortal.methods import registry
from sortal.methods.contract.base import Method, Parameters

_MOST = 1_000_000
"""Combinations of one block: beyond, even listing them is hopeless."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierPlan:
    """A classifier block with its method found and its combinations of parameters validated."""

    method: Method
    block: ClassifierBlock
    combinations: tuple[Parameters, ...]
    varied: tuple[str, ...]
    seeds: tuple[int, ...]
    tunable: TunableClassifier = field(default_factory=TunableClassifier)
    """What a search may change; `combinations` then holds the initial values alone."""

    def title(self, parameters: Parameters, seed: int) -> str:
        """Title of one combination."""
        return render_title(
            self.block.title, self.block.method, parameters.model_dump(), self.varied, seed
        )


def expand_classifiers(job: Job) -> tuple[list[ClassifierPlan], list[Problem]]:
    """Find methods, expand values, validate every combination.

    Returns:
        The classifiers that can be used, and all problems of the others.
    """
    classifiers: list[ClassifierPlan] = []
    problems: list[Problem] = []
    for number, block in enumerate(job.classifiers):
        try:
            path = f"classifiers[{number}]"
            searched = job.tuning is not None
            classifiers.append(expand_classifier(block, path, job.seed, searched=searched))
        except JobError as error:
            problems.extend(error.problems)
    return classifiers, problems + _equal_titles(classifiers)


def expand_classifier(
    block: ClassifierBlock, path: str, seed: int, *, searched: bool = False
) -> ClassifierPlan:
    """Expand one block.

    Args:
        block: The block.
        path: Where it is in the job, such as `classifiers[2]`.
        seed: The job's seed.
        searched: Whether its job has `tuning`.

    Raises:
        JobError: All that is wrong with it, without lines.
    """
    method = _method(block, f"{path}.method")
    plain = {name: given for name, given in block.parameters.items() if not is_tuned(given)}
    expansion = expand(plain, lambda name: _is_array(method, name), path=f"{path}.parameters")
    if searched:
        return _searched(block, method, expansion, path, seed)
    refuse_tuned(block.parameters, f"{path}.parameters")
    if expansion.count > _MOST:
        few, many = f"at most {_MOST} combinations", f"{expansion.count}"
        raise JobError([Problem(path=f"{path}.parameters", expected=few, got=many)])
    valid = _validated(method, expansion, f"{path}.parameters")
    _check_words(block, method, valid[0], f"{path}.title")
    return ClassifierPlan(
        method=method,
        block=block,
        combinations=valid,
        varied=expansion.varied,
        seeds=_seeds(block, seed),
    )


def _searched(
    block: ClassifierBlock, method: Method, expansion: Expansion, path: str, seed: int
) -> ClassifierPlan:
    """A classifier of a search, at its initial values."""
    drawn = find_search_space(method, block.parameters, expansion, f"{path}.parameters")
    initial = drawn.parameters(method, drawn.space.initial)
    _check_words(block, method, initial, f"{path}.title")
    return ClassifierPlan(
        method=method,
        block=block,
        combinations=(initial,),
        varied=tuple(drawn.space.dimensions),
        seeds=_seeds(block, seed),
        tunable=drawn,
    )


def _method(block: ClassifierBlock, path: str) -> Method:
    try:
        return registry.choose(block.method, block.calibrate or "")
    except NotFound as error:
        close = nearest(block.method, registry.known_names())
        problem = Problem(
            path=path, expected="the name of a method", got=repr(block.method), nearest=close
        )
        raise JobError([problem]) from error
    except OptionError as error:
        raise JobError(
            [Problem(path=path, expected=error.expected, got=repr(error.got))]
        ) from error
    except UserError as error:
        usable = "a method that can be used"
        problem = Problem(path=path, expected=usable, got=str(error).rstrip("."))
        raise JobError([problem]) from error


def _is_array(method: Method, name: str) -> bool:
    """Whether a parameter's own value is a list."""
    field = method.Parameters.model_fields.get(name)
    if field is None:
        return False
    kinds = [unwrap(arm)[0] for arm in arms(unwrap(field.annotation)[0])]
    return any(typing.get_origin(kind) in (list, tuple) or kind in (list, tuple) for kind in kinds)


def _validated(method: Method, expansion: Expansion, path: str) -> tuple[Parameters, ...]:
    """Validate each combination; equal problems of several combinations are told once."""
    valid: list[Parameters] = []
    problems: dict[str, Problem] = {}
    for values in combinations(expansion):
        try:
            valid.append(method.Parameters.model_validate(values))
        except ValidationError as error:
            found = problems_of(error, values, method.Parameters, path=path)
            problems |= {str(problem): problem for problem in found}
    if problems:
        raise JobError(list(problems.values()))
    return tuple(valid)


def _check_words(block: ClassifierBlock, method: Method, parameters: Parameters, path: str) -> None:
    """Title templates may name parameters, `method` and `seed`."""
    try:
        render_title(block.title, method.name, parameters.model_dump(), (), 0)
    except (KeyError, ValueError, IndexError, AttributeError) as error:
        known = ", ".join(["method", "seed", *parameters.model_dump()])
        expected = f"a title whose {{...}} name one of {known}"
        got = f"{block.title!r} ({error})"
        raise JobError([Problem(path=path, expected=expected, got=got)]) from error


def _seeds(block: ClassifierBlock, seed: int) -> tuple[int, ...]:
    if block.seeds is None:
        return (seed,)
    if isinstance(block.seeds, int):
        return tuple(range(seed, seed + block.seeds))
    return tuple(dict.fromkeys(block.seeds))


def _equal_titles(classifiers: Sequence[ClassifierPlan]) -> list[Problem]:
    """Two different classifiers under one title cannot be told apart in any table."""
    problems = []
    seen: dict[str, object] = {}
    for number, classifier in enumerate(classifiers):
        template = classifier.block.title or ""
        for parameters in classifier.combinations:
            for seed in classifier.seeds:
                title = classifier.title(parameters, seed)
                meaning = (classifier.block.method, classifier.block.calibrate, parameters)
                if seen.setdefault(title, meaning) != meaning:
                    problems.append(
                        Problem(
                            path=f"classifiers[{number}].title",
                            expected="a title of its own for each classifier",
                            got=f"{title!r} twice" + (f" from {template!r}" if template else ""),
                        )
                    )
    return list({problem.got: problem for problem in problems}.values())
