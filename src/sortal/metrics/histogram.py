"""Weighted histograms: sums of weights and of their squares by bin."""

from dataclasses import dataclass

import numpy as np

from sortal.errors import DataError

RESIDUE = 1e-9
"""Share of a sum's statistical error below which the sum is the rounding of weights that cancel."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Histogram:
    """Weight by bin, with its statistical variance.

    Bins are closed below and open above, the last one closed on both sides.
    """

    edges: np.ndarray
    """Ascending, shape (bins + 1,)."""

    sums: np.ndarray
    """Sum of weights of each bin, sign kept, shape (bins,)."""

    squares: np.ndarray
    """Sum of squared weights of each bin: the variance of `sums` for simulated events."""

    @classmethod
    def of(cls, values: np.ndarray, weights: np.ndarray | None, edges: np.ndarray) -> "Histogram":
        """Fill a histogram; values beyond the outer edges count in the outer bins.

        Args:
            values: Shape (examples,), in any order.
            weights: Shape (examples,); None for 1 each.
            edges: Ascending, at least two.

        Raises:
            DataError: A value is NaN.
        """
        if np.isnan(values).any():
            raise DataError(f"histogram: expected numbers, got {int(np.isnan(values).sum())} NaN.")
        bins = len(edges) - 1
        place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, bins - 1)
        each = None if weights is None else np.asarray(weights, dtype=np.float64)
        sums = np.bincount(place, each, minlength=bins).astype(np.float64)
        squares = sums.copy() if each is None else np.bincount(place, each**2, minlength=bins)
        return cls(edges=np.asarray(edges, dtype=np.float64), sums=sums, squares=squares)

    @property
    def errors(self) -> np.ndarray:
        """Statistical error of `sums` [one standard deviation], shape (bins,)."""
        errors: np.ndarray = np.sqrt(self.squares)
        return errors

    @property
    def total(self) -> float:
        """Sum of all weights."""
        return float(self.sums.sum())

    def shares(self) -> "Histogram":
        """Histogram of the shares of `total`; all NaN where `total` is 0 up to rounding."""
        is_rounding = abs(self.total) <= RESIDUE * np.sqrt(self.squares.sum())
        total = np.nan if is_rounding else self.total
        return Histogram(edges=self.edges, sums=self.sums / total, squares=self.squares / total**2)

    def __add__(self, other: "Histogram") -> "Histogram":
        """Add another of the same edges.

        Raises:
            DataError: The edges differ.
        """
        if not np.array_equal(self.edges, other.edges):
            raise DataError("histograms with different edges cannot be added.")
        return Histogram(
            edges=self.edges, sums=self.sums + other.sums, squares=self.squares + other.squares
        )
