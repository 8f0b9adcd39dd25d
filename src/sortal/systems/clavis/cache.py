"""A cache folder of ClaVis by its JSON files: data blocks, their classifiers' scores, what cannot be used.

The original keeps results as pickles too, which are never opened: whoever opens a pickle runs what its
author wrote. Of a classifier the JSON files tell what was asked for, scores and seconds.
"""

import json
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar

import numpy as np
from pydantic import AfterValidator, ConfigDict, Field, ValidationError

from sortal.errors import UserError
from sortal.job.models import Block
from sortal.job.validation import problems_of
from sortal.job.words import Words, short
from sortal.metrics.confusion import accuracy

_HASH = "[0-9a-f]{32}"
_NAME = re.compile(
    rf"(?P<data>data_{_HASH})(?:__(?P<kind>clf|proj|clf_proj)_(?P<item>{_HASH}))?_(?P<what>args|scores)\.json"
)
_LARGEST = 1 << 26
"""Bytes of a file that is read; the largest that ClaVis writes has a matrix of some hundred classes."""

_ROUNDING = 1e-9


def _printable(text: str) -> str:
    """Refuse halves of characters, which no file and no terminal takes.

    Raises:
        ValueError: There is one.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("half of a character in it") from error
    return text


Text = Annotated[str, Field(min_length=1), AfterValidator(_printable), Words("a text", "texts")]
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0), Words("a number of seconds", "numbers of seconds")]
Count = Annotated[float, Field(ge=0), Words("a number of examples", "numbers of examples")]


class _FileBlock(Block):
    """What a file of the cache says; keys that are not needed are let be."""

    model_config = ConfigDict(extra="allow")


class DataArguments(_FileBlock):
    """The data block of a job."""

    title: Text
    """Of the job."""
    dataset: Text
    """Name of a data set."""


class ClassifierArguments(_FileBlock):
    """One classifier of a job, its meta parameters replaced."""

    title: Text
    """Names it."""
    method: Text
    """Name of a classifier plugin."""


class PartScores(_FileBlock):
    """What is told of a classifier on its training or test examples."""

    accuracy: Share
    """Share of examples that are right, with all their labels where they have several."""
    conf_matrix: Annotated[list[list[Count]], Field(min_length=1)] | None
    """Examples by true and predicted class; null where they have several labels."""
    pre_rec_fs_supp: Annotated[list[float | None], Field(min_length=3, max_length=4)]
    """Weighted precision, recall and F1, of single results with a null behind them."""


class Scores(_FileBlock):
    """The file of scores of one classifier."""

    hash: str
    """Begin of the names of its files."""
    data_hash: str
    """That of its data block."""
    train_scores: PartScores | None
    """Null where nothing was judged."""
    test_scores: PartScores | None
    """The same of test examples."""
    clf_time: Seconds
    """To train [s]; of folds the mean."""
    pred_time: Seconds
    """To predict training and test examples [s]; of folds the mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something of a cache that cannot be used."""

    file: str
    place: str = ""
    """Inside of the file, empty for all of it."""

    expected: str
    got: str

    def __str__(self) -> str:
        place = f", {self.place}" if self.place else ""
        return f"{self.file}{place}: expected {self.expected}, got {self.got}."


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedScores:
    """What is told of a classifier on one part."""

    accuracy: float
    weighted: tuple[float, ...]
    """Precision, recall and F1; NaN where there is none."""

    confusion: np.ndarray | None = field(repr=False)
    is_mean: bool
    """Whether they are means over folds, those of the matrix rounded to tenths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedClassifier:
    """A classifier with its scores."""

    hash: str
    title: str
    method: str
    arguments: Mapping[str, Any]
    """Without title and method."""

    test: CachedScores
    train: CachedScores | None
    fit_seconds: float
    score_seconds: float

    @property
    def file(self) -> str:
        """Name of the file of its scores, behind that of its data block."""
        return f"__clf_{self.hash}_scores.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedData:
    """A data block with its classifiers that can be used, by title."""

    hash: str
    arguments: Mapping[str, Any]
    title: str
    dataset: str
    classifiers: tuple[CachedClassifier, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """What a folder holds."""

    data: tuple[CachedData, ...]
    """By title, each with a classifier or more."""

    faults: tuple[Fault, ...]
    projections: int
    """Projections of examples, which are pickles."""

    maps: int
    """Projections of classifiers, which are pickles."""


def read_cache(folder: Path) -> Cache:
    """Read the JSON files of a cache; what is wrong with one does not touch the others.

    Links are not followed, and nothing outside of the folder is read.

    Raises:
        UserError: It is no folder, or holds no file of a cache.
    """
    return _Reader(folder).read()


Model = TypeVar("Model", bound=_FileBlock)


class _Reader:
    """Reads a folder, and collects what cannot be used."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._faults: list[Fault] = []
        self._files = _listed(folder)

    def read(self) -> Cache:
        """All of it."""
        kinds = [found["kind"] for found in self._files.values() if found["what"] == "args"]
        data = [one for name in self._blocks() if (one := self._data(name)) is not None]
        return Cache(
            data=tuple(sorted(data, key=lambda one: (one.title, one.hash))),
            faults=tuple(sorted(self._faults, key=lambda one: one.file)),
            projections=kinds.count("proj"),
            maps=kinds.count("clf_proj"),
        )

    def _blocks(self) -> list[str]:
        """Begins of file names, one a data block that has classifiers or could have some."""
        return list(
            dict.fromkeys(
                found["data"] for found in self._files.values() if found["kind"] in (None, "clf")
            )
        )

    def _data(self, name: str) -> CachedData | None:
        items = [
            found["item"]
            for found in self._files.values()
            if found["data"] == name and found["kind"] == "clf"
        ]
        hashes = sorted(set(items))
        file = f"{name}_args.json"
        if not hashes:
            return None
        if file not in self._files:
            self._fault(file, f"the data block of {len(hashes)} classifiers", "no such file")
            return None
        arguments = self._parsed(file, DataArguments)
        if arguments is None:
            return None
        found = [one for item in hashes if (one := self._classifier(name, item)) is not None]
        found = self._alike(name, found)
        if not found:
            return None
        said, block = arguments
        return CachedData(
            hash=name.removeprefix("data_"),
            arguments=said,
            title=block.title,
            dataset=block.dataset,
            classifiers=tuple(sorted(found, key=lambda one: (one.title, one.hash))),
        )

    def _classifier(self, data: str, item: str) -> CachedClassifier | None:
        stem = f"{data}__clf_{item}"
        files = {what: f"{stem}_{what}.json" for what in ("args", "scores")}
        absent = [file for file in files.values() if file not in self._files]
        if absent:
            beside = next(file for file in files.values() if file not in absent)
            self._fault(absent[0], f"a file beside {beside}", "no such file")
            return None
        arguments = self._parsed(files["args"], ClassifierArguments)
        told = self._parsed(files["scores"], Scores)
        if arguments is None or told is None:
            return None
        said, named = arguments
        raw, scores = told
        faults = list(_odd_scores(files["scores"], scores, raw, stem, data))
        self._faults += faults
        if faults or scores.test_scores is None:
            return None
        return CachedClassifier(
            hash=item,
            title=named.title,
            method=named.method,
            arguments={key: of for key, of in said.items() if key not in ("title", "method")},
            test=_scores(scores.test_scores, raw["test_scores"]),
            train=_scores(scores.train_scores, raw["train_scores"])
            if scores.train_scores
            else None,
            fit_seconds=scores.clf_time,
            score_seconds=scores.pred_time,
        )

    def _alike(self, data: str, found: Sequence[CachedClassifier]) -> list[CachedClassifier]:
        """Those with a matrix, where there are any; examples have one label each, or all several."""
        if all(one.test.confusion is None for one in found):
            return list(found)
        for one in found:
            if one.test.confusion is None:
                expected = "a matrix, as others of the same data have"
                self._fault(f"{data}{one.file}", expected, "null", "test_scores.conf_matrix")
        return [one for one in found if one.test.confusion is not None]

    def _parsed(self, file: str, model: type[Model]) -> tuple[dict[str, Any], Model] | None:
        """What a file says, as plain values and checked; None, and a fault, where it cannot be used."""
        content = self._content(file)
        if content is None:
            return None
        try:
            raw = json.loads(content)
        except json.JSONDecodeError as error:
            place = f"line {error.lineno}, column {error.colno}"
            self._fault(file, "JSON", f"a mistake ({error.msg})", place)
        except (ValueError, RecursionError) as error:
            self._fault(file, "JSON", f"what cannot be read ({error})")
        else:
            if not isinstance(raw, dict):
                self._fault(file, "an object with keys", short(raw))
                return None
            try:
                return raw, model.model_validate(raw)
            except ValidationError as error:
                for problem in problems_of(error, raw, model):
                    self._fault(file, problem.expected, problem.got, problem.path)
        return None

    def _content(self, file: str) -> bytes | None:
        path = self._folder / file
        try:
            about = path.lstat()
            if not stat.S_ISREG(about.st_mode):
                what = "a link" if stat.S_ISLNK(about.st_mode) else "no file"
                self._fault(file, "a plain file", what)
            elif about.st_size > _LARGEST:
                self._fault(file, f"at most {_LARGEST} bytes", str(about.st_size))
            else:
                return path.read_bytes()
        except OSError as error:
            self._fault(file, "a file that can be read", str(error.strerror or error))
        return None

    def _fault(self, file: str, expected: str, got: str, place: str = "") -> None:
        self._faults.append(Fault(file=file, place=place, expected=expected, got=got))


def _listed(folder: Path) -> dict[str, re.Match[str]]:
    """Files of a cache by their names; others are let be."""
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError as error:
        raise UserError(
            f"{folder}: expected the cache folder of ClaVis, got none ({error.strerror})."
        ) from error
    files = {name: found for name in names if (found := _NAME.fullmatch(name))}
    if not files:
        raise UserError(
            f"{folder}: expected the cache folder of ClaVis with files such as data_<hash>_args.json, "
            f"got {'an empty folder' if not names else 'a folder without any'}."
        )
    return files


def _odd_scores(
    file: str, scores: Scores, raw: Mapping[str, Any], stem: str, data: str
) -> Iterator[Fault]:
    """What types do not tell of a file of scores."""
    for key, expected, got in (("hash", stem, scores.hash), ("data_hash", data, scores.data_hash)):
        if got != expected:
            yield Fault(
                file=file, place=key, expected=f"{expected!r}, as the file is named", got=short(got)
            )
    if scores.test_scores is None:
        yield Fault(
            file=file, place="test_scores", expected="scores", got="null: nothing was tested"
        )
    for key in ("train_scores", "test_scores"):
        part: PartScores | None = getattr(scores, key)
        if part is not None and part.conf_matrix is not None:
            yield from _odd_matrix(file, key, part, _is_mean(part, raw[key]))


def _odd_matrix(file: str, key: str, part: PartScores, is_mean: bool) -> Iterator[Fault]:
    """What is wrong with a confusion matrix, or with the accuracy beside it."""
    rows = part.conf_matrix or []
    place, odd = f"{key}.conf_matrix", [len(row) for row in rows if len(row) != len(rows)]
    if odd:
        expected = f"{len(rows)} columns, as it has rows"
        yield Fault(file=file, place=place, expected=expected, got=f"a row of {odd[0]}")
        return
    matrix = np.array(rows, dtype=np.float64)
    if not matrix.sum() > 0:
        yield Fault(file=file, place=place, expected="an example or more", got="none")
    elif not is_mean:
        if not np.array_equal(matrix, np.rint(matrix)):
            yield Fault(file=file, place=place, expected="whole numbers", got="a fraction")
            return
        expected_accuracy = float(accuracy(matrix))
        if abs(expected_accuracy - part.accuracy) > _ROUNDING:
            yield Fault(
                file=file,
                place=f"{key}.accuracy",
                expected=f"{expected_accuracy:.10g}, that of conf_matrix",
                got=f"{part.accuracy:.10g}",
            )


def _is_mean(part: PartScores, raw: Mapping[str, Any]) -> bool:
    """Whether scores are means over folds: these come without the null, their counts as fractions."""
    counts = raw["conf_matrix"] or []
    return len(part.pre_rec_fs_supp) == 3 or any(
        isinstance(count, float) for row in counts for count in row
    )


def _scores(part: PartScores, raw: Mapping[str, Any]) -> CachedScores:
    matrix = part.conf_matrix
    weighted = [float("nan") if value is None else value for value in part.pre_rec_fs_supp[:3]]
    return CachedScores(
        accuracy=part.accuracy,
        weighted=tuple(weighted),
        confusion=None if matrix is None else np.array(matrix, dtype=np.float64),
        is_mean=_is_mean(part, raw),
    )
