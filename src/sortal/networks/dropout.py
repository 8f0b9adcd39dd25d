"""Dropout, plain and for self-normalising networks, whose masks come from each member's own stream."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from sortal.networks.layer import AbstractLayer, Held, Pass, Shape


class AbstractDropout(AbstractLayer):
    """What both have in common: a mask of each pass, with which values and slopes are multiplied."""

    kind: str
    rate: float | None = Field(default=None, ge=0, lt=1)
    """Share of units to drop; None for each member's own."""

    needs_result: ClassVar[bool] = False

    def draws(self, shape: Shape) -> int:
        """One number a unit."""
        return torch.Size(shape).numel()

    def forward(self, values: Tensor, held: Held, run: Pass) -> Tensor:
        """Act in training alone."""
        return self.record(values, held, run, deep=True)[0] if run.training else values

    def backward(
        self, slope: Tensor, memory: Any, held: Held, into: Mapping[str, Tensor], *, deep: bool
    ) -> Tensor | None:
        """Multiply with the same mask."""
        return slope.mul_(memory) if deep else None


class Dropout(AbstractDropout):
    """Silences units in training and lengthens the others, so that the mean stays (Srivastava 2014)."""

    kind: Literal["dropout"] = "dropout"
    whole_channels: bool = False
    """Whether a channel is silenced at all points at once (Tompson 2015, arXiv:1411.4280)."""

    def draws(self, shape: Shape) -> int:
        """One number a unit, or a channel."""
        return shape[0] if self.whole_channels else super().draws(shape)

    def record(self, values: Tensor, held: Held, run: Pass, *, deep: bool) -> tuple[Tensor, Any]:
        """Multiply with 0, or with 1 / the share that is kept; remembers the mask."""
        kept = _kept(self.rate, run, values)
        mask = _stays(values, run, kept, whole_channels=self.whole_channels).div_(kept)
        return (values.mul_(mask) if run.reusable else values * mask), mask


class AlphaDropout(AbstractDropout):
    """Dropout for `selu` (Klambauer 2017, arXiv:1706.02515).

    Units are not silenced but set to the value that selu approaches far below zero; all
    are then scaled and shifted so that mean 0 and variance 1 stay.
    """

    kind: Literal["alpha_dropout"] = "alpha_dropout"

    def record(self, values: Tensor, held: Held, run: Pass, *, deep: bool) -> tuple[Tensor, Any]:
        """Set, scale and shift; remembers what each unit was multiplied with."""
        kept = _kept(self.rate, run, values).to(values.dtype)
        factor = (kept + _SELU_FLOOR**2 * kept * (1 - kept)).rsqrt()
        shift = -factor * _SELU_FLOOR * (1 - kept)
        stays = _stays(values, run, kept, whole_channels=False)
        mask = stays * factor
        added = (1 - stays).mul_(_SELU_FLOOR * factor).add_(shift)
        return torch.addcmul(added, values, mask), mask


_SELU_FLOOR = -1.0507009873554804934193349852946 * 1.6732632423543772848170429916717
"""What selu approaches far below zero."""


def _kept(rate: float | None, run: Pass, values: Tensor) -> Tensor:
    """Share of units that each member keeps, with as many axes as values."""
    if rate is not None:
        return values.new_full((1,) * values.ndim, 1 - rate)
    if run.kept is None:
        raise ValueError("this pass was given no members' rates of dropout.")
    return run.kept.view(-1, *[1] * (values.ndim - 1))


def _stays(values: Tensor, run: Pass, kept: Tensor, *, whole_channels: bool) -> Tensor:
    """1 and, where units are dropped, 0 for values (members, rows, channels, ...), channels last."""
    channels, *points = values.shape[2:]
    if whole_channels:
        drawn = run.draw(channels)
        drawn = drawn.view(*drawn.shape, *[1] * len(points))
    else:
        drawn = run.draw(values.shape[2:].numel())
        drawn = drawn.view(*drawn.shape[:2], *points, channels).movedim(-1, 2)
    # Straight into numbers: turning truth values into numbers takes three times as long.
    return torch.lt(drawn, kept, out=torch.empty_like(drawn, dtype=values.dtype))


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
