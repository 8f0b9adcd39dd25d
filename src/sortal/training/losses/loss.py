"""What the trainer asks of a loss."""

from typing import Protocol

import torch
from torch import Tensor


class Loss(Protocol):
    """A weighted loss, summed over rows for each member.

    Outputs are logits, shape (members, rows, outputs). Truth and weights have members or 1
    along their first axis. A weight's sign counts, and weight 0 masks a label that is not
    known; the truth there may be any valid value. Half precision is computed in float32.
    """

    def sums(self, outputs: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
        """Sum of each member's weighted losses [nats], shape (members,); autograd can follow."""
        ...

    def sums_and_slopes(
        self, outputs: Tensor, truth: Tensor, weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The sums, shape (members,), and their slopes at the outputs.

        For a caller who has switched autograd off: no graph is asked for, and none is made
        unless the outputs carry one. Nothing that comes in is changed.

        Returns:
            Slopes of shape (members, rows, outputs) in new, contiguous memory, float32 at least.
        """
        ...


def widened(outputs: Tensor) -> Tensor:
    """The same numbers in float32 at least; uncopied if they are already."""
    return outputs.float() if outputs.dtype.itemsize < torch.float32.itemsize else outputs
