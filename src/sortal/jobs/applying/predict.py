"""Apply stored classifiers to new data, block by block."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sortal.data.inputs import Inputs
from sortal.data.labels import Outputs
from sortal.data.readers.in_memory import open_held
from sortal.data.unseen import InputSpec, read_inputs, read_opened
from sortal.errors import UserError
from sortal.evaluation.scores import predicted
from sortal.jobs.applying.scorer import Column, StoredScorers
from sortal.jobs.result import MemberResult, Result
from sortal.store.store import Store

_MOST_NAMED = 5
"""Features that the warning lists."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Predictions for some examples."""

    ids: np.ndarray
    """Shape (examples,)."""

    decided: np.ndarray
    """EXCLUSIVE: class codes (examples,); INDEPENDENT: 0 or 1, (examples, targets)."""

    scores: np.ndarray
    """Mean over the members, shape (examples, outputs)."""

    spread: np.ndarray | None
    """Standard deviation over the members, shape (examples, outputs); None for one member."""


@dataclass(slots=True, eq=False, kw_only=True)
class Predictor:
    """A classifier taken out of a store or a folder; needs nothing of the job that made it.

    Several seeds or folds are averaged, which asks for scores that are probabilities; an
    ensemble averages with its weights. Models stay in memory, and of the examples one block,
    prepared for and scored by one member at a time.
    """

    outputs: Outputs
    classes: tuple[str, ...]
    """Classes that exclude each other, or targets, in the order of scores."""

    probabilities: bool
    """Whether scores are probabilities."""

    threshold: float = 0.5
    """What the score of an independent target must exceed for it to be true."""

    spec: InputSpec
    """The inputs that it asks for, in order."""

    columns: tuple[Column, ...]
    """What gives the outputs: one for all of them, or one a target, in the order of `classes`."""

    about: Mapping[str, Any] = field(default_factory=dict)
    """What whoever wrote its folder said beside, as JSON; empty out of a store."""

    outside: dict[str, int] = field(default_factory=dict)
    """Examples so far whose feature lay outside the range seen in training, by feature."""

    @classmethod
    def load(
        cls, store: Store, results: Sequence[Result], *, seed: int | None = None
    ) -> "Predictor":
        """Load all members of a result, or of the results of several targets under one title.

        Raises:
            UserError: A member's model was not stored, several members have no
                probabilities to average, or an ensemble was asked for a seed.
        """
        if seed is not None and any("members" in m.entry for r in results for m in r.members):
            raise UserError(
                f"{results[0].title} averages its members and has no seed of its own: leave the "
                "seed out, or apply one of its members."
            )
        members = [[m for m in r.members if seed in (None, m.entry["seed"])] for r in results]
        if not all(members):
            known = sorted({m.entry["seed"] for r in results for m in r.members})
            raise UserError(f"{results[0].title}: expected one of the seeds {known}, got {seed}.")
        record = members[0][0].record
        several_each = any(len(several) > 1 for several in members)
        sound = all(m.gives_probabilities for several in members for m in several)
        # Of what has no model, `stored.load` tells the better reason.
        if several_each and not sound and record["model"] is not None:
            raise UserError(
                f"{results[0].title}: its scores are no probabilities, so its {len(members[0])} "
                f"members cannot be averaged; {_way_out(members[0])}, or ask for `calibrate` in "
                "the job."
            )
        stored = StoredScorers(store)
        targets = [r.target for r in results if r.target is not None]
        return cls(
            outputs=Outputs(record["outputs"]),
            classes=tuple(targets or record["classes"]),
            probabilities=sound,
            threshold=usual_threshold(members[0][0].means_probabilities),
            spec=InputSpec.restore(record["inputs"]),
            columns=tuple(Column(stored.load(several)) for several in members),
        )

    def files(
        self, paths: Sequence[Path], *, id_column: str | None = None, size: int = 50_000
    ) -> Iterator[Block]:
        """Predict the examples of files, `size` at a time."""
        for inputs in read_inputs(paths, self.spec, id_column=id_column, size=size):
            yield self.predict(inputs)

    def held(
        self, data: Any, *, id_column: str | None = None, size: int = 50_000
    ) -> Iterator[Block]:
        """Predict the examples of a data frame, an array, or a mapping of arrays, likewise."""
        opened = open_held(data, tuple(self.spec.names))
        for inputs in read_opened([opened], self.spec, id_column=id_column, size=size):
            yield self.predict(inputs)

    @property
    def has_threshold_of_its_own(self) -> bool:
        """Whether its threshold is not that of what its scores are."""
        return self.threshold != usual_threshold(self.probabilities)

    @property
    def folds(self) -> tuple[int, ...]:
        """Numbers of the folds that it was trained in, ascending; none for one division."""
        return self.columns[0].folds

    def predict(self, inputs: Inputs, folds: np.ndarray | None = None) -> Block:
        """Predict raw (unprepared) examples.

        Args:
            inputs: The examples.
            folds: Number of each one's fold, shape (examples,): it is scored by the members that
                this fold tested, which never saw it. Not given, all members are averaged.

        Raises:
            DataError: The inputs are not those of the training, or a number is none of `folds`.
        """
        self._count_outside(inputs)
        averages = [
            column.average(inputs) if folds is None else column.average_unseen(inputs, folds)
            for column in self.columns
        ]
        mean = np.concatenate([one for one, _ in averages], axis=1)
        known = [spread for _, spread in averages if spread is not None]
        every = np.concatenate(known, axis=1) if len(known) == len(averages) else None
        return Block(
            ids=inputs.ids,
            decided=predicted(mean[None], self.outputs, probabilities=self.threshold > 0)[0],
            scores=mean.astype(np.float32),
            spread=None if every is None else every.astype(np.float32),
        )

    def _count_outside(self, inputs: Inputs) -> None:
        for found in self.columns[0].scorers[0].preparer.outside(inputs):
            self.outside[found.name] = self.outside.get(found.name, 0) + found.count


def _way_out(members: Sequence[MemberResult]) -> str:
    """How to come to one member."""
    if len({member.entry["fold"] for member in members}) > 1:
        return "train it on one split instead of folds"
    return "choose one with --seed"


def usual_threshold(probabilities: bool) -> float:
    """What a score must exceed for an independent target to be true."""
    return 0.5 if probabilities else 0.0


def outside_sentence(outside: Mapping[str, int], examples: int) -> str:
    """Warn that features leave the range seen in training, worst first."""
    worst = sorted(outside.items(), key=lambda item: -item[1])
    named = ", ".join(f"{name} in {count}" for name, count in worst[:_MOST_NAMED])
    more = f" and {len(worst) - _MOST_NAMED} more features" if len(worst) > _MOST_NAMED else ""
    return (
        f"features outside the range seen in training, of {examples} examples: {named}{more}. "
        "Scores there are extrapolated."
    )
