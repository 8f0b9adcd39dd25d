"""The dense layer in the neural tangent parametrisation, started from training examples."""

import math
from collections.abc import Mapping
from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor

from sortal.errors import OptionError
from sortal.networks.fitted_layer import AbstractFittedLayer
from sortal.networks.layer import AbstractLinearLayer, Held, Pass, Shape, Slot

_CORNERS = 5
"""Examples between which a bias puts the kink of its unit."""

_FLAT = 1e-6
"""Share of their size below which sums that vary count as constant: rounding does that much."""


class TangentDense(AbstractFittedLayer, AbstractLinearLayer):
    """values @ weight / sqrt(inputs) + bias, with weights of variance near 1.

    Jacot, Gabriel & Hongler 2018 (arXiv:1806.07572); with Adam it makes the step of a
    weight smaller the more inputs its unit has. Biases do not decay.
    """

    kind: Literal["tangent_dense"] = "tangent_dense"
    units: int = Field(ge=1)
    """Numbers that come out."""

    bias_pace: float = Field(default=0.1, ge=0, allow_inf_nan=False)
    """Factor on the learning rate of biases."""

    def result_shape(self, shape: Shape) -> Shape:
        """One number a unit."""
        if len(shape) != 1:
            raise OptionError("tangent_dense", shape, "one row of features an example")
        return (self.units,)

    def slots(self, shape: Shape) -> tuple[Slot, ...]:
        """Weight (inputs, units), then bias."""
        (inputs,) = shape
        return (
            Slot(name="weight", shape=(inputs, self.units), fan=(inputs, self.units)),
            Slot(name="bias", shape=(self.units,), pace=self.bias_pace, decayed=False),
        )

    def fit(self, values: Tensor, held: Held, generator: torch.Generator) -> None:
        """Scale the drawn weights and draw biases, as RealMLP starts (arXiv:2407.04491).

        Every unit's weights are scaled so that its sums over the examples have standard
        deviation 1 (root mean square 1 where they hardly vary). Its bias is minus a random
        convex mean of its sums over five random examples ("he+5", Steinwart 2019,
        arXiv:1903.11482), so that its kink lies among the data.
        """
        sums = self.forward(values, held, Pass(members=1))[0]
        size = sums.square().mean(dim=0).sqrt()
        spread = sums.std(dim=0, correction=0)
        length = torch.where(spread > _FLAT * size, spread, size)
        length = torch.where(length > 0, length, 1.0)
        held.slots["weight"].div_(length)
        rows = torch.randint(len(sums), (_CORNERS, self.units), generator=generator)
        shares = torch.empty(_CORNERS, self.units, dtype=sums.dtype)
        shares.exponential_(generator=generator)
        met = (sums / length).gather(0, rows)
        held.slots["bias"].copy_(-(met * shares).sum(dim=0) / shares.sum(dim=0))

    def forward(self, values: Tensor, held: Held, run: Pass) -> Tensor:
        """Multiply and add; values that all members see are expanded, uncopied."""
        weight = held.slots["weight"]
        values = values.expand(len(weight), -1, -1)
        bias = held.slots["bias"].unsqueeze(1)
        return torch.baddbmm(bias, values, weight, alpha=_gain(weight))

    def backward(
        self, slope: Tensor, memory: Any, held: Held, into: Mapping[str, Tensor], *, deep: bool
    ) -> Tensor | None:
        """Two products of each member's own."""
        weight = held.slots["weight"]
        values: Tensor = memory.expand(len(slope), -1, -1)
        into["weight"].add_(torch.bmm(values.mT, slope), alpha=_gain(weight))
        into["bias"].add_(slope.sum(dim=1))
        if not deep:
            return None
        # The CPU's batched product is several times slower on a transposed view.
        return torch.bmm(slope, weight.mT.contiguous().mul_(_gain(weight)))


def _gain(weight: Tensor) -> float:
    """One over the root of the inputs."""
    return 1 / math.sqrt(weight.shape[1])
