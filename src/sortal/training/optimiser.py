"""Update rules over one tensor of all members' parameters, each member with its own rates.

Equal to `torch.optim`, whose definitions they follow; every member has made the same
number of updates, because members of a tile start together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import torch
from torch import Tensor

OptimiserKind: TypeAlias = Literal["adam", "adamw", "sgd"]

_BETAS = (0.9, 0.999)
_EPSILON = 1e-8


@dataclass(frozen=True, slots=True)
class Rates:
    """What members choose for themselves, each of shape (members, 1)."""

    learning_rate: Tensor
    weight_decay: Tensor
    momentum: Tensor

    @classmethod
    def of(cls, choices: Sequence[tuple[float, float, float]], like: Tensor) -> "Rates":
        """Stack (learning rate, weight decay, momentum) of every member."""
        table = torch.tensor(choices, dtype=like.dtype, device=like.device).reshape(-1, 3, 1)
        return cls(*table.unbind(1))

    def keep(self, rows: Tensor) -> "Rates":
        """Rates of some members alone."""
        return Rates(self.learning_rate[rows], self.weight_decay[rows], self.momentum[rows])


class Optimiser(Protocol):
    """Turns gradients into updates, in place."""

    steps: int
    """Updates made so far."""

    memory: dict[str, Tensor]
    """What it remembers between updates, by name, each shaped as the parameters."""

    rates: Rates

    def step(self, parameters: Tensor, gradient: Tensor) -> None:
        """Update parameters of shape (members, numbers); the gradient is used up."""
        ...


class Adam:
    """Kingma & Ba 2015 (arXiv:1412.6980); decay is added to the gradient.

    With `decoupled`, decay shrinks the parameters instead, scaled by the learning rate:
    AdamW, Loshchilov & Hutter 2019 (arXiv:1711.05101).
    """

    def __init__(self, rates: Rates, like: Tensor, *, decoupled: bool = False) -> None:
        self.rates, self.steps, self._decoupled = rates, 0, decoupled
        self.memory = {"mean": torch.zeros_like(like), "square": torch.zeros_like(like)}

    def step(self, parameters: Tensor, gradient: Tensor) -> None:
        """Update in place."""
        self.steps += 1
        rates, (slow, slower) = self.rates, _BETAS
        if self._decoupled:
            parameters.mul_(1 - rates.learning_rate * rates.weight_decay)
        else:
            gradient.addcmul_(parameters, rates.weight_decay)
        mean = self.memory["mean"].lerp_(gradient, 1 - slow)
        square = self.memory["square"].mul_(slower).addcmul_(gradient, gradient, value=1 - slower)
        scale = torch.sqrt(square).div_((1 - slower**self.steps) ** 0.5).add_(_EPSILON)
        pace = rates.learning_rate / (1 - slow**self.steps)
        parameters.sub_(torch.mul(mean, pace).div_(scale))


class Momentum:
    """Gradient descent with (heavy-ball) momentum; decay is added to the gradient."""

    def __init__(self, rates: Rates, like: Tensor) -> None:
        self.rates, self.steps = rates, 0
        self.memory = {"velocity": torch.zeros_like(like)}

    def step(self, parameters: Tensor, gradient: Tensor) -> None:
        """Update in place."""
        self.steps += 1
        gradient.addcmul_(parameters, self.rates.weight_decay)
        velocity = self.memory["velocity"].mul_(self.rates.momentum).add_(gradient)
        parameters.addcmul_(velocity, self.rates.learning_rate, value=-1)


def build_optimiser(kind: OptimiserKind, rates: Rates, like: Tensor) -> Optimiser:
    """Make an optimiser that has made no update yet, for parameters shaped as `like`."""
    if kind == "sgd":
        return Momentum(rates, like)
    return Adam(rates, like, decoupled=kind == "adamw")


def keep_members(optimiser: Optimiser, rows: Tensor) -> None:
    """Forget all members but some."""
    optimiser.rates = optimiser.rates.keep(rows)
    optimiser.memory = {name: held[rows] for name, held in optimiser.memory.items()}
