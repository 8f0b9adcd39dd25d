"""Which columns of a file of predictions hold the scores of which classes.

A column is named after its class, in any spelling that finds it (`0.0` and `score_0` are of the class
`0`). Of two classes one column is enough, if it holds probabilities.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sortal.data.labels import ClassFinder, Labels, find_class
from sortal.data.texts.spelling import natural_sort_key
from sortal.errors import DataError

SCORE = "score_"
"""What a column of scores may carry before its class, as in the files of `sortal predict`."""

PROBABILITIES = (
    "prob",
    "proba",
    "probability",
    "score",
    "p",
    "p1",
    "y_prob",
    "y_proba",
    "y_score",
    "pred_proba",
)
"""Columns that may hold the probability of the positive one of two classes."""

_FLOAT = re.compile(r"(-?\d+)\.0+", re.ASCII)
_TOLERANCE = 0.02


@dataclass(frozen=True, slots=True)
class ScoreColumns:
    """Classes of a file, and where their scores are."""

    classes: tuple[str, ...]
    columns: tuple[str | None, ...]
    """Column of each class; None where its probability is what the other class's leaves. Empty where
    the file holds decisions alone."""

    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Header:
    """A file's columns beside ids, labels and decisions, and what is known of its classes."""

    path: Path
    names: tuple[str, ...]
    labels: Labels | None
    said: Labels | None
    """Its decisions, if it has a column of them."""

    read: Callable[[str], np.ndarray | None]
    """Numbers of a column, shape (examples,); None where it does not hold finite numbers alone."""

    @property
    def truth(self) -> tuple[str, ...]:
        """Classes of the labels."""
        return self.labels.classes if self.labels else ()


def find_score_columns(header: Header, classes: Sequence[str] | None) -> ScoreColumns:
    """Find the columns of scores.

    Args:
        header: Names of the columns of the file.
        classes: Those that scores are expected of, in order; told from the file if None.

    Raises:
        DataError: A class has no column of scores, or a column could be of either class.
    """
    listed = tuple(classes) if classes else _told(header)
    places = _places(header.names, listed)
    missing = [one for one in listed if one not in places]
    if missing and not places and header.said is not None:
        return ScoreColumns(listed, ())
    if missing and len(listed) == 2:
        return _of_two(header, listed, places)
    if missing:
        raise DataError(
            f"{header.path}: expected a column of scores for each class, and there is none for "
            f"{_shown(missing)}; its columns are {_shown(header.names)}."
        )
    return ScoreColumns(listed, tuple(places[one] for one in listed))


def _told(header: Header) -> tuple[str, ...]:
    """Classes that a file names, where no job says what they are."""
    names, truth = header.names, header.truth
    known = ClassFinder(truth)
    prefixed = [name.removeprefix(SCORE) for name in names if name.startswith(SCORE)]
    if not prefixed and header.said is not None:
        said = [known.find(one) or one for one in header.said.classes]
        return tuple(sorted({*said, *truth}, key=natural_sort_key))
    meant = {name: known.find(name) for name in prefixed or names}
    found = {name for name in meant.values() if name is not None}
    if len(truth) == 2 and len(found) < 2 and len(found) == len(meant):
        return truth
    if truth and not found:
        return truth
    if len(names) < 2:
        raise DataError(
            f"{header.path}: expected a column of scores for each of two or more classes, or "
            f"decisions in a column 'class'; beside ids and labels there is {_shown(names) or 'nothing'}."
        )
    told = {name: one or _FLOAT.sub(r"\1", name) for name, one in meant.items()}
    if not prefixed and len(found) == len(truth) >= 2:
        kept = _scored_beside(header, [name for name, one in meant.items() if one is not None])
        told = {name: told[name] for name in kept}
    return tuple(told.values())


def _scored_beside(header: Header, matched: Sequence[str]) -> list[str]:
    """Columns of scores: those of the labels' classes, and others if probabilities lack them."""
    read = {name: header.read(name) for name in header.names}
    known = [values for name in matched if (values := read[name]) is not None]
    if len(known) < len(matched):
        return list(matched)  # read once more, and refused by its place
    summed = np.sum(known, axis=0)
    if bool((np.abs(summed - 1) <= _TOLERANCE).all()):
        return list(matched)
    return [name for name in header.names if read[name] is not None]


def _places(names: Sequence[str], classes: Sequence[str]) -> dict[str, str]:
    """Column of each class that has one: of its very name, or else in another spelling."""
    held, known = set(names), ClassFinder(classes)
    places = {one: name for one in classes for name in (one, f"{SCORE}{one}") if name in held}
    used = set(places.values())
    for name in names:
        one = known.find(name) or known.find(name.removeprefix(SCORE))
        if one is not None and one not in places and name not in used:
            places[one] = name
            used.add(name)
    return places


def _of_two(header: Header, classes: Sequence[str], places: dict[str, str]) -> ScoreColumns:
    """One column of probabilities, from which those of the other class follow."""
    positive, column = next(iter(places.items()), (find_class(True, classes), None))
    if column is None:
        column = _only_probability(header)
    first = f"{SCORE}{classes[0]}"
    if positive is None or column is None:
        raise DataError(
            f"{header.path}: expected a column of scores for each of the classes {_shown(classes)}, "
            f"or one of probabilities named after its class, such as {SCORE}{classes[1]}; its "
            f"columns are {_shown(header.names)}."
        )
    values = header.read(column)
    if values is None or not ((values >= 0) & (values <= 1)).all():
        raise DataError(
            f"{header.path}, column {column!r}: expected probabilities from 0 to 1 of the class "
            f"{positive!r}, for there is no column {first} of the class {classes[0]!r} beside it; "
            "give a column of scores for each class."
        )
    note = f"column {column!r} is read as the probability of the class {positive!r}."
    return ScoreColumns(
        tuple(classes), tuple(column if one == positive else None for one in classes), (note,)
    )


def _only_probability(header: Header) -> str | None:
    if len(header.names) == 1:
        return header.names[0]
    named = [name for name in header.names if name.lower() in PROBABILITIES]
    return named[0] if len(named) == 1 else None


def _shown(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))
