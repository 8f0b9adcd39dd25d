"""Options of a command made from a block of settings: one text is help, schema and manual."""

import inspect
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sortal.job.type_names import arms, unwrap
from sortal.options import Command, with_parameters

Options = Mapping[str, Any]
"""Values of the options that were given, by field."""

_GIVEN = "given"


def with_settings(
    model: type[BaseModel], *, short: dict[str, str] | None = None
) -> Callable[[Command], Command]:
    """Give a command an option for every field of a block, but those that are maps.

    The decorated function's parameter `given` receives the values of the options that
    were given, by field; `sortal.job.settings.read_settings` checks them together with
    those of a file.

    Args:
        model: The block.
        short: One-letter names by field, such as `{"year": "y"}`.
    """
    letters = short or {}

    def decorate(function: Command) -> Command:
        own = inspect.signature(function).parameters
        options = {
            name: _parameter(name, field, letters.get(name, ""))
            for name, field in model.model_fields.items()
            if get_origin(unwrap(field.annotation)[0]) is not dict
        }

        def command(**values: Any) -> None:
            given = {
                name: _value(model.model_fields[name], value)
                for name in options
                if (value := values.pop(name)) is not None
            }
            function(**values, **{_GIVEN: given})

        kept = [one for name, one in own.items() if name != _GIVEN]
        return with_parameters(command, function, [*options.values(), *kept])

    return decorate


def _parameter(name: str, field: FieldInfo, letter: str) -> inspect.Parameter:
    kind, _ = unwrap(field.annotation)
    text = " ".join((field.description or "").split())
    flag = f"--{name.replace('_', '-')}"
    names = [flag, *([f"-{letter}"] if letter else [])]
    if kind is bool:
        names[0] = f"{flag}/--no-{name.replace('_', '-')}"
    option = typer.Option(
        *names,
        help=text + _default(field),
        show_default=False,
        metavar=_metavar(kind),
    )
    annotated: Any = Annotated[_typed(kind) | None, option]
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotated
    )


def _typed(kind: Any) -> Any:
    """Numbers and flags are read by the command line, all else as text; lists may be given in pieces."""
    if get_origin(kind) is list:
        return list[str]
    return kind if kind in (bool, int, float) else str


def _metavar(kind: Any) -> str | None:
    if get_origin(kind) is Literal:
        return "|".join(map(str, get_args(kind)))
    if get_origin(kind) is list:
        return "LIST"
    words = [
        str(word)
        for arm in arms(kind)
        for word in get_args(unwrap(arm)[0])
        if isinstance(word, str)
    ]
    return "|".join([*words, "NUMBER"]) if words else None


def _default(field: FieldInfo) -> str:
    """What holds where the option is not given, as the end of its help."""
    value = field.get_default(call_default_factory=True)
    if field.is_required() or value is None or value is False or value in ("", []):
        return ""
    shown = " ".join(map(_plain, value)) if isinstance(value, list) else _plain(value)
    return f" [default: {shown}]"


def _plain(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case StrEnum():
            return value.value
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def _value(field: FieldInfo, given: Any) -> Any:
    """An option's value as the block takes it: lists are split at commas and blanks."""
    kind, _ = unwrap(field.annotation)
    if get_origin(kind) is not list:
        return given
    inner, _ = unwrap(get_args(kind)[0])
    pieces = " ".join(given).replace(",", " ").split()
    return [_number(piece, inner) for piece in pieces]


def _number(piece: str, kind: Any) -> Any:
    """A piece of a list as a number, where it is one and the list wants one."""
    if kind not in (int, float):
        return piece
    try:
        return kind(piece)
    except ValueError:
        return piece
