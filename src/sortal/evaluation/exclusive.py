"""Measures members that choose one of several classes."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from sortal.data.labels import Outputs
from sortal.evaluation.bootstrap import resampled_sums
from sortal.evaluation.measured_metrics import (
    MeasuredMetrics,
    compute_from_counts,
    compute_intervals,
    measured,
    of_classes,
)
from sortal.metrics import confusion
from sortal.metrics.block import ExclusiveBlock
from sortal.metrics.ratio import ratio
from sortal.metrics.registry import metrics_of
from sortal.metrics.resampled import ExclusiveSums

_STREAM = 0xC0DE
_METRICS = metrics_of(Outputs.EXCLUSIVE)


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
        scores: Without NaN, shape (members, examples, classes).
        decided: Predicted class codes, shape (members, examples).
        truth: Class codes, shape (examples,).
        weights: Shape (examples,).
        probabilities: Whether scores are probabilities.
        resamples: Resamples behind each interval; 0 for none.
        seed: Seed of the resamples.
    """
    block = ExclusiveBlock(scores=scores, decided=decided, truth=truth, weights=weights)
    sums = None
    if resamples:
        losses = block.log_losses if probabilities else None
        sums = _sums(decided == truth, losses, truth, weights, resamples=resamples, seed=seed)
    found = measured(_METRICS, block, sums, Outputs.EXCLUSIVE, probabilities=probabilities)
    return replace(found, confusion=block.matrix)


def measure_counts(matrix: np.ndarray, *, resamples: int, seed: int) -> MeasuredMetrics:
    """Compute what follows from confusion matrices alone; figures of scores are NaN.

    Args:
        matrix: Counts of examples, shape (members, classes, classes), rows are the truth.
        resamples: Resamples behind each interval, for which counts are whole; 0 for none.
        seed: Seed of the resamples.
    """
    block = ExclusiveBlock.of_counts(matrix)
    blank = np.full(matrix.shape[:-1], np.nan)
    return MeasuredMetrics(
        figures=compute_from_counts(_METRICS, block),
        per_class={**of_classes(block.tally), "roc_auc": blank, "average_precision": blank},
        intervals=_intervals_of_counts(matrix, resamples, seed) if resamples else {},
        confusion=matrix,
    )


def _sums(
    right: np.ndarray,
    losses: np.ndarray | None,
    truth: np.ndarray,
    weights: np.ndarray | None,
    *,
    resamples: int,
    seed: int,
) -> ExclusiveSums:
    """Resample the examples of all members at once.

    Sums are kept apart by true class: with the number of right and of all examples of
    each class, no confusion matrix is needed.
    """
    each = np.ones(len(truth)) if weights is None else np.asarray(weights, dtype=np.float64)
    members = len(right)
    rows = [np.ones((1, len(truth))), right] + ([] if losses is None else [losses])
    columns = (np.concatenate(rows) * each).T
    sums = resampled_sums(columns, resamples=resamples, seed=seed, strata=truth)
    total, hits, loss = sums[..., :1], sums[..., 1 : 1 + members], sums[..., 1 + members :]
    return ExclusiveSums(
        weight=total.sum(axis=0),
        right=hits.sum(axis=0),
        loss=loss.sum(axis=0),
        recalls=np.moveaxis(ratio(hits, total), 0, -1),
    )


def _intervals_of_counts(matrix: np.ndarray, resamples: int, seed: int) -> dict[str, np.ndarray]:
    """Resample what follows from counts of examples where only these are known.

    Examples of one class that are all right, or all wrong, are alike: drawn with replacement, the
    classes' numbers are multinomial, and of each class the number that is right is binomial.
    """
    tally = confusion.class_totals(matrix)
    totals, hits = [], []
    for actual, recall in zip(tally.actual, np.nan_to_num(tally.recall), strict=True):
        totals.append(_resampled_classes(tuple(actual.tolist()), resamples, seed))
        hits.append(np.random.default_rng([seed, _STREAM, 1]).binomial(totals[-1], recall))
    total, right = np.stack(totals, axis=1), np.stack(hits, axis=1)
    sums = ExclusiveSums(
        weight=total.sum(axis=-1),
        right=right.sum(axis=-1),
        loss=np.empty((resamples, 0)),
        recalls=ratio(right, total),
    )
    counted = (metric for metric in _METRICS if metric.from_counts)
    return compute_intervals(counted, sums, Outputs.EXCLUSIVE, probabilities=False)


@lru_cache(maxsize=16)
def _resampled_classes(actual: tuple[float, ...], resamples: int, seed: int) -> np.ndarray:
    """How many examples of each class are in each resample, shape (resamples, classes).

    Drawn once for all members that are judged on the same examples, whose intervals are so paired.
    """
    examples = round(sum(actual))
    shares = np.array(actual) / max(1, examples)
    return np.random.default_rng([seed, _STREAM]).multinomial(examples, shares, size=resamples)
