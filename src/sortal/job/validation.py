"""What pydantic found wrong, as problems in plain words: one per mistake, however many types were tried."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sortal.job.positions import Step, dotted, joined
from sortal.job.problems import Problem
from sortal.job.type_names import (
    arms,
    describe,
    is_block,
    kinds,
    nearest,
    short,
    unwrap,
    usual_kind,
)

_SPOKEN = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where in the data, and in the types, an error lies."""

    path: tuple[Step, ...]
    annotation: Any
    metadata: list[Any]
    value: Any
    block: type[BaseModel] | None = None
    """The block that the last key of the path was looked up in."""

    keys: Any = str
    """The type of the keys of the map that the last step of the path is a key of."""

    unknown: bool = False
    """Whether that block has no such key."""

    aside: bool = False
    """Whether the error is of an arm of a union that the value was not meant for."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake and the place of the value, or of the key, that is to blame."""

    path: tuple[Step, ...]
    problem: Problem
    unknown: bool
    """Whether the key is to blame and not its value."""


def problems_of(
    error: ValidationError, data: Any, model: type[BaseModel], *, path: str = ""
) -> list[Problem]:
    """Turn all errors of one validation into problems without lines.

    Args:
        error: What `model.model_validate(data)` raised.
        data: Plain values, as they were validated.
        model: The outermost block: of the job, or a method's parameters.
        path: Where `data` is in the job, such as `classifiers[2].parameters`.

    Returns:
        One problem a place; a key that is missing because it is misspelt is told once.
    """
    found = [finding.problem for finding in findings(error, data, model)]
    return [replace(problem, path=joined(path, problem.path)) for problem in found]


def findings(error: ValidationError, data: Any, model: type[BaseModel]) -> list[Finding]:
    """Find the mistakes behind all errors of one validation; see `problems_of`."""
    details = error.errors(include_url=False)
    spots = [(_locate(model, detail["loc"], data), detail) for detail in details]
    told = {
        spot.path[:end] for spot, _ in spots if not spot.aside for end in range(len(spot.path) + 1)
    }
    misspelt = {meant for spot, _ in spots for meant in _meant_key(spot)}
    found = {
        spot.path: _finding(spot, detail)
        for spot, detail in spots
        if not (spot.aside and spot.path in told)
        and not (detail["type"] == "missing" and spot.path in misspelt)
    }
    return list(found.values())


def _finding(spot: _Spot, detail: ErrorDetails) -> Finding:
    path = (*spot.path, "kind") if detail["type"].startswith("union_tag") else spot.path
    return Finding(path, _problem(spot, detail), spot.unknown)


def _locate(model: type[BaseModel], steps: tuple[Step, ...], data: Any) -> _Spot:
    """Follow an error's location, which mixes keys with names of the union's arms."""
    spot = _Spot((), model, [], data)
    for step in steps:
        if len(arms(spot.annotation)) > 1:
            arm = _meant(spot)
            if arm is None:
                return spot
            if not _is_tag(step, arm):
                return replace(spot, aside=True)
            annotation, metadata = unwrap(arm)
            spot = _Spot(spot.path, annotation, metadata, spot.value, spot.block)
            continue
        inner = _enter(spot, step)
        if inner is None or inner.unknown:
            return inner or spot
        spot = inner
    return spot


def _meant(spot: _Spot) -> Any:
    """The arm of a union that a value of this shape was meant for; None for a plain value."""
    if isinstance(spot.value, dict):
        choices = kinds(spot.annotation)
        if choices:
            return choices.get(str(spot.value.get("kind", usual_kind(choices))))
        return next((arm for arm in arms(spot.annotation) if is_block(unwrap(arm)[0])), None)
    if isinstance(spot.value, list):
        return next((arm for arm in arms(spot.annotation) if _is_list(unwrap(arm)[0])), None)
    return None


