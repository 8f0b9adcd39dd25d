"""Convolutions: every member slides kernels of its own over signals or stamps.

Kernels lie as (channels out, channels in, window), the order of torch; Keras has (window,
channels in, channels out). Initialisers see the inputs and outputs that Keras counts: channels
times points of the window.
"""

import math
from collections.abc import Mapping
from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor

from sortal.networks.convolve import convolve, convolve_slopes
from sortal.networks.layer import AbstractLinearLayer, Held, Pass, Shape, Slot
from sortal.networks.names import Initialiser
from sortal.networks.window import Count, Padding, Window


class AbstractConvolution(AbstractLinearLayer):
    """What convolutions of any kind have in common."""

    kind: str
    channels: int = Field(ge=1)
    """Channels that come out."""

    padding: Padding = "valid"
    """Points that are added around: `valid` none, `same` as many zeros as make the result
    as long as the input (divided by the stride), or that many zeros on every side."""

    bias: bool = True
    """Whether a bias is added, one number a channel."""

    initialiser: Initialiser | None = None
    """How the kernels start; None for the member's choice."""

    def window(self) -> Window:
        """What slides."""
        raise NotImplementedError

    def result_shape(self, shape: Shape) -> Shape:
        """Its channels, and one number for each place of the window."""
        return (self.channels, *self.window().places(shape[1:], where=self.kind))

    def kernel_slot(self, name: str, shape: Shape) -> Slot:
        """Kernels of a shape (out, in, window), with what Keras counts as inputs and outputs."""
        points = math.prod(shape[2:])
        fan = (shape[1] * points, shape[0] * points)
        return Slot(name=name, shape=shape, fan=fan, initialiser=self.initialiser)

    def with_bias(self, *kernels: Slot) -> tuple[Slot, ...]:
        """Kernels, then the bias if there is one."""
        return (*kernels, Slot(name="bias", shape=(self.channels,))) if self.bias else kernels


class Conv1d(AbstractConvolution):
    """Kernels `weight` (out, in, points) over signals (channels, points).

    A signal is convolved as an image of height 1: in channels_last that is a quarter
    faster than a convolution along one axis.
    """

    kind: Literal["conv1d"] = "conv1d"
    kernel: Count
    """Points that a kernel covers."""

    stride: Count = 1
    """Points that it moves by."""

    def window(self) -> Window:
        """Along the points."""
        return Window.of((self.kernel,), (self.stride,), self.padding)

    def slots(self, shape: Shape) -> tuple[Slot, ...]:
        """Weight, then bias."""
        return self.with_bias(self.kernel_slot("weight", (self.channels, shape[0], self.kernel)))

    def forward(self, values: Tensor, held: Held, run: Pass) -> Tensor:
        """Convolve."""
        weight, bias = held.slots["weight"].unsqueeze(-2), held.slots.get("bias")
        plane = self.window().in_a_plane()
        return convolve(values.unsqueeze(-2), weight, bias, plane).squeeze(-2)

    def backward(
        self, slope: Tensor, memory: Any, held: Held, into: Mapping[str, Tensor], *, deep: bool
    ) -> Tensor | None:
        """Two convolutions of each member's own."""
        sums = {**into, "weight": into["weight"].unsqueeze(-2)}
        weight, plane = held.slots["weight"].unsqueeze(-2), self.window().in_a_plane()
        below = convolve_slopes(
            slope.unsqueeze(-2), memory.unsqueeze(-2), weight, plane, sums, deep=deep
        )
        return None if below is None else below.squeeze(-2)


class Conv2d(AbstractConvolution):
    """Kernels `weight` (out, in, height, width) over stamps (channels, height, width)."""

    kind: Literal["conv2d"] = "conv2d"
    kernel: tuple[Count, Count]
    """Height and width of a kernel."""

    stride: tuple[Count, Count] = (1, 1)
    """How far it moves down and right."""

    def window(self) -> Window:
        """In the plane."""
        return Window.of(self.kernel, self.stride, self.padding)

    def slots(self, shape: Shape) -> tuple[Slot, ...]:
        """Weight, then bias."""
        return self.with_bias(self.kernel_slot("weight", (self.channels, shape[0], *self.kernel)))

    def forward(self, values: Tensor, held: Held, run: Pass) -> Tensor:
        """Convolve."""
        return convolve(values, held.slots["weight"], held.slots.get("bias"), self.window())

    def backward(
        self, slope: Tensor, memory: Any, held: Held, into: Mapping[str, Tensor], *, deep: bool
    ) -> Tensor | None:
        """Two convolutions of each member's own."""
        return convolve_slopes(slope, memory, held.slots["weight"], self.window(), into, deep=deep)


