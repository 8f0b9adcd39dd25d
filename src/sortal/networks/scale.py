"""The scaling layer: every number times a factor that is learnt."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field
from torch import Tensor

from sortal.errors import OptionError
from sortal.networks.layer import AbstractLinearLayer, Held, Pass, Shape, Slot


class Scale(AbstractLinearLayer):
    """A diagonal matrix that starts at the identity.

    With a learning rate of its own it lets a network choose features softly: the scaling
    layer of RealMLP, Holzmüller et al. 2024 (arXiv:2407.04491).
    """

    kind: Literal["scale"] = "scale"
    pace: float = Field(default=6.0, ge=0, allow_inf_nan=False)
    """Factor on the learning rate."""

    def result_shape(self, shape: Shape) -> Shape:
        """Unchanged."""
        if len(shape) != 1:
            raise OptionError("scale", shape, "one row of features an example")
        return shape

    def slots(self, shape: Shape) -> tuple[Slot, ...]:
        """One factor a feature."""
        return (Slot(name="factor", shape=shape, start=1.0, pace=self.pace),)

    def forward(self, values: Tensor, held: Held, run: Pass) -> Tensor:
        """Multiply."""
        return values * held.slots["factor"].unsqueeze(1)

    def backward(
        self, slope: Tensor, memory: Any, held: Held, into: Mapping[str, Tensor], *, deep: bool
    ) -> Tensor | None:
        """Multiply the slope, in place."""
        into["factor"].add_((slope * memory).sum(dim=1))
        return slope.mul_(held.slots["factor"].unsqueeze(1)) if deep else None
