"""Names that a job may use for the parts of a network; loads nothing heavy."""

from typing import Literal, TypeAlias

ActivationName: TypeAlias = Literal[
    "relu",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "silu",
    "tanh",
    "sigmoid",
    "softplus",
    "softsign",
    "softmax",
    "hard_sigmoid",
    "exponential",
    "linear",
]

Initialiser: TypeAlias = Literal[
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "uniform",
    "normal",
]

SlotInitialiser: TypeAlias = Initialiser | Literal["orthogonal"]
"""What a layer may choose for a slot of its own."""

MAXOUT_PIECES = 2
"""Pieces of each unit, of which `maxout` takes the largest."""
