"""Gradient descent, with heavy-ball or Nesterov's momentum."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from sortal.training.optimisers.rates import Rates
from sortal.training.optimisers.rule import UpdateTensors


@dataclass(frozen=True, slots=True)
class Descent:
    """Momentum as in Sutskever et al. 2013 (PMLR 28:1139), computed as `torch.optim.SGD` does.

    The velocity v = momentum * v + g sums gradients and the update is -lr * v. Keras sums
    lr * g: the same while lr is constant, and slower to follow when it changes.
    """

    remembers: ClassVar[tuple[str, ...]] = ("velocity",)
    spares: ClassVar[int] = 0
    decoupled: ClassVar[bool] = False

    ahead: bool = False
    """Nesterov's: the update is -lr * (g + momentum * v)."""

    def update(self, work: UpdateTensors, rates: Rates, steps: int) -> None:  # noqa: ARG002 - one signature
        """Make one update in place."""
        change = work.gradient
        if rates.momentum is not None:
            velocity = work.memory["velocity"]
            torch.addcmul(change, velocity, rates.momentum, out=velocity)
            change = change.addcmul_(velocity, rates.momentum) if self.ahead else velocity
        work.parameters.addcmul_(change, rates.learning_rate, value=-1)
