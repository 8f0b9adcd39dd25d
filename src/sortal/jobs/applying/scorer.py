"""Trained members ready to score raw examples, and the averages that give a result's outputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from sortal.data.inputs import Inputs
from sortal.data.preparing.preparer import Preparer
from sortal.data.weighting.rule import FittedWeightRule, load_weight_rules
from sortal.errors import DataError, UserError
from sortal.jobs.applying.average import Average
from sortal.jobs.applying.constituent import Constituent, constituents
from sortal.jobs.applying.unclassifiable import UnclassifiableExamples, refuse_gaps
from sortal.jobs.results.result import MemberResult
from sortal.methods import registry
from sortal.methods.contract.base import Model
from sortal.store.store import Store

Weighers = Mapping[str | None, FittedWeightRule]
"""What training made of weights, by target, None for all outputs."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Scorer:
    """One trained member, ready to score raw examples."""

    method: str
    calibration: str
    preparer: Preparer
    weighers: Weighers
    model: Model
    """Of this member alone."""

    weight: float
    fold: int | None
    """The fold that tested it, whose examples it never saw; None where there are no folds."""

    @property
    def missing_allowed(self) -> bool:
        """Whether its method takes missing values."""
        return registry.find(self.method, self.calibration).missing_allowed


@dataclass(frozen=True, slots=True, eq=False)
class ResultMembers:
    """The members that give one result's outputs; equal preparers are neighbours."""

    scorers: tuple[Scorer, ...]

    @property
    def folds(self) -> tuple[int, ...]:
        """Numbers of the folds that its members were tested by, ascending; none without folds."""
        return tuple(sorted({one.fold for one in self.scorers if one.fold is not None}))

    def average(self, inputs: Inputs) -> tuple[np.ndarray, np.ndarray | None]:
        """Score raw examples with each member in turn.

        Returns:
            Mean, and standard deviation over the members, each of shape (examples, outputs);
            None in place of the second for one member.

        Raises:
            Unpredictable: A value is missing where a method takes none.
        """
        return _averaged(self.scorers, inputs)

    def average_unseen(
        self, inputs: Inputs, folds: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Score each example with the members that its own fold tested, which never saw it.

        Args:
            inputs: Raw examples.
            folds: Number of each one's fold, shape (examples,).

        Raises:
            DataError: A number is none of `folds`.
            Unpredictable: A value is missing where a method takes none.
        """
        strange = np.setdiff1d(folds, self.folds)
        if len(strange):
            known = ", ".join(map(str, self.folds)) or "none, for it was trained on one division"
            raise DataError(f"folds: expected the numbers {known}, got {strange[0]}.")
        rows = [np.flatnonzero(folds == fold) for fold in np.unique(folds)]
        if not rows:
            return _averaged(self.scorers, inputs)
        pieces = [self._of_fold(int(folds[own[0]]), inputs, own) for own in rows]
        order = np.argsort(np.concatenate(rows))
        spreads = [spread for _, spread in pieces if spread is not None]
        mean: np.ndarray = np.concatenate([mean for mean, _ in pieces])[order]
        return mean, np.concatenate(spreads)[order] if len(spreads) == len(pieces) else None

    def _of_fold(
        self, fold: int, inputs: Inputs, rows: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Score some of the examples with the members that a fold tested."""
        try:
            return _averaged([one for one in self.scorers if one.fold == fold], inputs.take(rows))
        except UnclassifiableExamples as gaps:
            raise gaps.among(rows) from gaps


def _averaged(scorers: Sequence[Scorer], inputs: Inputs) -> tuple[np.ndarray, np.ndarray | None]:
    average, prepared = Average(), inputs
    preparer: Preparer | None = None
    whole = False
    for scorer in scorers:
        if scorer.preparer is not preparer:
            preparer, prepared = scorer.preparer, scorer.preparer.apply(inputs)
            whole = False
        if not whole and not scorer.missing_allowed:
            refuse_gaps(prepared, preparer, scorer.method)
            whole = True
        average.add(scorer.model.scores(prepared)[0], scorer.weight)
    return average.mean, average.spread


@dataclass(slots=True, eq=False)
class StoredScorers:
    """Reads each stored preparer and population once, however many members use it."""

    store: Store
    _preparers: dict[str, tuple[Preparer, Weighers]] = field(default_factory=dict)
    _models: dict[tuple[str, int], Model] = field(default_factory=dict)

    def load(self, members: Sequence[MemberResult]) -> tuple[Scorer, ...]:
        """What applies the members of one result, and what their ensembles average.

        Raises:
            UserError: A member's model was not stored.
        """
        found = [
            (one, member.entry.fold)
            for member in members
            for one in constituents(self.store, member)
        ]
        places = self.store.members.find(one.key for one, _ in found)
        found.sort(key=lambda pair: places[pair[0].key].segment)
        return tuple(self._scorer(one, places[one.key].segment, fold) for one, fold in found)

    def _scorer(self, one: Constituent, name: str, fold: int | None) -> Scorer:
        record, number = one.record, one.record.model
        if number is None:
            raise UserError(
                f"{one.name} cannot be applied: its model was not stored "
                f"({record.not_savable.rstrip('.')})."
            )
        segment = self.store.members.segments.get(name)
        if (name, number) not in self._models:
            method = registry.find(record.method, record.calibration)
            self._models[name, number] = method.load(segment.model_folder(number))
        if name not in self._preparers:
            folder = segment.folder / "preparer"
            self._preparers[name] = Preparer.load(folder), load_weight_rules(folder)
        preparer, weighers = self._preparers[name]
        return Scorer(
            method=record.method,
            calibration=record.calibration,
            preparer=preparer,
            weighers=weighers,
            model=self._models[name, number].pick((record.key_in_model,)),
            weight=one.weight,
            fold=fold,
        )
