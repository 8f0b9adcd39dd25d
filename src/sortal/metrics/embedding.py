"""How true a picture on a plane is to the distances behind it: trustworthiness and stress."""

import math
from typing import Protocol

import numpy as np

NEIGHBOURS = 5
"""Neighbours of a point that trustworthiness looks at, fewer where there are few points."""

_BLOCK_NUMBERS = 1 << 22
_ROUNDING = 1e-9
"""Share of the squared size of examples by which squared distances differ through rounding alone."""


class Matrix(Protocol):
    """Rows of numbers, shape (examples, features): an array, a memory map, or made when asked for."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice | np.ndarray, /) -> np.ndarray: ...


def trustworthiness(
    distances: np.ndarray, coordinates: np.ndarray, *, neighbours: int = NEIGHBOURS
) -> float:
    """Measure whether those who are neighbours on the plane are so by their distances.

    1 where the nearest points on the plane are among the nearest in truth, lower the further in
    truth they are; about 0.5 at random (Venna and Kaski 2001, doi:10.1007/3-540-44668-0_68).
    Points at equal distance share the best of their ranks.

    Args:
        distances: True distances, shape (points, points).
        coordinates: Places on the plane, shape (points, 2).
        neighbours: How many of each point; lowered to less than half of the points.

    Returns:
        In [0, 1]; NaN for fewer than three points.
    """
    count = len(coordinates)
    near = _nearest(coordinates, np.arange(count), neighbours)
    penalty, size = 0.0, float(np.abs(distances).max(initial=0.0))
    rows = max(1, _BLOCK_NUMBERS // max(1, count * max(1, near.shape[1])))
    for begin in range(0, count, rows):
        block = distances[begin : begin + rows]
        found = near[begin : begin + rows]
        there = np.take_along_axis(block, found, axis=1) - _ROUNDING * size
        closer = (block[:, None, :] < there[:, :, None]).sum(axis=2)
        itself = block[np.arange(len(block)), begin + np.arange(len(block))]
        ranks = closer - (itself[:, None] < there) + 1
        penalty += float(np.maximum(0, ranks - near.shape[1]).sum())
    return _trust(penalty, asked=count, count=count, neighbours=near.shape[1])


def trustworthiness_of_examples(
    matrix: Matrix,
    coordinates: np.ndarray,
    *,
    neighbours: int = NEIGHBOURS,
    asked: int = 2000,
    seed: int = 0,
) -> float:
    """Measure the same by Euclidean distances between examples, on some of them.

    Args:
        matrix: The examples, shape (examples, features), read in blocks.
        coordinates: Places on the plane, shape (examples, 2).
        neighbours: As in `trustworthiness`.
        asked: Examples whose neighbours are looked at, drawn at random where there are more;
            they are held against all others.
        seed: Of the draw.
    """
    count = len(matrix)
    rows = np.arange(count)
    if asked < count:
        rows = np.sort(np.random.default_rng((seed, asked)).choice(count, asked, replace=False))
    near = _nearest(coordinates, rows, neighbours)
    ours = np.asarray(matrix[rows], dtype=np.float64)
    theirs = np.asarray(matrix[near.ravel()], dtype=np.float64).reshape(*near.shape, -1)
    # Far from zero squares of sizes drown the distances between them.
    centre = ours.mean(axis=0)
    ours, theirs = ours - centre, theirs - centre
    there = np.square(ours[:, None, :] - theirs).sum(axis=2)
    ranks = np.ones(near.shape, dtype=np.int64)
    size = np.square(ours).sum(axis=1)
    step = max(1, _BLOCK_NUMBERS // max(1, near.size))
    for begin in range(0, count, step):
        others = np.asarray(matrix[slice(begin, begin + step)], dtype=np.float64) - centre
        squares = np.square(others).sum(axis=1)
        between = size[:, None] + squares - 2.0 * (ours @ others.T)
        inside = (rows >= begin) & (rows < begin + step)
        between[inside, rows[inside] - begin] = np.inf
        rounding = _ROUNDING * (size + squares.max(initial=0.0))[:, None]
        ranks += (between[:, None, :] < (there - rounding)[:, :, None]).sum(axis=2)
    penalty = float(np.maximum(0, ranks - near.shape[1]).sum())
    return _trust(penalty, asked=len(rows), count=count, neighbours=near.shape[1])


def _nearest(coordinates: np.ndarray, rows: np.ndarray, neighbours: int) -> np.ndarray:
    """Nearest other points on the plane of some, shape (rows, neighbours), nearest first."""
    from scipy.spatial import cKDTree

    count = max(0, min(neighbours, (len(coordinates) - 1) // 2))
    if not count:
        return np.empty((len(rows), 0), dtype=np.intp)
    points = np.asarray(coordinates, dtype=np.float64)
    _, found = cKDTree(points).query(points[rows], k=count + 1)
    # Among points in one place, a point need not be the first to be found at its own.
    others = np.argsort(found == rows[:, None], axis=1, kind="stable")[:, :count]
    return np.take_along_axis(found, others, axis=1)


def _trust(penalty: float, *, asked: int, count: int, neighbours: int) -> float:
    if not neighbours:
        return math.nan
    return 1.0 - 2.0 * penalty / (asked * neighbours * (2 * count - 3 * neighbours - 1))


def stress(distances: np.ndarray, coordinates: np.ndarray) -> float:
    """Measure how far distances on the plane are from true ones: Kruskal's stress-1.

    The root of the sum of (d - b delta)^2 over the sum of d^2, over all pairs, with the factor b
    that fits best, so that the scale of a picture does not matter (Kruskal 1964,
    doi:10.1007/BF02289565). Kruskal called 0.05 good, 0.1 fair and 0.2 poor.

    Args:
        distances: True distances delta, shape (points, points).
        coordinates: Places on the plane, shape (points, 2).

    Returns:
        In [0, 1]; 0 where everything is in one place, on the plane and in truth, and NaN where
        only one of the two is.
    """
    own = given = both = 0.0
    points = np.asarray(coordinates, dtype=np.float64)
    rows = max(1, _BLOCK_NUMBERS // max(1, len(points)))
    for begin in range(0, len(points), rows):
        block = points[begin : begin + rows]
        squared = sum(np.square(block[:, axis, None] - points[:, axis]) for axis in (0, 1))
        drawn, true = np.sqrt(squared), distances[begin : begin + rows]
        own += float(np.square(drawn).sum())
        given += float(np.square(true, dtype=np.float64).sum())
        both += float((drawn * true).sum())
    if not own or not given:
        return 0.0 if own == given else math.nan
    return math.sqrt(max(0.0, 1.0 - both**2 / (own * given)))
