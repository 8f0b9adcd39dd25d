"""Branches: layers that act on some features of a row, beside which the others stay as they are."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from sortal.errors import OptionError
from sortal.networks.chain import (
    backward_along,
    buffers_along,
    forward_along,
    held_along,
    pairs_along,
    parts_of,
    record_along,
    shapes_along,
    slots_along,
)
from sortal.networks.layer import AbstractLayer, Held, Pass, Shape, Slot

if TYPE_CHECKING:
    from sortal.networks.network import AnyLayer

_PLACE = "layers"


class Branch(AbstractLayer):
    """What layers make of neighbouring features, then the features before and behind them.

    What the layers hold is named `layers.0.weight` and so on.
    """

    kind: Literal["branch"] = "branch"
    start: int = Field(ge=0)
    """First feature that the layers see."""

    count: int = Field(ge=1)
    """Features that they see."""

    layers: "tuple[AnyLayer, ...]" = Field(min_length=1)
    """They end in a row of numbers."""

    needs_result: ClassVar[bool] = False

    @property
    def mixes_rows(self) -> bool:
        """If one of its layers does."""
        return any(layer.mixes_rows for layer in self.layers)

    def result_shape(self, shape: Shape) -> Shape:
        """What the layers make, and the other features."""
        if len(shape) != 1 or shape[0] < self.start + self.count:
            raise OptionError("branch", shape, f"at least {self.start + self.count} features")
        made = shapes_along(self.layers, (self.count,))[-1]
        if len(made) != 1:
            raise OptionError("branch.layers", made, "layers that end in one row of numbers")
        return (made[0] + shape[0] - self.count,)

    def slots(self, shape: Shape) -> tuple[Slot, ...]:
        """Of its layers."""
        return slots_along(self.layers, (self.count,), _PLACE)

    def buffers(self, shape: Shape) -> tuple[Slot, ...]:
        """Of its layers."""
        return buffers_along(self.layers, (self.count,), _PLACE)

    def draws(self, shape: Shape) -> int:
        """Of its layers."""
        return sum(layer.draws(own) for layer, own in pairs_along(self.layers, (self.count,)))

    def widest(self, shape: Shape) -> int:
        """Within its layers, too."""
        along = pairs_along(self.layers, (self.count,))
        inner = max(layer.widest(own) for layer, own in along)
        return max(inner, shape[0], *self.result_shape(shape))

    def forward(self, values: Tensor, held: Held, run: Pass) -> Tensor:
        """Act on its features and put the others behind."""
        own = held_along(self.layers, held, _PLACE)
        made = forward_along(self.layers, self._seen(values), own, run)
        return self._joined(made, values)

    def record(self, values: Tensor, held: Held, run: Pass, *, deep: bool) -> tuple[Tensor, Any]:
        """As `forward`; remembers what its layers do."""
        own = held_along(self.layers, held, _PLACE)
        made, memories = record_along(self.layers, self._seen(values), own, run, deep=deep)
        return self._joined(made, values), (memories, made.shape[2])

    def backward(
        self, slope: Tensor, memory: Any, held: Held, into: Mapping[str, Tensor], *, deep: bool
    ) -> Tensor | None:
        """Slopes of the layers' features and of the others, in their places."""
        memories, made = memory
        own, sums = held_along(self.layers, held, _PLACE), parts_of(self.layers, into, _PLACE)
        through = slope[..., :made].contiguous()
        below = backward_along(self.layers, through, memories, held=own, into=sums)
        if not deep or below is None:
            return None
        before, behind = slope[..., made : made + self.start], slope[..., made + self.start :]
        return torch.cat([before, below, behind], dim=2)

    def _seen(self, values: Tensor) -> Tensor:
        return values[..., self.start : self.start + self.count]

    def _joined(self, made: Tensor, values: Tensor) -> Tensor:
        values = values.expand(len(made), -1, -1)
        others = values[..., : self.start], values[..., self.start + self.count :]
        return torch.cat([made, *others], dim=2)
