"""Single decision trees."""

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from sortal.methods.contract import base
from sortal.methods.contract.base import Cost, Member, Shape
from sortal.methods.one_at_a_time.one_by_one import OneByOne

_Share = Annotated[float, Field(gt=0, le=1)]


class DecisionTreeParameters(base.Parameters):
    """Parameters of decision trees."""

    criterion: Literal["gini", "entropy", "log_loss"] = "gini"
    """What a split should reduce."""

    max_depth: int | None = Field(default=None, ge=1)
    """Deepest level; none: until leaves are pure."""

    min_samples_split: Annotated[int, Field(ge=2)] | _Share = 2
    """Fewest examples (or share of all) that a node needs to be split."""

    min_samples_leaf: Annotated[int, Field(ge=1)] | Annotated[float, Field(gt=0, lt=1)] = 1
    """Fewest examples (or share of all) in a leaf."""

    max_features: Literal["sqrt", "log2"] | Annotated[int, Field(ge=1)] | _Share | None = None
    """Features tried at each split: a rule, a number, a share, or all."""

    ccp_alpha: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """Complexity cost by which the grown tree is pruned."""

    class_weight: Literal["balanced"] | None = None
    """Whether classes count the same however many examples they have."""


class DecisionTree(OneByOne):
    """A decision tree, as scikit-learn's `DecisionTreeClassifier`; INDEPENDENT targets get one each."""

    name: ClassVar[str] = "decisiontree"
    summary: ClassVar[str] = "one decision tree"
    Parameters: ClassVar[type[base.Parameters]] = DecisionTreeParameters
    missing_allowed: ClassVar[bool] = True
    weights_allowed: ClassVar[bool] = True
    estimator: ClassVar[str] = "sklearn.tree.DecisionTreeClassifier"
    seeded: ClassVar[bool] = True
    # Its node indices are checked after loading (methods/model_files/native_checks.py).
    trusted: ClassVar[tuple[str, ...]] = ("sklearn.tree._tree.Tree",)

    def cost(self, member: Member, shape: Shape) -> Cost:  # noqa: ARG002 - as for a full tree
        """Sorting all features at each level."""
        levels = float(np.log2(shape.examples + 2))
        nodes = 0.3 * shape.examples * (64 + 8.0 * shape.outputs)
        cells = float(shape.examples) * shape.features
        return Cost(
            seconds=2e-3 * self.parts(shape) + 3e-8 * cells * levels + 1e-8 * shape.scored * levels,
            memory_bytes=4.0 * cells + nodes,
            disk_bytes=1.5e4 + nodes,
        )
