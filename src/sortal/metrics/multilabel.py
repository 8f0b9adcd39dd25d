"""Figures of independent targets: each example has every target or not.

Leading axes are members. `truth` is 0 or 1, shape (examples, targets); `predicted` and
scores have shape (..., examples, targets); weights (examples,) may be negative as in
`confusion`, `ranking` and `probability`, which also say when a figure is NaN.
"""

import numpy as np

from sortal.metrics import ranking
from sortal.metrics.class_totals import ClassTotals
from sortal.metrics.ratio import average


def subset_accuracy(
    truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Share of the examples with every target right, shape (...)."""
    return average(all_right(truth, predicted), weights)


def all_right(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Whether every target of an example is predicted right, shape (..., examples), bool."""
    right: np.ndarray = (predicted == truth).all(axis=-1)
    return right


def hamming_loss(
    truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Share of all (example, target) pairs that are predicted wrong, shape (...)."""
    return average((predicted != truth).mean(axis=-1), weights)


def target_totals(
    truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray | None = None
) -> ClassTotals:
    """Weigh what is predicted and true of each target, shape (..., targets)."""
    each = np.ones(len(truth)) if weights is None else np.asarray(weights, dtype=np.float64)
    shape = (*predicted.shape[:-2], truth.shape[-1])
    return ClassTotals(
        hits=each @ (predicted * truth).astype(np.float64),
        predicted=each @ predicted.astype(np.float64),
        actual=np.broadcast_to(each @ truth.astype(np.float64), shape),
    )


def ranking_steps(
    truth: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None
) -> ranking.Steps:
    """Rank the examples by each target's score; the rankings have shape (..., targets)."""
    return ranking.Steps.of(truth.T.astype(bool), np.swapaxes(scores, -1, -2), weights)


def brier_score(
    truth: np.ndarray, probabilities: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Mean of (probability - truth) squared of each target, in [0, 1], shape (..., targets)."""
    squares = (probabilities.astype(np.float64) - truth) ** 2
    return average(np.swapaxes(squares, -1, -2), weights)
