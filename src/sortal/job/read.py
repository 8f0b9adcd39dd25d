"""Read a job from a file or from Python: a frozen job, or all its problems at once."""

import numbers
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sortal.job.models import Job
from sortal.job.positions import Positions
from sortal.job.problems import JobError, Problem
from sortal.job.salvage import Salvaged, salvage
from sortal.job.structure import conflicts
from sortal.job.title import as_title
from sortal.job.type_names import describe, nearest, short
from sortal.job.validation import problems_of

SUFFIXES = (".yaml", ".yml", ".json")
"""Kinds of job files."""


@dataclass(frozen=True, slots=True)
class JobFile:
    """A job, and the file or the Python values that it was read from."""

    job: Job
    positions: Positions
    path: Path
    """As the caller gave it; `job` for one from Python."""

    text: str
    """The file's text, line breaks as newlines, without a byte order mark; empty for a job from Python."""

    problems: tuple[Problem, ...] = ()
    """Fields that contradict each other, and what `job` is without because it is wrong.
    Whoever resolves the job tells them together with what the data and the methods say, so
    that all are told at once."""

    salvaged: Salvaged | None = field(default=None, repr=False)
    """How `job` was made of the sound parts of a file; None for one that is a job as it is."""

    @property
    def title(self) -> str:
        """Name of the job in a store: its title, or the file's name as far as a title may hold it."""
        return self.job.title or as_title(self.path.stem) or "job"

    @property
    def name(self) -> str:
        """What errors call the file; empty for a job from Python."""
        return str(self.path) if self.text else ""

    def placed(self, problems: Iterable[Problem]) -> list[Problem]:
        """Give problems of `job` their places and lines in this file.

        Problems of a job from Python stay without lines. Those at a place that has one
        already are left out: they follow from it.
        """
        if self.salvaged:
            problems = self.salvaged.as_written(problems)
        told = {problem.path for problem in self.problems}
        return [
            self.positions.place(problem, file=self.name)
            for problem in problems
            if problem.path not in told
        ]


def read_job(path: Path, *, partly: bool = False) -> JobFile:
    """Read a YAML or JSON job file; comments are allowed in both.

    Args:
        path: The file.
        partly: Of a file that is no job, take what is sound and leave its problems in
            `JobFile.problems` too, for a caller who tells them with those it finds itself.

    Raises:
        JobError: The file cannot be read, or what it says is no job; every problem has
            its line. Contradictions alone are left in `JobFile.problems`.
    """
    from sortal.job.parse import parse  # ruamel: only those who read a file wait for it

    try:
        text = read_text(path)
    except JobError as error:
        problems = [replace(problem, file=str(path)) for problem in error.problems]
        raise JobError(problems, file=str(path)) from error.__cause__
    parsed = parse(text, is_json=path.suffix.lower() == ".json")
    job, found = _check(parsed.data) if parsed.data is not None else (None, [])
    problems = parsed.problems + _new(found, parsed.problems)
    if parsed.data is None and not problems:
        problems = [Problem(path="", expected=describe(Job), got="an empty file")]
    placed = tuple(parsed.positions.place(problem, file=str(path)) for problem in problems)
    if job is not None and not parsed.problems:
        return JobFile(job, parsed.positions, path, text, placed)
    rest = salvage(parsed.data) if partly else None
    if rest is None:
        raise JobError(placed, file=str(path))
    return JobFile(rest.job, parsed.positions, path, text, placed, rest)


def read_mapping(mapping: Mapping[str, Any], *, partly: bool = False) -> JobFile:
    """Read a job from Python values: dicts, lists, tuples, paths and NumPy scalars.

    Args:
        mapping: The values.
        partly: As `read_job` takes it.

    Raises:
        JobError: It is no job; the problems have no lines. Contradictions alone are left
            in `JobFile.problems`.
    """
    try:
        data = plain(mapping)
        job, problems = _check(data)
    except RecursionError:
        problem = Problem(path="", expected="values that do not contain themselves", got="a cycle")
        raise JobError([problem]) from None
    if job is not None:
        return JobFile(job, Positions({}), Path("job"), "", tuple(problems))
    rest = salvage(data) if partly else None
    if rest is None:
        raise JobError(problems)
    return JobFile(rest.job, Positions({}), Path("job"), "", tuple(problems), rest)


def plain(value: Any) -> Any:
    """Copy a value as dicts, lists and plain scalars; what has no plain form is left as it is."""
    match value:
        case Mapping():
            value = {_key(key): plain(inner) for key, inner in value.items()}
        case list() | tuple():
            value = [plain(inner) for inner in value]
        case bool():
            pass
        case str():
            value = str(value)
        case numbers.Integral():
            value = int(value)
        case numbers.Real():
            value = float(value)
        case os.PathLike():
            value = os.fspath(value)
    return value


def _key(key: Any) -> str:
    """Keys are text, as they are in a file."""
    return str(key).lower() if isinstance(key, bool) else str(key)


def _check(data: Any) -> tuple[Job | None, list[Problem]]:
    """Hold plain values against the types, and their fields against each other."""
    if not isinstance(data, dict):
        return None, [Problem(path="", expected=describe(Job), got=short(data))]
    job, problems = None, []
    try:
        job = Job.model_validate(data)
    except ValidationError as error:
        problems = problems_of(error, data, Job)
    return job, problems + _new(conflicts(data), problems)


def _new(found: list[Problem], known: list[Problem]) -> list[Problem]:
    """Problems at places where none is known yet: one mistake is told once."""
    places = {problem.path for problem in known}
    return [problem for problem in found if problem.path not in places]


def read_text(path: Path) -> str:
    """Read a YAML or JSON file, line breaks as newlines, without a byte order mark.

    Raises:
        JobError: It is not there, not text, or ends otherwise.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise _unreadable(f"a file that ends in {', '.join(SUFFIXES)}", repr(path.name))
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise _unreadable("a job file", f"no file {path}", _sibling(path)) from error
    except IsADirectoryError as error:
        raise _unreadable("a job file", f"the folder {path}") from error
    except (OSError, ValueError) as error:
        raise _unreadable("a file that can be read", str(error)) from error
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        got = f"the byte 0x{content[error.start]:02x} at offset {error.start}"
        raise JobError([Problem(path="", expected="text in UTF-8", got=got, line=line)]) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _unreadable(expected: str, got: str, close: str = "") -> JobError:
    return JobError([Problem(path="", expected=expected, got=got, nearest=close)])


def _sibling(path: Path) -> str:
    """The job file beside it whose name is nearest."""
    if not path.parent.is_dir():
        return ""
    names = [file.name for file in path.parent.iterdir() if file.suffix.lower() in SUFFIXES]
    return nearest(path.name, names)
