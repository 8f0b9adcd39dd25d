"""Random forests and extra trees: members of one family are prefixes of the largest forest."""

from abc import abstractmethod
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

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
from sortal.methods.ensembles.forest_model import ForestModel
from sortal.methods.ensembles.prefix_ensemble import AbstractPrefixEnsemble
from sortal.methods.ensembles.prefixes import Growth

_REPORTS = 20
"""Chunks that a forest is grown in: how often progress is told and a stop obeyed."""

Share = Annotated[float, Field(gt=0, le=1)]


class ForestParameters(base.Parameters):
    """Parameters of forests, with scikit-learn's names and defaults."""

    n_estimators: int = Field(default=100, ge=1)
    """Trees."""
    criterion: Literal["gini", "entropy", "log_loss"] = "gini"
    """What a split should reduce."""
    max_depth: int | None = Field(default=None, ge=1)
    """Deepest level of a tree; none: until leaves are pure."""
    min_samples_split: Annotated[int, Field(ge=2)] | Share = 2
    """Fewest examples (or share of all) that a node needs to be split."""
    min_samples_leaf: Annotated[int, Field(ge=1)] | Annotated[float, Field(gt=0, lt=1)] = 1
    """Fewest examples (or share of all) in a leaf."""
    max_features: Literal["sqrt", "log2"] | Annotated[int, Field(ge=1)] | Share | None = "sqrt"
    """Features tried at each split: a rule, a number, a share, or all."""
    max_leaf_nodes: int | None = Field(default=None, ge=2)
    """Most leaves of a tree."""
    min_impurity_decrease: float = Field(default=0.0, ge=0)
    """Smallest gain that is worth a split."""
    ccp_alpha: float = Field(default=0.0, ge=0)
    """Complexity cost by which grown trees are pruned."""
    class_weight: Literal["balanced", "balanced_subsample"] | None = None
    """Whether classes count the same however many examples they have."""


class RandomForestParameters(ForestParameters):
    """Parameters of random forests."""

    bootstrap: bool = True
    """Whether each tree sees examples drawn with replacement."""


class ExtraTreesParameters(ForestParameters):
    """Parameters of extra trees."""

    bootstrap: bool = False
    """Whether each tree sees examples drawn with replacement."""


class _Grower(AbstractPrefixEnsemble):
    """What random forests and extra trees have in common."""

    missing_allowed: ClassVar[bool] = True
    rounds: ClassVar[str] = "n_estimators"
    joint: ClassVar[bool] = True

    def cost(self, member: Member, shape: Shape) -> Cost:
        """Trees, each sorting some features of all examples level by level."""
        trees = self.size(member)
        levels = np.log2(shape.examples + 2)
        tried = np.sqrt(shape.features)
        nodes = 0.3 * shape.examples
        return Cost(
            seconds=float(
                trees * (2e-4 + 2e-8 * shape.examples * levels * tried)
                + trees * shape.scored * levels * 1e-8
            ),
            memory_bytes=trees * nodes * (64 + 8.0 * shape.outputs)
            + 4.0 * shape.examples * shape.features,
            disk_bytes=trees * nodes * (64 + 8.0 * shape.outputs),
        )

    def fit(
        self, member: Member, data: Prepared, growth: Growth, threads: int
    ) -> ForestModel | None:
        """Add trees chunk by chunk, which gives the same trees as growing all at once."""
        labels, weights = training_labels(data, member), training_weights(data, member)
        matrix = np.ascontiguousarray(data.inputs(Part.TRAIN).matrix(), dtype=np.float32)
        columns = target_columns(labels)
        codes = columns[0] if len(columns) == 1 else np.column_stack(columns)
        options = member.parameters.model_dump(exclude={self.rounds})
        library = self._estimator(
            **options, random_state=member.seed, n_jobs=threads, warm_start=True
        )
        step = max(threads, -(-growth.wanted.largest // _REPORTS))
        grown, more = 0, True
        while more:
            grown = min(growth.wanted.largest, grown + step)
            library.set_params(n_estimators=grown).fit(matrix, codes, sample_weight=weights)
            more = growth.tell(grown)
        members = growth.complete()
        if not members.sizes:
            return None
        trees = [estimator.tree_ for estimator in library.estimators_]
        return ForestModel(
            self.name, members, trees, ClassColumns.among(labels), matrix.shape[1], threads=threads
        )

    @abstractmethod
    def _estimator(self, **options: Any) -> Any:
        """Make the library's untrained forest."""

    def load(self, folder: Path) -> ForestModel:
        """Read the trees of a forest."""
        return ForestModel.load(folder, self.name)


class RandomForest(_Grower):
    """Random forests, equal to scikit-learn's `RandomForestClassifier`."""

    name: ClassVar[str] = "randomforest"
    summary: ClassVar[str] = "random forest; smaller forests are prefixes of the largest"
    Parameters: ClassVar[type[base.Parameters]] = RandomForestParameters

    def _estimator(self, **options: Any) -> Any:
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(**options)


class ExtraTrees(_Grower):
    """Extremely randomised trees, equal to scikit-learn's `ExtraTreesClassifier`."""

    name: ClassVar[str] = "extratrees"
    summary: ClassVar[str] = "extremely randomised trees; smaller forests are prefixes"
    Parameters: ClassVar[type[base.Parameters]] = ExtraTreesParameters

    def _estimator(self, **options: Any) -> Any:
        from sklearn.ensemble import ExtraTreesClassifier

        return ExtraTreesClassifier(**options)
