"""A job file of ClaVis: JSON with comments, read to frozen values with all its problems at once."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, ValidationError

from sortal.job.block import JobBlock, Name, Seed
from sortal.job.positions import Positions, dotted
from sortal.job.problems import JobError, Problem
from sortal.job.read import read_text
from sortal.job.type_names import TypeName, describe, short
from sortal.job.validation import problems_of
from sortal.systems.clavis.batch.meta import expand, fill, is_meta, placeholders
from sortal.systems.clavis.batch.titles import Titles, visible

_LONGEST_TITLE = 120
_LISTED = 3
"""Configurations that a note lists."""
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def _file_name(title: str) -> str:
    """Hold a title against what every system takes as the name of a file.

    Raises:
        ValueError: It is none; the text says why.
    """
    if found := _FORBIDDEN.search(title):
        raise ValueError(f"{found[0]!r} cannot stand in the name of a file")
    if title != title.strip() or title.startswith(".") or title.endswith("."):
        raise ValueError("the name of a file neither begins nor ends with a blank or a dot")
    if _DEVICES.fullmatch(title):
        raise ValueError("Windows keeps that name for a device")
    return title


JobTitle = Annotated[
    str,
    Field(min_length=1, max_length=_LONGEST_TITLE),
    AfterValidator(_file_name),
    TypeName(f"a title of 1 to {_LONGEST_TITLE} characters that can name a file", "titles"),
]
Share = Annotated[float, Field(gt=0, le=1)]


class BatchDataBlock(JobBlock):
    """The `data` of a job: which data set, which of its examples, how they are divided and scaled."""

    title: JobTitle
    """Name of the job in the store; it must be valid as the name of a file."""
    dataset: Name
    """Name of a data set: a plugin's, or a built-in one's."""
    subset_train: Share = 1.0
    """Share of the training examples to use."""
    subset_test: Share = 1.0
    """Share of the test examples to use."""
    subset: Literal["first", "random"] = "first"
    """Which examples a share keeps: the first rows, or as many drawn stratified with `random_state`."""
    test_size: Annotated[float, Field(ge=0, le=1)] | None = None
    """Share of the examples that test, drawn stratified, where the data set has no test examples
    of its own; 0.2 if not given. 0 leaves none to test (and is needed for folds, where it is the
    default); 1 tests on the training examples."""
    scale: bool = False
    """Whether features are brought to zero mean and unit variance, fitted on training examples."""
    random_state: Seed = 42
    """Seed of the division and of random subsets."""
    disable_cross_validation: bool = False
    """Whether folds that the data set gives are ignored."""
    save_clfs_for_folds: bool = False
    """Whether each fold is shown as a result of its own too, titled `<title> fold<k>`."""


class BatchEntry(JobBlock):
    """One entry of `classifiers` or `projections`: title, method, and any parameters."""

    model_config = ConfigDict(extra="allow")

    title: Name
    """Names its results; `{name}` is replaced by that parameter's value."""
    method: Annotated[str | dict[str, Any], TypeName("the name of a method", "names of methods")]
    """Name of a classifier or projection; may be a meta parameter."""


class JobBlocks(JobBlock):
    """The whole file."""

    data: BatchDataBlock
    """Which data set, and how it is used."""
    projections: list[BatchEntry] = []
    """Projections of the data, for views."""
    classifiers: list[BatchEntry] = []
    """The classifiers to train."""


