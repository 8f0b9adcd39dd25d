"""Results that an ensemble may average: found by name, refused with a reason, chosen by validation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from sortal.data.split import Part
from sortal.errors import OptionError, UserError
from sortal.jobs.results.lookup import find_job, find_result
from sortal.jobs.results.result import MemberResult, Result
from sortal.jobs.results.results import JobResults, require_examples
from sortal.store.records.job_record import EnsembleEntry
from sortal.store.store import Store

Place: TypeAlias = tuple[int | None, str | None]
"""Fold and target of a member: only members of one place are averaged."""

_SHARED = {
    "dataset": "of other data",
    "outputs": "of other outputs",
    "classes": "of other classes",
    "inputs": "of other columns, or treats bad values otherwise",
}
"""What all members of an ensemble have in common, and what is said of one that differs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnsembleCandidate:
    """One classifier of a job on all its targets."""

    results: JobResults
    """Of its job."""

    targets: tuple[Result, ...]
    """One a target."""

    @property
    def name(self) -> str:
        """`JOB/TITLE`."""
        return f"{self.results.name}/{self.targets[0].title}"

    @property
    def members(self) -> list[MemberResult]:
        """Its members over targets, seeds and folds."""
        return [member for result in self.targets for member in result.members]

    @property
    def splits(self) -> dict[Place, str]:
        """Fingerprint of the split of each of its places."""
        return {fold_and_target(member): member.record.split for member in self.members}

    def refusal(self) -> str:
        """Why it cannot be averaged with anything; empty if it can."""
        if self.targets[0].is_reference:
            return "is a reference, which is there to compare with"
        if isinstance(self.members[0].entry, EnsembleEntry):
            return "is itself an ensemble: name what it averages"
        if any(entry.title == self._title for entry in self.results.record.imported):
            return "was imported, and has scores of reported examples alone"
        wanted = {e.key for e in self.results.record.entries if e.title == self._title}
        stored = {member.entry.key for member in self.members}
        if wanted - stored:
            return f"has {len(stored)} of its {len(wanted)} members: run its job first"
        if not all(member.gives_probabilities for member in self.members):
            return (
                "gives no probabilities, and other scores cannot be averaged: leave it out, or ask "
                "for `calibrate` in its job"
            )
        return ""

    @property
    def _title(self) -> str:
        return self.targets[0].title

    def validated(self) -> float:
        """Mean headline over its members on validation examples; NaN where that is undefined.

        Raises:
            UserError: No scores are stored of validation examples, or they are all there is to report on.
        """
        scores = [member.scores.get(Part.VALIDATION) for member in self.members]
        if self.results.part is Part.VALIDATION or not all(one and one.examples for one in scores):
            raise UserError(
                f"{self.name} has no scores on validation examples beside those it is reported on, "
                "and test examples choose nothing: give its job `data.split.validation`."
            )
        headline = self.results.headline
        return float(np.mean([one.figures[headline] for one in scores if one]))


def fold_and_target(member: MemberResult) -> Place:
    """Fold and target of a member."""
    return member.entry.fold, member.entry.target


def find_candidates(
    store: Store, names: Sequence[str]
) -> tuple[list[EnsembleCandidate], list[str]]:
    """What the names stand for.

    Args:
        store: Where to look.
        names: `JOB/TITLE`, a title that only one job has, or a job: all of it that can
            be averaged.

    Returns:
        The classifiers in the order of the names, and a phrase for each that was left
        out of a job.

    Raises:
        NotFound: Nothing is called so.
        UserError: A classifier that was named cannot be averaged, or is named twice; or it is of a
            job that was imported as figures alone.
    """
    candidates: list[EnsembleCandidate] = []
    left_out: list[str] = []
    for name in names:
        job = find_job(store, name)
        found = _all_of(job) if job else [_one(store, name)]
        for candidate in found:
            require_examples(candidate.results.record)
            refusal = candidate.refusal()
            if candidate.name in {one.name for one in candidates}:
                raise UserError(f"{candidate.name} is named twice.")
            if not refusal:
                candidates.append(candidate)
            elif job:
                left_out.append(f"{candidate.name} {refusal.partition(':')[0]}")
            else:
                raise UserError(f"{candidate.name} {refusal}.")
    return candidates, left_out


def _one(store: Store, name: str) -> EnsembleCandidate:
    results, found = find_result(store, name)
    return EnsembleCandidate(results=results, targets=found)


def _all_of(results: JobResults) -> list[EnsembleCandidate]:
    titles = dict.fromkeys(result.title for result in results.results)
    return [EnsembleCandidate(results=results, targets=results.titled(title)) for title in titles]


def refuse_unlike(candidates: Sequence[EnsembleCandidate]) -> None:
    """Raise UserError if the candidates are not of the same data, divided in the same way."""
    first = candidates[0]
    for other in candidates[1:]:
        for name, what in _SHARED.items():
            if _of_record(other, name) != _of_record(first, name):
                raise UserError(f"{other.name} is {what} than {first.name}.")
        if other.splits.keys() != first.splits.keys():
            raise UserError(
                f"{other.name} has other folds or targets than {first.name}: members are averaged "
                "within a fold and a target."
            )
        if other.splits != first.splits:
            raise UserError(
                f"{other.name} is of another split than {first.name}: one may have trained on examples "
                "that the other is judged by."
            )
    names: dict[str, str] = {}
    for candidate in candidates:
        for member in candidate.members:
            twin = names.setdefault(member.entry.key, candidate.name)
            if twin != candidate.name:
                raise UserError(
                    f"{candidate.name} and {twin} share a member, which would count twice: leave "
                    "one out."
                )


def _of_record(candidate: EnsembleCandidate, name: str) -> object:
    value: object = getattr(candidate.members[0].record, name)
    return value


def best_of(candidates: Sequence[EnsembleCandidate], count: int) -> list[EnsembleCandidate]:
    """The candidates with the best headline on validation examples, in their given order.

    Raises:
        OptionError: There are fewer.
        UserError: Validation scores of one are not stored.
    """
    if not 1 <= count <= len(candidates):
        raise OptionError("best", count, f"1 to {len(candidates)}, for so many can be averaged")
    values = [candidate.validated() for candidate in candidates]
    order = np.argsort([np.inf if np.isnan(value) else -value for value in values], kind="stable")
    return [candidates[i] for i in sorted(order[:count].tolist())]
