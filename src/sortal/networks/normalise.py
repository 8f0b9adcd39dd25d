"""Normalisation: numbers brought to mean 0 and variance 1, then to a scale and shift that are learnt."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from sortal.networks.beside import add_held, gather, spread, spread_held
from sortal.networks.layer import AbstractLayer, Held, Pass, Shape, Slot


class BatchNorm(AbstractLayer):
    """Every channel by its mean and variance over a minibatch (Ioffe & Szegedy 2015, arXiv:1502.03167).

    Features are channels of one point. Outside training, running figures take the place
    of the minibatch's. The running variance is the mean square deviation, divided by the
    count, as in Keras 3; torch divides by the count less one. A minibatch of one row (and
    one point) gives the shift.
    """

    kind: Literal["batch_norm"] = "batch_norm"
    momentum: float = Field(default=0.99, ge=0, lt=1)
    """Share of the running figures that a minibatch leaves as it is (Keras's meaning; torch
    calls 1 - 0.99 momentum)."""

    epsilon: float = Field(default=1e-3, gt=0, allow_inf_nan=False)
    """Added to the variance."""

    needs_result: ClassVar[bool] = False

    @property
    def mixes_rows(self) -> bool:
        """They share a mean."""
        return True

    def slots(self, shape: Shape) -> tuple[Slot, ...]:
        """Scale and shift of each channel: Keras's gamma and beta."""
        return (
            Slot(name="scale", shape=shape[:1], start=1.0),
            Slot(name="shift", shape=shape[:1]),
        )

    def buffers(self, shape: Shape) -> tuple[Slot, ...]:
        """Running mean and variance of each channel."""
        return (
            Slot(name="mean", shape=shape[:1]),
            Slot(name="variance", shape=shape[:1], start=1.0),
        )

    def forward(self, values: Tensor, held: Held, run: Pass) -> Tensor:
        """Normalise, by the minibatch in training and else by the running figures."""
        if run.training:
            normal, _ = self._normal(values, held)
            return torch.addcmul(_wide(held, "shift", values), normal, _wide(held, "scale", values))
        spread_out = (held.buffers["variance"] + self.epsilon).rsqrt()
        factor = held.slots["scale"] * spread_out
        shift = held.slots["shift"] - held.buffers["mean"] * factor
        return torch.addcmul(_beside(shift, values), values, _beside(factor, values))

    def record(self, values: Tensor, held: Held, run: Pass, *, deep: bool) -> tuple[Tensor, Any]:
        """Normalise by the minibatch; points of a stamp or signal by torch's own kernel.

        One thread, forward and backward [ms], by autograd, by the formula, by the kernel:
        16 members, 64 rows, 64 features 0.73, 0.15, 0.44; 1 member, 50 rows, 32 channels,
        21x21 points 9.4, 2.5, 1.2.
        """
        if values.ndim > 3:
            return self._record_points(values, held, run)
        normal, spread_in = self._normal(values, held)
        scale = held.slots["scale"].unsqueeze(1)
        result = torch.addcmul(held.slots["shift"].unsqueeze(1), normal, scale)
        return result, (normal, scale * spread_in)

    def backward(
        self, slope: Tensor, memory: Any, held: Held, into: Mapping[str, Tensor], *, deep: bool
    ) -> Tensor | None:
        """Slopes of mean and variance among them."""
        if slope.ndim > 3:
            return self._backward_points(slope, memory, held, into, deep=deep)
        normal, factor = memory
        of_shift = slope.sum(dim=1, keepdim=True)
        of_scale = (slope * normal).sum(dim=1, keepdim=True)
        into["shift"].add_(of_shift.squeeze(1))
        into["scale"].add_(of_scale.squeeze(1))
        if not deep:
            return None
        rows = slope.shape[1]
        slope.sub_(of_shift.div_(rows)).addcmul_(normal, of_scale.div_(rows), value=-1)
        return slope.mul_(factor)

    def _normal(self, values: Tensor, held: Held) -> tuple[Tensor, Tensor]:
        """Values with mean 0 and variance 1, and one over the deviation; keeps the running figures."""
        over = (1, *range(3, values.ndim))
        mean = values.mean(over, keepdim=True)
        centred = values - mean
        variance = centred.square().mean(over, keepdim=True)
        self._run_on(held, mean.flatten(1), variance.flatten(1))
        inverse = (variance + self.epsilon).rsqrt()
        return centred * inverse, inverse

    def _run_on(self, held: Held, mean: Tensor, variance: Tensor) -> None:
        for name, now in (("mean", mean), ("variance", variance)):
            # By `data`, for weights are views of the same tensor, and autograd would take
            # those it has saved for written over.
            buffer = held.buffers[name]
            buffer.data.lerp_(now.detach().to(buffer.dtype).expand_as(buffer), 1 - self.momentum)

    def _record_points(self, values: Tensor, held: Held, run: Pass) -> tuple[Tensor, Any]:
        plane = _plane(values)
        scales, shifts = (spread_held(held.slots[name]) for name in ("scale", "shift"))
        calls = [
            torch.native_batch_norm(images, scale, shift, None, None, True, 0.0, self.epsilon)
            for images, scale, shift in zip(spread(plane, run.members), scales, shifts, strict=True)
        ]
        means, inverses = ([call[number] for call in calls] for number in (1, 2))
        shape = held.slots["scale"].shape
        variance = torch.stack(inverses).pow(-2).sub_(self.epsilon).clamp_min_(0)
        self._run_on(held, torch.stack(means).view(shape), variance.view(shape))
        result = gather([call[0] for call in calls], run.members)
        return result.reshape(run.members, *values.shape[1:]), (plane, means, inverses)

    def _backward_points(
        self, slope: Tensor, memory: Any, held: Held, into: Mapping[str, Tensor], *, deep: bool
    ) -> Tensor | None:
        plane, means, inverses = memory
        members = len(slope)
        calls = [
            torch.ops.aten.native_batch_norm_backward(
                part,
                images,
                scale,
                None,
                None,
                mean,
                inverse,
                True,
                self.epsilon,
                [deep, True, True],
            )
            for part, images, scale, mean, inverse in zip(
                spread(_plane(slope), members),
                spread(plane, members),
                spread_held(held.slots["scale"]),
                means,
                inverses,
                strict=True,
            )
        ]
        add_held(into["scale"], [call[1] for call in calls])
        add_held(into["shift"], [call[2] for call in calls])
        if not deep:
            return None
        below = gather([call[0] for call in calls], members)
        return below.squeeze(-2) if slope.ndim == 4 else below


