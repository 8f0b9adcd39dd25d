"""Adamax: Adam with the largest recent gradient for a scale."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from sortal.training.optimisers.rates import Rates
from sortal.training.optimisers.rule import UpdateTensors


@dataclass(frozen=True, slots=True)
class Adamax:
    """Kingma & Ba 2015 (arXiv:1412.6980), section 7.1, as `torch.optim.Adamax` computes it.

    The scale is u = max(beta2 * u, abs(g) + epsilon). Keras remembers max(beta2 * u, abs(g))
    and adds epsilon where it divides.
    """

    remembers: ClassVar[tuple[str, ...]] = ("mean", "largest")
    spares: ClassVar[int] = 0
    decoupled: ClassVar[bool] = False

    def update(self, work: UpdateTensors, rates: Rates, steps: int) -> None:
        """Make update number `steps` in place."""
        gradient, mean, largest = work.gradient, work.memory["mean"], work.memory["largest"]
        mean.lerp_(gradient, rates.beta1.fresh)
        gradient.abs_().add_(rates.epsilon)
        torch.maximum(largest.mul_(rates.beta2.kept), gradient, out=largest)
        pace = rates.learning_rate / rates.beta1.filled(steps)
        work.parameters.addcmul_(torch.div(mean, largest, out=gradient), pace, value=-1)
