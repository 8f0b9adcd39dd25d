"""The dense layer: every member multiplies by weights of its own."""

from collections.abc import Mapping
from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor

from sortal.errors import OptionError
from sortal.networks.layer import AbstractLinearLayer, Held, Pass, Shape, Slot
from sortal.networks.names import Initialiser


class Dense(AbstractLinearLayer):
    """Weights (inputs, units) and a bias (units,) for each member."""

    kind: Literal["dense"] = "dense"
    units: int = Field(ge=1)
    """Numbers that come out."""

    bias: bool = True
    """Whether a bias is added."""

    initialiser: Initialiser | None = None
    """How the weights start; None for the member's choice."""

    def result_shape(self, shape: Shape) -> Shape:
        """One number a unit."""
        if len(shape) != 1:
            raise OptionError("dense", shape, "one row of features an example; flatten it first")
        return (self.units,)

    def slots(self, shape: Shape) -> tuple[Slot, ...]:
        """Weight, then bias."""
        (inputs,) = shape
        fan = (inputs, self.units)
        weight = Slot(
            name="weight", shape=(inputs, self.units), fan=fan, initialiser=self.initialiser
        )
        return (weight, Slot(name="bias", shape=(self.units,))) if self.bias else (weight,)

    def forward(self, values: Tensor, held: Held, run: Pass) -> Tensor:
        """Multiply and add; values that all members see are expanded, uncopied."""
        weight = held.slots["weight"]
        values = values.expand(len(weight), -1, -1)
        if not self.bias:
            return torch.bmm(values, weight)
        return torch.baddbmm(held.slots["bias"].unsqueeze(1), values, weight)

    def backward(
        self, slope: Tensor, memory: Any, held: Held, into: Mapping[str, Tensor], *, deep: bool
    ) -> Tensor | None:
        """Two products of each member's own."""
        values: Tensor = memory.expand(len(slope), -1, -1)
        # A product with few columns is several times faster as one with few rows.
        if self.units * 4 <= values.shape[2]:
            into["weight"].add_(torch.bmm(slope.transpose(1, 2), values).transpose(1, 2))
        else:
            into["weight"].add_(torch.bmm(values.transpose(1, 2), slope))
        if self.bias:
            into["bias"].add_(slope.sum(dim=1))
        return torch.bmm(slope, held.slots["weight"].transpose(1, 2)) if deep else None
