"""Turn a plain estimator (`fit` and `predict...`) into a method: members train one after another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar

import numpy as np

from sortal.data.prepared import Prepared
from sortal.data.split import Part
from sortal.methods.contract.base import (
    AbstractMethod,
    Control,
    Cost,
    Failed,
    Member,
    Outcome,
    Population,
    Shape,
    Trained,
)
from sortal.methods.contract.class_columns import (
    ClassColumns,
    target_columns,
    training_labels,
    training_weights,
)
from sortal.methods.contract.outcomes import collecting_notes, failed, train_one_by_one
from sortal.methods.one_at_a_time.fitted import EstimatorKind, Estimators, type_path

_WAITING_SECONDS = 20.0
"""Fits of this length in all are handed over: what is stored survives a kill."""


class OneByOne(AbstractMethod):
    """A method around one estimator class of scikit-learn, or of a library that follows it.

    Subclasses name the class and its parameters. EXCLUSIVE labels are learnt by one
    estimator, INDEPENDENT ones by one estimator a target. Where training sees a single
    class there is nothing to learn, and that class is always the answer.
    """

    library: ClassVar[str] = "scikit-learn"
    divisible: ClassVar[bool] = True

    estimator: ClassVar[str]
    """Import path of the estimator's class."""

    seeded: ClassVar[bool] = False
    """Whether the estimator has a `random_state`, which the member's seed becomes."""

    trusted: ClassVar[tuple[str, ...]] = ()
    """Types that its stored estimators hold beside those that skops trusts by itself."""

    together: ClassVar[int] = 100
    """Members in one stored model: what is in memory, and what is read to apply one of them."""

    def cost(self, member: Member, shape: Shape) -> Cost:  # noqa: ARG002 - as cheap for all
        """A few passes over the examples."""
        cells = float(shape.examples + shape.scored) * shape.features
        numbers = 8.0 * shape.features * shape.outputs
        return Cost(
            seconds=2e-3 * self.parts(shape) + 1e-8 * cells * shape.outputs,
            memory_bytes=16.0 * shape.examples * shape.features + numbers,
            disk_bytes=8e3 * self.parts(shape) + numbers,
        )

    @staticmethod
    def parts(shape: Shape) -> int:
        """Estimators of one member, at most: a shape does not tell targets from classes."""
        return max(1, shape.outputs)

    def options(self, parameters: Any, seed: int) -> dict[str, Any]:
        """Keyword arguments of the estimator's class."""
        options: dict[str, Any] = parameters.model_dump()
        return {**options, "random_state": seed} if self.seeded else options

    def build(self, parameters: Any, seed: int) -> Any:
        """Make an untrained estimator."""
        return self.library_class()(**self.options(parameters, seed))

    def library_class(self) -> Any:
        """Import the estimator's class."""
        module, name = self.estimator.rsplit(".", 1)
        return getattr(import_module(module), name)

    def refusal(self, member: Member, examples: int) -> str:  # noqa: ARG002 - for those that have limits
        """Why a member cannot be trained on so many examples; empty if it can."""
        return ""

    def train(self, population: Population, data: Prepared, control: Control) -> Iterator[Outcome]:
        """Fit member after member; models are yielded `together` at a time, or after a while."""
        try:
            self.library_class()  # imported here, so that the first member's seconds are its own
            lesson = _EstimatorTask.of(data, population.members[0])
        except Exception as error:  # noqa: BLE001 - reported as the members' failure
            yield from (failed(key, error) for key in population.keys)
            return
        done: list[Trained] = []
        for outcome in train_one_by_one(
            population, control, lambda one: self._train_one(one, lesson)
        ):
            if isinstance(outcome, Failed):
                yield outcome
            else:
                done.append(outcome)
            waited = sum(seconds for one in done for seconds in one.seconds.values())
            if len(done) == self.together or (done and waited >= _WAITING_SECONDS):
                yield _joined(done)
                done = []
        if done:
            yield _joined(done)

    def load(self, folder: Path) -> Estimators:
        """Read the estimators of a model."""
        return Estimators.load(folder, self._kind())

    def _train_one(self, member: Member, lesson: "_EstimatorTask") -> Trained | Failed:
        started = perf_counter()
        refusal = self.refusal(member, len(lesson.matrix))
        if refusal:
            return Failed(member.key, refusal)
        try:
            with collecting_notes() as notes:
                fitted = tuple(self._fit(member, lesson, codes) for codes in lesson.truths)
                probable = self.probabilities(member.parameters)
        except Exception as error:  # noqa: BLE001 - reported as the member's failure
            return failed(member.key, error)
        model = Estimators(
            kind=self._kind(),
            members=(member.key,),
            fitted=(fitted,),
            probable=(probable,),
            seen=lesson.seen,
            features=lesson.matrix.shape[1],
        )
        seconds = {member.key: perf_counter() - started}
        return Trained(model, seconds, {member.key: tuple(notes)} if notes else {})

    def _fit(self, member: Member, lesson: "_EstimatorTask", codes: np.ndarray) -> Any:
        if (codes == codes[0]).all():
            return None
        weights = {} if lesson.weights is None else {"sample_weight": lesson.weights}
        estimator = self.build(member.parameters, member.seed)
        return estimator.fit(lesson.matrix, codes, **weights)

    def _kind(self) -> EstimatorKind:
        return EstimatorKind(
            name=self.name,
            library=self.library,
            estimator=type_path(self.library_class()),
            trusted=self.trusted,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _EstimatorTask:
    """What every member of a population is fitted to."""

    matrix: np.ndarray
    truths: list[np.ndarray]
    weights: np.ndarray | None
    seen: ClassColumns

    @classmethod
    def of(cls, data: Prepared, member: Member) -> "_EstimatorTask":
        labels = training_labels(data, member)
        matrix = data.inputs(Part.TRAIN).matrix()
        truths = [np.asarray(codes, dtype=np.int64) for codes in target_columns(labels)]
        return cls(matrix, truths, training_weights(data, member), ClassColumns.among(labels))


def _joined(done: Sequence[Trained]) -> Trained:
    """Lay models of one member each together."""
    models = [one.model for one in done if isinstance(one.model, Estimators)]
    model = replace(
        models[0],
        members=tuple(key for part in models for key in part.members),
        fitted=tuple(fitted for part in models for fitted in part.fitted),
        probable=tuple(probable for part in models for probable in part.probable),
    )
    seconds = {key: value for one in done for key, value in one.seconds.items()}
    return Trained(
        model,
        seconds,
        {key: text for one in done for key, text in one.notes.items()},
        printed={key: text for one in done for key, text in one.printed.items()},
    )
