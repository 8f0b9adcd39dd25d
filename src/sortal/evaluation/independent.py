"""Measures members that say yes or no to each of several targets."""

import numpy as np

from sortal.data.labels import Outputs
from sortal.evaluation.bootstrap import interval, resampled_sums
from sortal.evaluation.measured import Measured, compute
from sortal.metrics import multilabel
from sortal.metrics.block import IndependentBlock
from sortal.metrics.ratio import mean_defined, ratio
from sortal.metrics.registry import metrics_of
from sortal.metrics.tally import Tally

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
) -> Measured:
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
    tally = block.tally
    metrics = metrics_of(Outputs.INDEPENDENT, single=truth.shape[1] == 1)
    intervals = (
        _intervals(
            decided,
            block.log_losses if probabilities else None,
            truth,
            weights,
            resamples=resamples,
            seed=seed,
        )
        if resamples
        else {}
    )
    return Measured(
        figures=compute(metrics, block, probabilities=probabilities),
        per_class={
            "precision": tally.precision,
            "recall": tally.recall,
            "f1": tally.f1,
            "support": tally.support,
            "roc_auc": block.roc_auc,
            "average_precision": block.average_precision,
        },
        intervals=intervals,
        confusion=None,
    )


def _intervals(
    decided: np.ndarray,
    losses: np.ndarray | None,
    truth: np.ndarray,
    weights: np.ndarray | None,
    *,
    resamples: int,
    seed: int,
) -> dict[str, np.ndarray]:
    """Resample macro F1, subset accuracy and log loss of all members at once."""
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
    tally = Tally(
        hits=hits.reshape(by_target),
        predicted=predicted.reshape(by_target),
        actual=np.broadcast_to(actual[:, None, :], by_target),
    )
    intervals = {
        "macro_f1": interval(tally.macro(tally.f1)),
        "subset_accuracy": interval(ratio(right, weight)),
    }
    if targets == 1:
        intervals["accuracy"] = intervals["subset_accuracy"]
        intervals["balanced_accuracy"] = interval(_balanced_accuracy(tally, weight))
    if loss:
        intervals["log_loss"] = interval(ratio(loss[0], weight))
    return intervals


def _balanced_accuracy(tally: Tally, weight: np.ndarray) -> np.ndarray:
    """Mean recall of yes and no of a single target, shape (resamples, members)."""
    absent = weight[..., None] - tally.actual
    refused = absent - tally.predicted + tally.hits
    recalls = np.concatenate([tally.recall, ratio(refused, absent)], axis=-1)
    return mean_defined(recalls)
