"""Adagrad: gradients divided by the root of the sum of all their squares."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from sortal.training.optimisers.rates import Rates
from sortal.training.optimisers.rule import UpdateTensors


@dataclass(frozen=True, slots=True)
class Adagrad:
    """Duchi, Hazan & Singer 2011 (JMLR 12:2121), as `torch.optim.Adagrad` computes it.

    The sum s starts at 0 and the divisor is sqrt(s) + epsilon. Keras starts at 0.1, which
    makes its first steps far shorter, and divides by sqrt(s + epsilon).
    """

    remembers: ClassVar[tuple[str, ...]] = ("sum",)
    spares: ClassVar[int] = 1
    decoupled: ClassVar[bool] = False

    def update(self, work: UpdateTensors, rates: Rates, steps: int) -> None:  # noqa: ARG002 - one signature
        """Make one update in place."""
        total = work.memory["sum"].addcmul_(work.gradient, work.gradient)
        scale = torch.sqrt(total, out=work.spare[0]).add_(rates.epsilon)
        work.parameters.addcmul_(work.gradient.div_(scale), rates.learning_rate, value=-1)
