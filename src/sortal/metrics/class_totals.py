"""Precision, recall and F1 of classes or targets, and their averages."""

from dataclasses import dataclass

import numpy as np

from sortal.metrics.ratio import mean_defined, ratio


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ClassTotals:
    """Weight of the examples of each class: predicted so, truly so, and both.

    All arrays have shape (..., classes). Leading axes are members or resamples.
    """

    hits: np.ndarray
    """Weight of the examples that are of the class and predicted so."""

    predicted: np.ndarray
    """Weight of the examples predicted to be of the class."""

    actual: np.ndarray
    """Weight of the examples of the class."""

    @property
    def precision(self) -> np.ndarray:
        """Share of the predicted that are right; NaN for a class that is never predicted."""
        return ratio(self.hits, self.predicted)

    @property
    def recall(self) -> np.ndarray:
        """Share of the class that is found; NaN for a class that does not occur."""
        return ratio(self.hits, self.actual)

    @property
    def f1(self) -> np.ndarray:
        """Harmonic mean of precision and recall.

        2 hits / (predicted + actual): 0 for a class that only occurs or is only
        predicted, NaN for one that does neither.
        """
        return ratio(2.0 * self.hits, self.predicted + self.actual)

    @property
    def support(self) -> np.ndarray:
        """Weight of the examples of each class."""
        return self.actual

    def macro(self, figure: np.ndarray) -> np.ndarray:
        """Plain mean of a figure over the classes that occur or are predicted.

        Among these a NaN counts 0, so a class that occurs and is never predicted has
        precision 0 here (scikit-learn's `zero_division=0`). A class that neither occurs
        nor is predicted is left out (scikit-learn does so for classes, but counts 0 for
        targets of a multilabel problem). NaN when no class is left.

        Args:
            figure: `precision`, `recall` or `f1` of this tally, shape (..., classes).
        """
        counted = (self.predicted > 0) | (self.actual > 0)
        return mean_defined(np.where(counted, np.nan_to_num(figure, nan=0.0), np.nan))

    def weighted(self, figure: np.ndarray) -> np.ndarray:
        """Mean of a figure over classes, weighted by support; an undefined one counts 0."""
        values = np.nan_to_num(figure, nan=0.0)
        return ratio((values * self.actual).sum(axis=-1), self.actual.sum(axis=-1))

    def micro(self) -> "ClassTotals":
        """Pool all classes into one tally, shape (..., 1)."""
        return ClassTotals(
            hits=self.hits.sum(axis=-1, keepdims=True),
            predicted=self.predicted.sum(axis=-1, keepdims=True),
            actual=self.actual.sum(axis=-1, keepdims=True),
        )
