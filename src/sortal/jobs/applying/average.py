"""Average members' scores one after another, holding no more than one of them at a time."""

import numpy as np


class Average:
    """A weighted mean over members and how far they disagree, updated member by member.

    West 1979, doi:10.1145/359146.359153: one pass, and no cancellation where members
    nearly agree. Arrays are float64 and of the shape that the first member has.

    >>> average = Average()
    >>> for scores in ([0.2, 0.8], [0.4, 0.6]):
    ...     average.add(np.array(scores))
    >>> average.mean.round(3), average.spread.round(3)
    (array([0.3, 0.7]), array([0.141, 0.141]))
    """

    def __init__(self) -> None:
        self.mean = np.empty(0)
        """Weighted mean of what was added."""

        self._squares = np.empty(0)
        self._members, self._total, self._total_squares = 0, 0.0, 0.0

    def add(self, scores: np.ndarray, weight: float = 1.0) -> None:
        """Take in one member's scores; its weight is above zero, in any unit."""
        self._members += 1
        self._total += weight
        self._total_squares += weight * weight
        if self._members == 1:
            self.mean = np.array(scores, dtype=np.float64)
            return
        if self._members == 2:  # one member alone, the usual case, needs no room for a spread
            self._squares = np.zeros_like(self.mean)
        step = scores - self.mean
        self.mean += step * (weight / self._total)
        step *= scores - self.mean
        step *= weight
        self._squares += step

    @property
    def spread(self) -> np.ndarray | None:
        """Standard deviation over the members, None for fewer than two.

        Of n equal weights that with n - 1. Of others, of sum 1, the square root of
        sum w (score - mean)² / (1 - sum w²), which is the same where they are equal.
        """
        if self._members < 2:
            return None
        spread: np.ndarray = np.sqrt(
            self._squares / (self._total - self._total_squares / self._total)
        )
        return spread
