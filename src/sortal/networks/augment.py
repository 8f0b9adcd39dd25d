"""Augmentation: in training every member sees each example moved and mirrored at random."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from sortal.errors import OptionError
from sortal.networks.layer import AbstractLayer, Held, Pass, Shape

_MIRRORED = {"none": (), "horizontal": (-1,), "vertical": (-2,), "both": (-2, -1)}
"""Axes that a flip reverses, by name."""


class Augment(AbstractLayer):
    """Moves signals and stamps by whole points and mirrors them, in training alone.

    Each example is moved along every axis by a number of points drawn evenly from what
    `shift` allows, edges repeated, and mirrored along each axis of `flip` with a chance of one half.
    Draws come from each member's own stream.
    """

    kind: Literal["augment"] = "augment"
    shift: float = Field(default=0.0, ge=0, lt=1)
    """Largest move as a share of the points along an axis."""

    flip: Literal["none", "horizontal", "vertical", "both"] = "none"
    """Along which axes examples are mirrored."""

    needs_result: ClassVar[bool] = True

    def result_shape(self, shape: Shape) -> Shape:
        """Unchanged."""
        axes = len(shape) - 1
        if axes < 1:
            raise OptionError("augment", shape, "signals or stamps")
        if -2 in _MIRRORED[self.flip] and axes < 2:
            raise OptionError("augment.flip", self.flip, "none or horizontal for signals")
        if self.shift and not any(self._reach(shape)):
            raise OptionError("augment.shift", self.shift, f"at least 1 / {max(shape[1:])}")
        return shape

    def draws(self, shape: Shape) -> int:
        """One number an axis for moves, and one an axis that is mirrored."""
        return (len(shape) - 1) * (self.shift > 0) + len(_MIRRORED[self.flip])

    def forward(self, values: Tensor, held: Held, run: Pass) -> Tensor:
        """Act in training alone."""
        if not run.training:
            return values
        members, (rows, *shape) = run.members, values.shape[1:]
        axes = len(shape) - 1
        beside = (1,) * axes
        index = [
            torch.arange(members, device=values.device).view(-1, 1, *beside),
            torch.arange(rows, device=values.device).view(1, -1, *beside),
        ]
        for axis in range(axes):
            places = self._places(tuple(shape), axis, values, run)
            index.append(places.view(members, rows, *[1] * axis, -1, *[1] * (axes - 1 - axis)))
        # Indexing puts channels behind the points, as channels-last memory has them.
        return values.expand(members, *values.shape[1:]).movedim(2, -1)[tuple(index)].movedim(-1, 2)

    def _reach(self, shape: Shape) -> tuple[int, ...]:
        """Points by which examples move at most along each axis."""
        return tuple(int(self.shift * points) for points in shape[1:])

    def _places(self, shape: Shape, axis: int, values: Tensor, run: Pass) -> Tensor:
        """Where each point comes from along one axis, shape (members, rows, points)."""
        points = shape[1 + axis]
        places = torch.arange(points, device=values.device).expand(
            run.members, values.shape[1], points
        )
        if axis + 1 - len(shape) in _MIRRORED[self.flip]:
            places = torch.where(run.draw(1) < 0.5, places.flip(-1), places)
        if self.shift:
            reach = self._reach(shape)[axis]
            moves = (run.draw(1) * (2 * reach + 1)).long().clamp(max=2 * reach) - reach
            places = (places + moves).clamp(0, points - 1)
        return places
