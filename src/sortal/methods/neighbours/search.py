"""Exact search for nearest neighbours whose first k do not depend on how many are asked for.

A library's search is quick but leaves two things open that would let one k see another: which
of several equally near examples it returns, and how its distances round (they come from a
matrix product whose rounding depends on the size of the block). Here its answer is only a list
of candidates, longer than needed; distances are computed again from differences and sorted by
(distance, number of the training example). A bound on the rounding proves for each query that
no example outside the list belongs among the first k; where it cannot, the list grows.
"""

from typing import Literal, TypeAlias

import numpy as np

Metric: TypeAlias = Literal["euclidean", "manhattan", "minkowski", "chebyshev", "cosine"]
Algorithm: TypeAlias = Literal["auto", "brute", "kd_tree", "ball_tree"]

_SPARE = 8
"""Candidates beyond k: enough for the proof unless many distances are nearly equal."""

_ELEMENTS = 1 << 21
"""Numbers that one step of the second computation may hold."""


class NeighbourSearch:
    """Training examples, ready to be searched.

    Cosine distance is half the squared Euclidean distance between directions.
    """

    def __init__(
        self, examples: np.ndarray, metric: Metric, p: float, algorithm: Algorithm = "auto"
    ) -> None:
        """Index the examples.

        Args:
            examples: Shape (examples, features), finite.
            metric: Name of the distance.
            p: Power of the Minkowski distance, at least 1; other metrics ignore it.
            algorithm: Which search proposes candidates; speed alone depends on it.
        """
        from sklearn.neighbors import NearestNeighbors

        self.metric = metric
        self.power = minkowski_power(metric, p)
        self.points = self._points(examples, query=False)
        # The rounding of |x|^2 - 2xy + |y|^2 grows with the norms, so they are made small.
        self._centre = self.points.mean(axis=0) if self.power == 2 else 0.0
        centred = self.points - self._centre
        self._largest = float(np.einsum("ij,ij->i", centred, centred).max())
        self._searcher = NearestNeighbors(algorithm=algorithm, metric="minkowski", p=self.power)
        self._searcher.fit(centred)

    def __len__(self) -> int:
        return len(self.points)

    def search(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Find the k nearest training examples of each query, nearest first.

        Args:
            queries: Shape (queries, features).
            k: At most the number of training examples.

        Returns:
            Distances, float64, and numbers of the training examples, both (queries, k). Among
            equal distances the example that comes first in training comes first.
        """
        points = self._points(queries, query=True)
        distances = np.empty((len(points), k))
        rows = np.empty((len(points), k), dtype=np.int64)
        open_ = np.arange(len(points))
        wanted = min(len(self), k + _SPARE)
        while len(open_):
            near, who, proven = self._propose(points[open_], k, wanted)
            distances[open_[proven]], rows[open_[proven]] = near[proven], who[proven]
            open_ = open_[~proven]
            wanted = min(len(self), 4 * wanted)
        return self._finished(distances), rows

    def _propose(
        self, points: np.ndarray, k: int, wanted: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Sort `wanted` candidates of each point, and say for which points the first k are proven."""
        centred = points - self._centre
        rough, candidates = self._searcher.kneighbors(centred, n_neighbors=wanted)
        exact = self._exact(points, candidates)
        order = np.lexsort((candidates, exact), axis=-1)[:, :k]
        near = np.take_along_axis(exact, order, axis=1)
        who = np.take_along_axis(candidates, order, axis=1)
        if wanted == len(self):
            return near, who, np.ones(len(points), dtype=bool)
        last = self._reduced(rough[:, -1])
        return near, who, near[:, -1] < last - self._margin(centred, last)

    def _margin(self, centred: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Bound the rounding of a rough reduced distance, a few times over, shape (queries,)."""
        steps = 4 * np.finfo(np.float64).eps * (centred.shape[1] + 8)
        if self.power == 2:
            margin: np.ndarray = steps * (np.einsum("ij,ij->i", centred, centred) + self._largest)
            return margin
        steps *= 4 * (1 if np.isinf(self.power) else self.power)
        return np.asarray(steps * last)

    def _exact(self, points: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        """Reduced distances (before the root) from differences, shape (queries, candidates)."""
        exact = np.empty(candidates.shape)
        step = max(1, _ELEMENTS // (candidates.shape[1] * points.shape[1]))
        for start in range(0, len(points), step):
            chosen = slice(start, start + step)
            gap = self.points[candidates[chosen]]
            gap -= points[chosen, None, :]
            exact[chosen] = self._reduce(gap)
        return exact

    def _reduce(self, gap: np.ndarray) -> np.ndarray:
        """Sum differences over the last axis, without the root."""
        reduced: np.ndarray
        if self.power == 2:
            reduced = np.einsum("ijk,ijk->ij", gap, gap)
        elif np.isinf(self.power):
            reduced = np.abs(gap, out=gap).max(axis=-1)
        else:
            np.abs(gap, out=gap)
            reduced = (gap if self.power == 1 else gap**self.power).sum(axis=-1)
        return reduced

    def _reduced(self, distances: np.ndarray) -> np.ndarray:
        reduced: np.ndarray = distances if np.isinf(self.power) else distances**self.power
        return reduced

    def _finished(self, reduced: np.ndarray) -> np.ndarray:
        """Distances from reduced ones."""
        if self.metric == "cosine":
            return reduced / 2
        if self.power == 2:
            return np.asarray(np.sqrt(reduced))
        return np.asarray(reduced if np.isinf(self.power) else reduced ** (1 / self.power))

    def _points(self, examples: np.ndarray, *, query: bool) -> np.ndarray:
        points = np.ascontiguousarray(examples, dtype=np.float64)
        return _directions(points, query=query) if self.metric == "cosine" else points


def minkowski_power(metric: Metric, p: float) -> float:
    """The power of the Minkowski distance that a metric amounts to; 2 for cosine."""
    if metric == "minkowski":
        return p
    return {"manhattan": 1.0, "chebyshev": np.inf}.get(metric, 2.0)


def _directions(points: np.ndarray, *, query: bool) -> np.ndarray:
    """Scale to unit length and add two coordinates that put zero vectors at distance 1 from all."""
    lengths = np.sqrt(np.einsum("ij,ij->i", points, points))
    zero = lengths == 0
    directions = np.zeros((len(points), points.shape[1] + 2))
    directions[:, :-2] = points / np.where(zero, 1.0, lengths)[:, None]
    directions[zero, -2 if query else -1] = 1.0
    return directions
