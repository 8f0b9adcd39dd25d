"""Measures members that choose one of several classes."""

import numpy as np

from sortal.evaluation.bootstrap import interval, resampled_sums
from sortal.evaluation.measured import Measured
from sortal.metrics import confusion, probability, ranking
from sortal.metrics.ratio import average, mean_defined, ratio


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
        scores: Without NaN, shape (members, examples, classes).
        decided: Predicted class codes, shape (members, examples).
        truth: Class codes, shape (examples,).
        weights: Shape (examples,).
        probabilities: Whether scores are probabilities.
        resamples: Resamples behind each interval; 0 for none.
        seed: Seed of the resamples.
    """
    classes = scores.shape[-1]
    matrix = confusion.confusion_matrix(truth, decided, classes, weights)
    tally = confusion.tally(matrix)
    by_class = np.swapaxes(scores, -1, -2)
    steps = ranking.Steps.of(ranking.one_vs_rest(truth, classes), by_class, weights)
    roc_auc, precisions = steps.roc_auc(), steps.average_precision()
    losses = probability.log_losses(truth, scores) if probabilities else None
    figures = {
        "accuracy": confusion.accuracy(matrix),
        "balanced_accuracy": confusion.balanced_accuracy(matrix),
        "macro_precision": tally.macro(tally.precision),
        "macro_recall": tally.macro(tally.recall),
        "macro_f1": tally.macro(tally.f1),
        "weighted_precision": tally.weighted(tally.precision),
        "weighted_recall": tally.weighted(tally.recall),
        "weighted_f1": tally.weighted(tally.f1),
        "mcc": confusion.matthews_correlation(matrix),
        "kappa": confusion.cohen_kappa(matrix),
        "roc_auc": ranking.macro(roc_auc),
        "average_precision": ranking.macro(precisions),
        **_of_probabilities(scores, truth, weights, losses),
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
        _intervals(decided == truth, losses, truth, weights, resamples=resamples, seed=seed)
        if resamples
        else {}
    )
    return Measured(figures=figures, per_class=per_class, intervals=intervals, confusion=matrix)


def _of_probabilities(
    scores: np.ndarray, truth: np.ndarray, weights: np.ndarray | None, losses: np.ndarray | None
) -> dict[str, np.ndarray]:
    if losses is None:
        absent = np.full(len(scores), np.nan)
        return {"log_loss": absent, "brier": absent, "ece": absent}
    return {
        "log_loss": average(losses, weights),
        "brier": probability.brier_score(truth, scores, weights),
        "ece": probability.expected_calibration_error(truth, scores, weights),
    }


def _intervals(
    right: np.ndarray,
    losses: np.ndarray | None,
    truth: np.ndarray,
    weights: np.ndarray | None,
    *,
    resamples: int,
    seed: int,
) -> dict[str, np.ndarray]:
    """Resample accuracy, balanced accuracy and log loss of all members at once.

    Sums are kept apart by true class: with the number of right and of all examples of
    each class, no confusion matrix is needed.
    """
    each = np.ones(len(truth)) if weights is None else np.asarray(weights, dtype=np.float64)
    members = len(right)
    rows = [np.ones((1, len(truth))), right] + ([] if losses is None else [losses])
    columns = (np.concatenate(rows) * each).T
    sums = resampled_sums(columns, resamples=resamples, seed=seed, strata=truth)
    total, hits, loss = sums[..., :1], sums[..., 1 : 1 + members], sums[..., 1 + members :]
    weight = total.sum(axis=0)
    recalls = np.moveaxis(ratio(hits, total), 0, -1)
    intervals = {
        "accuracy": interval(ratio(hits.sum(axis=0), weight)),
        "balanced_accuracy": interval(mean_defined(recalls)),
    }
    if losses is not None:
        intervals["log_loss"] = interval(ratio(loss.sum(axis=0), weight))
    return intervals
