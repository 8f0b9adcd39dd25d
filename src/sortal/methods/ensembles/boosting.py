"""AdaBoost and histogram gradient boosting: members of one family are stages of the longest one."""

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field
from threadpoolctl import threadpool_limits

from sortal.data.prepared import Prepared
from sortal.data.split import Part
from sortal.methods.contract import base
from sortal.methods.contract.base import Cost, Member, Shape
from sortal.methods.contract.class_columns import (
    ClassColumns,
    target_columns,
    training_labels,
    training_weights,
)
from sortal.methods.ensembles.boosting_model import BoostedModel
from sortal.methods.ensembles.prefix_ensemble import AbstractPrefixEnsemble
from sortal.methods.ensembles.prefixes import Growth
from sortal.methods.ensembles.stages import (
    AdaBoostStages,
    GradientStages,
    SingleClass,
    StagedEnsemble,
)

_REPORTS = 8
"""Chunks that gradient boosting is trained in; each bins the examples again."""

_ROUNDS = 10
"""Fewest rounds of such a chunk."""

_AUTO_STOP = 10_000
"""Training examples above which scikit-learn's `early_stopping="auto"` stops early."""


class AdaBoostParameters(base.Parameters):
    """Parameters of AdaBoost, with scikit-learn's names and defaults."""

    n_estimators: int = Field(default=50, ge=1)
    """Most rounds; a perfect fit ends training before."""
    learning_rate: float = Field(default=1.0, gt=0)
    """Factor of each tree's contribution."""
    max_depth: int = Field(default=1, ge=1)
    """Depth of each tree."""


class HistGradientBoostingParameters(base.Parameters):
    """Parameters of histogram gradient boosting, with scikit-learn's names and defaults."""

    max_iter: int = Field(default=100, ge=1)
    """Most rounds."""
    learning_rate: float = Field(default=0.1, gt=0)
    """Factor of each tree's contribution."""
    max_leaf_nodes: int | None = Field(default=31, ge=2)
    """Most leaves of a tree."""
    max_depth: int | None = Field(default=None, ge=1)
    """Deepest level of a tree."""
    min_samples_leaf: int = Field(default=20, ge=1)
    """Fewest examples in a leaf."""
    l2_regularization: float = Field(default=0.0, ge=0)
    """Penalty on large leaves."""
    max_bins: int = Field(default=255, ge=2, le=255)
    """Bins of each feature, beside one for missing values."""
    class_weight: Literal["balanced"] | None = None
    """Whether classes count the same however many examples they have."""
    early_stopping: bool | Literal["auto"] = "auto"
    """Whether a held-out share of the training examples ends training; `auto`: above 10,000."""
    validation_fraction: float = Field(default=0.1, gt=0, lt=1)
    """That share."""
    n_iter_no_change: int = Field(default=10, ge=1)
    """Rounds without gain on it before training ends."""
    tol: float = Field(default=1e-7, ge=0)
    """Smallest gain that counts."""


@dataclass(frozen=True, slots=True)
class _Lesson:
    """What one ensemble is fitted to."""

    matrix: np.ndarray
    codes: np.ndarray
    weights: np.ndarray | None


class _Booster(AbstractPrefixEnsemble):
    """What both have in common: one boosted ensemble for each truth that is learnt."""

    def fit(
        self, member: Member, data: Prepared, growth: Growth, threads: int
    ) -> BoostedModel | None:
        """Boost for one truth after another."""
        labels, weights = training_labels(data, member), training_weights(data, member)
        matrix, seen = data.inputs(Part.TRAIN).matrix(), ClassColumns.among(labels)
        courses: list[StagedEnsemble] = []
        with threadpool_limits(threads):
            for codes, classes in zip(target_columns(labels), seen.codes, strict=True):
                course: StagedEnsemble = SingleClass()
                if len(classes) > 1:
                    course = self._boost(member, _Lesson(matrix, codes, weights), growth)
                courses.append(course)
                if growth.stopped or not growth.finish(course.rounds or growth.wanted.largest):
                    break
        members = growth.complete()
        if not members.sizes:
            return None
        return BoostedModel(self.name, members, courses, seen, matrix.shape[1])

    @abstractmethod
    def _boost(self, member: Member, lesson: _Lesson, growth: Growth) -> StagedEnsemble:
        """Train one ensemble on two or more classes."""

    def load(self, folder: Path) -> BoostedModel:
        """Read the ensembles."""
        return BoostedModel.load(folder, self.name)


