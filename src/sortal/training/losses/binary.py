"""Losses of independent targets: each has its own sigmoid.

Shapes here: outputs (members, rows, targets); truth 0, 1 or a probability between, and weights,
both (members or 1, rows, targets). Losses are averaged over targets, known or not, and summed
over rows.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from sortal.training.losses.loss import Loss, widened

_STRAIGHT = 40.0
"""Logit above which softplus is the identity to the last bit, in float64 too."""


@dataclass(frozen=True, slots=True)
class BinaryCrossEntropy:
    """Minus the log probability of each target's truth: softplus(x) - t x at logit x."""

    def sums(self, outputs: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
        """See `Loss.sums`."""
        return _gathered(_cross_entropy(widened(outputs), truth), weights)

    def sums_and_slopes(
        self, outputs: Tensor, truth: Tensor, weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        """See `Loss.sums_and_slopes`; the slope is sigmoid(x) - t."""
        outputs, shares = widened(outputs), _shares(weights)
        losses = _cross_entropy(outputs, truth)
        slopes = outputs.sigmoid().sub_(truth).mul_(shares)
        return losses.mul_(shares).sum((1, 2)), slopes


@dataclass(frozen=True, slots=True)
class BinaryFocal:
    """Cross-entropy of which well classified examples have less say.

    Lin et al. 2017 (arXiv:1708.02002), carried over to soft truth t as Keras does: with
    probability p the loss is (t alpha + (1 - t)(1 - alpha)) q**gamma * cross-entropy, where
    q = t (1 - p) + (1 - t) p is how wrong the output is.
    """

    gamma: float
    """How fast the say falls, 0 or more."""

    alpha: float | None = None
    """Share of positive examples in [0, 1], its rest that of negative ones; None leaves it out."""

    def sums(self, outputs: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
        """See `Loss.sums`."""
        outputs = widened(outputs)
        right, wrong = outputs.sigmoid(), (-outputs).sigmoid()
        losses = _cross_entropy(outputs, truth)
        losses = losses * self._say(truth * wrong + (1 - truth) * right)
        return _gathered(losses, self._balanced(truth, weights))

    def sums_and_slopes(
        self, outputs: Tensor, truth: Tensor, weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        """See `Loss.sums_and_slopes`; with q' = (1 - 2 t) p (1 - p) at every logit."""
        outputs, shares = widened(outputs), _shares(self._balanced(truth, weights))
        right, wrong = outputs.sigmoid(), (-outputs).sigmoid()
        missed = (truth * wrong).add_((1 - truth) * right)
        say = self._say(missed).mul_(shares)
        losses = _cross_entropy(outputs, truth)
        # q underflows only together with q' and the loss: their quotient is then taken as 0.
        pull = wrong.mul_(right).div_(_above_zero(missed)).mul_((1 - 2 * truth) * self.gamma)
        slopes = right.sub_(truth).add_(pull.mul_(losses)).mul_(say)
        return losses.mul_(say).sum((1, 2)), slopes

    def _say(self, missed: Tensor) -> Tensor:
        return _above_zero(missed).pow(self.gamma)

    def _balanced(self, truth: Tensor, weights: Tensor) -> Tensor:
        if self.alpha is None:
            return weights
        return weights * ((1 - self.alpha) + (2 * self.alpha - 1) * truth)


@dataclass(frozen=True, slots=True)
class SmoothedBinary:
    """A loss that is told truth t as t (1 - s) + s / 2, as Keras smooths binary labels."""

    loss: Loss
    smoothing: float
    """s in [0, 1]."""

    def sums(self, outputs: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
        """See `Loss.sums`."""
        return self.loss.sums(outputs, self._smooth(truth), weights)

    def sums_and_slopes(
        self, outputs: Tensor, truth: Tensor, weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        """See `Loss.sums_and_slopes`."""
        return self.loss.sums_and_slopes(outputs, self._smooth(truth), weights)

    def _smooth(self, truth: Tensor) -> Tensor:
        return (widened(truth) * (1 - self.smoothing)).add_(self.smoothing / 2)


def _cross_entropy(outputs: Tensor, truth: Tensor) -> Tensor:
    return functional.softplus(outputs, threshold=_STRAIGHT).addcmul_(
        outputs, truth.to(outputs.dtype), value=-1
    )


def _shares(weights: Tensor) -> Tensor:
    """Weights of targets in their mean."""
    targets = weights.shape[2]
    return weights if targets == 1 else weights / targets


def _gathered(losses: Tensor, weights: Tensor) -> Tensor:
    return (losses * _shares(weights)).sum((1, 2))


def _above_zero(values: Tensor) -> Tensor:
    """Values in [0, 1], those that underflow replaced: a power below 1 is steep without end at 0."""
    return values.clamp_min(torch.finfo(values.dtype).tiny)
