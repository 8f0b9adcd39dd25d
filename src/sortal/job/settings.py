"""Read a block of settings from a YAML or JSON file and from options of a command, all problems at once."""

from collections.abc import Mapping, Set
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from sortal.errors import DataError, suggest
from sortal.job.positions import Positions
from sortal.job.problems import JobError, Problem
from sortal.job.read import plain, read_text
from sortal.job.type_names import short
from sortal.job.validation import problems_of

Settings = TypeVar("Settings", bound=BaseModel)


def read_settings(
    model: type[Settings], path: Path | None = None, options: Mapping[str, Any] | None = None
) -> Settings:
    """Read settings; what an option says stands before what the file says.

    Args:
        model: The block of settings, with its defaults.
        path: A YAML or JSON file, comments allowed in both; None for none.
        options: Values of options that were given, by the name of their field.

    Raises:
        DataError: There is no such file.
        JobError: Something of it is wrong; problems of the file have their lines, those of
            options, and of what is missing, the names of options as they are typed.
    """
    data, positions = _file(path) if path else ({}, Positions({}))
    given = plain(options or {})
    merged = {**data, **given}
    try:
        return model.model_validate(merged)
    except ValidationError as error:
        problems = [
            _placed(problem, positions, model, from_file=data.keys() - given.keys(), path=path)
            for problem in problems_of(error, merged, model)
        ]
        raise JobError(problems, file=str(path) if path else "the options") from error


def _file(path: Path) -> tuple[dict[str, Any], Positions]:
    from sortal.job.parse import parse  # ruamel: only those who read a file wait for it

    if not path.exists():
        beside = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
        raise DataError(f"{path}: there is no such file of settings.{suggest(path.name, beside)}")
    try:
        parsed = parse(read_text(path), is_json=path.suffix.lower() == ".json")
    except JobError as error:
        problems = [replace(problem, file=str(path)) for problem in error.problems]
        raise JobError(problems, file=str(path)) from error.__cause__
    problems = [parsed.positions.place(problem, file=str(path)) for problem in parsed.problems]
    data = {} if parsed.data is None else parsed.data
    if not problems and not isinstance(data, dict):
        problems = [Problem(path="", expected="a map of settings", got=short(data), line=1)]
    if problems:
        raise JobError(problems, file=str(path))
    return data, parsed.positions


def _placed(
    problem: Problem,
    positions: Positions,
    model: type[BaseModel],
    *,
    from_file: Set[str],
    path: Path | None,
) -> Problem:
    """Give a problem its line in the file, or the name of the option that is to blame."""
    field = problem.path.partition(".")[0].partition("[")[0]
    if field in model.model_fields and field not in from_file:
        return replace(problem, path=f"--{field.replace('_', '-')}")
    if not field:
        return replace(problem, path="settings")
    return positions.place(problem, file=str(path or ""))
