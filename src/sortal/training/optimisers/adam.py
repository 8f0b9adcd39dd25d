"""Adam, and what differs from it in one line: AMSGrad and AdamW."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from sortal.training.optimisers.rates import Rates
from sortal.training.optimisers.rule import UpdateTensors


@dataclass(frozen=True, slots=True)
class Adam:
    """Kingma & Ba 2015 (arXiv:1412.6980), as `torch.optim.Adam` and `AdamW` compute it.

    The update is -lr * m / (1 - beta1**t) / (sqrt(v / (1 - beta2**t)) + epsilon). Members
    whose epsilon is added to the uncorrected root divide by sqrt(v) + epsilon before v is
    corrected for its start, as Keras and TensorFlow do: epsilon then counts
    1/sqrt(1 - beta2**t) times as much, 32 times at the first update.
    """

    spares: ClassVar[int] = 0

    decoupled: bool = False
    """AdamW: decay shrinks the parameters by lr * decay; Loshchilov & Hutter 2019
    (arXiv:1711.05101)."""

    largest: bool = False
    """AMSGrad: v is the largest so far; Reddi, Kale & Kumar 2018 (arXiv:1904.09237). The
    largest is taken before the correction, in Keras too."""

    @property
    def remembers(self) -> tuple[str, ...]:
        """Average gradient, average square, and with `largest` the largest of these."""
        return ("mean", "square", "largest") if self.largest else ("mean", "square")

    def update(self, work: UpdateTensors, rates: Rates, steps: int) -> None:
        """Make update number `steps` in place."""
        gradient, mean, square = work.gradient, work.memory["mean"], work.memory["square"]
        mean.lerp_(gradient, rates.beta1.fresh)
        square.lerp_(gradient.mul_(gradient), rates.beta2.fresh)
        if self.largest:
            square = torch.maximum(work.memory["largest"], square, out=work.memory["largest"])
        # Both corrections go into numbers of one per member: no pass over all is spent on them.
        filled = rates.beta2.filled(steps).sqrt_()
        pace = filled * rates.learning_rate / rates.beta1.filled(steps)
        scale = torch.sqrt(square, out=gradient).add_(rates.added(filled))
        work.parameters.addcmul_(torch.div(mean, scale, out=scale), pace, value=-1)
