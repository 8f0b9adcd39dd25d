"""Numerical embeddings: every feature becomes several numbers, by waves that are learnt."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from sortal.errors import OptionError
from sortal.networks.fitted_layer import AbstractFittedLayer
from sortal.networks.layer import Held, Pass, Shape, Slot


class PeriodicEmbedding(AbstractFittedLayer):
    """Each feature x beside weight * cos(2 pi frequency x + phase) + bias.

    The PBLD embedding (periodic, bias, linear, DenseNet) of RealMLP, Holzmüller et al.
    2024 (arXiv:2407.04491), after Gorishniy et al. 2022 (arXiv:2203.05556). Every feature
    has its own waves and weights. What comes out is `size` - 1 numbers of the first
    feature, of the second and so on, then the features as they came.
    """

    kind: Literal["periodic_embedding"] = "periodic_embedding"
    waves: int = Field(default=16, ge=1)
    """Cosines of one feature."""

    size: int = Field(default=4, ge=2)
    """Numbers that one feature becomes, itself among them."""

    spread: float = Field(default=0.1, gt=0, allow_inf_nan=False)
    """Standard deviation of the frequencies at the start."""

    pace: float = Field(default=0.1, ge=0, allow_inf_nan=False)
    """Factor on the learning rate."""

    needs_result: ClassVar[bool] = False

    def result_shape(self, shape: Shape) -> Shape:
        """`size` numbers a feature."""
        if len(shape) != 1:
            raise OptionError("periodic_embedding", shape, "one row of features an example")
        return (self.size * shape[0],)

    def slots(self, shape: Shape) -> tuple[Slot, ...]:
        """Frequency and phase (features, waves), weight (features, waves, size - 1) and bias."""
        (features,) = shape
        fan, made = (self.waves, self.size - 1), self.size - 1
        return (
            Slot(name="frequency", shape=(features, self.waves), fan=fan, pace=self.pace),
            Slot(name="phase", shape=(features, self.waves), pace=self.pace),
            Slot(name="weight", shape=(features, self.waves, made), fan=fan, pace=self.pace),
            Slot(name="bias", shape=(features, made), pace=self.pace),
        )

    def fit(self, values: Tensor, held: Held, generator: torch.Generator) -> None:
        """Draw frequencies (normal), phases in [-pi, pi), weight and bias in +-1/sqrt(waves)."""
        limit = 1 / math.sqrt(self.waves)
        held.slots["frequency"].normal_(0.0, self.spread, generator=generator)
        held.slots["phase"].uniform_(-math.pi, math.pi, generator=generator)
        held.slots["weight"].uniform_(-limit, limit, generator=generator)
        held.slots["bias"].uniform_(-limit, limit, generator=generator)

    def forward(self, values: Tensor, held: Held, run: Pass) -> Tensor:
        """Wave, weigh, put the features behind."""
        return self._joined(values, self._angles(values, held).cos_(), held)

    def record(self, values: Tensor, held: Held, run: Pass, *, deep: bool) -> tuple[Tensor, Any]:
        """As `forward`; remembers the angles and their cosines."""
        angles = self._angles(values, held)
        cosines = angles.cos()
        return self._joined(values, cosines, held), (values, angles, cosines)

    def backward(
        self, slope: Tensor, memory: Any, held: Held, into: Mapping[str, Tensor], *, deep: bool
    ) -> Tensor | None:
        """Slopes of a linear layer for each feature, then of its cosines."""
        values, angles, cosines = memory
        members, features, rows, _ = angles.shape
        made = self.size - 1
        ahead = slope[..., : features * made].view(members, rows, features, made).transpose(1, 2)
        ahead = ahead.contiguous()
        into["bias"].add_(ahead.sum(dim=2))
        into["weight"].add_(cosines.mT @ ahead)
        of_angles = (ahead @ held.slots["weight"].mT).mul_(angles.sin_().neg_())
        into["phase"].add_(of_angles.sum(dim=2))
        across = values.mT.unsqueeze(2).expand(members, -1, -1, -1)
        into["frequency"].add_((across @ of_angles).squeeze(2), alpha=2 * math.pi)
        if not deep:
            return None
        through = (of_angles @ held.slots["frequency"].unsqueeze(3)).squeeze(3).mT
        return slope[..., features * made :].add(through, alpha=2 * math.pi)

    def _angles(self, values: Tensor, held: Held) -> Tensor:
        """Shape (members, features, rows, waves)."""
        turns = held.slots["frequency"].unsqueeze(2) * (2 * math.pi)
        return torch.addcmul(held.slots["phase"].unsqueeze(2), values.mT.unsqueeze(3), turns)

    def _joined(self, values: Tensor, cosines: Tensor, held: Held) -> Tensor:
        members, _, rows, _ = cosines.shape
        made = cosines @ held.slots["weight"] + held.slots["bias"].unsqueeze(2)
        made = made.transpose(1, 2).reshape(members, rows, -1)
        return torch.cat([made, values.expand(members, -1, -1)], dim=2)
