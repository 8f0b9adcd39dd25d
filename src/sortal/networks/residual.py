"""Residual connections: what layers add to their own input (He 2016, doi:10.1109/CVPR.2016.90)."""

from collections.abc import Mapping
from itertools import chain
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


class Residual(AbstractLayer):
    """The sum of what layers make of values and what a shortcut makes of them.

    What the layers hold is named `layers.0.weight`, `shortcut.0.weight` and so on.
    """

    kind: Literal["residual"] = "residual"
    layers: "tuple[AnyLayer, ...]" = Field(min_length=1)
    """The long way."""

    shortcut: "tuple[AnyLayer, ...]" = ()
    """The short way, none for the values themselves. Where the long way changes the shape, a
    projection: a convolution of kernel 1 (with its stride, and `same`) or a dense layer."""

    needs_result: ClassVar[bool] = False

    @property
    def mixes_rows(self) -> bool:
        """If a layer of either way does."""
        return any(layer.mixes_rows for layer in (*self.layers, *self.shortcut))

    def result_shape(self, shape: Shape) -> Shape:
        """Of both ways."""
        result = shapes_along(self.layers, shape)[-1]
        short = shapes_along(self.shortcut, shape)[-1]
        if short != result:
            cure = "a projection, such as a convolution of kernel 1 or a dense layer"
            raise OptionError(
                "residual.shortcut", short, f"shape {result}, as the layers give; {cure}"
            )
        return result

    def slots(self, shape: Shape) -> tuple[Slot, ...]:
        """Of the long way, then of the shortcut."""
        long = slots_along(self.layers, shape, "layers")
        return long + slots_along(self.shortcut, shape, "shortcut")

    def buffers(self, shape: Shape) -> tuple[Slot, ...]:
        """Of the long way, then of the shortcut."""
        long = buffers_along(self.layers, shape, "layers")
        return long + buffers_along(self.shortcut, shape, "shortcut")

    def draws(self, shape: Shape) -> int:
        """Of both ways."""
        return sum(layer.draws(own) for layer, own in self._along(shape))

    def widest(self, shape: Shape) -> int:
        """Within either way, too."""
        return max(layer.widest(own) for layer, own in self._along(shape))

    def _along(self, shape: Shape) -> chain[tuple[AbstractLayer, Shape]]:
        """The layers of both ways with what comes into them."""
        return chain(pairs_along(self.layers, shape), pairs_along(self.shortcut, shape))

    def forward(self, values: Tensor, held: Held, run: Pass) -> Tensor:
        """Go both ways and add."""
        long, short = self._held(held)
        far = forward_along(self.layers, values, long, run)
        return far + forward_along(self.shortcut, values, short, run)

    def record(self, values: Tensor, held: Held, run: Pass, *, deep: bool) -> tuple[Tensor, Any]:
        """Go both ways; remembers what their layers do."""
        long, short = self._held(held)
        far, of_long = record_along(self.layers, values, long, run, deep=deep)
        near, of_short = record_along(self.shortcut, values, short, run, deep=deep)
        return far + near, (of_long, of_short)

    def backward(
        self, slope: Tensor, memory: Any, held: Held, into: Mapping[str, Tensor], *, deep: bool
    ) -> Tensor | None:
        """Slopes of both ways, added."""
        long, short = self._held(held)
        of_long, of_short = memory
        # Either way may write over the slope that it is given.
        copy = slope.clone(memory_format=torch.preserve_format)
        sums = [
            parts_of(way, into, place)
            for way, place in ((self.layers, "layers"), (self.shortcut, "shortcut"))
        ]
        far = backward_along(self.layers, copy, of_long, held=long, into=sums[0])
        near = backward_along(self.shortcut, slope, of_short, held=short, into=sums[1])
        return far + near if deep and far is not None and near is not None else None

    def _held(self, held: Held) -> tuple[list[Held], list[Held]]:
        long = held_along(self.layers, held, "layers")
        return long, held_along(self.shortcut, held, "shortcut")
