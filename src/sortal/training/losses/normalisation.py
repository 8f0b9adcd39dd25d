"""What a minibatch's sum of weighted losses is divided by."""

from enum import StrEnum

import torch
from torch import Tensor

from sortal.training.losses.loss import widened


class Normalisation(StrEnum):
    """Ways to make a mean of a sum of losses."""

    ROWS = "rows"
    """By the number of rows, whatever they weigh, as Keras."""

    WEIGHTS = "weights"
    """By the sum of the rows' absolute weights; with several targets, by its mean over them."""


def divisors(weights: Tensor, rows: int, normalisation: Normalisation) -> Tensor:
    """Numbers to divide the slopes of a whole minibatch by, once.

    Args:
        weights: Of the minibatch, shape (members or 1, rows) or (members or 1, rows, targets).
        rows: Rows in the minibatch, at least 1.
        normalisation: What to divide by.

    Returns:
        Shape (members or 1, 1, 1), float32 at least. A member whose weights are all 0 gets 1:
        its slopes are 0 and stay so.

    >>> divisors(torch.tensor([[2.0, -1.0, 0.0]]), 3, Normalisation.WEIGHTS)
    tensor([[[3.]]])
    """
    weights = widened(weights)
    if normalisation is Normalisation.ROWS:
        return weights.new_full((1, 1, 1), float(rows))
    totals = weights.abs().reshape(len(weights), rows, -1).mean(2).sum(1)
    return torch.where(totals > 0, totals, 1).view(-1, 1, 1)
