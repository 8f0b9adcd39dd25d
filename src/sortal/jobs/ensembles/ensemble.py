"""Average trained members into one classifier: named, scored and listed like any other.

An ensemble is two things in the store: entries in the `ensembles` of a job's record,
each with the members that it averages, and a segment of its own a fold and target with
its scores. So it is found, compared, merged and deleted with its job, its members are
kept as long as it refers to them, and its figures outlive them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sortal.errors import Damaged, OptionError, UserError
from sortal.evaluation.row import Row
from sortal.jobs.ensembles.candidate import (
    EnsembleCandidate,
    best_of,
    find_candidates,
    fold_and_target,
    refuse_unlike,
)
from sortal.jobs.ensembles.segment import METHOD, EnsembleGroup, MemberShare, write_ensemble_segment
from sortal.jobs.results.result import Result, blank_if_nan
from sortal.jobs.results.results import JobResults
from sortal.metrics.registry import BESIDE_HEADLINE_OF_ENSEMBLES
from sortal.store.records.job_record import EnsembleEntry, EnsembleShare, JobRecord
from sortal.store.store import Store
from sortal.store.upkeep.verify import find_segment_damages

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, kw_only=True)
class Ensemble:
    """An ensemble as it is listed in a job."""

    title: str
    results: JobResults
    """Of the job that lists it, itself among them."""

    averaged: tuple[EnsembleCandidate, ...]
    """The classifiers whose members it averages."""

    is_new: bool
    """Whether it was not there before."""

    left_out: tuple[str, ...]
    """A phrase for each classifier of a job that could not be averaged."""

    @property
    def members(self) -> int:
        """How many trained members it averages, over all folds and targets."""
        return sum(len(candidate.members) for candidate in self.averaged)

    def table(self) -> "pl.DataFrame":
        """Its figures on the reported part, then those of each of its members over folds.

        Columns: `target` where there are independent ones, `classifier`, `seed`, the
        headline with its interval (`low`, `high`) or its spread over folds (`sd`),
        `log_loss`, `brier` and `macro_f1`.
        """
        import polars as pl

        rows = []
        for own in self.results.titled(self.title):
            rows.append(self._row(self.title, None, own))
            for candidate in self.averaged:
                (result,) = (r for r in candidate.targets if r.target == own.target)
                seeds = dict.fromkeys(member.entry.seed for member in result.members)
                rows += [self._row(candidate.name, s, _of_seed(result, s)) for s in seeds]
        return pl.DataFrame(rows, infer_schema_length=None)

    def _row(self, name: str, seed: int | None, result: Result) -> Row:
        headline, figures = self.results.headline, result.figures
        low, high = result.interval(headline) or (None, None)
        several = len(result.members) > 1
        return {
            **({} if result.target is None else {"target": result.target}),
            "classifier": name,
            "seed": seed,
            headline: blank_if_nan(figures[headline].mean),
            "low": low,
            "high": high,
            "sd": blank_if_nan(figures[headline].sd) if several else None,
            **{
                other: blank_if_nan(figures[other].mean)
                for other in BESIDE_HEADLINE_OF_ENSEMBLES
                if other != headline
            },
        }


def _of_seed(result: Result, seed: int | None) -> Result:
    members = tuple(member for member in result.members if member.entry.seed == seed)
    return replace(result, members=members)


def ensemble(
    store: Store,
    names: Sequence[str],
    *,
    title: str,
    job: str | None = None,
    weights: Sequence[float] | None = None,
    best: int | None = None,
) -> Ensemble:
    """Average classifiers, fold by fold and target by target; what is stored is not made again.

    Args:
        store: Where they are, and where the ensemble goes.
        names: Classifiers as `JOB/TITLE` or a title that only one job has, or jobs.
        title: Its title among the results of `job`.
        job: The job that lists it; that of the first classifier if None.
        weights: What each classifier counts, above zero, shared equally by its seeds;
            all members count the same if None.
        best: Average only so many, those with the best headline on validation examples.

    Raises:
        NotFound: A classifier or job is not in the store.
        OptionError: Title, weights or `best` cannot be so.
        UserError: The classifiers cannot be averaged with each other, or the title is taken.
        StoreBusy: The job is running.
        Damaged: A member's segment is not what was written.
    """
    if not title.strip():
        raise OptionError("title", title, "a title")
    found, left_out = find_candidates(store, names)
    if not found:
        raise UserError(f"nothing to average: {'; '.join(left_out) or 'no classifier is named'}.")
    counts = _weights(weights, best, len(found))
    refuse_unlike(found)
    chosen = found if best is None else best_of(found, best)
    groups = _groups(chosen, counts)
    home = job or chosen[0].results.name
    with store.leases.take(home):
        _refuse_foreign(store.jobs.read(home), home, chosen[0])
        parameters: dict[str, Any] = {"average_of": [candidate.name for candidate in chosen]}
        if counts is not None:
            parameters["weights"] = list(counts)
        is_new = _list(store, home, title, groups, parameters)
    return Ensemble(
        title=title,
        results=JobResults.read(store, home),
        averaged=tuple(chosen),
        is_new=is_new,
        left_out=tuple(left_out),
    )


def _weights(
    weights: Sequence[float] | None, best: int | None, count: int
) -> Sequence[float] | None:
    if weights is None:
        return None
    if best is not None:
        raise OptionError("weights", list(weights), "none where the best are chosen")
    if len(weights) != count or not all(math.isfinite(w) and w > 0 for w in weights):
        one_each = f"a number above zero for each of the {count} classifiers"
        raise OptionError("weights", list(weights), one_each)
    return weights


def _groups(
    candidates: Sequence[EnsembleCandidate], counts: Sequence[float] | None
) -> list[EnsembleGroup]:
    """What is averaged with what: the members of each fold and target, with weights of sum 1."""
    groups = []
    for fold, target in candidates[0].splits:
        shares = []
        for number, candidate in enumerate(candidates):
            here = [m for m in candidate.members if fold_and_target(m) == (fold, target)]
            each = counts[number] / len(here) if counts else 1.0
            shares += [
                MemberShare(name=candidate.name, member=member, weight=each) for member in here
            ]
        if len(shares) < 2:
            apart = "" if fold is None else " in each fold, and folds are never averaged together"
            raise UserError(
                f"{candidates[0].name} has one member{apart}: an ensemble needs two or more."
            )
        groups.append(EnsembleGroup.of(fold, target, shares))
    return groups


def _list(
    store: Store,
    job: str,
    title: str,
    groups: Sequence[EnsembleGroup],
    parameters: Mapping[str, Any],
) -> bool:
    """Put the ensemble into the job's record, after its scores; whether it was not there."""
    record = store.jobs.read(job)
    keys = {group.key for group in groups}
    there = record.titled(title)
    if there and {entry.key for entry in there} != keys:
        raise UserError(_taken(job, title, is_ensemble=isinstance(there[0], EnsembleEntry)))
    missing = [group for group in groups if group.key not in store.members.find(keys)]
    _refuse_damaged(store, missing)
    for group in missing:
        write_ensemble_segment(store, group, parameters, record.bootstrap)
    if not there:
        listed = (_entry(title, group, parameters) for group in groups)
        ensembles = (*record.ensembles, *listed)
        store.jobs.write(record.model_copy(update={"ensembles": ensembles}))
    return not there or bool(missing)


