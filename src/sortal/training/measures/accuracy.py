"""How many answers of members are right."""

from enum import StrEnum

from torch import Tensor


class Accuracy(StrEnum):
    """Whether right answers are counted, and what each counts."""

    NONE = "none"
    WEIGHTED = "weighted"
    """Its weight in training, whose sign counts, as Keras's `weighted_metrics`."""

    UNWEIGHTED = "unweighted"
    """1 unless its weight is 0, as Keras's `metrics`."""


def right_of_all(
    outputs: Tensor, truth: Tensor, weights: Tensor, accuracy: Accuracy
) -> tuple[Tensor, Tensor]:
    """Sum what right answers count, and what all do.

    The answer to exclusive classes is the one of the largest output (the first of equals),
    to an independent target whether its output is above 0, which is a probability above 1/2.

    Args:
        outputs: Logits, shape (members, rows, outputs).
        truth: Class numbers, int64, shape (members or 1, rows), or 0 and 1, floating, shape
            (members or 1, rows, targets).
        weights: Shape as `truth`.
        accuracy: What an answer counts.

    Returns:
        Shapes (members,) and (members or 1,).

    >>> import torch
    >>> right, every = right_of_all(
    ...     torch.tensor([[[2.0, 0.0], [3.0, 1.0]]]),
    ...     torch.tensor([[0, 1]]),
    ...     torch.tensor([[3.0, 1.0]]),
    ...     Accuracy.WEIGHTED,
    ... )
    >>> right / every
    tensor([0.7500])
    """
    if truth.is_floating_point():
        right = (outputs > 0) == (truth > 0.5)
    else:
        right = outputs.argmax(2) == truth
    counts = weights if accuracy is Accuracy.WEIGHTED else (weights != 0).to(weights.dtype)
    summed = (right * counts).flatten(1).sum(1)
    return summed, counts.flatten(1).sum(1)
