"""What a classifier of ClaVis says of its parameters, and arguments held against it."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, cast, get_args

from sortal.errors import OptionError
from sortal.job.type_names import nearest

ParameterType: TypeAlias = Literal["string", "integer", "float", "boolean", "array", "other"]

TYPES: tuple[str, ...] = get_args(ParameterType)

RESERVED = frozenset({"method", "title", "fold"})
"""Names that every configuration uses already, so that no parameter can have them."""

NAME = re.compile(r"[A-Za-z0-9_-]+")
"""Names of classifiers and data sets; the page leaves out the dash, which its own programs take."""

_ENDLESS = (-math.inf, math.inf)
"""Ends of a range that has none; no value is one of them."""

_FORGIVEN = {"int": "integer", "bool": "boolean", "str": "string", "list": "array"}
"""Python's names for types, as the classifiers' README itself writes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One parameter: its type, what values it takes, and which one if none is given."""

    name: str

    type: ParameterType

    default: Any
    """What runs where a configuration gives no value, or one that cannot be used."""

    description: str = ""

    range: tuple[Any, ...] | None = None
    """Numbers: the least and the greatest, both included. Strings: the choices. None: any."""

    items: "Declared | None" = None
    """What each part of an array must be; None for an array that is not looked into."""

    pattern: str = ""
    """Regular expression that the whole of a string must match; empty for any."""

    pattern_in_words: str = ""
    """The same for messages."""

    def expected(self) -> str:
        """What values it takes, in words: `an integer from 1 to 1000`."""
        if self.type == "string":
            return _string(self)
        if self.type == "array":
            return f"an array, each part {self.items.expected()}" if self.items else "an array"
        words = {"integer": "an integer", "float": "a number", "boolean": "true or false"}
        bounds = f" from {self.range[0]} to {self.range[1]}" if self.range else ""
        return words.get(self.type, "any value") + bounds

    def takes(self, value: Any) -> bool:
        """Whether a value is of its type and in its range."""
        return _TAKES[self.type](value, self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A classifier: its names and its parameters."""

    name: str
    """What configurations call it (`method`)."""

    short: str

    description: str

    parameters: tuple[Declared, ...] = ()

    notices: tuple[str, ...] = ()
    """What reading it forgave, in sentences."""

    def find(self, name: str) -> Declared | None:
        """The parameter of that name, None if there is none."""
        return next((one for one in self.parameters if one.name == name), None)

    def defaults(self) -> dict[str, Any]:
        """What runs if no argument is given."""
        return {one.name: one.default for one in self.parameters}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Arguments after they were held against a declaration."""

    values: Mapping[str, Any]
    """Every declared parameter with what runs: the argument, or the default."""

    warnings: tuple[str, ...] = ()
    """A sentence for each argument that cannot be used as it is, to stay with the result."""

    undeclared: Mapping[str, Any] = field(default_factory=dict)
    """Arguments that the declaration does not know, as they were given; they are recorded."""

    missing: tuple[str, ...] = ()
    """Parameters to which no argument was given."""


def resolve_arguments(
    arguments: Mapping[str, Any],
    declaration: Declaration,
    *,
    undeclared_does: str = "it changes nothing",
) -> Checked:
    """Resolve the arguments of one configuration.

    Args:
        arguments: Values by parameter; `method`, `title` and `fold` may stand among them, and
            are no parameters.
        declaration: What the classifier says of itself.
        undeclared_does: What comes of an argument that the declaration does not know, for its
            warning.
    """
    given = {name: value for name, value in arguments.items() if name not in RESERVED}
    values: dict[str, Any] = {}
    warnings: list[str] = []
    for declared in declaration.parameters:
        values[declared.name], warning = resolve_argument(declared, given)
        warnings += [warning] if warning else []
    undeclared = {name: value for name, value in given.items() if name not in values}
    return Checked(
        values=values,
        warnings=(
            *warnings,
            *(_unknown(name, declaration, undeclared_does) for name in undeclared),
        ),
        undeclared=undeclared,
        missing=tuple(name for name in values if name not in given),
    )


def resolve_argument(declared: Declared, arguments: Mapping[str, Any]) -> tuple[Any, str]:
    """Resolve one parameter: what runs, and a warning, empty if there is nothing to warn of."""
    if declared.name not in arguments:
        return declared.default, ""
    value = arguments[declared.name]
    if declared.takes(value):
        return value, ""
    warning = (
        f"{declared.name}: expected {declared.expected()}, got {value!r}; "
        f"the default {declared.default!r} is used."
    )
    return declared.default, warning


def from_info(info: Mapping[str, Any], *, where: str = "CLF_INFO") -> Declaration:
    """Read a classifier's `CLF_INFO`.

    Args:
        info: The mapping, as a plugin writes it.
        where: Place for messages, such as the plugin's file.

    Raises:
        OptionError: It breaks a rule of the page; the text names place, rule and value.
    """
    if not isinstance(info, Mapping):
        raise OptionError(where, info, "a dictionary")
    name = _text(info, "name", where)
    if not NAME.fullmatch(name):
        raise OptionError(f"{where}: name", name, "letters, digits and _ alone")
    listed = info.get("parameters") or []
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        raise OptionError(f"{where}: parameters", listed, "a list of dictionaries")
    notices: list[str] = []
    parameters: dict[str, Declared] = {}
    for number, about in enumerate(listed):
        place = f"{where}: parameters[{number}]"
        declared = _declared(about, place, notices)
        if declared.name in parameters:
            raise OptionError(f"{place}.name", declared.name, "a name that stands once")
        parameters[declared.name] = declared
    return Declaration(
        name=name,
        short=str(info.get("short") or name),
        description=str(info.get("description") or ""),
        parameters=tuple(parameters.values()),
        notices=tuple(notices),
    )


def _declared(about: Any, place: str, notices: list[str]) -> Declared:
    if not isinstance(about, Mapping):
        raise OptionError(place, about, "a dictionary")
    name = _text(about, "name", place)
    if name in RESERVED:
        raise OptionError(f"{place}.name", name, "a name other than method, title and fold")
    if "default_value" not in about:
        raise OptionError(
            f"{place} ({name}).default_value", None, "the value used if none is given"
        )
    type_ = _type(about, f"{place} ({name}).type", notices)
    declared = Declared(
        name=name,
        type=type_,
        default=about["default_value"],
        description=str(about.get("description") or ""),
        range=_range(about.get("range"), type_, f"{place} ({name}).range"),
    )
    if not declared.takes(declared.default):
        notices.append(
            f"{place} ({name}): its default {declared.default!r} is not {declared.expected()}; "
            "it is used as it is."
        )
    return declared


def _type(about: Mapping[str, Any], place: str, notices: list[str]) -> ParameterType:
    said = about.get("type")
    if isinstance(said, str) and said in _FORGIVEN:
        notices.append(f"{place}: {said!r} is taken for {_FORGIVEN[said]!r}.")
        said = _FORGIVEN[said]
    if said not in TYPES:
        raise OptionError(place, said, f"one of {', '.join(TYPES)}")
    return cast("ParameterType", said)


def _range(said: Any, type_: ParameterType, place: str) -> tuple[Any, ...] | None:
    """The range of numbers and strings; that of any other type says nothing, as on the page."""
    if said is None or type_ not in {"integer", "float", "string"}:
        return None
    if not isinstance(said, Sequence) or isinstance(said, str):
        raise OptionError(place, said, "a list")
    if not said:
        return None
    if type_ == "string":
        return tuple(said)
    ends = len(said) == 2 and all(_is_number(end) or end in _ENDLESS for end in said)
    if not ends or said[0] > said[1]:
        raise OptionError(place, said, "the least and the greatest number, [min, max]")
    return tuple(said)


def _text(about: Mapping[str, Any], key: str, place: str) -> str:
    value = about.get(key)
    if not isinstance(value, str) or not value:
        raise OptionError(f"{place}: {key}", value, "a text")
    return value


def _unknown(name: str, declaration: Declaration, does: str) -> str:
    known = [one.name for one in declaration.parameters]
    near = nearest(name, known)
    hint = f" Did you mean {near!r}?" if near else ""
    listed = f"its parameters are {', '.join(known)}" if known else "it has none"
    return f"{declaration.name} has no parameter {name!r} ({listed}); {does}.{hint}"


def _string(declared: Declared) -> str:
    if declared.range:
        return f"one of {', '.join(map(repr, declared.range))}"
    return declared.pattern_in_words or "a string"


def _is_number(value: Any) -> bool:
    # True is an int to Python, and no number to anybody else; no float holds 10**400, and none need.
    if isinstance(value, int):
        return not isinstance(value, bool)
    return isinstance(value, float) and math.isfinite(value)


def _takes_number(value: Any, declared: Declared) -> bool:
    if not _is_number(value):
        return False
    return declared.range is None or bool(declared.range[0] <= value <= declared.range[1])


def _takes_string(value: Any, declared: Declared) -> bool:
    if not isinstance(value, str):
        return False
    if declared.pattern and not re.fullmatch(declared.pattern, value):
        return False
    return declared.range is None or value in declared.range


def _takes_array(value: Any, declared: Declared) -> bool:
    if declared.items is None:
        return True
    return isinstance(value, list | tuple) and all(map(declared.items.takes, value))


_TAKES: Mapping[ParameterType, Callable[[Any, Declared], bool]] = {
    "string": _takes_string,
    "integer": lambda value, declared: isinstance(value, int) and _takes_number(value, declared),
    "float": _takes_number,
    "boolean": lambda value, _: isinstance(value, bool),
    "array": _takes_array,
    "other": lambda _, __: True,
}
