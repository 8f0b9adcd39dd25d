"""Sums over resampled examples, from which the intervals of metrics are computed.

Arrays have shape (resamples, members); one that is the same for all members may have one column.
"""

from dataclasses import dataclass

import numpy as np

from sortal.metrics.class_totals import ClassTotals
from sortal.metrics.ratio import ratio


@dataclass(frozen=True, eq=False, kw_only=True)
class Sums:
    """What every resample has of every member."""

    weight: np.ndarray
    """Weight of all examples."""

    right: np.ndarray
    """Weight of the examples that are right, in every target where these are independent."""

    loss: np.ndarray
    """Weighted sum of log losses; without columns where scores are no probabilities."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ExclusiveSums(Sums):
    """Sums of members that choose one of several classes."""

    recalls: np.ndarray
    """Recall of each class, shape (resamples, members, classes)."""


@dataclass(frozen=True, eq=False, kw_only=True)
class IndependentSums(Sums):
    """Sums of members that say yes or no to each of several targets."""

    tally: ClassTotals
    """Of each target, shape (resamples, members, targets)."""

    @property
    def recalls(self) -> np.ndarray:
        """Of a single target: recall of yes, then of no, shape (resamples, members, 2)."""
        absent = self.weight[..., None] - self.tally.actual
        refused = absent - self.tally.predicted + self.tally.hits
        return np.concatenate([self.tally.recall, ratio(refused, absent)], axis=-1)
