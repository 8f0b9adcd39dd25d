"""Trained classifiers with their scores on every part, whether of one division or of folds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from sortal.data.split import Part
from sortal.jobs.applying.rescore import part_scores
from sortal.jobs.results.result import MemberResult, Result
from sortal.jobs.results.results import JobResults
from sortal.store.store import Store


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Scored:
    """One classifier: one member, or one a fold that together score every event.

    In a cross-evaluation an event's test score is that of the member that never saw it, its
    validation score of the one that watched it, its training score of one that learnt from it.
    """

    title: str
    seed: int | None
    members: tuple[MemberResult, ...] = field(repr=False)
    rows: dict[Part, np.ndarray] = field(repr=False)
    """Events of each part, ascending row numbers, shape (events,)."""

    scores: dict[Part, np.ndarray] = field(repr=False)
    """Their scores, float32, shape (events, outputs)."""

    training_events: int = 0
    """Events that the only member, or that of the first fold, learnt from; 0 where none did."""

    history: list[dict[str, float]] = field(default_factory=list, repr=False)
    """One row an epoch of the only member's training, or of the first fold's; empty without one."""

    @property
    def member(self) -> MemberResult:
        """The only member, or that of the first fold."""
        return self.members[0]

    @property
    def parameters(self) -> dict[str, object]:
        """Its parameters, resolved."""
        return dict(self.member.entry.parameters)

    @property
    def decay(self) -> float:
        """Decay rate of a network's learning rate."""
        return float(self.member.entry.parameters["decay"])


def scored(results: JobResults, store: Store) -> list[Scored]:
    """Every classifier of a job with its scores, in the job's order."""
    return [one for result in results.results for one in _of_result(result, store)]


def _of_result(result: Result, store: Store) -> Iterator[Scored]:
    seeds = dict.fromkeys(member.entry.seed for member in result.members)
    for seed in seeds:
        members = tuple(one for one in result.members if one.entry.seed == seed)
        rows, scores = {}, {}
        for part in Part:
            rows[part], scores[part] = _together(members, store, part)
        record = members[0].record
        yield Scored(
            title=result.title,
            seed=seed,
            members=members,
            rows=rows,
            scores=scores,
            training_events=len(store.datasets.splits.get(record.dataset, record.split).train),
            history=list(store.members.history(members[0].entry.key)),
        )


def _together(
    members: Sequence[MemberResult], store: Store, part: Part
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of a part and one score each, over the folds if there are several."""
    pieces = [part_scores(store, member, part) for member in members]
    rows = np.concatenate([piece[0] for piece in pieces])
    # Several folds train on an event: the first that did speaks.
    unique, first = np.unique(rows, return_index=True)
    return unique, np.concatenate([piece[1] for piece in pieces])[first]


def mean_of(members: Sequence[Scored], title: str = "ensemble") -> Scored:
    """The ensemble of classifiers that score the same events: the mean of their probabilities."""
    return Scored(
        title=title,
        seed=members[0].seed,
        members=tuple(one for member in members for one in member.members),
        rows=members[0].rows,
        scores={part: np.mean([m.scores[part] for m in members], axis=0) for part in Part},
    )
