"""What a metric is: its name, what it is defined for, which direction is better, and its function."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    import numpy as np

    from sortal.metrics.block import MetricBlock

Outputs: TypeAlias = Literal["exclusive", "independent", "both"]
"""Labels that a metric is defined for: classes of which one is true, targets that are true or not
on their own, or both kinds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """How the bootstrap interval of a metric is computed."""

    compute: "Callable[[Any], np.ndarray]"
    """Values of resamples, shape (resamples, members), from `resampled.ExclusiveSums` or
    `IndependentSums`."""

    outputs: Outputs = "both"
    """The labels for which the metric has an interval, of those that it is defined for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A number that judges a classifier on some examples."""

    name: str
    """The name in job files, tables and JSON."""

    title: str
    """The words for headings, axes and sentences."""

    outputs: Outputs
    """The labels that it is defined for."""

    compute: "Callable[[MetricBlock], np.ndarray]"
    """Values of a block of members, shape (members,); NaN where the metric is undefined."""

    single_target: bool = False
    """True if a metric of exclusive classes is also one of a single independent target, whose
    classes are no and yes."""

    greater_is_better: bool = True
    """False for losses and errors."""

    needs_probabilities: bool = False
    """True if it means nothing of scores that are no probabilities: it is NaN for these."""

    from_counts: bool = False
    """True if it follows from the confusion matrix alone; others are NaN where only counts are known."""

    interval: Interval | None = None
    """How its bootstrap interval is computed; None for a metric without."""

    bounded: bool = True
    """False if one bad classifier could set the scale of a map of classifiers by metrics."""

    def is_of(self, outputs: str, *, single: bool = False) -> bool:
        """True if labels have this metric.

        Args:
            outputs: `exclusive` or `independent`.
            single: True for independent labels of a single target.
        """
        return self.outputs in (outputs, "both") or (single and self.single_target)

    def merit(self, value: float) -> float:
        """A value for sorting: the larger the better, NaN as it is.

        >>> Metric(name="loss", title="loss", outputs="both", compute=len,
        ...        greater_is_better=False).merit(0.25)
        -0.25
        """
        return value if self.greater_is_better or math.isnan(value) else -value


def plain_name(path: str) -> str:
    """The name of a metric from its import path.

    >>> plain_name("mypackage.gmean"), plain_name("mypackage:gmean")
    ('gmean', 'gmean')
    """
    return path.replace(":", ".").rpartition(".")[2]
