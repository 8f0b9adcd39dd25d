"""Make a job of the sound parts of a file, so that the data and the methods are asked about them too.

Whoever makes five mistakes wants to hear of five, also where two of them are such that
the file is no job yet. What is plainly meant (a misspelt key or word) is taken as meant,
what is not is left out, and what was left out is never complained of again.
"""

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from sortal.job.models import Job
from sortal.job.positions import Step, dotted
from sortal.job.problems import Problem
from sortal.job.validation import Finding, findings

_ROUNDS = 10
"""Most times that the rest is looked at again: a mended key may show a wrong value behind it."""

_HARMLESS = frozenset({"subset", "scaling", "imputation", "infinite", "training_weights"})
"""Keys of `data` without which the same columns are read; of the others, errors would follow."""

_STAND_INS: dict[str, Any] = {"imputation": "zero", "infinite": "missing"}
"""In place of values that are lost: those with which nothing is wrong that may be right."""


@dataclass(frozen=True, slots=True)
class Salvaged:
    """A job that is only good for finding more problems."""

    job: Job
    origins: Mapping[str, str | None]
    """Paths in the file by paths in the job, where they differ; None for what is not in the file."""

    data_is_whole: bool
    """Whether nothing is lost that decides which columns are read, and as what."""

    def as_written(self, problems: Iterable[Problem]) -> Iterator[Problem]:
        """Problems with their paths in the file, without those of stand-ins."""
        for problem in problems:
            path = self._origin(problem.path)
            if path is not None:
                yield replace(problem, path=path)

    def _origin(self, path: str) -> str | None:
        return _translated(path, self.origins)


def _translated(path: str, origins: Mapping[str, str | None]) -> str | None:
    """A path with its longest known beginning replaced."""
    for here in sorted(origins, key=len, reverse=True):
        if path == here or path.startswith((f"{here}.", f"{here}[")):
            there = origins[here]
            return None if there is None else there + path[len(here) :]
    return path


def _numbered(place: int) -> str:
    return dotted(("classifiers", place))


def salvage(data: Any) -> Salvaged | None:
    """Mend plain values until they are a job; None where they are nothing like one.

    Args:
        data: As read; not changed.
    """
    return _Rest(copy.deepcopy(data)).mended() if isinstance(data, dict) else None


@dataclass(slots=True)
class _Rest:
    """What is left of the values, and what was done to them."""

    data: dict[str, Any]
    numbers: list[int] = field(default_factory=list)
    """Places of the remaining classifiers in the file."""

    renamed: dict[str, str | None] = field(default_factory=dict)
    """Paths of keys as written by paths of keys as meant; classifiers by their places in the file."""

    data_is_whole: bool = True
    stand_in: bool = False
    """Whether no classifier of the file is left."""

    def __post_init__(self) -> None:
        self._count()

    def _count(self) -> None:
        """Number the classifiers as they stand in the file."""
        classifiers = self.data.get("classifiers")
        self.numbers = list(range(len(classifiers))) if isinstance(classifiers, list) else []

    def mended(self) -> Salvaged | None:
        """Mend round by round."""
        for _ in range(_ROUNDS):
            try:
                job = Job.model_validate(self.data)
            except ValidationError as error:
                for finding in findings(error, self.data, Job):
                    self._mend(finding)
                self._close_ranks()
            else:
                return Salvaged(job, self._origins(), self.data_is_whole)
        return None

    def _origins(self) -> dict[str, str | None]:
        """Paths in the file by paths in the job, of what was renamed and of what moved up."""
        if self.stand_in:
            return {**self.renamed, "classifiers[0]": None}
        places = {number: place for place, number in enumerate(self.numbers)}
        moved: dict[str, str | None] = {
            _numbered(number): _numbered(places[number]) if number in places else None
            for number in range(max(self.numbers, default=-1) + 1)
        }
        origins = {_translated(path, moved): origin for path, origin in self.renamed.items()}
        for number, place in places.items():
            if number != place:
                origins[_numbered(place)] = _translated(_numbered(number), self.renamed)
        return {path: origin for path, origin in origins.items() if path is not None}

    def _written(self, path: tuple[Step, ...]) -> str:
        """A path with the number that a classifier has in the file."""
        match path:
            case ("classifiers", int(place), *inner):
                path = ("classifiers", self.numbers[place], *inner)
        return dotted(path)

    def _mend(self, finding: Finding) -> None:
        """Take what is plainly meant; leave out the rest."""
        *outer, key = finding.path or ("",)
        around = self._at(outer)
        meant = finding.problem.nearest
        if not isinstance(around, dict) or not meant:
            self._drop(finding.path)
        elif not finding.unknown:
            around[key] = meant
        elif meant in around or key not in around:
            self._drop(finding.path)
        else:
            around[meant] = around.pop(str(key))
            origin = _translated(self._written(finding.path), self.renamed)
            self.renamed[self._written((*outer, meant))] = origin
            if (*outer, meant) == ("classifiers",):
                self._count()

    def _drop(self, path: tuple[Step, ...]) -> None:
        """Leave out a value; with it what cannot be without it."""
        match path:
            case ():
                pass
            case ("data",) | ("data", "source", *_):
                self.data["data"] = {"source": "lost"}
                self.data_is_whole = False
            case ("data", str(key), *inner) if not (key == "split" and inner):
                self.data_is_whole &= key in _HARMLESS
                self._remove(("data", key))
                if key in _STAND_INS:
                    self.data["data"][key] = _STAND_INS[key]
            case ("classifiers", int(number), *_) if len(path) == 2:
                self.data["classifiers"][number] = None
            case ("classifiers",):
                self.data["classifiers"] = []
            case _:
                self._remove(path)

    def _remove(self, path: tuple[Step, ...]) -> None:
        """Remove a key; where it is missing, or is an element of a list, what holds it."""
        around = self._at(path[:-1])
        if isinstance(around, dict) and path[-1] in around:
            del around[path[-1]]
        else:
            self._drop(path[:-1])

    def _at(self, path: Iterable[Step]) -> Any:
        """The value at a path, None where the path leads nowhere any more."""
        value: Any = self.data
        for step in path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def _close_ranks(self) -> None:
        """Take out the classifiers that were dropped; at least one stands in for none."""
        listed = self.data.get("classifiers")
        classifiers = listed if isinstance(listed, list) else []
        self.numbers = [
            number
            for number, block in zip(self.numbers, classifiers, strict=False)
            if block is not None
        ]
        kept = [block for block in classifiers if block is not None]
        self.stand_in = self.stand_in or not kept
        self.data["classifiers"] = kept or [{"method": "naive"}]
