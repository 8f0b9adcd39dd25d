"""Imputation by nearest neighbours: a missing value becomes the mean of those of similar training examples.

It gives what scikit-learn's `KNNImputer` with uniform weights gives (Troyanskaya et al. 2001,
doi:10.1093/bioinformatics/17.6.520). Own code, because that one holds the distances to all training
examples at once, and measures them in the columns that it fills.
"""

from dataclasses import dataclass

import numpy as np

_DISTANCES_BYTES = 1 << 26
"""Distances that are held at once."""


@dataclass(frozen=True, slots=True, eq=False)
class NearestNeighbours:
    """Training examples, and how a missing value is made of the nearest ones.

    The distance of two examples is Euclidean over the columns that both know, times the root of
    the number of all columns over that of the known ones. Examples that share no known column with
    a training example take no value from it.
    """

    donors: np.ndarray
    """Training examples as they came, shape (examples, columns); NaN where a value is missing."""

    neighbours: int
    measured: tuple[int, ...]
    """Columns in which distances are measured."""

    filled: tuple[int, ...]
    """Columns in which missing values are replaced."""

    def fill(self, values: np.ndarray) -> None:
        """Replace missing values in place; one without any neighbour stays missing.

        Args:
            values: Shape (examples, columns), float64.
        """
        lacking = np.flatnonzero(np.isnan(values[:, self.filled]).any(axis=1))
        if not len(lacking):
            return
        measured = self.donors[:, self.measured].astype(np.float64)
        # Distances about the mean: the square of a large offset would hide them.
        known = ~np.isnan(measured)
        origin = measured.sum(axis=0, where=known) / np.maximum(known.sum(axis=0), 1)
        measured -= origin
        step = max(1, _DISTANCES_BYTES // (8 * len(self.donors)))
        for start in range(0, len(lacking), step):
            rows = lacking[start : start + step]
            distances = _squared_distances(values[rows][:, self.measured] - origin, measured)
            values[rows] = self._filled(values[rows], distances)

    def _filled(self, values: np.ndarray, distances: np.ndarray) -> np.ndarray:
        for column in self.filled:
            receivers = np.flatnonzero(np.isnan(values[:, column]))
            givers = np.flatnonzero(~np.isnan(self.donors[:, column]))
            if not len(receivers) or not len(givers):
                continue
            apart = distances[np.ix_(receivers, givers)]
            count = min(self.neighbours, len(givers))
            nearest = np.argpartition(apart, count - 1, axis=1)[:, :count]
            is_near = np.isfinite(np.take_along_axis(apart, nearest, axis=1))
            given = np.where(is_near, self.donors[givers[nearest], column], 0.0)
            number = is_near.sum(axis=1)
            mean = given.sum(axis=1, dtype=np.float64) / np.maximum(number, 1)
            values[receivers, column] = np.where(number > 0, mean, np.nan)
        return values


def _squared_distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Squared distances of rows, shape (first, second); infinite where no column is known to both."""
    known_1, known_2 = (~np.isnan(one) for one in (first, second))
    first, second = np.where(known_1, first, 0.0), np.where(known_2, second, 0.0)
    both = known_1.astype(np.float64) @ known_2.T.astype(np.float64)
    with np.errstate(all="ignore"):  # infinite values are near to nothing
        squares = (first**2) @ known_2.T + known_1 @ (second**2).T - 2 * first @ second.T
        scaled = np.maximum(squares, 0) * (first.shape[1] / both)
    distances: np.ndarray = np.where(both > 0, scaled, np.inf)
    return distances
