"""A data block of a cache of ClaVis as a job of ours: titles, classes, notes, what is told of each classifier."""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from sortal.data.labels import Outputs
from sortal.jobs.imports.foreign import Foreign, ForeignJob, ForeignMember, GivenMetrics
from sortal.methods.registry import is_reference
from sortal.store.records.job_record import JobRecord
from sortal.systems.clavis.cache.cache import CachedClassifier, CachedData, CachedScores
from sortal.systems.clavis.cache.files import CacheFault

SYSTEM = "clavis"

SHORT = 8
"""Digits of a hash that stand behind names of which there are two."""

_FOLD = re.compile(r"(.+) fold(\d{1,9})", re.DOTALL)
_ROUNDING = 1e-9
_WEIGHTED = ("weighted_precision", "weighted_recall", "weighted_f1")

_NOTES = (
    "from a cache of ClaVis: what was said of single examples stands in its pickles, which are not "
    "opened.",
    "parameters are those that were asked for: ClaVis trains with defaults in place of what it "
    "does not take, and does not record it.",
    "seconds of scoring are those of training and test examples together.",
)
_NUMBERED = (
    "a cache does not name classes: they are numbered in the order of their labels, without those "
    "that occur nowhere; --plugins names a folder with the data set."
)
_MEAN = (
    "means over folds: accuracy and weighted figures are those of ClaVis; all others follow from a "
    "mean confusion matrix that is rounded to tenths."
)
_SMALL = (
    "its confusion matrix leaves out classes that neither occur nor are predicted, and does not tell "
    "which: there are no figures of single classes."
)
_SEVERAL = "of several labels at once a cache tells subset accuracy and weighted figures alone."


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetJob:
    """The job that a data block belongs into."""

    name: str
    record: JobRecord | None = field(default=None, repr=False)
    """Of the job as it is in the store; None for a new one."""

    @property
    def titles(self) -> dict[str, str]:
        """Titles by hash of what was imported before."""
        listed = self.record.imported if self.record else ()
        return {str(entry.asked["hash"]): entry.title for entry in listed}

    @property
    def classes(self) -> tuple[str, ...] | None:
        """Names of the classes that it has; None for a new one."""
        return self.record.classes if self.record else None


def foreign_job(
    data: CachedData, home: TargetJob, names: tuple[str, ...] | None
) -> tuple[ForeignJob, list[CacheFault]]:
    """Turn a data block into what can be imported.

    Args:
        data: The block and its classifiers.
        home: The job that it belongs into. Its classes and titles stay as they are.
        names: Those of the data set's classes, as far as it is known here.

    Returns:
        The job, and what does not fit into it.
    """
    classes = home.classes if home.classes is not None else _classes(data, names)
    usable = [one for one in data.classifiers if _size(one) <= len(classes)]
    faults = [
        CacheFault(
            file=f"data_{data.hash}{one.file}",
            place="conf_matrix",
            expected=f"at most {len(classes)} rows, for so many classes has {home.name!r} in the store",
            got=str(_size(one)),
        )
        for one in data.classifiers
        if _size(one) > len(classes)
    ]
    several = data.classifiers[0].test.confusion is None
    notes = _NOTES if several or classes == names else (*_NOTES, _NUMBERED)
    job = ForeignJob(
        name=home.name,
        data=data.dataset,
        identity=f"{SYSTEM} {data.hash}",
        classes=classes,
        outputs=Outputs.INDEPENDENT if several else Outputs.EXCLUSIVE,
        text=json.dumps({"data": dict(data.arguments)}, indent=2),
        notes=notes,
        asked={"system": SYSTEM, "hash": data.hash},
        classifiers=tuple(_foreign(usable, _titles(usable, home.titles), classes)),
    )
    return job, faults


def _classes(data: CachedData, names: tuple[str, ...] | None) -> tuple[str, ...]:
    """The data set's names, or numbers where it is not known or cannot be the one meant."""
    largest = max(map(_size, data.classifiers))
    if names is not None and len(names) >= largest:
        return names
    return tuple(map(str, range(largest)))


