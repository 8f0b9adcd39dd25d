"""Any method with its scores turned into probabilities by maps fitted on folds of the training examples."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from inspect import get_annotations
from pathlib import Path
from typing import Any, get_args

import numpy as np

from sortal.data.inputs import Inputs
from sortal.data.labels import Labels, Outputs
from sortal.data.prepared import Prepared
from sortal.errors import Damaged, NotSavable, OptionError
from sortal.methods.calibration.held_out import FOLDS, HeldOutScores, StageControl, score_held_out
from sortal.methods.calibration.score_map import (
    Calibration,
    ConstantMap,
    ScoreMap,
    fit_map,
    read_map,
)
from sortal.methods.contract import base
from sortal.methods.contract.base import (
    Control,
    Cost,
    Failed,
    Key,
    Member,
    Method,
    Model,
    Outcome,
    Paused,
    Population,
    Shape,
    Trained,
)
from sortal.methods.contract.class_columns import target_columns, training_labels, training_weights
from sortal.methods.contract.outcomes import failed
from sortal.methods.model_files.files import (
    damaged_if_unreadable,
    read_description,
    write_description,
)

_VERSION = 1
_KIND = "calibrated"
_INNER = "inner"


def calibrated(method: Method, calibration: str) -> Method:
    """Wrap a method so that its members give probabilities.

    Raises:
        OptionError: There is no such calibration.
    """
    kinds = get_args(Calibration)
    if calibration not in kinds:
        raise OptionError("calibration", calibration, " or ".join(kinds))

    own = {
        "version": 1000 * _VERSION + method.version,
        "summary": f"{method.summary}; calibrated ({calibration})",
    }
    same = {name: getattr(method, name) for name in get_annotations(Method)}
    wrapped: Method = type("Wrapped", (_Calibrated,), {**same, **own})(method, calibration)
    return wrapped


@dataclass(frozen=True, slots=True)
class OutputMaps:
    """One map per output, and how the outputs hang together."""

    outputs: Outputs
    maps: tuple[ScoreMap, ...]
    remainder: int | None = None
    """The output that is one minus all others: the first of two classes."""

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        """Probabilities, shape (examples, outputs); EXCLUSIVE ones sum to one.

        An example without a score, NaN, has no probability either.
        """
        mapped = self._mapped(scores)
        mapped[np.isnan(scores).any(axis=1)] = np.nan
        return mapped

    def _mapped(self, scores: np.ndarray) -> np.ndarray:
        mapped = np.stack([one(scores[:, n]) for n, one in enumerate(self.maps)], axis=1)
        if self.outputs is Outputs.INDEPENDENT:
            return mapped
        if self.remainder is not None:
            mapped[:, self.remainder] = 1 - np.delete(mapped, self.remainder, axis=1).sum(axis=1)
            return np.asarray(np.clip(mapped, 0.0, 1.0))
        total = mapped.sum(axis=1, keepdims=True)
        return np.asarray(np.divide(mapped, total, out=self._equal(len(mapped)), where=total > 0))

    def _equal(self, examples: int) -> np.ndarray:
        """Where every map says 0, the classes that training saw are equally probable."""
        seen = np.array([one != ConstantMap(0.0) for one in self.maps])
        share = seen / seen.sum() if seen.any() else np.full(len(seen), 1 / len(seen))
        return np.tile(share, (examples, 1))

    @classmethod
    def fit(
        cls, kind: Calibration, scores: np.ndarray, labels: Labels, weights: np.ndarray | None
    ) -> "OutputMaps":
        """Fit each output's map; of two classes only the second gets one."""
        if labels.outputs is Outputs.INDEPENDENT:
            truths = [codes == 1 for codes in target_columns(labels)]
            columns = zip(scores.T, truths, strict=True)
            return cls(labels.outputs, tuple(fit_map(kind, s, t, weights) for s, t in columns))
        classes = range(len(labels.classes))
        present = [number for number in classes if (labels.codes == number).any()]
        remainder = present[0] if len(present) == 2 else None
        maps = tuple(
            ConstantMap(0.0)
            if number == remainder or number not in present
            else fit_map(kind, scores[:, number], labels.codes == number, weights)
            for number in classes
        )
        return cls(labels.outputs, maps, remainder)

    def describe(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "outputs": self.outputs.value,
            "maps": [one.describe() for one in self.maps],
            "remainder": self.remainder,
        }

    @classmethod
    def read(cls, described: Mapping[str, Any]) -> "OutputMaps":
        """From what `describe` gave."""
        maps = tuple(map(read_map, described["maps"]))
        remainder = described["remainder"]
        if not maps or (remainder is not None and remainder not in range(len(maps))):
            raise Damaged("stored calibration: the maps do not fit together.")
        return cls(Outputs(described["outputs"]), maps, remainder)


