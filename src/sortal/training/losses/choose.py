"""From options to a loss."""

import math

from sortal.data.labels import Outputs
from sortal.errors import OptionError
from sortal.training.losses.binary import BinaryCrossEntropy, BinaryFocal, SmoothedBinary
from sortal.training.losses.categorical import (
    CategoricalCrossEntropy,
    CategoricalFocal,
    SmoothedCategorical,
)
from sortal.training.losses.loss import Loss


def loss_of(
    outputs: Outputs,
    *,
    label_smoothing: float = 0.0,
    focal_gamma: float = 0.0,
    focal_alpha: float | None = None,
) -> Loss:
    """Choose the loss that does no more than is asked for.

    Args:
        outputs: Whether classes exclude each other.
        label_smoothing: Share of the truth that is spread evenly over what could be, in [0, 1].
        focal_gamma: How fast well classified examples lose their say, 0 or more; 0 is
            cross-entropy.
        focal_alpha: In [0, 1]. INDEPENDENT: the factor of positive examples, its rest that of
            negative ones. EXCLUSIVE: one factor on everything. None leaves it out.

    Raises:
        OptionError: A number is out of its range.

    >>> loss_of(Outputs.INDEPENDENT, label_smoothing=0.1)
    SmoothedBinary(loss=BinaryCrossEntropy(), smoothing=0.1)
    """
    _check_share("label_smoothing", label_smoothing)
    if not (math.isfinite(focal_gamma) and focal_gamma >= 0):
        raise OptionError("focal_gamma", focal_gamma, "a finite number of at least 0")
    if focal_alpha is not None:
        _check_share("focal_alpha", focal_alpha)
    if outputs is Outputs.EXCLUSIVE:
        return _categorical(label_smoothing, focal_gamma, focal_alpha)
    return _binary(label_smoothing, focal_gamma, focal_alpha)


def _binary(smoothing: float, gamma: float, alpha: float | None) -> Loss:
    plain = gamma == 0 and alpha is None
    loss: Loss = BinaryCrossEntropy() if plain else BinaryFocal(gamma, alpha)
    return SmoothedBinary(loss, smoothing) if smoothing else loss


def _categorical(smoothing: float, gamma: float, alpha: float | None) -> Loss:
    if gamma or alpha is not None:
        return CategoricalFocal(gamma, 1.0 if alpha is None else alpha, smoothing)
    return SmoothedCategorical(smoothing) if smoothing else CategoricalCrossEntropy()


def _check_share(option: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise OptionError(option, value, "a number from 0 to 1")