def _size(one: CachedClassifier) -> int:
    """Rows of the larger of its matrices; 0 without one."""
    return max(len(_rows(part)) for part in (one.test, one.train) if part is not None)


def _rows(scores: CachedScores) -> list[list[float]]:
    return [] if scores.confusion is None else scores.confusion.tolist()


def _titles(usable: Sequence[CachedClassifier], before: Mapping[str, str]) -> dict[str, str]:
    """Titles by hash: those from before stay, of equal ones the second has its hash behind it."""
    titles, taken = dict(before), set(before.values())
    for one in usable:
        if one.hash not in titles:
            free = one.title not in taken
            titles[one.hash] = one.title if free else f"{one.title} ({one.hash[:SHORT]})"
            taken.add(titles[one.hash])
    return titles


def _foreign(
    usable: Sequence[CachedClassifier], titles: Mapping[str, str], classes: tuple[str, ...]
) -> Iterator[Foreign]:
    wholes = {_meaning(one, one.title): one for one in usable}
    folds: dict[str, dict[int, CachedClassifier]] = defaultdict(dict)
    whole_of: dict[str, str] = {}
    for one in usable:
        named = _FOLD.fullmatch(one.title)
        whole = wholes.get(_meaning(one, named[1])) if named else None
        if named and whole:
            folds[whole.hash][int(named[2])] = one
            whole_of[one.hash] = whole.hash
    number_of = {one.hash: number for of in folds.values() for number, one in of.items()}
    for one in usable:
        several = folds.get(one.hash, {})
        members = (
            [_member(several[number], classes, number) for number in sorted(several)]
            if _are_all(several.values(), one, len(classes))
            else [_member(one, classes, number_of.get(one.hash))]
        )
        yield Foreign(
            title=titles[one.hash],
            method=one.method,
            parameters=one.arguments,
            members=tuple(members),
            asked={"system": SYSTEM, "hash": one.hash},
            is_reference=is_reference(one.method),
            fold_of=titles[whole_of[one.hash]] if one.hash in whole_of else "",
        )


def _are_all(folds: Collection[CachedClassifier], whole: CachedClassifier, classes: int) -> bool:
    """Whether single folds are all of which a classifier is the mean, and exact where it is rounded."""
    tests = [one.test for one in folds]
    if not tests or any(of.is_mean or len(_rows(of)) != classes for of in tests):
        return False
    mean = fmean(one.test.accuracy for one in folds)
    return whole.test.is_mean and abs(mean - whole.test.accuracy) < _ROUNDING


def _member(one: CachedClassifier, classes: tuple[str, ...], fold: int | None) -> ForeignMember:
    return ForeignMember(
        test=_told(one.test),
        train=None if one.train is None else _told(one.train),
        fit_seconds=one.fit_seconds,
        score_seconds=one.score_seconds,
        notes=tuple(_notes(one, classes)),
        fold=fold,
    )


def _meaning(one: CachedClassifier, title: str) -> str:
    """Equal for a classifier of all folds and, under its title, for those of single ones."""
    return json.dumps([title, one.method, one.arguments], sort_keys=True)


def _told(scores: CachedScores) -> GivenMetrics:
    weighted = dict(zip(_WEIGHTED, scores.weighted, strict=True))
    if scores.confusion is None:
        return GivenMetrics(figures={"subset_accuracy": scores.accuracy, **weighted})
    if scores.is_mean:
        figures = {"accuracy": scores.accuracy, **weighted}
        return GivenMetrics(figures=figures, confusion=scores.confusion, exact=False)
    return GivenMetrics(confusion=scores.confusion)


def _notes(one: CachedClassifier, classes: tuple[str, ...]) -> Iterator[str]:
    if one.test.confusion is None:
        yield _SEVERAL
        return
    if one.test.is_mean:
        yield _MEAN
    if len(one.test.confusion) < len(classes):
        yield _SMALL
