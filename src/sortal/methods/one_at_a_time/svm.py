"""Support vector machines."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from sortal.methods.contract import base
from sortal.methods.contract.base import Cost, Member, Shape
from sortal.methods.one_at_a_time.one_by_one import OneByOne


class SVMParameters(base.Parameters):
    """Parameters of support vector machines."""

    C: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """Inverse strength of the penalty."""

    kernel: Literal["linear", "poly", "rbf", "sigmoid"] = "rbf"
    """How examples are compared."""

    degree: int = Field(default=3, ge=0)
    """Degree of the polynomial kernel; other kernels ignore it."""

    gamma: Literal["scale", "auto"] | Annotated[float, Field(ge=0, allow_inf_nan=False)] = "scale"
    """Factor of the kernels poly, rbf and sigmoid: 1 / (features x variance), 1 / features, or a
    number."""

    coef0: float = Field(default=0.0, allow_inf_nan=False)
    """Constant term of the kernels poly and sigmoid."""

    tol: float = Field(default=1e-3, gt=0, allow_inf_nan=False)
    """When the solver is close enough."""

    class_weight: Literal["balanced"] | None = None
    """Whether classes count the same however many examples they have."""


class SVM(OneByOne):
    """Support vector machine, as scikit-learn's `SVC` with `break_ties=True`.

    Scores are decision values, one a class; `calibrate` makes them probabilities. The class
    with the largest value is the answer, where `SVC.predict` itself may count pairwise votes.
    """

    name: ClassVar[str] = "svm"
    summary: ClassVar[str] = "support vector machine; gives decision values, no probabilities"
    Parameters: ClassVar[type[base.Parameters]] = SVMParameters
    weights_allowed: ClassVar[bool] = True
    estimator: ClassVar[str] = "sklearn.svm.SVC"

    def probabilities(self, parameters: Any) -> bool:  # noqa: ARG002 - never
        """Distances from a boundary are no probabilities."""
        return False

    def cost(self, member: Member, shape: Shape) -> Cost:  # noqa: ARG002 - C changes it, hardly foreseeably
        """Between the square and the cube of the examples; half of them become support vectors."""
        pairs = float(shape.examples) ** 2
        vectors = 0.5 * shape.examples * shape.features * 8.0
        scoring = 0.5 * shape.examples * shape.scored * (2e-9 * shape.features + 1e-8)
        return Cost(
            seconds=3e-3 * self.parts(shape) + pairs * (2e-9 * shape.features + 3e-8) + scoring,
            memory_bytes=3 * vectors + 2.5e8,
            disk_bytes=2e4 + vectors * (1 + shape.outputs / max(1, shape.features)),
        )
