"""The dense layer with a leading member axis."""

from typing import Any

import torch
from torch import Tensor


class _Dense(torch.autograd.Function):
    """Batched product plus bias, with a backward that suits stacks of small matrices.

    Torch's own backward multiplies by a transposed view of the weights, which its CPU
    product handles several times slower than the contiguous copy made here.
    """

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(inputs, weight)
        return torch.baddbmm(bias.unsqueeze(1), inputs, weight)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        (gradient,) = gradients
        inputs, weight = ctx.saved_tensors
        of_inputs = None
        if ctx.needs_input_grad[0]:
            of_inputs = torch.bmm(gradient, weight.transpose(1, 2).contiguous())
        of_weight = torch.bmm(inputs.transpose(1, 2), gradient)
        return of_inputs, of_weight, gradient.sum(dim=1)


def dense(inputs: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Apply every member's own weights.

    Args:
        inputs: Shape (members, rows, inputs), or (rows, inputs) when all members see
            the same; that case is computed on an expanded view, uncopied.
        weight: Shape (members, inputs, outputs).
        bias: Shape (members, outputs).

    Returns:
        Shape (members, rows, outputs).
    """
    if inputs.ndim == 2:
        inputs = inputs.expand(len(weight), *inputs.shape)
    result: Tensor = _Dense.apply(inputs, weight, bias)  # type: ignore[no-untyped-call]
    return result
