"""What the JSON files of a cache of ClaVis say, held against what they should."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, ConfigDict, Field

from sortal.job.block import JobBlock
from sortal.job.type_names import TypeName, short
from sortal.metrics.confusion import accuracy

_MOST = 1e15
"""Examples of a matrix: up to there counts are exact, and generators draw so many."""

_ROUNDING = 1e-9
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def printable(text: str) -> str:
    """A text, unless it has halves of characters, which no file takes, or what a terminal would obey.

    Raises:
        ValueError: There is one.
    """
    if _CONTROL.search(text):
        raise ValueError("a control character in it")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("half of a character in it") from error
    return text


Text = Annotated[str, Field(min_length=1), AfterValidator(printable), TypeName("a text", "texts")]
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0), TypeName("a number of seconds", "numbers of seconds")]
Count = Annotated[
    float, Field(ge=0, le=_MOST), TypeName("a number of examples", "numbers of examples")
]


class FileBlock(JobBlock):
    """What a file of the cache says; keys that are not needed are let be."""

    model_config = ConfigDict(extra="allow")


class DataArguments(FileBlock):
    """The data block of a job."""

    title: Text
    """Of the job."""
    dataset: Text
    """Name of a data set."""


class ClassifierArguments(FileBlock):
    """One classifier of a job, its meta parameters replaced."""

    title: Text
    """Names it."""
    method: Text
    """Name of a classifier plugin."""


class PartScores(FileBlock):
    """What is told of a classifier on its training or test examples."""

    accuracy: Share
    """Share of examples that are right, with all their labels where they have several."""
    conf_matrix: Annotated[list[list[Count]], Field(min_length=1)] | None
    """Examples by true and predicted class; null where they have several labels."""
    pre_rec_fs_supp: Annotated[list[float | None], Field(min_length=3, max_length=4)]
    """Weighted precision, recall and F1, of single results with a null behind them."""


class ScoresFile(FileBlock):
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
class CacheFault:
    """Something of a cache that cannot be used."""

    file: str
    place: str = ""
    """Inside of the file, empty for all of it."""

    expected: str
    got: str

    def __str__(self) -> str:
        place = f", {self.place}" if self.place else ""
        return f"{self.file}{place}: expected {self.expected}, got {self.got}."


def odd_scores(
    file: str, scores: ScoresFile, raw: Mapping[str, Any], stem: str, data: str
) -> Iterator[CacheFault]:
    """What types do not tell of a file of scores."""
    for key, expected, got in (("hash", stem, scores.hash), ("data_hash", data, scores.data_hash)):
        if got != expected:
            yield CacheFault(
                file=file, place=key, expected=f"{expected!r}, as the file is named", got=short(got)
            )
    if scores.test_scores is None:
        yield CacheFault(
            file=file, place="test_scores", expected="scores", got="null: nothing was tested"
        )
    parts = [part for part in (scores.train_scores, scores.test_scores) if part is not None]
    if len({part.conf_matrix is None for part in parts}) > 1:
        expected = "a matrix of both training and test examples, or of neither"
        yield CacheFault(file=file, place="conf_matrix", expected=expected, got="one of them")
    for key in ("train_scores", "test_scores"):
        part: PartScores | None = getattr(scores, key)
        if part is not None and part.conf_matrix is not None:
            yield from _odd_matrix(file, key, part, is_mean(part, raw[key]))


def _odd_matrix(file: str, key: str, part: PartScores, mean: bool) -> Iterator[CacheFault]:
    """What is wrong with a confusion matrix, or with the accuracy beside it."""
    rows = part.conf_matrix or []
    place, odd = f"{key}.conf_matrix", [len(row) for row in rows if len(row) != len(rows)]
    if odd:
        expected = f"{len(rows)} columns, as it has rows"
        yield CacheFault(file=file, place=place, expected=expected, got=f"a row of {odd[0]}")
        return
    matrix = np.array(rows, dtype=np.float64)
    if matrix.sum() > _MOST:
        expected, got = "at most 1e15 examples in all", f"{matrix.sum():.3g}"
        yield CacheFault(file=file, place=place, expected=expected, got=got)
        return
    if not matrix.sum() > 0:
        yield CacheFault(file=file, place=place, expected="an example or more", got="none")
    elif not mean:
        if not np.array_equal(matrix, np.rint(matrix)):
            yield CacheFault(file=file, place=place, expected="whole numbers", got="a fraction")
            return
        expected_accuracy = float(accuracy(matrix))
        if abs(expected_accuracy - part.accuracy) > _ROUNDING:
            yield CacheFault(
                file=file,
                place=f"{key}.accuracy",
                expected=f"{expected_accuracy:.10g}, that of conf_matrix",
                got=f"{part.accuracy:.10g}",
            )


def is_mean(part: PartScores, raw: Mapping[str, Any]) -> bool:
    """Whether scores are means over folds: these come without the null, their counts as fractions."""
    counts = raw["conf_matrix"] or []
    return len(part.pre_rec_fs_supp) == 3 or any(
        isinstance(count, float) for row in counts for count in row
    )
