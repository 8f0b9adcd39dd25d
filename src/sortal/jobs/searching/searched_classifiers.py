"""What competes in a search: its classifiers, and the members that a candidate of theirs has."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from pydantic import ValidationError

from sortal.data.split import Split
from sortal.errors import UserError
from sortal.job.models import Job
from sortal.jobs.planning.classifiers import ClassifierPlan
from sortal.jobs.planning.members import PlannedMember
from sortal.jobs.planning.resolve import Resolved, known_rows, planned_members
from sortal.jobs.searching.study import SEARCH
from sortal.methods.registry import is_called_reference
from sortal.tuning.space import Candidate, Space

Configure = Callable[[Candidate], ClassifierPlan]
"""Makes the classifier of a candidate; a `UserError` or `ValidationError` says that it cannot be."""


@dataclass(frozen=True, slots=True)
class InvalidCandidate:
    """A candidate of which no classifier can be made."""

    reason: str


@dataclass(frozen=True, eq=False, kw_only=True)
class SearchedClassifiers:
    """The classifiers of a job that a search may vary; references take no part."""

    resolved: Resolved
    spaces: tuple[Space, ...]
    """Of each classifier that takes part."""

    configure: Configure = field(repr=False)
    _titles: dict[str, str] = field(init=False, default_factory=dict, repr=False)
    """Identity of the candidate that has a title."""

    @classmethod
    def of(cls, resolved: Resolved) -> "SearchedClassifiers":
        """The contest between a job's own classifiers."""
        rivals = [one for one in resolved.classifiers if not is_called_reference(one.method.name)]

        def configure(candidate: Candidate) -> ClassifierPlan:
            rival = rivals[candidate.kind]
            parameters = rival.tunable.parameters(rival.method, candidate.values)
            return replace(rival, combinations=(parameters,))

        spaces = tuple(one.tunable.space for one in rivals)
        return cls(resolved=resolved, spaces=spaces, configure=configure)

    @cached_property
    def search_job(self) -> Resolved:
        """The job that lists candidates: judged on validation examples alone, without intervals."""
        resolved = self.resolved
        job = resolved.job.model_copy(update={"bootstrap": 0, "training_figures": False})
        return replace(
            resolved,
            name=f"{resolved.name}{SEARCH}",
            job=job,
            splits=resolved.search_splits,
            entries=(),
        )

    @cached_property
    def _search_rows(self) -> dict[tuple[Split, str | None], str]:
        found = self.search_job
        return known_rows(found.job, found.dataset, found.splits)

    @cached_property
    def _final_rows(self) -> dict[tuple[Split, str | None], str]:
        found = self.resolved
        return known_rows(found.job, found.dataset, found.splits)

    def candidate(self, candidate: Candidate) -> tuple[PlannedMember, ...] | InvalidCandidate:
        """Members of a candidate in the search; one a seed, split and target."""
        return self._entries(self.search_job.job, self._search_rows, candidate)

    def final(self, candidate: Candidate) -> tuple[PlannedMember, ...]:
        """Members of a candidate that was chosen, on the job's own splits."""
        found = self._entries(self.resolved.job, self._final_rows, candidate)
        if isinstance(found, InvalidCandidate):
            raise UserError(found.reason)
        return found

    def references(self) -> tuple[PlannedMember, ...]:
        """Members of the job's references, on its own splits."""
        chosen = [c for c in self.resolved.classifiers if is_called_reference(c.method.name)]
        job, data = self.resolved.job, self.resolved.dataset
        return tuple(planned_members(job, data, self._final_rows, chosen))

    def _entries(
        self, job: Job, rows: dict[tuple[Split, str | None], str], candidate: Candidate
    ) -> tuple[PlannedMember, ...] | InvalidCandidate:
        try:
            classifier = self.configure(candidate)
        except ValidationError as error:
            return InvalidCandidate(
                "; ".join(str(one["msg"]) for one in error.errors(include_url=False))
            )
        except UserError as error:
            return InvalidCandidate(str(error))
        made = tuple(planned_members(job, self.resolved.dataset, rows, [classifier]))
        return self._titled(made, candidate)

    def _titled(
        self, entries: Sequence[PlannedMember], candidate: Candidate
    ) -> tuple[PlannedMember, ...]:
        """Entries under titles that no other candidate has: numbers are shortened in titles."""
        number = 1
        while any(self._is_taken(_numbered(one.title, number), candidate) for one in entries):
            number += 1
        for one in entries:
            self._titles[_numbered(one.title, number)] = candidate.identity
        return tuple(
            one.titled(
                _numbered(one.title, number),
                fold_of=one.listed.fold_of and _numbered(one.listed.fold_of, number),
            )
            for one in entries
        )

    def _is_taken(self, title: str, candidate: Candidate) -> bool:
        return self._titles.get(title, candidate.identity) != candidate.identity


def _numbered(title: str, number: int) -> str:
    return title if number == 1 else f"{title} ({number})"
