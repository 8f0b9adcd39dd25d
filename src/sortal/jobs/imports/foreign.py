"""Classifiers that were trained elsewhere and are known by their figures alone, as values."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sortal.data.labels import Outputs
from sortal.evaluation.scores import MemberMetrics, evaluate_counts, metrics_of_targets

_VERSION = 1
"""Raised when the same figures would be judged otherwise."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GivenMetrics:
    """What is told of one classifier on one part of the data."""

    figures: Mapping[str, float] = field(default_factory=dict)
    """By our names, as they were computed elsewhere. They stand before what a matrix that is not
    exact tells, and are all there is without one."""

    confusion: np.ndarray | None = field(default=None, repr=False)
    """Examples by true (rows) and predicted class; None for independent targets. Of fewer
    classes than the job has, it is not known which they are."""

    exact: bool = True
    """Whether the matrix holds whole counts, so that figures follow from it, and intervals."""

    def names(self, classes: tuple[str, ...]) -> tuple[str, ...]:
        """Names of the matrix's rows: the classes, or places where it is not known which they are."""
        if self.confusion is None or len(self.confusion) == len(classes):
            return classes
        return names_of_unknown_classes(len(self.confusion))

    def meaning(self) -> list[Any]:
        """The same as plain values."""
        counts = None if self.confusion is None else self.confusion.tolist()
        return [dict(self.figures), counts, self.exact]

    def scores(self, classes: tuple[str, ...], *, resamples: int, seed: int) -> MemberMetrics:
        """Figures that follow from it.

        Args:
            classes: Of the job.
            resamples: Bootstrap resamples behind each interval.
            seed: Seed of the resamples.
        """
        if self.confusion is None:
            return metrics_of_targets(self.figures)
        names = self.names(classes)
        (judged,) = evaluate_counts(
            np.asarray(self.confusion, dtype=np.float64)[None],
            names,
            resamples=resamples if self.exact else 0,
            seed=seed,
        )
        return MemberMetrics(
            figures=judged.figures if self.exact else {**judged.figures, **self.figures},
            per_class=judged.per_class if names == classes else {},
            confusion=judged.confusion,
            intervals=judged.intervals,
            examples=judged.examples,
        )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ForeignMember:
    """One training of a classifier, by its figures."""

    test: GivenMetrics
    train: GivenMetrics | None = None
    fit_seconds: float | None = None
    score_seconds: float | None = None
    notes: tuple[str, ...] = ()
    fold: int | None = None
    """Number of the fold that was tested; None outside cross-validation, and for means over folds."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Foreign:
    """A classifier that was trained elsewhere."""

    title: str
    method: str
    parameters: Mapping[str, Any]
    members: tuple[ForeignMember, ...]
    """One, or one a fold."""

    asked: Mapping[str, Any] = field(default_factory=dict)
    """What tells it from others where it comes from, and whatever else is worth keeping."""

    is_reference: bool = False
    fold_of: str = ""
    """Title of the classifier whose single fold this is; empty for one of all folds."""

    def keys(self, dataset: str) -> list[str]:
        """A hash for each member, of data and of all that is told; title and notes do not matter."""
        return [self._key(member, dataset) for member in self.members]

    def _key(self, member: ForeignMember, dataset: str) -> str:
        parts = [member.test.meaning(), member.train and member.train.meaning()]
        told = [
            self.method,
            dict(self.parameters),
            member.fit_seconds,
            member.score_seconds,
            *parts,
        ]
        meaning = json.dumps(["figures alone", _VERSION, dataset, told], sort_keys=True)
        return hashlib.blake2b(meaning.encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ForeignJob:
    """Classifiers that were judged on the same examples, which are not known."""

    name: str
    """Of the job that lists them."""

    data: str
    """As their data is called."""

    identity: str
    """What tells these examples from others of the same name."""

    classes: tuple[str, ...]
    """Names of classes, or of independent targets as far as they are known."""

    outputs: Outputs = Outputs.EXCLUSIVE
    text: str = ""
    """What stands in place of the job's file."""

    notes: tuple[str, ...] = ()
    asked: Mapping[str, Any] = field(default_factory=dict)
    classifiers: tuple[Foreign, ...]


def names_of_unknown_classes(count: int) -> tuple[str, ...]:
    """Names of the rows of a matrix of which it is not known which classes they are.

    >>> places(2)
    ('1 of 2', '2 of 2')
    """
    return tuple(f"{place} of {count}" for place in range(1, count + 1))