def _taken(job: str, title: str, *, is_ensemble: bool) -> str:
    what = "an ensemble of other members" if is_ensemble else "a classifier"
    cure = f", or delete that first: sortal store rm '{job}/{title}'" if is_ensemble else ""
    return f"{job} has {what} under the title {title!r}: choose another title{cure}."


def _refuse_foreign(record: JobRecord, job: str, first: EnsembleCandidate) -> None:
    """Refuse to list an ensemble among results that it could not be compared with."""
    if record.dataset != first.members[0].record.dataset:
        raise UserError(f"job {job!r} is of other data than {first.name}.")
    divided = {(split.fold, split.fingerprint) for split in record.splits}
    if divided != {(fold, split) for (fold, _), split in first.splits.items()}:
        raise UserError(f"job {job!r} divides the data otherwise than {first.name}.")


def _refuse_damaged(store: Store, groups: Sequence[EnsembleGroup]) -> None:
    """An ensemble of scores that are not what was written would look sound itself."""
    keys = [share.key for group in groups for share in group.shares]
    for damage in find_segment_damages(
        store, {of.segment for of in store.members.find(keys).values()}
    ):
        raise Damaged(f"{damage}: a member of the ensemble.")


def _entry(title: str, group: EnsembleGroup, parameters: Mapping[str, Any]) -> EnsembleEntry:
    return EnsembleEntry(
        title=title,
        key=group.key,
        method=METHOD,
        calibration="",
        parameters=parameters,
        seed=None,
        fold=group.fold,
        target=group.target,
        members=tuple(
            EnsembleShare(
                key=share.key,
                name=share.name,
                seed=share.member.entry.seed,
                weight=share.weight,
            )
            for share in group.shares
        ),
    )
