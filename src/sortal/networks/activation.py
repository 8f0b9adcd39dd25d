"""Activations: they act number by number (softmax on units together), with slopes written out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from sortal.errors import OptionError
from sortal.networks.layer import AbstractLayer, Held, Pass, Shape
from sortal.networks.names import ActivationName

_aten = torch.ops.aten
_UNITS = 2
"""Axis of units or channels, behind members and rows."""

_SELU_SCALE, _SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


@dataclass(frozen=True, slots=True)
class _Curve:
    """A function of one number, or of the units of an example, and its slope."""

    act: Callable[[Tensor, float], Tensor]
    act_in_place: Callable[[Tensor, float], object] | None
    """None where the slope needs the values that came in."""

    slope_into: Callable[[Tensor, Tensor, float], object]
    """Multiply a slope, in place, with the curve's own at the result (at the values that came
    in, where there is no `act_in_place`)."""


_CURVES: dict[str, _Curve] = {
    "relu": _Curve(
        lambda x, _: torch.relu(x),
        lambda x, _: torch.relu_(x),
        lambda g, y, _: _aten.threshold_backward.grad_input(g, y, 0, grad_input=g),
    ),
    "leaky_relu": _Curve(
        _aten.leaky_relu,
        _aten.leaky_relu_,
        lambda g, y, a: _aten.leaky_relu_backward.grad_input(g, y, a, True, grad_input=g),
    ),
    "elu": _Curve(
        lambda x, _: _aten.elu(x),
        lambda x, _: _aten.elu_(x),
        lambda g, y, _: _aten.elu_backward.grad_input(g, 1, 1, 1, True, y, grad_input=g),
    ),
    "selu": _Curve(
        lambda x, _: torch.selu(x),
        lambda x, _: torch.selu_(x),
        lambda g, y, _: _aten.elu_backward.grad_input(
            g, _SELU_ALPHA, _SELU_SCALE, 1, True, y, grad_input=g
        ),
    ),
    "gelu": _Curve(
        lambda x, _: _aten.gelu(x),
        None,
        lambda g, x, _: _aten.gelu_backward.grad_input(g, x, grad_input=g),
    ),
    "silu": _Curve(
        lambda x, _: _aten.silu(x),
        None,
        lambda g, x, _: _aten.silu_backward.grad_input(g, x, grad_input=g),
    ),
    "tanh": _Curve(
        lambda x, _: torch.tanh(x),
        lambda x, _: torch.tanh_(x),
        lambda g, y, _: _aten.tanh_backward.grad_input(g, y, grad_input=g),
    ),
    "sigmoid": _Curve(
        lambda x, _: torch.sigmoid(x),
        lambda x, _: torch.sigmoid_(x),
        lambda g, y, _: _aten.sigmoid_backward.grad_input(g, y, grad_input=g),
    ),
    "softplus": _Curve(
        lambda x, _: _aten.softplus(x),
        None,
        lambda g, x, _: _aten.softplus_backward.grad_input(g, x, 1, 20, grad_input=g),
    ),
    "softsign": _Curve(
        lambda x, _: x / (1 + x.abs()),
        lambda x, _: x.div_(1 + x.abs()),
        lambda g, y, _: g.mul_((1 - y.abs()).square_()),
    ),
    "softmax": _Curve(
        lambda x, _: x.softmax(_UNITS),
        lambda x, _: x.copy_(x.softmax(_UNITS)),
        lambda g, y, _: g.sub_((g * y).sum(_UNITS, keepdim=True)).mul_(y),
    ),
    "hard_sigmoid": _Curve(
        # Not torch's own, whose slope of doubles is 1/6 rounded to a single.
        lambda x, _: (x / 6 + 0.5).clamp(0, 1),
        lambda x, _: x.div_(6).add_(0.5).clamp_(0, 1),
        lambda g, y, _: g.mul_(((y > 0) & (y < 1)).to(g.dtype).div_(6)),
    ),
    "exponential": _Curve(
        lambda x, _: torch.exp(x),
        lambda x, _: torch.exp_(x),
        lambda g, y, _: g.mul_(y),
    ),
    "linear": _Curve(lambda x, _: x, lambda x, _: x, lambda g, _y, _: g),
}
"""`elu` has limit -1, `selu` the constants of Klambauer 2017 (arXiv:1706.02515), `gelu` is the
exact form with the error function, `softmax` shares out 1 among the units (channels) of an
example, `hard_sigmoid` is x / 6 + 1 / 2 between 0 and 1, as in Keras 3."""


class Activation(AbstractLayer):
    """A curve that every number goes through; `softmax` takes those of an example together."""

    kind: Literal["activation"] = "activation"
    name: ActivationName
    """Which curve."""

    slope: float = Field(default=0.3, ge=0, allow_inf_nan=False)
    """Slope of `leaky_relu` below zero."""

    needs_result: ClassVar[bool] = True

    def forward(self, values: Tensor, held: Held, run: Pass) -> Tensor:
        """Apply the curve."""
        return _CURVES[self.name].act(values, self.slope)

    def record(
        self,
        values: Tensor,
        held: Held,
        run: Pass,
        *,
        deep: bool,
    ) -> tuple[Tensor, Any]:
        """Apply the curve, in place where the slope can be told from the result."""
        curve = _CURVES[self.name]
        if curve.act_in_place is None:
            return curve.act(values, self.slope), values
        if run.reusable:
            curve.act_in_place(values, self.slope)
            return values, values
        result = curve.act(values, self.slope)
        return result, result

    def backward(
        self,
        slope: Tensor,
        memory: Any,
        held: Held,
        into: Mapping[str, Tensor],
        *,
        deep: bool,
    ) -> Tensor | None:
        """Multiply the slope, in place."""
        if not deep:
            return None
        _CURVES[self.name].slope_into(slope, memory, self.slope)
        return slope


class Maxout(AbstractLayer):
    """The largest of several pieces of each unit (Goodfellow 2013, arXiv:1302.4389).

    The units of the layer before it are taken in neighbouring groups of `pieces`.
    """

    kind: Literal["maxout"] = "maxout"
    pieces: int = Field(default=2, ge=2)
    """Units of which one comes out."""

    def result_shape(self, shape: Shape) -> Shape:
        """One `pieces`-th of the units."""
        if len(shape) != 1 or shape[0] % self.pieces:
            raise OptionError("maxout", shape, f"a number of units that {self.pieces} divides")
        return (shape[0] // self.pieces,)

    def forward(self, values: Tensor, held: Held, run: Pass) -> Tensor:
        """Take the largest."""
        return values.view(*values.shape[:-1], -1, self.pieces).amax(dim=-1)