@dataclass(frozen=True, slots=True, eq=False)
class CalibratedModel:
    """A model and what makes probabilities of its scores."""

    inner: Model
    maps: Mapping[Key, OutputMaps] = field(repr=False)

    @property
    def members(self) -> tuple[Key, ...]:
        """Keys of the members."""
        return self.inner.members

    def scores(self, inputs: Inputs) -> np.ndarray:
        """Probabilities, shape (members, examples, outputs)."""
        scores = self.inner.scores(inputs)
        return np.stack(
            [self.maps[key](of) for key, of in zip(self.inner.members, scores, strict=True)]
        )

    def pick(self, keys: tuple[Key, ...]) -> "CalibratedModel":
        """These members with their maps."""
        return CalibratedModel(self.inner.pick(keys), {key: self.maps[key] for key in keys})

    def save(self, folder: Path) -> None:
        """Write the inner model into a folder of its own, and the maps into model.json."""
        inner = folder / _INNER
        inner.mkdir()
        try:
            self.inner.save(inner)
        except NotSavable:
            inner.rmdir()
            raise
        maps = {key: one.describe() for key, one in self.maps.items()}
        write_description(folder, {"kind": _KIND, "maps": maps}, files=())

    @classmethod
    def load(cls, folder: Path, method: Method) -> "CalibratedModel":
        """Read what `save` wrote.

        Raises:
            Damaged: It is not what was written.
        """
        about = read_description(folder, _KIND)
        with damaged_if_unreadable(folder):
            maps = {str(key): OutputMaps.read(one) for key, one in about["maps"].items()}
        inner = method.load(folder / _INNER)
        if set(inner.members) != set(maps):
            raise Damaged(f"{folder}: the maps are not those of the model's members.")
        return cls(inner, maps)


class _Calibrated(base.AbstractMethod):
    """What all wrapped methods have in common."""

    def __init__(self, method: Method, calibration: Calibration) -> None:
        self._method, self._calibration = method, calibration

    def settled(self, parameters: Any, inputs: Inputs, told: Mapping[str, str]) -> Any:
        """What the method that is calibrated makes of its parameters."""
        if isinstance(self._method, base.DependsOnAxes):
            return self._method.settled(parameters, inputs, told)
        return parameters

    def group(self, member: Member) -> Hashable:
        """As without calibration."""
        return self._method.group(member)

    def cost(self, member: Member, shape: Shape) -> Cost:
        """One training per fold, and the one that is kept."""
        cost = self._method.cost(member, shape)
        return replace(cost, seconds=(FOLDS + 1) * cost.seconds)

    def load(self, folder: Path) -> CalibratedModel:
        """Read a model and its maps."""
        return CalibratedModel.load(folder, self._method)

    def train(self, population: Population, data: Prepared, control: Control) -> Iterator[Outcome]:
        """Train on folds, fit the maps, train on everything."""
        refused = {member.key: _refusal(population, member, data) for member in population.members}
        yield from (Failed(key, reason) for key, reason in refused.items() if reason)
        members = tuple(one for one in population.members if not refused[one.key])
        if not members:
            return
        try:
            found = score_held_out(
                self._method, replace(population, members=members), data, control
            )
            maps = {} if found.stopped else self._fit_maps(members, found, data)
        except Exception as error:  # noqa: BLE001 - reported as the members' failure
            yield from (failed(member.key, error) for member in members)
            return
        yield from found.failures.values()
        if found.stopped and found.paused:
            yield Paused(tuple(m.key for m in members if m.key not in found.failures), 0.0)
        rest = tuple(member for member in members if member.key in maps)
        if rest:
            last = StageControl(control, FOLDS, FOLDS + 1)
            yield from self._train_last(replace(population, members=rest), data, last, found, maps)

    def _fit_maps(
        self, members: tuple[Member, ...], found: HeldOutScores, data: Prepared
    ) -> dict[Key, OutputMaps]:
        return {
            member.key: OutputMaps.fit(
                self._calibration,
                found.scores[member.key],
                training_labels(data, member),
                training_weights(data, member),
            )
            for member in members
            if member.key not in found.failures
        }

    def _train_last(
        self,
        population: Population,
        data: Prepared,
        control: Control,
        found: HeldOutScores,
        maps: Mapping[Key, OutputMaps],
    ) -> Iterator[Outcome]:
        for outcome in self._method.train(population, data, control):
            if not isinstance(outcome, Trained):
                yield outcome
                continue
            keys = outcome.model.members
            yield replace(
                outcome,
                model=CalibratedModel(outcome.model, {key: maps[key] for key in keys}),
                seconds={key: outcome.seconds[key] + found.seconds[key] for key in keys},
            )


def _refusal(population: Population, member: Member, data: Prepared) -> str:
    """Why a member cannot be calibrated; empty if it can."""
    if population.budget is not None:
        return "calibration needs training to the end: there may be no budget beside it."
    labels = training_labels(data, member)
    for number, codes in enumerate(target_columns(labels)):
        values, counts = np.unique(codes, return_counts=True)
        if len(values) > 1 and counts.min() < 2:
            rare = int(values[counts.argmin()])
            exclusive = labels.outputs is Outputs.EXCLUSIVE
            what = (
                f"class {labels.classes[rare]!r}"
                if exclusive
                else f"target {labels.classes[number]!r} with value {rare}"
            )
            return (
                f"calibration needs two or more training examples of every class; of {what} "
                "there is one."
            )
    return ""
