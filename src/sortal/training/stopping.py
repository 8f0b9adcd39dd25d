"""Early stopping of each member by its own validation loss."""

from collections.abc import Sequence

import torch
from torch import Tensor


class Stopping:
    """Keeps every member's best weights and counts the epochs since.

    A member stops once `patience` epochs in a row have failed to better its best
    validation loss by more than `min_gain`. Patience 0: never, and nothing is kept.
    """

    def __init__(self, patience: Sequence[int], min_gain: Sequence[float], like: Tensor) -> None:
        members = len(patience)
        self.patience = torch.tensor(patience, dtype=torch.int64)
        self.min_gain = torch.tensor(min_gain, dtype=torch.float64)
        self.best_loss = torch.full((members,), torch.inf, dtype=torch.float64)
        self.best_epoch = torch.zeros(members, dtype=torch.int64)
        self.waited = torch.zeros(members, dtype=torch.int64)
        self.best = like.clone() if any(patience) else like[:, :0]
        """Shape (members, numbers), or (members, 0) when nobody waits."""

    def judge(self, losses: Tensor, parameters: Tensor, epoch: int) -> list[int]:
        """Take note of an epoch.

        Args:
            losses: Validation loss of each member, float64 on the CPU; NaN is no gain.
            parameters: Weights after the epoch, shape (members, numbers).
            epoch: Its number, from 1.

        Returns:
            Rows of the members whose patience has ended.
        """
        better = (losses < self.best_loss - self.min_gain) & (self.patience > 0)
        self.best_loss = torch.where(better, losses, self.best_loss)
        self.best_epoch[better] = epoch
        self.waited = torch.where(better, 0, self.waited + 1)
        if better.any():
            rows = better.to(self.best.device)
            self.best[rows] = parameters[rows]
        ended = (self.patience > 0) & (self.waited >= self.patience)
        return [int(row) for row in ended.nonzero()]

    def kept(self, row: int, parameters: Tensor) -> tuple[Tensor, int]:
        """Weights that a member ends with, shape (numbers,), and their epoch; 0 for the current."""
        epoch = int(self.best_epoch[row])
        return (self.best[row] if epoch else parameters[row]).clone(), epoch

    def keep(self, rows: Tensor) -> None:
        """Forget all members but some."""
        there = rows.cpu()
        self.patience, self.min_gain = self.patience[there], self.min_gain[there]
        self.best_loss, self.best_epoch = self.best_loss[there], self.best_epoch[there]
        self.waited, self.best = self.waited[there], self.best[rows]