Blocks = TypeVar("Blocks", bound=JobBlocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """One classifier or projection, its meta parameters replaced by values."""

    title: str
    """With every parameter that it names filled in, of those that the file gives."""

    method: str
    arguments: Mapping[str, Any]
    """Parameters as the file gives them."""

    place: str
    """The entry that it comes from, as `classifiers[2]`."""

    line: int | None = None

    @property
    def meaning(self) -> str:
        """Equal for configurations that differ in their titles alone."""
        return json.dumps([self.method, self.arguments], sort_keys=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFile(Generic[Blocks]):
    """A file as it was read, its entries not yet expanded."""

    path: Path
    text: str = field(repr=False)
    blocks: Blocks
    positions: Positions = field(repr=False)
    raw: Mapping[str, Any] = field(repr=False)
    """What it says, as plain values."""

    warnings: tuple[str, ...] = ()
    """Sentences about keys that occur more than once in an object."""

    def place(self, problems: Iterable[Problem]) -> list[Problem]:
        """Give problems their lines in the file."""
        return [self.positions.place(problem, file=str(self.path)) for problem in problems]

    def error(self, problems: Iterable[Problem]) -> JobError:
        """All problems, with their lines, as one error."""
        return JobError(self.place(problems), file=str(self.path))


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchJob:
    """A batch job: the data, and every configuration that is to be trained or projected."""

    path: Path
    text: str = field(repr=False)
    data: BatchDataBlock
    projections: tuple[Configuration, ...]
    classifiers: tuple[Configuration, ...]
    notes: tuple[str, ...] = ()
    """What the user should know of how the file was read."""

    warnings: tuple[str, ...] = ()
    """What was changed of the file so that it can run: titles that got a number."""


def read_batch_job(path: Path) -> BatchJob:
    """Read a batch job.

    Raises:
        JobError: It cannot be read or is no batch job; every problem has its line.
    """
    file = read_blocks(path, JobBlocks)
    problems: list[Problem] = []
    lists = {
        key: list(_configurations(file, key, problems)) for key in ("projections", "classifiers")
    }
    if problems:
        raise file.error(problems)
    numbered = {
        key: _number_titles(found, key, _cures(file.raw.get(key, ()), key))
        for key, found in lists.items()
    }
    return BatchJob(
        path=path,
        text=file.text,
        data=file.blocks.data,
        projections=numbered["projections"].kept,
        classifiers=numbered["classifiers"].kept,
        notes=tuple(note for of in numbered.values() for note in of.notes),
        warnings=(
            *file.warnings,
            *(warning for of in numbered.values() for warning in of.warnings),
        ),
    )


def read_blocks(path: Path, model: type[Blocks]) -> ReadFile[Blocks]:
    """Read the blocks of a file of jobs without expanding its entries.

    Args:
        path: JSON with comments (or YAML).
        model: What the whole file is, such as `JobBlocks`.

    Raises:
        JobError: It cannot be read, or is no such file. Problems of meta parameters are told
            with those of the blocks.
    """
    from sortal.job.parse import parse  # ruamel: only those who read a file wait for it

    try:
        text = read_text(path)
    except JobError as error:
        problems = [replace(problem, file=str(path)) for problem in error.problems]
        raise JobError(problems, file=str(path)) from error.__cause__
    is_json = path.suffix.lower() == ".json"
    parsed = parse(text, is_json=is_json, last_counts=is_json)
    problems = parsed.problems
    if not problems and not isinstance(parsed.data, dict):
        came = "an empty file" if parsed.data is None else short(parsed.data)
        problems = [Problem(path="", expected=describe(model), got=came)]
    if isinstance(parsed.data, dict):
        try:
            blocks = model.model_validate(parsed.data)
        except ValidationError as error:
            told = {problem.path for problem in problems}
            found = problems_of(error, parsed.data, model)
            problems = [*problems, *(one for one in found if one.path not in told)]
            problems += _meta_problems(parsed.data)
        else:
            if not problems:
                return ReadFile(
                    path=path,
                    text=text,
                    blocks=blocks,
                    positions=parsed.positions,
                    raw=parsed.data,
                    warnings=tuple(map(_last_counts, parsed.repeated)),
                )
    placed = [parsed.positions.place(problem, file=str(path)) for problem in problems]
    raise JobError(placed, file=str(path))


def _last_counts(repeated: Problem) -> str:
    return f"line {repeated.line}, {repeated.path}: {repeated.got}; the last value counts."


def _meta_problems(data: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with meta parameters of a file that is wrong elsewhere too."""
    problems: list[Problem] = []
    for key in ("projections", "classifiers"):
        entries = data.get(key)
        for number, entry in enumerate(entries if isinstance(entries, list) else []):
            if isinstance(entry, dict):
                try:
                    expand(entry, dotted([key, number]))
                except JobError as error:
                    problems += error.problems
    return problems


def _configurations(
    file: ReadFile[Any], key: str, problems: list[Problem]
) -> Iterator[Configuration]:
    """Expand the entries of one list."""
    for number, entry in enumerate(file.raw.get(key, ())):
        place = dotted([key, number])
        try:
            combinations = expand(entry, place)
        except JobError as error:
            problems += error.problems
            continue
        for values in combinations:
            if not isinstance(values["method"], str):
                inner, got = f"{place}.method", short(values["method"])
                problems.append(Problem(path=inner, expected="the name of a method", got=got))
                break
            yield _configuration(values, place, file.positions.line(place))


@dataclass(frozen=True, slots=True)
class _NumberedEntry:
    """Configurations of one list, each with a title of its own."""

    kept: tuple[Configuration, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def _number_titles(
    found: list[Configuration], key: str, cures: Mapping[str, str]
) -> _NumberedEntry:
    """Leave out repeated configurations, and number equal titles of different parameters."""
    titles = Titles.among(one.title for one in found)
    known: dict[tuple[str, str], Configuration] = {}
    kept: list[Configuration] = []
    repeated: list[tuple[Configuration, Configuration]] = []
    for one in found:
        first = known.setdefault((visible(one.title), one.meaning), one)
        if first is one:
            cure = cures.get(one.place, "")
            kept.append(replace(one, title=titles.give(one.title, one.line, cure)))
        else:
            repeated.append((first, one))
    notes = _note_of_repeated(repeated, key.removesuffix("s"))
    return _NumberedEntry(tuple(kept), notes, tuple(titles.warnings(key)))


def _note_of_repeated(
    repeated: Sequence[tuple[Configuration, Configuration]], kind: str
) -> tuple[str, ...]:
    """One sentence on all configurations that occur twice or more, or none.

    Args:
        repeated: Each with the first configuration that it repeats, which stands before it.
        kind: A classifier or a projection.
    """
    if not repeated:
        return ()
    if len(repeated) == 1:
        ((first, one),) = repeated
        return (
            f"{one.title!r} occurs twice with the same parameters (lines {first.line} and "
            f"{one.line}); it is one {kind}.",
        )
    listed = [f"{one.title!r} (lines {first.line} and {one.line})" for first, one in repeated]
    more = f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
    return (
        f"{len(listed)} configurations repeat the parameters and title of an earlier one, and are left "
        f"out: {', '.join(listed[:_LISTED])}{more}.",
    )


def _cures(entries: Iterable[Mapping[str, Any]], key: str) -> dict[str, str]:
    """What to write into the title of each entry whose configurations it does not tell apart."""
    cures = {}
    for number, entry in enumerate(entries):
        varied = [name for name, value in entry.items() if is_meta(value)]
        absent = [name for name in varied if name not in placeholders(entry["title"])]
        if absent:
            cures[dotted([key, number])] = " ".join(f"{{{name}}}" for name in absent)
    return cures


def _configuration(values: Mapping[str, Any], place: str, line: int | None) -> Configuration:
    arguments = {name: value for name, value in values.items() if name not in ("title", "method")}
    return Configuration(
        title=fill(values["title"], {**arguments, "method": values["method"]}),
        method=values["method"],
        arguments=arguments,
        place=place,
        line=line,
    )
