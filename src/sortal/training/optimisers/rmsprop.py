"""RMSprop: gradients divided by the root of their average square."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from sortal.training.optimisers.rates import Rates
from sortal.training.optimisers.rule import UpdateTensors


@dataclass(frozen=True, slots=True)
class RMSprop:
    """Tieleman & Hinton 2012 (Coursera, Neural Networks for Machine Learning, lecture 6.5).

    Computed as `torch.optim.RMSprop` does: the divisor is sqrt(s) + epsilon, and momentum
    sums what is divided. Keras divides by sqrt(s + epsilon), so that its epsilon of 1e-7
    acts like 3e-4 here, and its momentum sums lr times that.
    """

    remembers: ClassVar[tuple[str, ...]] = ("square", "velocity")
    spares: ClassVar[int] = 1
    decoupled: ClassVar[bool] = False

    def update(self, work: UpdateTensors, rates: Rates, steps: int) -> None:  # noqa: ARG002 - one signature
        """Make one update in place."""
        gradient, square, velocity = work.gradient, work.memory["square"], work.memory["velocity"]
        square.lerp_(torch.mul(gradient, gradient, out=work.spare[0]), rates.rho.fresh)
        change = gradient.div_(torch.sqrt(square, out=work.spare[0]).add_(rates.epsilon))
        if rates.momentum is not None:
            change = torch.addcmul(change, velocity, rates.momentum, out=velocity)
        work.parameters.addcmul_(change, rates.learning_rate, value=-1)
