"""Starting weights, drawn from distributions as Keras defines them."""

import math

import torch
from torch import Tensor

from sortal.networks.names import Initialiser, SlotInitialiser

_TRUNCATED = 0.87962566103423978
"""Standard deviation of a standard normal that is cut off at two."""

_PLAIN = 0.05
"""Half width of `uniform`, standard deviation of `normal`: Keras's defaults."""


def variance(initialiser: Initialiser, inputs: int, outputs: int) -> float:
    """Variance of the weights of a unit with so many inputs and outputs.

    Glorot & Bengio 2010 (proceedings.mlr.press/v9/glorot10a), He et al. 2015
    (doi:10.1109/ICCV.2015.123), LeCun et al. 1998 (doi:10.1007/3-540-49430-8_2).

    >>> variance("glorot_uniform", 4, 2)
    0.3333333333333333
    """
    family = initialiser.split("_")[0]
    if family == "uniform":
        return _PLAIN**2 / 3
    if family == "normal":
        return _PLAIN**2
    if family == "glorot":
        return 2.0 / (inputs + outputs)
    return (2.0 if family == "he" else 1.0) / inputs


def draw_weights(
    weight: Tensor, initialiser: SlotInitialiser, fan: tuple[int, int], generator: torch.Generator
) -> None:
    """Fill a tensor with starting weights.

    Normal distributions but `normal` itself are cut off at two standard deviations, and
    widened so that their variance is what it would have been. `orthogonal` takes
    `weight`, of one member, as a matrix of its second axis and all others, whose columns (or
    rows, if they are fewer) become orthogonal and of length 1 (Saxe 2014, arXiv:1312.6120).
    """
    if initialiser == "orthogonal":
        _draw_orthogonal(weight, generator)
        return
    spread = math.sqrt(variance(initialiser, *fan))
    if initialiser.endswith("uniform"):
        limit = math.sqrt(3.0) * spread
        weight.uniform_(-limit, limit, generator=generator)
    elif initialiser == "normal":
        weight.normal_(0.0, spread, generator=generator)
    else:
        wide = spread / _TRUNCATED
        torch.nn.init.trunc_normal_(weight, 0.0, wide, -2 * wide, 2 * wide, generator=generator)


def _draw_orthogonal(weight: Tensor, generator: torch.Generator) -> None:
    matrix = weight[0].flatten(1)
    drawn = torch.empty(max(matrix.shape), min(matrix.shape), dtype=weight.dtype)
    square, corner = torch.linalg.qr(drawn.normal_(generator=generator))
    square *= corner.diagonal().sign()
    matrix.copy_(square if matrix.shape == square.shape else square.T)
