"""How good probabilities are: log loss, Brier score, calibration.

Leading axes are members. Rows are used as they come and not scaled to sum to one.
Negative weights are summed with their sign; a figure is NaN where the weights do not
sum to more than zero, or a probability is NaN.
"""

from dataclasses import dataclass

import numpy as np

from sortal.metrics.ratio import average, ratio

_EPSILON = float(np.finfo(np.float64).eps)
BINS = 15
"""Number of equal bins of [0, 1] that calibration is looked at in (Guo et al. 2017)."""


def log_losses(truth: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Minus log of the probability given to the true class of each example [nats].

    Probabilities are clipped to [eps, 1 - eps] with the eps of float64, about 2.2e-16,
    whatever their own precision, so one certain mistake costs 36 nats.

    Args:
        truth: Class codes, shape (examples,).
        probabilities: Shape (..., examples, classes).

    Returns:
        Shape (..., examples), float64.
    """
    given = probabilities[..., np.arange(len(truth)), truth].astype(np.float64)
    losses: np.ndarray = -np.log(np.clip(given, _EPSILON, 1.0 - _EPSILON))
    return losses


def log_loss(
    truth: np.ndarray, probabilities: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Average `log_losses` over the examples, shape (...)."""
    return average(log_losses(truth, probabilities), weights)


def brier_score(
    truth: np.ndarray, probabilities: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Mean squared difference between probabilities and truth (Brier 1950).

    Three classes and more: summed over the classes, in [0, 2]. Two classes: half of that
    sum, which is the usual binary score in [0, 1]; scikit-learn does the same.

    Args:
        truth: Class codes, shape (examples,).
        probabilities: Shape (..., examples, classes).
        weights: Shape (examples,).

    Returns:
        Shape (...).
    """
    values = probabilities.astype(np.float64)
    given = values[..., np.arange(len(truth)), truth]
    squares = np.einsum("...k,...k->...", values, values) - given**2 + (1.0 - given) ** 2
    if probabilities.shape[-1] == 2:
        squares *= 0.5
    return average(squares, weights)


def binary_log_losses(truth: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Minus log of the probability given to what is true of each target [nats].

    Args:
        truth: 0 or 1, any shape that broadcasts to that of `probabilities`.
        probabilities: Probability of 1, any shape; clipped as in `log_losses`.

    Returns:
        The shape of `probabilities`, float64.
    """
    values = probabilities.astype(np.float64)
    given = np.where(truth.astype(bool), values, 1.0 - values)
    losses: np.ndarray = -np.log(np.clip(given, _EPSILON, 1.0 - _EPSILON))
    return losses


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Reliability:
    """What became of examples, by the probability that was given; arrays of shape (..., bins)."""

    edges: np.ndarray
    """Bounds of the bins, shape (bins + 1,); a bin holds its upper bound, the first one 0 too."""

    weight: np.ndarray
    """Weight of the examples in each bin."""

    confidence: np.ndarray
    """Mean probability in each bin, NaN for one without weight."""

    frequency: np.ndarray
    """Share of each bin in which it came true, NaN for one without weight."""

    error: np.ndarray
    """Mean over all examples of |confidence - frequency| of their bin, shape (...)."""


def reliability(
    probabilities: np.ndarray,
    occurred: np.ndarray,
    weights: np.ndarray | None = None,
    *,
    bins: int = BINS,
) -> Reliability:
    """Compare probabilities with what happened, in equal bins of [0, 1].

    Args:
        probabilities: Of one thing, shape (..., examples); NaN counts in the first bin
            and makes its figures NaN.
        occurred: Whether it happened, of a shape that broadcasts to that.
        weights: Shape (examples,).
        bins: Number of bins.
    """
    leading = probabilities.shape[:-1]
    lines = int(np.prod(leading, dtype=np.int64))
    given = probabilities.astype(np.float64).reshape(lines, probabilities.shape[-1])
    happened = np.broadcast_to(occurred, probabilities.shape).reshape(given.shape)
    place = np.clip(np.ceil(np.nan_to_num(given) * bins) - 1, 0, bins - 1).astype(np.int64)
    place += np.arange(lines)[:, None] * bins
    each = np.ones(given.shape[-1]) if weights is None else np.asarray(weights, dtype=np.float64)

    def summed(values: np.ndarray) -> np.ndarray:
        terms = np.broadcast_to(values, given.shape).ravel()
        sums = np.bincount(place.ravel(), terms, minlength=lines * bins)
        return sums.reshape(*leading, bins)

    weight, expected, came_true = summed(each), summed(each * given), summed(each * happened)
    return Reliability(
        edges=np.linspace(0.0, 1.0, bins + 1),
        weight=weight,
        confidence=ratio(expected, weight),
        frequency=ratio(came_true, weight),
        error=ratio(np.abs(expected - came_true).sum(axis=-1), each.sum()),
    )


def top_label_reliability(
    truth: np.ndarray,
    probabilities: np.ndarray,
    weights: np.ndarray | None = None,
    *,
    bins: int = BINS,
) -> Reliability:
    """Compare the probability of the predicted class with how often it was right.

    Args:
        truth: Class codes, shape (examples,).
        probabilities: Shape (..., examples, classes); the first maximum is predicted.
        weights: Shape (examples,).
        bins: Number of bins.
    """
    right = probabilities.argmax(axis=-1) == truth
    return reliability(probabilities.max(axis=-1), right, weights, bins=bins)


def expected_calibration_error(
    truth: np.ndarray,
    probabilities: np.ndarray,
    weights: np.ndarray | None = None,
    *,
    bins: int = BINS,
) -> np.ndarray:
    """Mean gap between confidence and accuracy over bins of confidence, shape (...).

    Guo et al. 2017, arXiv:1706.04599. Arguments as in `top_label_reliability`.
    """
    return top_label_reliability(truth, probabilities, weights, bins=bins).error
