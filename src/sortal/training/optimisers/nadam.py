"""Nadam: Adam whose average gradient looks one update ahead."""

import math
from dataclasses import dataclass
from itertools import accumulate
from operator import mul
from typing import ClassVar

import torch

from sortal.training.optimisers.rates import Rates
from sortal.training.optimisers.rule import UpdateTensors

_WARMING = 0.004


def momentum_share(steps: int) -> float:
    """Share of beta1 that an update uses: from one half upwards to 1."""
    return 1 - 0.5 * math.pow(0.96, steps * _WARMING)


_WARMTHS = tuple(accumulate((momentum_share(steps) for steps in range(1, 129)), mul))
"""Products of the warmths so far; later ones are below 1e-37, nothing beside the 1 they meet."""


@dataclass(frozen=True, slots=True)
class Nadam:
    """Dozat 2016 (openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ), as `torch.optim.NAdam` computes it.

    Update t uses mu(t) = beta1 * (1 - 0.96**(0.004 * t) / 2). Keras has 0.96**t: it is
    warm after 100 updates, torch after 25,000.
    """

    remembers: ClassVar[tuple[str, ...]] = ("mean", "square")
    spares: ClassVar[int] = 1
    decoupled: ClassVar[bool] = False

    def update(self, work: UpdateTensors, rates: Rates, steps: int) -> None:
        """Make update number `steps` in place."""
        gradient, mean, square = work.gradient, work.memory["mean"], work.memory["square"]
        mean.lerp_(gradient, rates.beta1.fresh)
        square.lerp_(torch.mul(gradient, gradient, out=work.spare[0]), rates.beta2.fresh)
        filled = rates.beta2.filled(steps).sqrt_()
        scale = torch.sqrt(square, out=work.spare[0]).add_(rates.epsilon * filled)
        product = rates.beta1.left(steps).mul_(_WARMTHS[steps - 1] if steps <= 128 else 0.0)
        ahead = rates.beta1.kept * momentum_share(steps + 1)
        pace = filled * rates.learning_rate
        gradient.mul_(pace * (1 - rates.beta1.kept * momentum_share(steps)) / (1 - product))
        gradient.addcmul_(mean, pace * ahead / (1 - product * ahead))
        work.parameters.addcdiv_(gradient, scale, value=-1)