class LayerNorm(AbstractLayer):
    """Every example, at every point, by the mean and variance of its channels (Ba 2016, arXiv:1607.06450).

    As Keras does along its last axis.
    """

    kind: Literal["layer_norm"] = "layer_norm"
    epsilon: float = Field(default=1e-3, gt=0, allow_inf_nan=False)
    """Added to the variance."""

    needs_result: ClassVar[bool] = False

    def slots(self, shape: Shape) -> tuple[Slot, ...]:
        """Scale and shift of each channel: Keras's gamma and beta."""
        return (
            Slot(name="scale", shape=shape[:1], start=1.0),
            Slot(name="shift", shape=shape[:1]),
        )

    def forward(self, values: Tensor, held: Held, run: Pass) -> Tensor:
        """Normalise, in training and outside."""
        return self.record(values, held, run, deep=False)[0]

    def record(self, values: Tensor, held: Held, run: Pass, *, deep: bool) -> tuple[Tensor, Any]:
        """Normalise; remembers mean and deviation (by hand a half faster than autograd)."""
        last = values.movedim(2, -1)
        normal, mean, inverse = torch.native_layer_norm(
            last, last.shape[-1:], None, None, self.epsilon
        )
        normal = normal.movedim(-1, 2)
        result = torch.addcmul(_wide(held, "shift", values), normal, _wide(held, "scale", values))
        return result, (last, normal, mean, inverse)

    def backward(
        self, slope: Tensor, memory: Any, held: Held, into: Mapping[str, Tensor], *, deep: bool
    ) -> Tensor | None:
        """Slopes of mean and variance among them."""
        last, normal, mean, inverse = memory
        over = (1, *range(3, slope.ndim))
        into["shift"].add_(slope.sum(over))
        into["scale"].add_((slope * normal).sum(over))
        if not deep:
            return None
        of_normal = (slope * _wide(held, "scale", slope)).movedim(2, -1)
        below: Tensor = torch.ops.aten.native_layer_norm_backward(
            of_normal, last, last.shape[-1:], mean, inverse, None, None, [True, False, False]
        )[0]
        return below.movedim(-1, 2)


def _wide(held: Held, name: str, values: Tensor) -> Tensor:
    return _beside(held.slots[name], values)


def _beside(by_channel: Tensor, values: Tensor) -> Tensor:
    """View (members, channels) so that it meets values (members, rows, channels, ...)."""
    return by_channel.view(len(by_channel), 1, -1, *[1] * (values.ndim - 3))


def _plane(values: Tensor) -> Tensor:
    return values.unsqueeze(-2) if values.ndim == 4 else values
