"""Types of job fields in plain words: one text for error messages and the manual."""

import reprlib
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

_WIDEST = 60
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = _WIDEST


@dataclass(frozen=True, slots=True)
class TypeName:
    """How to name a type; in the metadata of an annotation it replaces the words made here."""

    one: str
    """With its article: `a column name`."""

    many: str
    """For lists: `column names`."""


def describe(annotation: Any, metadata: Sequence[Any] = ()) -> str:
    """Name a type as one would in a sentence; that it may be left out is not said.

    >>> describe(list[int])
    'a list of whole numbers'
    """
    return _words(*unwrap(annotation, metadata)).one


def unwrap(annotation: Any, metadata: Sequence[Any] = ()) -> tuple[Any, list[Any]]:
    """Take `Annotated` and `| None` off a type, and collect the metadata on the way."""
    found = list(_flat(metadata))
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            found += _flat(more)
        elif len(arms(annotation)) == 1 and get_origin(annotation) in (Union, types.UnionType):
            (annotation,) = arms(annotation)
        else:
            return annotation, found


def arms(annotation: Any) -> tuple[Any, ...]:
    """The types that a union allows beside None; any other type is its own only arm."""
    if get_origin(annotation) not in (Union, types.UnionType):
        return (annotation,)
    return tuple(arm for arm in get_args(annotation) if arm is not type(None))


def is_block(annotation: Any) -> bool:
    """Whether a type is a block of keys."""
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def kinds(annotation: Any) -> dict[str, type[BaseModel]]:
    """Blocks of a union by the value of their key `kind`; empty for any other type."""
    found = {}
    for arm in arms(annotation):
        if not (is_block(arm) and "kind" in arm.model_fields):
            return {}
        (kind,) = get_args(arm.model_fields["kind"].annotation)
        found[kind] = arm
    return found


def usual_kind(choices: Mapping[str, type[BaseModel]]) -> str:
    """The kind that is meant where none is given; empty if one must be."""
    usual = (kind for kind, arm in choices.items() if not arm.model_fields["kind"].is_required())
    return next(usual, "")


def nearest(name: object, known: Iterable[str]) -> str:
    """The known name most like a wrong one, whatever its case; empty if none is.

    >>> nearest("lable", ["label", "source"])
    'label'
    """
    spelt = {choice.lower(): choice for choice in known}
    close = get_close_matches(str(name).lower(), spelt, n=1, cutoff=0.6)
    return spelt[close[0]] if close else ""


def short(value: Any) -> str:
    """Show a value on at most 60 characters, true and false as a job file spells them.

    >>> short(True), short(None), short("x" * 100)[-5:]
    ('true', 'nothing', "xxxx'")
    """
    if value is None:
        return "nothing"
    if isinstance(value, (list, dict)) and not value:
        return "an empty list" if isinstance(value, list) else "an empty map"
    if isinstance(value, bool):
        return str(value).lower()
    text = _SHORT.repr(value)
    return text if len(text) <= _WIDEST else text[: _WIDEST - 3] + "..."


def _words(annotation: Any, metadata: list[Any]) -> TypeName:
    given = [entry for entry in metadata if isinstance(entry, TypeName)]
    if given:
        return given[0]
    if choices := kinds(annotation):
        return TypeName(f"a block whose kind is one of {', '.join(choices)}", "blocks with a kind")
    if len(arms(annotation)) > 1:
        parts = [_words(*unwrap(arm)) for arm in arms(annotation)]
        return TypeName(
            _either([part.one for part in parts]), _either([part.many for part in parts])
        )
    return _single(annotation, metadata)


def _single(annotation: Any, metadata: list[Any]) -> TypeName:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        origin, arguments = Literal, tuple(member.value for member in annotation)
    if origin is Literal:
        listed = ", ".join(map(str, arguments))
        return TypeName(f"one of {listed}" if len(arguments) > 1 else listed, f"any of {listed}")
    if origin in (list, tuple):
        return TypeName(
            f"a list of {_length(metadata)}{_words(*unwrap(arguments[0])).many}", "lists"
        )
    if is_block(annotation):
        keys = _some(annotation.model_fields)
        return TypeName(f"a block with the keys {keys}", f"blocks with the keys {keys}")
    if annotation in (int, float):
        kind = "whole number" if annotation is int else "number"
        bounds = _bounds(metadata)
        return TypeName(f"a {kind}{bounds}", f"{kind}s{bounds}")
    if annotation is str:
        empty = any(isinstance(entry, MinLen) for entry in metadata)
        return TypeName("text that is not empty" if empty else "text", "texts")
    plain = {bool: ("true or false", "true and false"), Any: ("any value", "values")}
    return TypeName(*plain.get(annotation, ("a map of names to values", "maps")))


def _bounds(metadata: list[Any]) -> str:
    """Words for the range of a number, with a leading space; empty without one."""
    low = high = ""
    for entry in metadata:
        match entry:
            case Ge(bound):
                low = f" from {bound}"
            case Gt(bound):
                low = f" above {bound}"
            case Le(bound):
                high = f" to {bound}"
            case Lt(bound):
                high = f" to below {bound}"
    if low.startswith(" above") and high:
        return f"{low} and up{high}"
    if not high and low.startswith(" from"):
        return f" of {low.removeprefix(' from ')} or more"
    return low + high


def _some(fields: Iterable[str]) -> str:
    names = list(fields)
    return ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")


def _either(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])}, or {parts[-1]}"


def _length(metadata: list[Any]) -> str:
    """Words for how many elements a list has, with a blank behind; empty where one is enough."""
    least = next((entry.min_length for entry in metadata if isinstance(entry, MinLen)), 0)
    most = next((entry.max_length for entry in metadata if isinstance(entry, MaxLen)), None)
    if least == most:
        return f"{least} "
    return f"{least} or more " if least > 1 else ""


def _flat(metadata: Iterable[Any]) -> Iterator[Any]:
    for entry in metadata:
        if isinstance(entry, FieldInfo):
            yield from entry.metadata
        else:
            yield entry
