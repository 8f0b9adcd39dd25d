"""Losses of exclusive classes: one softmax, the truth a class number or probabilities.

Shapes here: outputs (members, rows, classes); truth int64 (members or 1, rows), or floating
(members or 1, rows, classes) with probabilities that sum to 1; weights (members or 1, rows).

Rows are laid along the last axis for the softmax: over a short last axis torch computes it row
by row, which took 10 times as long for 10 classes.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from sortal.training.losses.loss import widened


@dataclass(frozen=True, slots=True)
class CategoricalCrossEntropy:
    """Minus the log probability of the truth."""

    def sums(self, outputs: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
        """See `Loss.sums`."""
        logs = _log_probabilities(outputs)
        if truth.is_floating_point():
            return -(logs * _spread(truth, weights)).sum((1, 2))
        return -(_of_truth(logs, truth) * weights).sum(1)

    def sums_and_slopes(
        self, outputs: Tensor, truth: Tensor, weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        """See `Loss.sums_and_slopes`; the slope is softmax(x) - t."""
        logs = _log_probabilities(outputs)
        if truth.is_floating_point():
            return _soft_sums_and_slopes(logs, _spread(truth, weights))
        sums = _of_truth(logs, truth).mul_(weights).sum(1).neg_()
        slopes = logs.exp_().mul_(weights.unsqueeze(1))
        return sums, _add_at_truth(slopes, truth, -weights).mT.contiguous()


@dataclass(frozen=True, slots=True)
class SmoothedCategorical:
    """Cross-entropy with truth t taken as t (1 - s) + s / classes, as Keras smooths labels."""

    smoothing: float
    """s in [0, 1]."""

    def sums(self, outputs: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
        """See `Loss.sums`."""
        logs = _log_probabilities(outputs)
        if truth.is_floating_point():
            return -(logs * _spread(_smooth(truth, self.smoothing), weights)).sum((1, 2))
        return -(self._mixed(logs, truth) * weights).sum(1)

    def sums_and_slopes(
        self, outputs: Tensor, truth: Tensor, weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        """See `Loss.sums_and_slopes`."""
        logs = _log_probabilities(outputs)
        if truth.is_floating_point():
            return _soft_sums_and_slopes(logs, _spread(_smooth(truth, self.smoothing), weights))
        sums = self._mixed(logs, truth).mul_(weights).sum(1).neg_()
        slopes = logs.exp_().sub_(self.smoothing / logs.shape[1]).mul_(weights.unsqueeze(1))
        return sums, _add_at_truth(slopes, truth, weights * (self.smoothing - 1)).mT.contiguous()

    def _mixed(self, logs: Tensor, truth: Tensor) -> Tensor:
        """Log probabilities averaged over the smoothed truth, shape (members, rows)."""
        return torch.add(
            _of_truth(logs, truth) * (1 - self.smoothing), logs.mean(1), alpha=self.smoothing
        )


@dataclass(frozen=True, slots=True)
class CategoricalFocal:
    """Cross-entropy of which well classified examples have less say.

    Lin et al. 2017 (arXiv:1708.02002), carried over to soft truth t as Keras does: with
    probabilities p the loss is the sum of -alpha t (1 - p)**gamma log p over classes.
    """

    gamma: float
    """How fast the say falls, 0 or more."""

    alpha: float = 1.0
    """Factor on everything, in [0, 1]."""

    smoothing: float = 0.0
    """As `SmoothedCategorical`, in [0, 1]."""

    def sums(self, outputs: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
        """See `Loss.sums`."""
        logs = _log_probabilities(outputs)
        return -(logs * self._missed(logs).pow(self.gamma) * self._told(logs, truth, weights)).sum(
            (1, 2)
        )

    def sums_and_slopes(
        self, outputs: Tensor, truth: Tensor, weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        """See `Loss.sums_and_slopes`.

        The slope at log p of a class is t (1 - p)**gamma (gamma p log p / (1 - p) - 1), and
        that of log p at the logits follows from the softmax.
        """
        logs = _log_probabilities(outputs)
        told, missed = self._told(logs, truth, weights), self._missed(logs)
        say = missed.pow(self.gamma).mul_(told)
        chances = logs.exp()
        sums = (logs * say).sum((1, 2)).neg_()
        pulls = logs.mul_(chances).div_(missed).mul_(self.gamma).sub_(1).mul_(say)
        return sums, torch.addcmul(
            pulls, chances, pulls.sum(1, keepdim=True), value=-1
        ).mT.contiguous()

    def _missed(self, logs: Tensor) -> Tensor:
        """1 - p, kept above 0: a power below 1 is steep without end there."""
        return (-torch.expm1(logs)).clamp_min(torch.finfo(logs.dtype).tiny)

    def _told(self, logs: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
        """Weighted, smoothed truth times alpha, shape (members or 1, classes, rows)."""
        if not truth.is_floating_point():
            whole = logs.new_zeros(len(truth), *logs.shape[1:])
            truth = _add_at_truth(whole, truth, logs.new_ones(1, 1)).mT
        return _spread(_smooth(truth, self.smoothing), weights) * self.alpha


def _log_probabilities(outputs: Tensor) -> Tensor:
    """Shape (members, classes, rows)."""
    return widened(outputs).mT.contiguous().log_softmax(1)


def _of_truth(logs: Tensor, truth: Tensor) -> Tensor:
    """Log probability of the true class, shape (members, rows)."""
    members, _, rows = logs.shape
    return logs.gather(1, truth.unsqueeze(1).expand(members, 1, rows)).squeeze(1)


def _add_at_truth(slopes: Tensor, truth: Tensor, amounts: Tensor) -> Tensor:
    """Add to the true class's place in (members, classes, rows), in place."""
    members, _, rows = slopes.shape
    where = truth.unsqueeze(1).expand(members, 1, rows)
    amounts = amounts.to(slopes.dtype).unsqueeze(1).expand(members, 1, rows)
    return slopes.scatter_add_(1, where, amounts)


def _spread(truth: Tensor, weights: Tensor) -> Tensor:
    """Weighted soft truth, shape (members or 1, classes, rows)."""
    return truth.mT * weights.unsqueeze(1)


def _smooth(truth: Tensor, smoothing: float) -> Tensor:
    return torch.add(smoothing / truth.shape[2], truth, alpha=1 - smoothing)


def _soft_sums_and_slopes(logs: Tensor, told: Tensor) -> tuple[Tensor, Tensor]:
    """Of cross-entropy with weighted truth; exact also where its row does not sum to 1."""
    sums = (logs * told).sum((1, 2)).neg_()
    return sums, logs.exp_().mul_(told.sum(1, keepdim=True)).sub_(told).mT.contiguous()
