"""Rescaling: every number times one fixed factor."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field
from torch import Tensor

from sortal.networks.layer import AbstractLayer, Held, Pass


class Rescale(AbstractLayer):
    """What comes in times a factor that is not learnt, such as 1 / 255 for images of bytes."""

    kind: Literal["rescale"] = "rescale"
    factor: float = Field(gt=0, allow_inf_nan=False)
    """What every number is multiplied with."""

    needs_result: ClassVar[bool] = False

    def forward(self, values: Tensor, held: Held, run: Pass) -> Tensor:
        """Multiply."""
        return values * self.factor

    def record(self, values: Tensor, held: Held, run: Pass, *, deep: bool) -> tuple[Tensor, Any]:
        """Multiply, in place where that is allowed; remembers nothing."""
        return (values.mul_(self.factor) if run.reusable else values * self.factor), None

    def backward(
        self, slope: Tensor, memory: Any, held: Held, into: Mapping[str, Tensor], *, deep: bool
    ) -> Tensor | None:
        """Multiply the slope, in place."""
        return slope.mul_(self.factor) if deep else None
