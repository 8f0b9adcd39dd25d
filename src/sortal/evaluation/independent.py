"""Measures members that say yes or no to each of several targets."""

import numpy as np

from sortal.evaluation.bootstrap import interval, resampled_sums
from sortal.evaluation.measured import Measured
from sortal.metrics import confusion, multilabel, probability, ranking
from sortal.metrics.ratio import average, mean_defined, ratio
from sortal.metrics.tally import Tally

FIGURES = (
    *("subset_accuracy", "hamming_loss"),
    *("macro_precision", "macro_recall", "macro_f1"),
    *("micro_precision", "micro_recall", "micro_f1"),
    *("weighted_precision", "weighted_recall", "weighted_f1"),
    *("roc_auc", "average_precision", "log_loss", "brier"),
)
"""What is measured of several targets at once."""


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
    tally = multilabel.tally(truth, decided, weights)
    pooled = tally.micro()
    steps = multilabel.steps(truth, scores, weights)
    roc_auc, precisions = steps.roc_auc(), steps.average_precision()
    losses = probability.binary_log_losses(truth, scores).mean(axis=-1) if probabilities else None
    figures = {
        "subset_accuracy": multilabel.subset_accuracy(truth, decided, weights),
        "hamming_loss": multilabel.hamming_loss(truth, decided, weights),
        "macro_precision": tally.macro(tally.precision),
        "macro_recall": tally.macro(tally.recall),
        "macro_f1": tally.macro(tally.f1),
        "micro_precision": pooled.precision[..., 0],
        "micro_recall": pooled.recall[..., 0],
        "micro_f1": pooled.f1[..., 0],
        "weighted_precision": tally.weighted(tally.precision),
        "weighted_recall": tally.weighted(tally.recall),
        "weighted_f1": tally.weighted(tally.f1),
        "roc_auc": ranking.macro(roc_auc),
        "average_precision": ranking.macro(precisions),
        **_of_probabilities(scores, truth, weights, losses),
        **_of_one_target(decided, truth, weights),
    }
    per_class = {
        "precision": tally.precision,
        "recall": tally.recall,
        "f1": tally.f1,
        "support": tally.support,
        "roc_auc": roc_auc,
        "average_precision": precisions,
    }
    intervals = (
        _intervals(decided, losses, truth, weights, resamples=resamples, seed=seed)
        if resamples
        else {}
    )
    return Measured(figures=figures, per_class=per_class, intervals=intervals, confusion=None)


def _of_probabilities(
    scores: np.ndarray, truth: np.ndarray, weights: np.ndarray | None, losses: np.ndarray | None
) -> dict[str, np.ndarray]:
    """Means over the targets."""
    if losses is None:
        absent = np.full(len(scores), np.nan)
        return {"log_loss": absent, "brier": absent}
    return {
        "log_loss": average(losses, weights),
        "brier": multilabel.brier_score(truth, scores, weights).mean(axis=-1),
    }


def _of_one_target(
    decided: np.ndarray, truth: np.ndarray, weights: np.ndarray | None
) -> dict[str, np.ndarray]:
    """Figures by which a single target ranks as two classes do."""
    if truth.shape[1] != 1:
        return {}
    matrix = confusion.confusion_matrix(truth[:, 0], decided[..., 0], 2, weights)
    return {
        "accuracy": confusion.accuracy(matrix),
        "balanced_accuracy": confusion.balanced_accuracy(matrix),
    }


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
