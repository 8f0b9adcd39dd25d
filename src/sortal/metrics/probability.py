"""How good probabilities are: log loss, Brier score, calibration.

Leading axes are members. Rows are used as they come and not scaled to sum to one.
Negative weights are summed with their sign; a figure is NaN where the weights do not
sum to more than zero, or a probability is NaN.
"""

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


def expected_calibration_error(
    truth: np.ndarray, probabilities: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Mean gap between confidence and accuracy over bins of confidence (Guo et al. 2017, arXiv:1706.04599).

    A bin holds its upper bound, the first one 0 too.

    Args:
        truth: Class codes, shape (examples,).
        probabilities: Shape (..., examples, classes); the first maximum is predicted, and is the
            confidence. NaN counts in the first bin, and makes the error NaN.
        weights: Shape (examples,).

    Returns:
        Shape (...).
    """
    right, confidence = probabilities.argmax(axis=-1) == truth, probabilities.max(axis=-1)
    leading = confidence.shape[:-1]
    lines = int(np.prod(leading, dtype=np.int64))
    given = confidence.astype(np.float64).reshape(lines, len(truth))
    place = np.clip(np.ceil(np.nan_to_num(given) * BINS) - 1, 0, BINS - 1).astype(np.int64)
    place += np.arange(lines)[:, None] * BINS
    each = np.ones(len(truth)) if weights is None else np.asarray(weights, dtype=np.float64)

    def summed(values: np.ndarray) -> np.ndarray:
        sums = np.bincount(place.ravel(), values.ravel(), minlength=lines * BINS)
        return sums.reshape(*leading, BINS)

    gaps = summed(each * given) - summed(each * right.reshape(given.shape))
    return ratio(np.abs(gaps).sum(axis=-1), each.sum())
