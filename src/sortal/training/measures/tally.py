"""What a tile has seen: sums of losses and of right answers over rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from sortal.training.measures.accuracy import Accuracy, right_of_all

_RIGHT, _EVERY = "right", "every"


class LossTally:
    """Sums over rows, one a member, kept where training is: adding waits for nothing."""

    def __init__(self, members: int, device: torch.device, accuracy: Accuracy) -> None:
        """Args: how many members; where they train; how right answers count."""
        self._accuracy = accuracy
        self.rows = 0
        """Rows seen."""
        names = ("loss", _RIGHT, _EVERY) if accuracy is not Accuracy.NONE else ("loss",)
        self.sums = {
            name: torch.zeros(members, dtype=torch.float64, device=device) for name in names
        }
        """By name, float64, shape (members,)."""

    def add(self, losses: Tensor, outputs: Tensor, truth: Tensor, weights: Tensor) -> None:
        """Take note of some rows.

        Args:
            losses: Summed over these rows, shape (members,).
            outputs: Logits, shape (members, rows, outputs).
            truth: See `accuracy.right_of_all`.
            weights: The same.
        """
        self.rows += outputs.shape[1]
        self.sums["loss"] += losses
        if self._accuracy is not Accuracy.NONE:
            right, every = right_of_all(outputs, truth, weights, self._accuracy)
            self.sums[_RIGHT] += right
            self.sums[_EVERY] += every

    def keep(self, rows: Tensor) -> None:
        """Forget all members but some."""
        self.sums = {name: held[rows] for name, held in self.sums.items()}

    @property
    def loss(self) -> Tensor:
        """Sum of losses over the number of rows, on the CPU; waits for the device."""
        return self.sums["loss"].cpu() / max(1, self.rows)

    @property
    def accuracy(self) -> Tensor | None:
        """Share of right answers, on the CPU; NaN where nothing counted, None if none was asked for."""
        if self._accuracy is Accuracy.NONE:
            return None
        every = self.sums[_EVERY].cpu()
        return torch.where(every != 0, self.sums[_RIGHT].cpu() / every, torch.nan)


@dataclass(frozen=True, slots=True)
class MeanMeasures:
    """Means by the names that histories give them, float64 on the CPU, each of shape (members,)."""

    losses: dict[str, Tensor] = field(default_factory=dict)
    accuracies: dict[str, Tensor] = field(default_factory=dict)

    def note(self, prefix: str, tally: LossTally) -> None:
        """Take the means of a tally, named `<prefix>loss` and `<prefix>accuracy`."""
        self.losses[f"{prefix}loss"] = tally.loss
        if (accuracy := tally.accuracy) is not None:
            self.accuracies[f"{prefix}accuracy"] = accuracy

    def row(self, number: int) -> Mapping[str, float]:
        """One member's."""
        every = {**self.losses, **self.accuracies}
        return {name: float(of[number]) for name, of in every.items()}
