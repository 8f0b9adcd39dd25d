"""Dropout whose masks come from each member's own stream."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from sortal.networks.layer import AbstractLayer, Held, Pass, Shape


class Dropout(AbstractLayer):
    """Silences units in training and lengthens the others, so that the mean stays (Srivastava 2014)."""

    kind: Literal["dropout"] = "dropout"
    rate: float | None = Field(default=None, ge=0, lt=1)
    """Share of units to silence; None for each member's own."""

    needs_result: ClassVar[bool] = False

    def result_shape(self, shape: Shape) -> Shape:
        """Unchanged."""
        return shape

    def draws(self, shape: Shape) -> int:
        """One number a unit."""
        return torch.Size(shape).numel()

    def forward(self, values: Tensor, held: Held, run: Pass) -> Tensor:
        """Act in training alone."""
        return self.record(values, held, run, deep=True)[0] if run.training else values

    def record(
        self,
        values: Tensor,
        held: Held,
        run: Pass,
        *,
        deep: bool,
    ) -> tuple[Tensor, Any]:
        """Multiply with 0, or with 1 / the share that is kept; remembers the mask."""
        mask = self._mask(values, run)
        return (values.mul_(mask) if run.reusable else values * mask), mask

    def backward(
        self,
        slope: Tensor,
        memory: Any,
        held: Held,
        into: Mapping[str, Tensor],
        *,
        deep: bool,
    ) -> Tensor | None:
        """Multiply with the same mask."""
        return slope.mul_(memory) if deep else None

    def _mask(self, values: Tensor, run: Pass) -> Tensor:
        shape = values.shape[2:]
        drawn = run.draw(shape.numel()).reshape(run.members, -1, *shape)
        if self.rate is not None:
            return (drawn >= self.rate).to(values.dtype).div_(1 - self.rate)
        if run.kept is None:
            raise ValueError("this pass was given no members' rates of dropout.")
        kept = run.kept.view(-1, *[1] * (values.ndim - 1))
        return (drawn < kept).to(values.dtype).div_(kept)


def draw_uniform(
    generators: Sequence[torch.Generator], rows: int, draws: int, like: Tensor
) -> Tensor:
    """Draw the numbers of one pass, each member's from its own generator.

    Args:
        generators: One per member; each advances by the same count.
        rows: Examples in the pass.
        draws: Numbers for each example.
        like: Whose type and device to use.

    Returns:
        Shape (members, rows, draws), in [0, 1).
    """
    drawn = torch.empty(len(generators), rows, draws, dtype=like.dtype, device=like.device)
    for row, generator in zip(drawn, generators, strict=True):
        row.uniform_(generator=generator)
    return drawn
