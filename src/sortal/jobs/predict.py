"""Apply stored classifiers to new data, block by block."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sortal.data.inputs import Inputs
from sortal.data.labels import Outputs
from sortal.data.preparer import Preparer
from sortal.data.readers.in_memory import open_held
from sortal.data.unseen import InputSpec, read_inputs, read_opened
from sortal.errors import UserError
from sortal.evaluation.scores import predicted
from sortal.jobs.average import Average
from sortal.jobs.constituent import Constituent, constituents
from sortal.jobs.result import MemberResult, Result
from sortal.methods import registry
from sortal.methods.base import Model
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


@dataclass(frozen=True, slots=True, eq=False)
class _Scorer:
    """One trained member, ready to score raw examples."""

    preparer: Preparer
    model: Model
    weight: float


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """The members that give one result's outputs; equal preparers are neighbours."""

    scorers: tuple[_Scorer, ...]

    def average(self, inputs: Inputs) -> Average:
        """Score raw examples with each member in turn."""
        average, prepared = Average(), inputs
        preparer: Preparer | None = None
        for scorer in self.scorers:
            if scorer.preparer is not preparer:
                preparer, prepared = scorer.preparer, scorer.preparer.apply(inputs)
            average.add(scorer.model.scores(prepared)[0], scorer.weight)
        return average


@dataclass(slots=True, eq=False)
class Predictor:
    """A classifier taken out of a store; needs nothing of the job that made it.

    Several seeds or folds are averaged, which asks for scores that are probabilities; an
    ensemble averages with its weights. Models stay in memory, and of the examples one block,
    prepared for and scored by one member at a time.
    """

    outputs: Outputs
    classes: tuple[str, ...]
    probabilities: bool
    spec: InputSpec
    _columns: tuple[_Column, ...]
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
        if not record["probabilities"] and any(len(several) > 1 for several in members):
            raise UserError(
                f"{results[0].title}: its scores are no probabilities, so its {len(members[0])} "
                f"members cannot be averaged; {_way_out(members[0])}, or ask for `calibrate` in "
                "the job."
            )
        loader = _Loader(store)
        targets = [r.target for r in results if r.target is not None]
        return cls(
            outputs=Outputs(record["outputs"]),
            classes=tuple(targets or record["classes"]),
            probabilities=record["probabilities"],
            spec=InputSpec.restore(record["inputs"]),
            _columns=tuple(_Column(loader.scorers(several)) for several in members),
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

    def predict(self, inputs: Inputs) -> Block:
        """Predict raw (unprepared) examples."""
        self._count_outside(inputs)
        means, spreads = [], []
        for column in self._columns:
            average = column.average(inputs)
            means.append(average.mean)
            spreads.append(average.spread)
        mean = np.concatenate(means, axis=1)
        known = [spread for spread in spreads if spread is not None]
        every = np.concatenate(known, axis=1) if len(known) == len(spreads) else None
        return Block(
            ids=inputs.ids,
            decided=predicted(mean[None], self.outputs, probabilities=self.probabilities)[0],
            scores=mean.astype(np.float32),
            spread=None if every is None else every.astype(np.float32),
        )

    def _count_outside(self, inputs: Inputs) -> None:
        for found in self._columns[0].scorers[0].preparer.outside(inputs):
            self.outside[found.name] = self.outside.get(found.name, 0) + found.count


def _way_out(members: Sequence[MemberResult]) -> str:
    """How to come to one member."""
    if len({member.entry["fold"] for member in members}) > 1:
        return "train it on one split instead of folds"
    return "choose one with --seed"


def outside_sentence(outside: Mapping[str, int], examples: int) -> str:
    """Warn that features leave the range seen in training, worst first."""
    worst = sorted(outside.items(), key=lambda item: -item[1])
    named = ", ".join(f"{name} in {count}" for name, count in worst[:_MOST_NAMED])
    more = f" and {len(worst) - _MOST_NAMED} more features" if len(worst) > _MOST_NAMED else ""
    return (
        f"features outside the range seen in training, of {examples} examples: {named}{more}. "
        "Scores there are extrapolated."
    )


@dataclass(slots=True, eq=False)
class _Loader:
    """Reads each stored preparer and population once, however many members use it."""

    store: Store
    preparers: dict[str, Preparer] = field(default_factory=dict)
    models: dict[tuple[str, int], Model] = field(default_factory=dict)

    def scorers(self, members: Sequence[MemberResult]) -> tuple[_Scorer, ...]:
        """What applies the members of one result, and what their ensembles average."""
        found = [one for member in members for one in constituents(self.store, member)]
        places = self.store.find(one.key for one in found)
        found.sort(key=lambda one: places[one.key].segment)
        return tuple(self._scorer(one, places[one.key].segment) for one in found)

    def _scorer(self, one: Constituent, name: str) -> _Scorer:
        record, number = one.record, one.record["model"]
        if number is None:
            raise UserError(
                f"{one.name} cannot be applied: its model was not stored "
                f"({record['not_savable'].rstrip('.')})."
            )
        segment = self.store.segment(name)
        if name not in self.preparers:
            self.preparers[name] = Preparer.load(segment.folder / "preparer")
        if (name, number) not in self.models:
            method = registry.find(record["method"], record["calibration"])
            self.models[name, number] = method.load(segment.model_folder(number))
        model = self.models[name, number].pick((record.get("model_key", one.key),))
        return _Scorer(self.preparers[name], model, one.weight)
