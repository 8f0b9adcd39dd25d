"""One classifier of a job as a value: its members over seeds and folds, their figures and tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np

from sortal.data.split import Part
from sortal.evaluation.aggregate import Spread, aggregate, summarise
from sortal.evaluation.scores import MemberMetrics
from sortal.jobs.results.history import MemberHistory, history_frame, history_summary_frame
from sortal.methods.registry import is_called_reference
from sortal.store.records.job_record import MemberEntry
from sortal.store.records.member_record import MemberRecord
from sortal.store.store import Store
from sortal.store.timings import Timing, timings

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberResult:
    """One member under one title."""

    entry: MemberEntry
    """What the job's record says of it."""

    record: MemberRecord
    """What its segment says of it."""

    scores: Mapping[Part, MemberMetrics]
    """Its metrics on each part that it was judged by, those of its user's own among them."""

    @property
    def gives_probabilities(self) -> bool:
        """Whether its scores are probabilities."""
        return self.record.probabilities

    @property
    def means_probabilities(self) -> bool:
        """Whether a target is decided at 0.5, as by probabilities, and not at 0."""
        return self.record.probabilities or self.record.meant_as_probabilities


@dataclass(frozen=True, eq=False, kw_only=True)
class Result:
    """One classifier of a job, on one target: its members over seeds and folds."""

    title: str
    target: str | None
    members: tuple[MemberResult, ...]
    part: Part
    """The part that figures are reported on."""

    store: Store = field(repr=False)

    @property
    def method(self) -> str:
        """Name of its method."""
        return self.members[0].entry.method

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Its parameters, resolved."""
        return self.members[0].entry.parameters

    @property
    def asked(self) -> Mapping[str, Any]:
        """What the job said that it is, in words of its own; empty if it said nothing."""
        return self.members[0].entry.asked

    @property
    def fold_of(self) -> str:
        """Title of the result whose fold this is; empty for one of all folds."""
        return self.members[0].entry.fold_of

    @property
    def is_reference(self) -> bool:
        """Whether it is there to compare with, not to be used.

        A plugin is one by what it does, which the record of each member says where it is a
        reference or has the name of one; of older records, which do not say it, the name counts.
        """
        known = [m.record.reference for m in self.members if m.record.reference is not None]
        if known:
            return any(known)
        return self.members[0].entry.reference or is_called_reference(self.method)

    @cached_property
    def figures(self) -> dict[str, Spread]:
        """Every figure over seeds and folds, on the reported part."""
        return aggregate([member.scores[self.part] for member in self.members])

    @cached_property
    def training_figures(self) -> dict[str, Spread]:
        """Every figure over seeds and folds, on what was trained on.

        Empty if that was not judged, or not of all members: a mean of some is not that of all.
        """
        judged = [m.scores[Part.TRAIN] for m in self.members if Part.TRAIN in m.scores]
        return aggregate(judged) if len(judged) == len(self.members) else {}

    def interval(self, figure: str) -> tuple[float, float] | None:
        """95 % bootstrap interval over examples; None where several members have a spread instead."""
        if len(self.members) != 1:
            return None
        found = self.members[0].scores[self.part].intervals.get(figure)
        return None if found is None or np.isnan(found).any() else found

    @property
    def confusion(self) -> np.ndarray:
        """Confusion matrix (truth, predicted), summed over folds and seeds."""
        matrices = [np.asarray(member.scores[self.part].confusion) for member in self.members]
        summed: np.ndarray = np.stack(matrices).sum(axis=0)
        return summed

    @property
    def confusion_classes(self) -> tuple[str, ...]:
        """Names of the rows and columns of `confusion`.

        The classes of the job; of imported figures that do not tell which classes they are of,
        places in the matrix.
        """
        return self.members[0].record.classes

    @property
    def notes(self) -> tuple[str, ...]:
        """What the job remarks on it and what training noticed, each sentence once."""
        asked = (note for member in self.members for note in member.entry.notes)
        noticed = (note for member in self.members for note in member.record.notes)
        return tuple(dict.fromkeys([*asked, *noticed]))

    def table(self) -> "pl.DataFrame":
        """One row per figure: mean, interval or spread, and over how many members it is defined.

        Its mean on the training examples too, in column `training`, if that was judged.
        """
        import polars as pl

        rows = []
        for name, spread in self.figures.items():
            low, high = self.interval(name) or (None, None)
            rows.append(
                {
                    "figure": name,
                    "value": blank_if_nan(spread.mean),
                    "low": low,
                    "high": high,
                    "sd": blank_if_nan(spread.sd),
                    "members": spread.n,
                    **self._learnt(name),
                }
            )
        return pl.DataFrame(rows, infer_schema_length=None)

    def _learnt(self, figure: str) -> dict[str, float | None]:
        if not self.training_figures:
            return {}
        return {"training": blank_if_nan(self.training_figures[figure].mean)}

    def class_table(self) -> "pl.DataFrame":
        """One row per class or target: mean of its figures over the members."""
        import polars as pl

        tables = [member.scores[self.part].per_class for member in self.members]
        return pl.DataFrame(
            [
                {"class": one}
                | {
                    name: blank_if_nan(summarise([t[one][name] for t in tables]).mean)
                    for name in figures
                }
                for one, figures in tables[0].items()
            ],
            infer_schema_length=None,
        )

    def member_table(self) -> "pl.DataFrame":
        """One row per member: seed, fold, seconds, where and on what it was trained, its key."""
        import polars as pl

        return pl.DataFrame(
            [
                {
                    "seed": member.entry.seed,
                    "fold": member.entry.fold,
                    "fit_seconds": member.record.fit_seconds,
                    "score_seconds": member.record.score_seconds,
                    "threads": member.record.threads,
                    "host": member.record.host,
                    "device": member.record.device,
                    "library": member.record.library,
                    "created": member.record.created,
                    "key": member.entry.key,
                }
                for member in self.members
            ],
            infer_schema_length=None,
        )

    def timing_table(self) -> "pl.DataFrame":
        """One row per host and device that trained members of it: mean seconds, and of how many."""
        import polars as pl

        several: dict[tuple[str, str, int | None], list[Timing]] = {}
        kept = timings(self.store, [member.entry.key for member in self.members])
        for timing in (one for of in kept.values() for one in of):
            several.setdefault((timing.host, timing.device, timing.threads), []).append(timing)
        return pl.DataFrame(
            [
                {
                    "host": host,
                    "device": device or None,
                    "threads": threads,
                    "fit_seconds": fmean(one.fit_seconds for one in of),
                    "score_seconds": fmean(one.score_seconds for one in of),
                    "members": len(of),
                }
                for (host, device, threads), of in several.items()
            ],
            infer_schema_length=None,
        )

    @cached_property
    def courses(self) -> tuple[MemberHistory, ...]:
        """How each member learnt, of those whose method tells it."""
        rows = self.store.members.histories(member.entry.key for member in self.members)
        courses = (
            MemberHistory(
                seed=member.entry.seed,
                fold=member.entry.fold,
                rows=tuple(rows[member.entry.key]),
            )
            for member in self.members
        )
        return tuple(course for course in courses if course.rows)

    @property
    def history(self) -> "pl.DataFrame":
        """How its members learnt: one row per seed, fold, epoch and metric, in column `value`.

        Of networks, `loss` is the mean over an epoch of what training minimised, while
        weights changed and units were dropped; `training_loss` and `validation_loss` are
        measured on the weights at the end of it, and compare. Empty for methods without a course.
        """
        return history_frame(self.courses)

    def course_table(self) -> "pl.DataFrame":
        """One row per member that has a history: epochs trained, the best one, the losses then."""
        return history_summary_frame(self.courses)

    @property
    def fit_seconds(self) -> float:
        """Mean time in which a member was trained [s]; NaN where it is not known."""
        return _mean([member.record.fit_seconds for member in self.members])

    @property
    def score_seconds(self) -> float:
        """Mean time in which a member scored the examples of all parts [s]; NaN where it is not known."""
        return _mean([member.record.score_seconds for member in self.members])

    def __repr__(self) -> str:
        named = f"{self.title!r}, {self.target}" if self.target else repr(self.title)
        count = len(self.members)
        return f"<Result {named}: {self.method}, {count} member{'s' if count > 1 else ''}>"

    def _repr_html_(self) -> str:
        """Its figures, for notebooks."""
        import polars as pl

        with pl.Config(tbl_rows=-1, tbl_hide_dataframe_shape=True):
            return f"<p>{escape(repr(self))}</p>\n{self.table()._repr_html_()}"


def blank_if_nan(value: float) -> float | None:
    """What a table shows of an undefined figure: nothing."""
    return None if np.isnan(value) else value


def _mean(values: Sequence[float | None]) -> float:
    return float(np.array(values, dtype=np.float64).mean())