class SeparableConv2d(AbstractConvolution):
    """A convolution in two steps (Chollet 2017, arXiv:1610.02357), with nothing in between.

    First `depthwise` (in * multiplier, 1, height, width): each channel for itself, results of one
    channel side by side. Then `pointwise` (out, in * multiplier, 1, 1) and the bias.
    Stride and padding belong to the first step.
    """

    kind: Literal["separable_conv2d"] = "separable_conv2d"
    kernel: tuple[Count, Count]
    """Height and width of a kernel."""

    stride: tuple[Count, Count] = (1, 1)
    """How far it moves down and right."""

    multiplier: Count = 1
    """Channels that the first step makes of one."""

    def window(self) -> Window:
        """Of the first step."""
        return Window.of(self.kernel, self.stride, self.padding)

    def slots(self, shape: Shape) -> tuple[Slot, ...]:
        """Depthwise, pointwise, bias."""
        between, points = shape[0] * self.multiplier, math.prod(self.kernel)
        # Keras counts all channels as inputs of the first step, though each sees but one.
        fan = (shape[0] * points, self.multiplier * points)
        depthwise = Slot(
            name="depthwise",
            shape=(between, 1, *self.kernel),
            fan=fan,
            initialiser=self.initialiser,
        )
        pointwise = self.kernel_slot("pointwise", (self.channels, between, 1, 1))
        return self.with_bias(depthwise, pointwise)

    def forward(self, values: Tensor, held: Held, run: Pass) -> Tensor:
        """Both steps, or the one that equals them."""
        return self._both(values, held)[0]

    def record(self, values: Tensor, held: Held, run: Pass, *, deep: bool) -> tuple[Tensor, Any]:
        """As `forward`; remembers the values, and those between the steps."""
        result, between = self._both(values, held)
        return result, (values, between)

    def backward(
        self, slope: Tensor, memory: Any, held: Held, into: Mapping[str, Tensor], *, deep: bool
    ) -> Tensor | None:
        """The steps in reverse."""
        values, between = memory
        depthwise, pointwise = held.slots["depthwise"], held.slots["pointwise"]
        if between is None:
            return self._merged_backward(slope, values, held, into, deep=deep)
        sums = {"weight": into["pointwise"]} | ({"bias": into["bias"]} if self.bias else {})
        passed = convolve_slopes(slope, between, pointwise, _POINT, sums, deep=True)
        assert passed is not None  # noqa: S101 - asked for
        own = {"weight": into["depthwise"]}
        return convolve_slopes(
            passed, values, depthwise, self.window(), own, groups=values.shape[2], deep=deep
        )

    def _both(self, values: Tensor, held: Held) -> tuple[Tensor, Tensor | None]:
        depthwise, pointwise = held.slots["depthwise"], held.slots["pointwise"]
        bias, channels = held.slots.get("bias"), values.shape[2]
        if channels == 1:
            return convolve(values, _merge(depthwise, pointwise), bias, self.window()), None
        between = convolve(values, depthwise, None, self.window(), groups=channels)
        return convolve(between, pointwise, bias, _POINT), between

    def _merged_backward(
        self, slope: Tensor, values: Tensor, held: Held, into: Mapping[str, Tensor], *, deep: bool
    ) -> Tensor | None:
        depthwise, pointwise = held.slots["depthwise"], held.slots["pointwise"]
        weight = _merge(depthwise, pointwise)
        sums = {**into, "weight": torch.zeros_like(weight)}
        below = convolve_slopes(slope, values, weight, self.window(), sums, deep=deep)
        merged = sums["weight"].squeeze(2)
        into["depthwise"].squeeze(2).add_(
            torch.einsum("bohw,bom->bmhw", merged, pointwise.squeeze((3, 4)))
        )
        into["pointwise"].squeeze((3, 4)).add_(
            torch.einsum("bohw,bmhw->bom", merged, depthwise.squeeze(2))
        )
        return below


_POINT = Window((1, 1), (1, 1), "valid")


def _merge(depthwise: Tensor, pointwise: Tensor) -> Tensor:
    """The kernels (members, out, 1, height, width) of one step that equals two on one channel."""
    return torch.einsum(
        "bom,bmhw->bohw", pointwise.squeeze((3, 4)), depthwise.squeeze(2)
    ).unsqueeze(2)
