"""Figures of a block of members as arrays, before they become one value a member."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from sortal.data.labels import Outputs
from sortal.evaluation.bootstrap import interval
from sortal.metrics.block import MetricBlock
from sortal.metrics.class_totals import ClassTotals
from sortal.metrics.metric import Metric
from sortal.metrics.registry import METRICS
from sortal.metrics.resampled import Sums

_OF_PROBABILITIES = frozenset(metric.name for metric in METRICS if metric.needs_probabilities)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MeasuredMetrics:
    """What was measured of some members; every array has the members first."""

    figures: dict[str, np.ndarray]
    """Shape (members,)."""

    per_class: dict[str, np.ndarray]
    """Shape (members, classes)."""

    intervals: dict[str, np.ndarray]
    """Lower and upper bound, shape (members, 2)."""

    confusion: np.ndarray | None
    """Shape (members, classes, classes); None for independent targets."""

    def without_probabilities(self, unsound: np.ndarray) -> "MeasuredMetrics":
        """Say NaN for figures of probabilities of some members, shape (members,), bool."""
        if not unsound.any():
            return self
        figures = {
            name: np.where(unsound, np.nan, values) if name in _OF_PROBABILITIES else values
            for name, values in self.figures.items()
        }
        intervals = {
            name: np.where(unsound[:, None], np.nan, values)
            if name in _OF_PROBABILITIES
            else values
            for name, values in self.intervals.items()
        }
        return replace(self, figures=figures, intervals=intervals)

    def without(self, broken: np.ndarray) -> "MeasuredMetrics":
        """Say NaN for everything about some members, shape (members,), bool."""
        if not broken.any():
            return self

        def blanked(values: np.ndarray) -> np.ndarray:
            aligned = broken.reshape(-1, *[1] * (values.ndim - 1))
            return np.where(aligned, np.nan, values)

        return MeasuredMetrics(
            figures={name: blanked(values) for name, values in self.figures.items()},
            per_class={name: blanked(values) for name, values in self.per_class.items()},
            intervals={name: blanked(values) for name, values in self.intervals.items()},
            confusion=None if self.confusion is None else blanked(self.confusion),
        )


def measured(
    metrics: Iterable[Metric],
    block: MetricBlock,
    sums: Sums | None,
    outputs: Outputs,
    *,
    probabilities: bool,
) -> MeasuredMetrics:
    """Compute every figure of a block of members but the confusion matrices.

    Args:
        metrics: Metrics that the labels have.
        block: The members.
        sums: Sums over resampled examples; None for no intervals.
        outputs: The kind of labels.
        probabilities: True if scores are probabilities.
    """
    intervals = {}
    if sums is not None:
        intervals = compute_intervals(metrics, sums, outputs, probabilities=probabilities)
    return MeasuredMetrics(
        figures=compute(metrics, block, probabilities=probabilities),
        per_class={
            **of_classes(block.tally),
            "roc_auc": block.roc_auc,
            "average_precision": block.average_precision,
        },
        intervals=intervals,
        confusion=None,
    )


def of_classes(tally: ClassTotals) -> dict[str, np.ndarray]:
    """Values of each class or target that follow from the weights of its examples."""
    return {
        "precision": tally.precision,
        "recall": tally.recall,
        "f1": tally.f1,
        "support": tally.support,
    }


def compute(
    metrics: Iterable[Metric], block: MetricBlock, *, probabilities: bool
) -> dict[str, np.ndarray]:
    """Compute metrics of a block of members, by name.

    Args:
        metrics: Metrics that the labels have.
        block: The members.
        probabilities: True if scores are probabilities; metrics that need these are NaN if not.
    """
    absent = np.full(len(block.scores), np.nan)
    return {
        metric.name: metric.compute(block)
        if probabilities or not metric.needs_probabilities
        else absent
        for metric in metrics
    }


def compute_from_counts(metrics: Iterable[Metric], block: MetricBlock) -> dict[str, np.ndarray]:
    """Compute the metrics that follow from confusion matrices alone, by name; all others are NaN."""
    absent = np.full(len(block.scores), np.nan)
    return {
        metric.name: metric.compute(block) if metric.from_counts else absent for metric in metrics
    }


def compute_intervals(
    metrics: Iterable[Metric], sums: Sums, outputs: Outputs, *, probabilities: bool
) -> dict[str, np.ndarray]:
    """Compute the bootstrap intervals of a block of members, by name of those metrics that have one.

    Args:
        metrics: Metrics that the labels have.
        sums: Sums over resampled examples.
        outputs: The kind of labels.
        probabilities: True if scores are probabilities; metrics that need these have no interval
            if not.
    """
    return {
        metric.name: interval(metric.interval.compute(sums))
        for metric in metrics
        if metric.interval
        and metric.interval.outputs in (outputs, "both")
        and (probabilities or not metric.needs_probabilities)
    }
