"""Unflattening: a row of features becomes a signal or a stamp again."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from torch import Tensor

from sortal.errors import OptionError
from sortal.networks.layer import AbstractLayer, Held, Pass, Shape
from sortal.networks.window import Count


class Unflatten(AbstractLayer):
    """Numbers in a row as channels of points, the reverse of `Flatten`.

    >>> import torch
    >>> row = torch.arange(6).reshape(1, 1, 6)
    >>> Unflatten(channels=2, points=(3,)).forward(row, Held(), Pass(members=1)).tolist()
    [[[[0, 2, 4], [1, 3, 5]]]]
    """

    kind: Literal["unflatten"] = "unflatten"
    channels: Count
    """Numbers at every point."""

    points: tuple[Count, ...]
    """Points of a signal, or height and width of a stamp."""

    order: Literal["last", "first"] = "last"
    """Whether the row goes point by point, channels side by side (`last`), or channel by channel."""

    needs_result: ClassVar[bool] = True

    # The result is a view of what came in, over which nobody may write.

    def result_shape(self, shape: Shape) -> Shape:
        """Channels, then points."""
        if shape != (self.channels * math.prod(self.points),):
            layout = " x ".join(map(str, (*self.points, self.channels)))
            needed = self.channels * math.prod(self.points)
            raise OptionError("shape", shape, f"{needed} features an example ({layout})")
        return (self.channels, *self.points)

    def forward(self, values: Tensor, held: Held, run: Pass) -> Tensor:
        """Lay out, uncopied where features lie side by side."""
        outer = values.shape[:2]
        if self.order == "first":
            return values.reshape(*outer, self.channels, *self.points)
        return values.reshape(*outer, *self.points, self.channels).movedim(-1, 2)

    def record(self, values: Tensor, held: Held, run: Pass, *, deep: bool) -> tuple[Tensor, Any]:
        """As `forward`; remembers nothing."""
        return self.forward(values, held, run), None

    def backward(
        self, slope: Tensor, memory: Any, held: Held, into: Mapping[str, Tensor], *, deep: bool
    ) -> Tensor | None:
        """Lay back into a row."""
        if not deep:
            return None
        return (slope if self.order == "first" else slope.movedim(2, -1)).flatten(2)
