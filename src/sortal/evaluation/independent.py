"""Measures members that say yes or no to each of several targets."""

import numpy as np

from sortal.data.labels import Outputs
from sortal.evaluation.bootstrap import resampled_sums
from sortal.evaluation.measured_metrics import MeasuredMetrics, measured
from sortal.metrics import multilabel
from sortal.metrics.block import IndependentBlock
from sortal.metrics.class_totals import ClassTotals
from sortal.metrics.registry import metrics_of
from sortal.metrics.resampled import IndependentSums

FIGURES = tuple(metric.name for metric in metrics_of(Outputs.INDEPENDENT))
"""Names of the metrics of several targets at once."""


def measure(
    scores: np.ndarray,
    decided: np.ndarray,
    truth: np.ndarray,
    weights: np.ndarray | None,
    *,
    probabilities: bool,
    resamples: int,
    seed: int,
) -> MeasuredMetrics:
    """Compute every figure of a block of members.

    Args:
        scores: Without NaN, shape (members, examples, targets).
        decided: 0 or 1, of the same shape.
        truth: 0 or 1, shape (examples, targets).
        weights: Shape (examples,).
        probabilities: Whether scores are probabilities.
        resamples: Resamples behind each interval; 0 for none.
        seed: Seed of the resamples.
    """
    block = IndependentBlock(scores=scores, decided=decided, truth=truth, weights=weights)
    metrics = metrics_of(Outputs.INDEPENDENT, single=truth.shape[1] == 1)
    sums = None
    if resamples:
        losses = block.log_losses if probabilities else None
        sums = _sums(decided, losses, truth, weights, resamples=resamples, seed=seed)
    return measured(metrics, block, sums, Outputs.INDEPENDENT, probabilities=probabilities)


def _sums(
    decided: np.ndarray,
    losses: np.ndarray | None,
    truth: np.ndarray,
    weights: np.ndarray | None,
    *,
    resamples: int,
    seed: int,
) -> IndependentSums:
    """Resample the examples of all members at once."""
    members, examples, targets = decided.shape
    each = np.ones(examples) if weights is None else np.asarray(weights, dtype=np.float64)
    terms = [
        np.ones((examples, 1)),
        truth,
        np.moveaxis(decided * truth, 0, 1).reshape(examples, -1),
        np.moveaxis(decided, 0, 1).reshape(examples, -1),
        multilabel.all_right(truth, decided).T,
        *([] if losses is None else [losses.T]),
    ]
    columns = np.concatenate(terms, axis=1) * each[:, None]
    sums = resampled_sums(columns, resamples=resamples, seed=seed)[0]
    ends = np.cumsum([term.shape[1] for term in terms])[:-1]
    weight, actual, hits, predicted, right, *loss = np.split(sums, ends, axis=1)
    by_target = (resamples, members, targets)
    return IndependentSums(
        weight=weight,
        right=right,
        loss=loss[0] if loss else np.empty((resamples, 0)),
        tally=ClassTotals(
            hits=hits.reshape(by_target),
            predicted=predicted.reshape(by_target),
            actual=np.broadcast_to(actual[:, None, :], by_target),
        ),
    )
