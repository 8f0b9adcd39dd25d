"""A population of equal dense networks: shapes, layout of their parameters, forward pass."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from torch import Tensor

from sortal.networks.activation import ACTIVATIONS, Activation
from sortal.networks.dense import dense

Layer: TypeAlias = tuple[Tensor, Tensor]
"""Weight (members, inputs, outputs) and bias (members, outputs)."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Shapes that all members share.

    The parameters of a member lie end to end in one row, weight then bias of each
    layer, so that optimisers, best weights and snapshots handle one tensor of shape
    (members, numbers).
    """

    sizes: tuple[int, ...]
    """Features, units of each hidden layer, outputs."""

    activation: Activation

    @property
    def hidden(self) -> tuple[int, ...]:
        """Units of each hidden layer."""
        return self.sizes[1:-1]

    @property
    def numbers(self) -> int:
        """Parameters of one member."""
        return sum((inputs + 1) * outputs for inputs, outputs in pairwise(self.sizes))

    def layers(self, flat: Tensor) -> list[Layer]:
        """View parameters of shape (members, numbers) as layers; nothing is copied."""
        layers, start = [], 0
        for inputs, outputs in pairwise(self.sizes):
            middle, end = start + inputs * outputs, start + (inputs + 1) * outputs
            weight = flat[:, start:middle].view(len(flat), inputs, outputs)
            layers.append((weight, flat[:, middle:end]))
            start = end
        return layers

    def forward(
        self, layers: Sequence[Layer], inputs: Tensor, masks: Sequence[Tensor] = ()
    ) -> Tensor:
        """Compute the outputs before softmax or sigmoid.

        Args:
            layers: What `layers` returned.
            inputs: Shape (rows, features), seen by all members.
            masks: One dropout mask a hidden layer, or none at all.

        Returns:
            Shape (members, rows, outputs).
        """
        act = ACTIVATIONS[self.activation]
        values = inputs
        for number, (weight, bias) in enumerate(layers[:-1]):
            values = act(dense(values, weight, bias))
            if masks:
                values = values * masks[number]
        return dense(values, *layers[-1])
