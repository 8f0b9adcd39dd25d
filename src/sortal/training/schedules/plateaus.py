"""The state of every member's plateau rule, judged together at validations."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from sortal.training.schedules.plateau import Plateau

_STATE = ("factors", "best_loss", "waited", "cooling")


class Plateaus:
    """Factors on the learning rates of members, cut where validation losses stand still.

    Everything is on the CPU; a step on another device is handed `factors` once a validation.
    """

    def __init__(self, rules: Sequence[Plateau | None]) -> None:
        """Args: each member's rule, None to leave its learning rate alone."""
        chosen = [rule or Plateau() for rule in rules]
        self.cut = _numbers([rule.factor if rule else 1.0 for rule in rules])
        self.patience = _counts([rule.patience for rule in chosen])
        self.min_gain = _numbers([rule.min_gain for rule in chosen])
        self.cooldown = _counts([rule.cooldown for rule in chosen])
        self.min_factor = _numbers([rule.min_factor for rule in chosen])
        self.factors = torch.ones(len(chosen), dtype=torch.float64)
        """Product of each member's cuts, float64, shape (members,)."""
        self.best_loss = torch.full_like(self.factors, torch.inf)
        self.waited = torch.zeros(len(chosen), dtype=torch.int64)
        self.cooling = torch.zeros(len(chosen), dtype=torch.int64)

    def update(self, losses: Tensor) -> None:
        """Take note of a validation.

        Args:
            losses: Validation loss of each member, float64 on the CPU, shape (members,);
                NaN is no gain.
        """
        self.cooling = (self.cooling - 1).clamp(min=0)
        better = losses < self.best_loss - self.min_gain
        self.best_loss = torch.where(better, losses, self.best_loss)
        counted = ~better & (self.cooling == 0)
        self.waited = torch.where(better, 0, self.waited + counted)
        due = counted & (self.waited >= self.patience) & (self.factors > self.min_factor)
        lower = torch.maximum(self.factors * self.cut, self.min_factor)
        self.factors = torch.where(due, lower, self.factors)
        self.cooling = torch.where(due, self.cooldown, self.cooling)
        self.waited = torch.where(due, 0, self.waited)

    def keep(self, rows: Tensor) -> None:
        """Forget all members but some."""
        there = rows.cpu()
        options = ("cut", "patience", "min_gain", "cooldown", "min_factor")
        for name in (*options, *_STATE):
            setattr(self, name, getattr(self, name)[there])

    def state(self) -> dict[str, Tensor]:
        """What training changes, by name, each of shape (members,)."""
        return {name: getattr(self, name).clone() for name in _STATE}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from the `state` of the same members under the same rules."""
        for name in _STATE:
            setattr(self, name, state[name].clone())


def _numbers(values: Sequence[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def _counts(values: Sequence[int]) -> Tensor:
    return torch.tensor(values, dtype=torch.int64)
