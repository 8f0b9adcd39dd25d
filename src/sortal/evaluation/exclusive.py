"""Measures members that choose one of several classes."""

from functools import lru_cache

import numpy as np

from sortal.evaluation.bootstrap import interval, resampled_sums
from sortal.evaluation.measured import Measured
from sortal.metrics import confusion, probability, ranking
from sortal.metrics.ratio import average, mean_defined, ratio

_STREAM = 0xC0DE


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
    figures, per_class = _of_matrix(matrix)
    by_class = np.swapaxes(scores, -1, -2)
    steps = ranking.Steps.of(ranking.one_vs_rest(truth, classes), by_class, weights)
    roc_auc, precisions = steps.roc_auc(), steps.average_precision()
    losses = probability.log_losses(truth, scores) if probabilities else None
    figures |= {
        "roc_auc": ranking.macro(roc_auc),
        "average_precision": ranking.macro(precisions),
        **_of_probabilities(scores, truth, weights, losses),
    }
    per_class |= {"roc_auc": roc_auc, "average_precision": precisions}
    intervals = (
        _intervals(decided == truth, losses, truth, weights, resamples=resamples, seed=seed)
        if resamples
        else {}
    )
    return Measured(figures=figures, per_class=per_class, intervals=intervals, confusion=matrix)


def measure_counts(matrix: np.ndarray, *, resamples: int, seed: int) -> Measured:
    """Compute what follows from confusion matrices alone; figures of scores are NaN.

    Args:
        matrix: Counts of examples, shape (members, classes, classes), rows are the truth.
        resamples: Resamples behind each interval, for which counts are whole; 0 for none.
        seed: Seed of the resamples.
    """
    figures, per_class = _of_matrix(matrix)
    absent, blank = np.full(len(matrix), np.nan), np.full(matrix.shape[:-1], np.nan)
    figures |= dict.fromkeys(("roc_auc", "average_precision", "log_loss", "brier", "ece"), absent)
    per_class |= dict.fromkeys(("roc_auc", "average_precision"), blank)
    intervals = _intervals_of_counts(matrix, resamples, seed) if resamples else {}
    return Measured(figures=figures, per_class=per_class, intervals=intervals, confusion=matrix)


def _of_matrix(matrix: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Figures, and those of each class, of the members' confusion matrices."""
    tally = confusion.tally(matrix)
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
    }
    per_class = {
        "precision": tally.precision,
        "recall": tally.recall,
        "f1": tally.f1,
        "support": tally.support,
    }
    return figures, per_class


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


def _intervals_of_counts(matrix: np.ndarray, resamples: int, seed: int) -> dict[str, np.ndarray]:
    """Resample accuracy and balanced accuracy where only counts of examples are known.

    Examples of one class that are all right, or all wrong, are alike: drawn with replacement, the
    classes' numbers are multinomial, and of each class the number that is right is binomial.
    """
    tally = confusion.tally(matrix)
    found: dict[str, list[np.ndarray]] = {"accuracy": [], "balanced_accuracy": []}
    for actual, recall in zip(tally.actual, np.nan_to_num(tally.recall), strict=True):
        total = _resampled_classes(tuple(actual.tolist()), resamples, seed)
        hits = np.random.default_rng([seed, _STREAM, 1]).binomial(total, recall)
        found["accuracy"].append(ratio(hits.sum(axis=-1), total.sum(axis=-1)))
        found["balanced_accuracy"].append(mean_defined(ratio(hits, total)))
    return {name: interval(np.stack(several, axis=-1)) for name, several in found.items()}


@lru_cache(maxsize=16)
def _resampled_classes(actual: tuple[float, ...], resamples: int, seed: int) -> np.ndarray:
    """How many examples of each class are in each resample, shape (resamples, classes).

    Drawn once for all members that are judged on the same examples, whose intervals are so paired.
    """
    examples = round(sum(actual))
    shares = np.array(actual) / max(1, examples)
    return np.random.default_rng([seed, _STREAM]).multinomial(examples, shares, size=resamples)
