"""Adadelta: steps scaled by the average size of the last steps."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from sortal.training.optimisers.rates import Rates
from sortal.training.optimisers.rule import UpdateTensors


@dataclass(frozen=True, slots=True)
class Adadelta:
    """Zeiler 2012 (arXiv:1212.5701), as `torch.optim.Adadelta` computes it.

    The update is -lr * d with d = g * sqrt((c + epsilon) / (s + epsilon)), where s and c are the
    average squares of g and of d. Keras has the same formula.
    """

    remembers: ClassVar[tuple[str, ...]] = ("square", "change")
    spares: ClassVar[int] = 2
    decoupled: ClassVar[bool] = False

    def update(self, work: UpdateTensors, rates: Rates, steps: int) -> None:  # noqa: ARG002 - one signature
        """Make one update in place."""
        gradient, fresh, (room, scale) = work.gradient, rates.rho.fresh, work.spare
        square, change = work.memory["square"], work.memory["change"]
        square.lerp_(torch.mul(gradient, gradient, out=room), fresh)
        torch.add(square, rates.epsilon, out=room)
        torch.add(change, rates.epsilon, out=scale).div_(room).sqrt_()
        work.parameters.addcmul_(gradient.mul_(scale), rates.learning_rate, value=-1)
        change.lerp_(gradient.mul_(gradient), fresh)
