"""Options that several commands share, each defined once."""

import ast
import inspect
from collections.abc import Callable, Sequence
from dataclasses import fields
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from textwrap import dedent
from typing import Annotated, Any, get_args, get_type_hints

import typer

from sortal.engines.base import Engines
from sortal.jobs.running.run_options import AtLeast, RunOptions, Variable

Command = Callable[..., None]

JobArgument = Annotated[Path, typer.Argument(metavar="JOB", help="Job file, YAML or JSON.")]
JobNameArgument = Annotated[str, typer.Argument(metavar="JOB", help="A job's name or file.")]
ResultArgument = Annotated[
    str, typer.Argument(metavar="RESULT", help="JOB/TITLE, or a title that only one job has.")
]
StoreOption = Annotated[
    Path,
    typer.Option("--store", help="Folder of the store.", envvar="SORTAL_STORE", show_default=True),
]
PluginsOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugins",
        metavar="DIR",
        help="Folder with classifiers/, datasets/ and metrics/ of your own, as the manual shows; "
        "may be given several times.",
    ),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress.")]

DEFAULT_STORE = Path(".sortal")


def _field_texts(model: type) -> dict[str, str]:
    """The docstrings under the fields of a class, by field, each as one line."""
    (found,) = ast.parse(dedent(inspect.getsource(model))).body
    body = found.body if isinstance(found, ast.ClassDef) else []
    texts = {}
    for field, text in pairwise(body):
        match field, text:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(words))),
            ):
                texts[name] = " ".join(words.split())
    return texts


def _run_parameters() -> dict[str, inspect.Parameter]:
    """A parameter of the command line for each field of `RunOptions`."""
    texts, hints = _field_texts(RunOptions), get_type_hints(RunOptions, include_extras=True)
    return {
        field.name: inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=field.default,
            annotation=_run_option(field.name, hints[field.name], texts[field.name]),
        )
        for field in fields(RunOptions)
    }


def _run_option(name: str, hint: Any, text: str) -> Any:
    """The annotation that makes a field an option of a command."""
    kind, *marks = get_args(hint) if hasattr(hint, "__metadata__") else (hint,)
    least = next((mark.least for mark in marks if isinstance(mark, AtLeast)), None)
    variable = next((mark.name for mark in marks if isinstance(mark, Variable)), None)
    flag = f"--{name.replace('_', '-')}"
    return Annotated[kind, typer.Option(flag, min=least, envvar=variable, help=text)]


_RUN = _run_parameters()
CoresOption = Annotated[int | None, get_args(_RUN["cores"].annotation)[1]]


class TableFormat(StrEnum):
    """How a table is printed."""

    TABLE = "table"
    CSV = "csv"
    LATEX = "latex"
    JSON = "json"


FormatOption = Annotated[
    TableFormat,
    typer.Option("--format", "-f", help="Print tables for reading, or as CSV, LaTeX or JSON."),
]

VerboseOption = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="Also show what classifiers print while they train."),
]


def with_run_options(function: Command) -> Command:
    """Give a command an option for every field of `RunOptions`, where its parameter `options` stands."""

    def command(**values: Any) -> None:
        options = RunOptions(**{name: values.pop(name) for name in _RUN})
        function(**values, options=options)

    own = inspect.signature(function).parameters
    parameters = [
        one
        for name, parameter in own.items()
        for one in (_RUN.values() if name == "options" else (parameter,))
    ]
    return with_parameters(command, function, parameters)


def with_parameters(
    command: Command, function: Command, parameters: Sequence[inspect.Parameter]
) -> Command:
    """Show a command to Typer under the name and text of a function, with parameters of its own."""
    named = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in parameters]
    command.__name__, command.__doc__ = function.__name__, function.__doc__
    command.__signature__ = inspect.Signature(named)  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in named}
    return command


def engines_of(context: typer.Context) -> Engines | None:
    """The engines that the caller of the command gave, as tests do; None for those of this machine."""
    engines: Engines | None = context.obj
    return engines
