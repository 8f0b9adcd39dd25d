"""An optimiser: a rule, what it remembers of all members, and how many updates it made."""

import torch
from torch import Tensor

from sortal.training.optimisers.rates import Rates
from sortal.training.optimisers.rule import Rule, UpdateTensors

_FORGETTING, _NOTHING = 256, 1e-25
"""Averages of gradients that stay 0 sink until they are denormal, which processors multiply many
times slower; so what is as good as nothing becomes 0 every so many updates."""


class Optimiser:
    """Updates the parameters of all members, each member at its own rates.

    `steps` and `memory` are its whole state: set both, and it goes on exactly as the
    optimiser they were taken from. Members of a tile start together, so `steps` is one number.
    """

    def __init__(self, rule: Rule, like: Tensor) -> None:
        self.rule = rule
        self.steps = 0
        """Updates made so far."""
        self.memory = {name: torch.zeros_like(like) for name in rule.remembers}
        """What the rule remembers, by name, each of shape (members, numbers)."""
        self._make_room(like)

    def step(self, parameters: Tensor, gradient: Tensor, rates: Rates) -> None:
        """Update parameters of shape (members, numbers) in place; the gradient is used up.

        Nothing here waits for the device.
        """
        self.steps += 1
        if rates.weight_decay is not None:
            if self.rule.decoupled:
                parameters.mul_(1 - rates.learning_rate * rates.weight_decay)
            else:
                gradient.addcmul_(parameters, rates.weight_decay)
        work = UpdateTensors(parameters, gradient, self.memory, self._spare)
        self.rule.update(work, rates, self.steps)
        if self.steps % _FORGETTING == 0:
            for held in self.memory.values():
                held.masked_fill_(held.abs() < _NOTHING, 0)

    def keep(self, rows: Tensor) -> None:
        """Forget all members but some."""
        self.memory = {name: held[rows] for name, held in self.memory.items()}
        self._make_room(next(iter(self.memory.values())))

    def _make_room(self, like: Tensor) -> None:
        self._spare = tuple(torch.empty_like(like) for _ in range(self.rule.spares))
