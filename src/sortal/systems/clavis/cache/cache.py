"""A cache folder of ClaVis by its JSON files: data blocks, classifiers with scores, what cannot be used.

The original keeps results as pickles too, which are never opened: whoever opens a pickle runs what its
author wrote. Of a classifier the JSON files tell what was asked for, scores and seconds.
"""

import json
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydantic import ValidationError

from sortal.errors import UserError
from sortal.job.type_names import short
from sortal.job.validation import problems_of
from sortal.systems.clavis.cache.files import (
    CacheFault,
    ClassifierArguments,
    DataArguments,
    FileBlock,
    PartScores,
    ScoresFile,
    is_mean,
    odd_scores,
    printable,
)
from sortal.views.progress import counted

_HASH = "[0-9a-f]{32}"
_NAME = re.compile(
    rf"(?P<data>data_{_HASH})(?:__(?P<kind>clf|proj|clf_proj)_(?P<item>{_HASH}))?_(?P<what>args|scores)\.json"
)
_DEEPEST = 50
_LARGEST = 1 << 24
"""Bytes of a file that is read; the largest that ClaVis writes has a matrix of some hundred classes."""


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

    faults: tuple[CacheFault, ...]
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
    return _CacheReader(folder).read()


Model = TypeVar("Model", bound=FileBlock)


class _CacheReader:
    """Reads a folder, and collects what cannot be used."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._faults: list[CacheFault] = []
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
            self._fault(
                file, f"the data block of {counted(len(hashes), 'classifier')}", "no such file"
            )
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
        told = self._parsed(files["scores"], ScoresFile)
        if arguments is None or told is None:
            return None
        said, named = arguments
        raw, scores = told
        faults = list(odd_scores(files["scores"], scores, raw, stem, data))
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
            if _is_deeper(raw, _DEEPEST):
                self._fault(file, f"values nested at most {_DEEPEST} deep", "deeper ones")
                return None
            if odd := next(_unprintable_names(raw), None):
                self._fault(file, "names that can be printed", short(odd))
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
        self._faults.append(CacheFault(file=file, place=place, expected=expected, got=got))


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


def _is_deeper(value: Any, deepest: int) -> bool:
    """Whether lists and objects are nested deeper than so."""
    if not isinstance(value, list | dict):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return deepest == 0 or any(_is_deeper(one, deepest - 1) for one in inner)


def _unprintable_names(value: Any) -> Iterator[str]:
    """Names in objects, however deep, that neither a file nor a terminal should be given."""
    if isinstance(value, dict):
        for name in value:
            try:
                printable(name)
            except ValueError:
                yield name
    if isinstance(value, list | dict):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _unprintable_names(one)


def _scores(part: PartScores, raw: Mapping[str, Any]) -> CachedScores:
    matrix = part.conf_matrix
    weighted = [float("nan") if value is None else value for value in part.pre_rec_fs_supp[:3]]
    return CachedScores(
        accuracy=part.accuracy,
        weighted=tuple(weighted),
        confusion=None if matrix is None else np.array(matrix, dtype=np.float64),
        is_mean=is_mean(part, raw),
    )
