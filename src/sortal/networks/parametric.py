"""Activations that each unit has to a degree of its own."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from sortal.errors import OptionError
from sortal.networks.activation import Activation
from sortal.networks.layer import AbstractLayer, Held, Pass, Shape, Slot
from sortal.networks.names import ActivationName


class ParametricActivation(AbstractLayer):
    """x + share * (f(x) - x) with a share for each unit, learnt from 1 on.

    Share 1 is the activation f, share 0 the identity: the parametric activations of
    RealMLP, Holzmüller et al. 2024 (arXiv:2407.04491).
    """

    kind: Literal["parametric_activation"] = "parametric_activation"
    name: ActivationName
    """Which curve f is; `leaky_relu` has slope 0.3 below zero."""

    pace: float = Field(default=0.1, ge=0, allow_inf_nan=False)
    """Factor on the learning rate."""

    needs_result: ClassVar[bool] = False

    def result_shape(self, shape: Shape) -> Shape:
        """Unchanged."""
        if len(shape) != 1:
            raise OptionError("parametric_activation", shape, "one row of features an example")
        return shape

    def slots(self, shape: Shape) -> tuple[Slot, ...]:
        """One share a unit."""
        return (Slot(name="share", shape=shape, start=1.0, pace=self.pace),)

    def forward(self, values: Tensor, held: Held, run: Pass) -> Tensor:
        """Bend, as far as each unit's share goes."""
        return self._mixed(values, self._curve.forward(values, held, run) - values, held)

    def record(self, values: Tensor, held: Held, run: Pass, *, deep: bool) -> tuple[Tensor, Any]:
        """As `forward`; remembers how far f bends, and what its slope needs."""
        bent, memory = self._curve.record(values, held, Pass(members=run.members), deep=True)
        bend = bent - values
        return self._mixed(values, bend, held), (bend, memory)

    def backward(
        self, slope: Tensor, memory: Any, held: Held, into: Mapping[str, Tensor], *, deep: bool
    ) -> Tensor | None:
        """One part passes straight, the other through the curve."""
        bend, of_curve = memory
        into["share"].add_((slope * bend).sum(dim=1))
        if not deep:
            return None
        through = slope * held.slots["share"].unsqueeze(1)
        slope.sub_(through)
        bent = self._curve.backward(through, of_curve, held, into, deep=True)
        return slope if bent is None else slope.add_(bent)

    @staticmethod
    def _mixed(values: Tensor, bend: Tensor, held: Held) -> Tensor:
        return torch.addcmul(values, bend, held.slots["share"].unsqueeze(1))

    @cached_property
    def _curve(self) -> Activation:
        return Activation(name=self.name)
