"""Gaussian process classification: exact, and so for small data only."""

from typing import Any, ClassVar

from pydantic import Field

from sortal.methods.contract import base
from sortal.methods.contract.base import Cost, Member, Shape
from sortal.methods.one_at_a_time.one_by_one import OneByOne

LARGEST = 5000
"""Training examples that it takes: time grows with their cube, memory with their square."""


class GaussianProcessParameters(base.Parameters):
    """Parameters of Gaussian process classification."""

    length_scale: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """Distance over which examples resemble each other, in units of the prepared features."""

    fit_length_scale: bool = False
    """Whether the length scale (and the kernel's height) are fitted to the training examples,
    starting from `length_scale`, instead of kept; takes many times longer."""

    n_restarts_optimizer: int = Field(default=0, ge=0)
    """Further starting points, drawn with the member's seed, when the length scale is fitted."""

    max_iter_predict: int = Field(default=100, ge=1)
    """Most steps of Newton's method towards the posterior's mode."""


class GaussianProcess(OneByOne):
    """Gaussian process with a radial kernel, as scikit-learn's `GaussianProcessClassifier`.

    Refuses more than `LARGEST` training examples: take `data.subset`, or another method.
    """

    name: ClassVar[str] = "gaussianprocess"
    summary: ClassVar[str] = f"Gaussian process, for up to {LARGEST:,} training examples"
    Parameters: ClassVar[type[base.Parameters]] = GaussianProcessParameters
    estimator: ClassVar[str] = "sklearn.gaussian_process.GaussianProcessClassifier"
    seeded: ClassVar[bool] = True
    trusted: ClassVar[tuple[str, ...]] = (
        "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
        "sklearn.gaussian_process.kernels.ConstantKernel",
        "sklearn.gaussian_process.kernels.Product",
        "sklearn.gaussian_process.kernels.RBF",
    )
    # A fitted process holds matrices of examples x examples.
    together: ClassVar[int] = 1
    largest_population: ClassVar[int] = 20

    def options(self, parameters: Any, seed: int) -> dict[str, Any]:
        """Put the kernel together."""
        from sklearn.gaussian_process.kernels import RBF, ConstantKernel

        bounds = (1e-5, 1e5) if parameters.fit_length_scale else "fixed"
        return {
            "kernel": ConstantKernel(1.0, bounds) * RBF(parameters.length_scale, bounds),
            "n_restarts_optimizer": parameters.n_restarts_optimizer,
            "max_iter_predict": parameters.max_iter_predict,
            "random_state": seed,
        }

    def refusal(self, member: Member, examples: int) -> str:  # noqa: ARG002 - the same for all
        """Too many examples would fill the memory, or never end."""
        if examples <= LARGEST:
            return ""
        return (
            f"gaussianprocess takes up to {LARGEST} training examples, and there are {examples}: "
            "give data.subset, or take another method."
        )

    def cost(self, member: Member, shape: Shape) -> Cost:
        """A Cholesky decomposition a step; fitting the kernel repeats all steps."""
        parameters = member.chosen(GaussianProcessParameters)
        fits = 30 * (1 + parameters.n_restarts_optimizer) if parameters.fit_length_scale else 1
        square = float(min(shape.examples, LARGEST)) ** 2
        steps = 10.0 * fits * self.parts(shape)
        scoring = self.parts(shape) * square * shape.scored * 1e-10
        return Cost(
            seconds=0.01 + steps * (square * shape.examples * 2e-11 + square * 2e-8) + scoring,
            memory_bytes=8.0 * square * (self.parts(shape) + 5),
            disk_bytes=8.0 * square * self.parts(shape),
        )
