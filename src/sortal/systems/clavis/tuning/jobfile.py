"""A tuning job of ClaVis: a batch job whose parameters may be tuned, read with all its problems at once."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from sortal.job.block import JobBlock
from sortal.job.positions import dotted, joined
from sortal.job.problems import JobError, Problem
from sortal.job.type_names import TypeName, nearest, short
from sortal.job.validation import problems_of
from sortal.methods.registry import is_reference
from sortal.systems.clavis.batch.jobfile import (
    BatchDataBlock,
    Configuration,
    JobBlocks,
    ReadFile,
    read_blocks,
)
from sortal.systems.clavis.batch.meta import expand, fill
from sortal.tuning.space import Candidate, Choices, Dimension, Range, Space

TUNED = "tune"
_PREFIX = "tuning_"
Count = Annotated[int, Field(ge=1)]


class TuningData(BatchDataBlock):
    """The `data` of a tuning job."""

    tuning_rounds: Count
    """Number of rounds."""
    tuning_population: Count
    """Number of best configurations that are kept after each round."""
    tuning_offspring: Count
    """Number of variations that are created for each configuration that is kept."""
    tuning_validation: Annotated[
        Annotated[float, Field(gt=0, lt=1)] | Annotated[int, Field(ge=2)] | None,
        TypeName("a share below 1, or a whole number of folds", "shares or numbers of folds"),
    ] = None
    """What configurations are ranked on: a share of the training examples, drawn stratified with
    `random_state`, or so many folds of them. If not given, the folds of the data set, else 0.2."""


class TuningBlocks(JobBlocks):
    """The whole file."""

    data: TuningData
    """Which data set, how it is used, and how long is tuned."""


class Categorical(JobBlock):
    """A tuned parameter with a few values."""

    tune: Literal[True]
    """That it is tuned."""
    type: Literal["categorical"]
    """What it is."""
    values: Annotated[list[Any], Field(min_length=1)]
    """Its values."""
    initial: Any = None
    """Its value in the first round; the first of them if not given."""

    def dimension(self) -> Dimension:
        """What may be chosen.

        Raises:
            JobError: `initial` is none of the values.
        """
        values = tuple(self.values)
        first = self.initial if "initial" in self.model_fields_set else values[0]
        chosen = Choices(values=values, initial=first)
        if not chosen.holds(first):
            listed = ", ".join(map(short, values))
            raise _error("initial", f"one of the values {listed}", short(first))
        return chosen


class Numerical(JobBlock):
    """A tuned parameter that is a number."""

    tune: Literal[True]
    """That it is tuned."""
    type: Literal["float", "int"]
    """What it is; `int` is rounded."""
    min: int | float
    """Its smallest value."""
    max: int | float
    """Its largest value."""
    initial: int | float | None = None
    """Its value in the first round; the middle if not given."""
    sigma: Annotated[float, Field(gt=0)] | None = None
    """Standard deviation of small variations; a fifth of the range if not given."""

    def dimension(self) -> Dimension:
        """What may be chosen.

        Raises:
            JobError: The numbers do not go together.
        """
        whole = self.type == "int"
        for key in ("min", "max"):
            end = getattr(self, key)
            if whole and end != int(end):
                raise _error(key, "a whole number, because type is int", short(end))
        if self.min >= self.max:
            raise _error("max", f"more than min, {short(self.min)}", short(self.max))
        drawn = Range(low=self.min, high=self.max, initial=self.min, whole=whole, sigma=self.sigma)
        first = drawn.at((self.min + self.max) / 2) if self.initial is None else self.initial
        if not drawn.holds(first):
            kind = "a whole number" if whole else "a number"
            expected = f"{kind} from {short(self.min)} to {short(self.max)}"
            raise _error("initial", expected, short(first))
        return Range(low=self.min, high=self.max, initial=first, whole=whole, sigma=self.sigma)


_KINDS: Mapping[str, type[Categorical] | type[Numerical]] = {
    "categorical": Categorical,
    "float": Numerical,
    "int": Numerical,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TunedEntry:
    """One classifier of a tuning job."""

    title: str
    """Template of titles."""

    method: str
    fixed: Mapping[str, Any]
    """Arguments that stay as they are."""

    space: Space
    names: tuple[str, ...]
    """All arguments, in the order of the file."""

    place: str
    line: int | None

    def configuration(self, values: Mapping[str, Any]) -> Configuration:
        """The configuration with some values of what is tuned."""
        given = {**self.fixed, **values}
        arguments = {name: given[name] for name in self.names}
        return Configuration(
            title=fill(self.title, {**arguments, "method": self.method}),
            method=self.method,
            arguments=arguments,
            place=self.place,
            line=self.line,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningJob:
    """A tuning job as it was read."""

    file: ReadFile[TuningBlocks] = field(repr=False)
    entries: tuple[TunedEntry, ...]
    """Those that compete: references do not."""

    notes: tuple[str, ...] = ()
    """What the user should know of how the file was read."""

    @property
    def path(self) -> Path:
        """Its file."""
        return self.file.path

    @property
    def data(self) -> TuningData:
        """Its data block."""
        return self.file.blocks.data

    @property
    def plain_data(self) -> dict[str, Any]:
        """The data block of a batch job on the same examples, as the file gives it."""
        given: Mapping[str, Any] = self.file.raw["data"]
        return {name: value for name, value in given.items() if not name.startswith(_PREFIX)}

    def configuration(self, candidate: Candidate) -> Configuration:
        """The configuration of a candidate."""
        return self.entries[candidate.kind].configuration(candidate.values)


def read_tuning_job(path: Path) -> TuningJob:
    """Read a tuning job.

    Raises:
        JobError: It cannot be read or is no tuning job; every problem has its line.
    """
    file = read_blocks(path, TuningBlocks)
    problems = list(_no_projections(file))
    entries: list[TunedEntry] = []
    for number, entry in enumerate(file.raw.get("classifiers", ())):
        try:
            entries += _entries(entry, dotted(["classifiers", number]), file)
        except JobError as error:
            problems += error.problems
    rivals = tuple(one for one in entries if not is_reference(one.method))
    if not rivals and not problems:
        expected = "one classifier or more that can be better or worse"
        problems.append(Problem(path="classifiers", expected=expected, got="none"))
    if problems:
        raise file.error(problems)
    left_out = dict.fromkeys(one.method for one in entries if is_reference(one.method))
    notes = tuple(f"{name} marks an end of the scale; it takes no part." for name in left_out)
    return TuningJob(file=file, entries=rivals, notes=notes)


def _no_projections(file: ReadFile[TuningBlocks]) -> Iterator[Problem]:
    if file.blocks.projections:
        expected = "none, for a tuning job has no projections"
        yield Problem(path="projections", expected=expected, got=str(len(file.blocks.projections)))


def _entries(
    entry: Mapping[str, Any], place: str, file: ReadFile[TuningBlocks]
) -> Iterator[TunedEntry]:
    """One entry for each combination of its meta parameters; what is tuned is in all of them."""
    dimensions: dict[str, Dimension] = {}
    problems: list[Problem] = []
    for name, value in entry.items():
        if isinstance(value, Mapping) and TUNED in value:
            try:
                dimensions[name] = _dimension(value)
            except JobError as error:
                at = joined(place, dotted([name]))
                problems += [
                    Problem(
                        path=joined(at, p.path), expected=p.expected, got=p.got, nearest=p.nearest
                    )
                    for p in error.problems
                ]
    rest = {name: value for name, value in entry.items() if name not in dimensions}
    if problems:
        raise JobError(problems)
    combinations = expand(rest, place)
    seen: set[str] = set()
    for values in combinations:
        # As text, for Python takes 1, 1.0 and true for the same; a list may hold one value twice.
        meaning = json.dumps(values, sort_keys=True)
        if meaning in seen:
            continue
        seen.add(meaning)
        if not isinstance(values["method"], str):
            at = joined(place, "method")
            raise _error(at, "the name of a method", short(values["method"]))
        fixed = {name: one for name, one in values.items() if name not in ("title", "method")}
        yield TunedEntry(
            title=values["title"],
            method=values["method"],
            fixed=fixed,
            space=Space(dimensions),
            names=tuple(name for name in entry if name not in ("title", "method")),
            place=place,
            line=file.positions.line(place),
        )


def _dimension(tuned: Mapping[str, Any]) -> Dimension:
    kind = tuned.get("type")
    if not isinstance(kind, str) or kind not in _KINDS:
        expected = "categorical, float or int"
        close = nearest(kind, _KINDS) if isinstance(kind, str) else ""
        raise JobError([Problem(path="type", expected=expected, got=short(kind), nearest=close)])
    plain, model = dict(tuned), _KINDS[kind]
    try:
        return model.model_validate(plain).dimension()
    except ValidationError as error:
        raise JobError(problems_of(error, plain, model)) from error


def _error(path: str, expected: str, got: str) -> JobError:
    return JobError([Problem(path=path, expected=expected, got=got)])