class AdaBoost(_Booster):
    """AdaBoost of small trees, equal to scikit-learn's `AdaBoostClassifier`.

    A driver's wish to stop is heard between targets only: scikit-learn trains all rounds at once.
    """

    name: ClassVar[str] = "adaboost"
    summary: ClassVar[str] = "AdaBoost of small trees; shorter ones are stages of the longest"
    Parameters: ClassVar[type[base.Parameters]] = AdaBoostParameters
    rounds: ClassVar[str] = "n_estimators"

    def cost(self, member: Member, shape: Shape) -> Cost:
        """One small tree over all examples a round."""
        rounds, per_row = self.size(member), 3e-8 * shape.features + 1e-7
        return Cost(
            seconds=rounds * (1e-3 + per_row * shape.examples + 5e-8 * shape.scored),
            memory_bytes=16.0 * shape.examples * shape.features,
            disk_bytes=rounds * 64.0 * 8,
        )

    def _boost(self, member: Member, lesson: _Lesson, growth: Growth) -> StagedEnsemble:
        from sklearn.ensemble import AdaBoostClassifier
        from sklearn.tree import DecisionTreeClassifier

        options = member.chosen(AdaBoostParameters)
        library = AdaBoostClassifier(
            DecisionTreeClassifier(max_depth=options.max_depth),
            n_estimators=growth.wanted.largest,
            learning_rate=options.learning_rate,
            random_state=member.seed,
        ).fit(
            np.asarray(lesson.matrix, dtype=np.float32), lesson.codes, sample_weight=lesson.weights
        )
        trees = [estimator.tree_ for estimator in library.estimators_]
        return AdaBoostStages(trees, library.estimator_weights_[: len(trees)])


class HistGradientBoosting(_Booster):
    """Gradient boosting over binned features, scikit-learn's `HistGradientBoostingClassifier`."""

    name: ClassVar[str] = "histgradientboosting"
    summary: ClassVar[str] = "gradient boosting over bins; shorter ones are stages of the longest"
    Parameters: ClassVar[type[base.Parameters]] = HistGradientBoostingParameters
    missing_allowed: ClassVar[bool] = True
    rounds: ClassVar[str] = "max_iter"

    def cost(self, member: Member, shape: Shape) -> Cost:
        """A histogram of all features a tree, one tree a class and round."""
        trees = self.size(member) * (1 if shape.outputs <= 2 else shape.outputs)
        return Cost(
            seconds=trees * (1e-3 + 4e-9 * shape.examples * shape.features + 1e-7 * shape.scored),
            memory_bytes=(9.0 + 8.0) * shape.examples * shape.features,
            disk_bytes=trees * 61 * 64.0,
        )

    def _boost(self, member: Member, lesson: _Lesson, growth: Growth) -> StagedEnsemble:
        from sklearn.ensemble import HistGradientBoostingClassifier

        options = member.chosen(HistGradientBoostingParameters)
        early = options.early_stopping
        early = len(lesson.matrix) > _AUTO_STOP if early == "auto" else early
        library = HistGradientBoostingClassifier(
            **options.model_dump(exclude={"max_iter"}), random_state=member.seed, warm_start=True
        )
        largest = growth.wanted.largest
        # Continued training would take one round more than it should after an early stop.
        step = largest if early else max(_ROUNDS, -(-largest // _REPORTS))
        trained, more = 0, True
        while more:
            trained = min(growth.wanted.largest, trained + step)
            library.set_params(max_iter=trained).fit(
                lesson.matrix, lesson.codes, sample_weight=lesson.weights
            )
            more = growth.tell(trained)
        return GradientStages(
            [[tree.nodes for tree in round_] for round_ in library._predictors],
            library._baseline_prediction.ravel(),
        )
