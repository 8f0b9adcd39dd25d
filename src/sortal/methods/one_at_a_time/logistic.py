"""Logistic regression."""

from typing import Any, ClassVar, Literal, TypeAlias

from pydantic import Field, model_validator

from sortal.methods.contract import base
from sortal.methods.contract.base import Cost, Member, Shape
from sortal.methods.one_at_a_time.one_by_one import OneByOne

Penalty: TypeAlias = Literal["l1", "l2", "elasticnet", "none"]

_PENALTIES = {
    "lbfgs": ("l2", "none"),
    "newton-cg": ("l2", "none"),
    "newton-cholesky": ("l2", "none"),
    "sag": ("l2", "none"),
    "saga": ("l1", "l2", "elasticnet", "none"),
}
_UNIFORM_SINCE = (1, 8)
"""Release of scikit-learn from which `l1_ratio` and `C` alone say what the penalty is."""


class LogisticParameters(base.Parameters):
    """Parameters of logistic regression."""

    C: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """Inverse strength of the penalty."""

    penalty: Penalty = "l2"
    """What is held small: squares, magnitudes, a mixture, or nothing; all but squares and
    nothing need the solver saga."""

    l1_ratio: float = Field(default=0.5, ge=0, le=1)
    """Share of magnitudes in the mixture of `elasticnet`; other penalties ignore it."""

    solver: Literal["lbfgs", "newton-cg", "newton-cholesky", "sag", "saga"] = "lbfgs"
    """How it is computed; sag and saga want scaled features."""

    max_iter: int = Field(default=100, ge=1)
    """Most steps of the solver; ending there is told in a note."""

    tol: float = Field(default=1e-4, gt=0, allow_inf_nan=False)
    """When the solver is close enough."""

    fit_intercept: bool = True
    """Whether there is a constant term."""

    class_weight: Literal["balanced"] | None = None
    """Whether classes count the same however many examples they have."""

    @model_validator(mode="after")
    def _solver_knows_penalty(self) -> "LogisticParameters":
        known = _PENALTIES[self.solver]
        if self.penalty not in known:
            raise ValueError(
                f"the solver {self.solver} takes the penalties {' and '.join(known)}, "
                f"not {self.penalty}; saga takes all"
            )
        return self


class Logistic(OneByOne):
    """Logistic regression, as scikit-learn's `LogisticRegression`; softmax over the classes."""

    name: ClassVar[str] = "logistic"
    summary: ClassVar[str] = "logistic regression"
    Parameters: ClassVar[type[base.Parameters]] = LogisticParameters
    weights_allowed: ClassVar[bool] = True
    estimator: ClassVar[str] = "sklearn.linear_model.LogisticRegression"
    seeded: ClassVar[bool] = True

    def options(self, parameters: Any, seed: int) -> dict[str, Any]:
        """Say the penalty as the installed scikit-learn wants to hear it."""
        common = parameters.model_dump(exclude={"C", "penalty", "l1_ratio"})
        return {**common, **_penalty_options(parameters), "random_state": seed}

    def cost(self, member: Member, shape: Shape) -> Cost:
        """Each step is a pass over the examples."""
        steps = member.chosen(LogisticParameters).max_iter
        cells = float(shape.examples) * shape.features * shape.outputs
        numbers = 8.0 * shape.features * shape.outputs
        return Cost(
            seconds=5e-3 * self.parts(shape) + 0.6 * steps * (2e-5 + 4e-9 * cells),
            memory_bytes=24.0 * shape.examples * (shape.features + shape.outputs) + numbers,
            disk_bytes=1e4 * self.parts(shape) + numbers,
        )


def _penalty_options(parameters: LogisticParameters) -> dict[str, Any]:
    import sklearn

    installed = tuple(int(number) for number in sklearn.__version__.split(".")[:2])
    mixture = parameters.penalty == "elasticnet"
    if installed < _UNIFORM_SINCE:
        return {
            "C": parameters.C,
            "penalty": None if parameters.penalty == "none" else parameters.penalty,
            "l1_ratio": parameters.l1_ratio if mixture else None,
        }
    return {
        "C": float("inf") if parameters.penalty == "none" else parameters.C,
        "l1_ratio": parameters.l1_ratio if mixture else float(parameters.penalty == "l1"),
    }
