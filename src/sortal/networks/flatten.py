"""Flattening: signals and stamps become one row of features."""

import math
from collections.abc import Mapping
from typing import Any, Literal

from torch import Tensor

from sortal.networks.layer import AbstractLayer, Held, Pass, Shape


class Flatten(AbstractLayer):
    """All numbers of an example in a row, point by point, channels side by side.

    That is the order of Keras's Flatten on channels-last data: weights of a dense layer
    behind it need no reordering there, and channels-last memory no copying here. Torch's
    own order is channel by channel.

    >>> import torch
    >>> stamp = torch.arange(8).reshape(1, 1, 2, 2, 2)
    >>> Flatten().forward(stamp, Held(), Pass(members=1)).tolist()
    [[[0, 4, 1, 5, 2, 6, 3, 7]]]
    """

    kind: Literal["flatten"] = "flatten"

    # The result is a view of what the layer before may remember, so `needs_result` stays
    # true: nobody may write over it.

    def result_shape(self, shape: Shape) -> Shape:
        """One row."""
        return (math.prod(shape),)

    def forward(self, values: Tensor, held: Held, run: Pass) -> Tensor:
        """Reorder."""
        return values.movedim(2, -1).flatten(2)

    def record(self, values: Tensor, held: Held, run: Pass, *, deep: bool) -> tuple[Tensor, Any]:
        """As `forward`; remembers the shape."""
        return self.forward(values, held, run), values.shape[2:]

    def backward(
        self, slope: Tensor, memory: Any, held: Held, into: Mapping[str, Tensor], *, deep: bool
    ) -> Tensor | None:
        """Reorder back."""
        channels, *points = memory
        if not deep:
            return None
        return slope.view(*slope.shape[:2], *points, channels).movedim(-1, 2)
