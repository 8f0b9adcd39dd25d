"""Activations by name; all act number by number, so the member axis needs no care."""

from collections.abc import Callable
from typing import Literal, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

Activation: TypeAlias = Literal["relu", "tanh", "elu", "gelu", "silu", "sigmoid", "linear"]


def _linear(values: Tensor) -> Tensor:
    return values


ACTIVATIONS: dict[Activation, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu,
    "tanh": torch.tanh,
    "elu": functional.elu,
    "gelu": functional.gelu,
    "silu": functional.silu,
    "sigmoid": torch.sigmoid,
    "linear": _linear,
}
"""`elu` has slope limit 1, `gelu` is the exact form with the error function."""
