"""Starting weights of a member, drawn from its own stream as Keras defines the distributions."""

import math
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from sortal.networks.stack import Stack
from sortal.networks.stream import stream

Initialiser: TypeAlias = Literal["glorot_uniform", "he_uniform"]


def uniform_limit(initialiser: Initialiser, inputs: int, outputs: int) -> float:
    """Half the width of the uniform distribution around zero that weights are drawn from.

    Glorot & Bengio 2010 (proceedings.mlr.press/v9/glorot10a), He et al. 2015
    (doi:10.1109/ICCV.2015.123).

    >>> uniform_limit("glorot_uniform", 4, 2)
    1.0
    """
    if initialiser == "he_uniform":
        return math.sqrt(6.0 / inputs)
    return math.sqrt(6.0 / (inputs + outputs))


def initial_parameters(stack: Stack, seed: int, initialiser: Initialiser) -> Tensor:
    """Draw one member's parameters; biases are zero.

    Drawn on the CPU in float64 whatever the network then uses, so that a start depends
    on the seed and the shapes alone.

    Returns:
        Shape (numbers,), laid out as `stack` says.
    """
    generator = stream(seed, "initialisation")
    flat = torch.zeros(1, stack.numbers, dtype=torch.float64)
    for weight, _ in stack.layers(flat):
        _, inputs, outputs = weight.shape
        limit = uniform_limit(initialiser, inputs, outputs)
        weight.uniform_(-limit, limit, generator=generator)
    return flat[0]
