"""Penalties on large weights, as a part of the gradient."""

from torch import Tensor


def penalise(
    gradient: Tensor,
    parameters: Tensor,
    l1: Tensor | None,
    l2: Tensor | None,
    decayed: Tensor,
) -> None:
    """Add the gradient of l1 * sum(abs(w)) + l2 * sum(w**2), Keras's kernel regularisers.

    A weight decay of 2 * l2 would be the same for the optimisers that add it to the gradient.

    Args:
        gradient: Changed in place, shape (members, numbers).
        parameters: Shape (members, numbers).
        l1: Shape (members, 1); None for none.
        l2: Shape (members, 1); None for none.
        decayed: Which numbers are penalised (weights, not biases), bool, shape (numbers,).

    >>> import torch
    >>> gradient = torch.zeros(1, 3)
    >>> weights, l1, l2 = torch.tensor([[2.0, -2.0, 5.0]]), torch.ones(1, 1), torch.ones(1, 1)
    >>> penalise(gradient, weights, l1, l2, torch.tensor([True, True, False]))
    >>> gradient
    tensor([[ 5., -5.,  0.]])
    """
    if l1 is None and l2 is None:
        return
    weights = parameters * decayed.to(parameters.dtype)
    if l2 is not None:
        gradient.addcmul_(weights, l2, value=2)
    if l1 is not None:
        gradient.addcmul_(weights.sign_(), l1)
