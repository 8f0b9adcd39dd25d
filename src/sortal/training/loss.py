"""Weighted losses, summed over rows for each member."""

from collections.abc import Callable
from typing import TypeAlias

from torch import Tensor
from torch.nn import functional

from sortal.data.labels import Outputs

Loss: TypeAlias = Callable[[Tensor, Tensor, Tensor], Tensor]


def cross_entropy(logits: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
    """Minus the log probability of the true class [nats], times the example's weight.

    Args:
        logits: Shape (members, rows, classes).
        truth: Class numbers, shape (members or 1, rows); any valid class where unknown.
        weights: Shape as `truth`; 0 where unknown, and the sign counts.

    Returns:
        Shape (members,).
    """
    members, rows, classes = logits.shape
    truth = truth.expand(members, rows)
    each = functional.cross_entropy(
        logits.reshape(-1, classes), truth.reshape(-1), reduction="none"
    )
    return (each.view(members, rows) * weights).sum(dim=1)


def binary_cross_entropy(logits: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
    """Minus the log probability of each target's truth [nats], averaged over targets.

    Args:
        logits: Shape (members, rows, targets).
        truth: 0 or 1, shape (members or 1, rows, targets), in the type of `logits`.
        weights: Shape as `truth`; 0 masks an unknown label, and the sign counts.

    Returns:
        Shape (members,).
    """
    each = functional.binary_cross_entropy_with_logits(
        logits, truth.expand_as(logits), reduction="none"
    )
    return (each * weights).mean(dim=2).sum(dim=1)


LOSSES: dict[Outputs, Loss] = {
    Outputs.EXCLUSIVE: cross_entropy,
    Outputs.INDEPENDENT: binary_cross_entropy,
}