def _is_tag(step: Step, arm: Any) -> bool:
    """Whether a step of a location is pydantic's name of an arm."""
    bare, _ = unwrap(arm)
    if is_block(bare):
        return step == bare.__name__ or step in kinds(bare)
    return str(step).startswith(("list[", "tuple["))


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) in (list, tuple)


def _enter(spot: _Spot, step: Step) -> _Spot | None:
    """Go one key or element down; None where the location goes on and the data does not."""
    path, value = (*spot.path, step), spot.value
    inner = value.get(step) if isinstance(value, dict) else None
    if is_block(spot.annotation):
        field = spot.annotation.model_fields.get(step)
        if field is None:
            return _Spot(path, None, [], inner, spot.annotation, unknown=True)
        annotation, metadata = unwrap(field.annotation, field.metadata)
        return _Spot(path, annotation, metadata, inner, spot.annotation)
    if isinstance(value, list) and isinstance(step, int):
        annotation, metadata = unwrap(*get_args(spot.annotation)[:1])
        return _Spot(path, annotation, metadata, value[step])
    if isinstance(value, dict) and step in value:
        keys, values, *_ = (*get_args(spot.annotation), Any, Any)
        annotation, metadata = unwrap(values)
        return _Spot(path, annotation, metadata, inner, keys=keys)
    return None


def _problem(spot: _Spot, detail: ErrorDetails) -> Problem:
    path, value = dotted(spot.path), spot.value
    if spot.unknown and spot.block is not None:
        return _unknown(spot, spot.block)
    if detail["loc"][-1:] == ("[key]",):
        return _key_problem(spot)
    if detail["type"].startswith("union_tag"):
        choices = kinds(spot.annotation)
        kind = value.get("kind") if isinstance(value, Mapping) else None
        expected = f"one of {', '.join(choices)}"
        inner = dotted((*spot.path, "kind"))
        return Problem(
            path=inner, expected=expected, got=short(kind), nearest=nearest(kind, choices)
        )
    if detail["type"] in ("value_error", "assertion_error"):
        reason = str(detail["ctx"]["error"])
        if is_block(spot.annotation):
            return Problem(path=path, expected="values that fit together", got=reason)
        expected = describe(spot.annotation, spot.metadata)
        return Problem(path=path, expected=expected, got=f"{short(value)} ({reason})")
    words = [
        choice
        for arm in arms(spot.annotation)
        for choice in get_args(unwrap(arm)[0])
        if isinstance(choice, str)
    ]
    return Problem(
        path=path,
        expected=describe(spot.annotation, spot.metadata),
        got=short(value) + _spoken(spot),
        nearest=nearest(value, words) if isinstance(value, str) else "",
    )


def _key_problem(spot: _Spot) -> Problem:
    """A key of a map that its keys' type refuses."""
    key = spot.path[-1]
    choices = [word for word in get_args(unwrap(spot.keys)[0]) if isinstance(word, str)]
    return Problem(
        path=dotted(spot.path),
        expected=f"as key {describe(spot.keys)}",
        got=short(key),
        nearest=nearest(key, choices),
    )


def _meant_key(spot: _Spot) -> Iterator[tuple[Step, ...]]:
    """Path of the key that an unknown key was probably meant to be: not missed as well."""
    if spot.unknown and spot.block is not None:
        yield (*spot.path[:-1], nearest(spot.path[-1], spot.block.model_fields))


def _unknown(spot: _Spot, block: type[BaseModel]) -> Problem:
    """An unknown key: the nearest key of its block, or all of them."""
    key = spot.path[-1]
    close = nearest(key, block.model_fields)
    expected = "a key that exists here" if close else f"one of {', '.join(block.model_fields)}"
    return Problem(path=dotted(spot.path), expected=expected, got=short(key), nearest=close)


def _spoken(spot: _Spot) -> str:
    """A hint for `yes` and its like, which YAML 1.2 takes for text."""
    if spot.annotation is bool and isinstance(spot.value, str):
        meant = _SPOKEN.get(spot.value.lower())
        return f", which is text: write {meant}" if meant else ""
    return ""
