"""Points whose distances are as given ones: classical scaling, and SMACOF from there.

Own code, because maps are stored: scikit-learn's `MDS` has changed its results between versions.
"""

import numpy as np

_BLOCK_NUMBERS = 1 << 20
_DENSE = 200
"""Points up to which all eigenvectors are computed."""


def classical_scaling(distances: np.ndarray) -> np.ndarray:
    """Place points on a plane by the two leading eigenvectors of their centred squared distances.

    Of Euclidean distances these are the principal components of the points (Torgerson 1952,
    doi:10.1007/BF02288916). Two eigenvectors are computed by Lanczos' method, in time of the
    order of points squared.

    Args:
        distances: Symmetric, shape (points, points), float64, zeros on the diagonal.

    Returns:
        Coordinates, shape (points, 2), float64, centred, larger axis first. An axis with an
        eigenvalue that is not above zero is all zeros; of each axis the coordinate furthest from
        zero is positive, the first of equals.
    """
    centred = np.square(distances)
    centred -= centred.mean(axis=0)
    centred -= centred.mean(axis=1, keepdims=True)
    centred *= -0.5
    values, vectors = _leading(centred)
    scale = np.sqrt(np.maximum(values, 0.0))
    # What rounding leaves of an eigenvalue of zero is no axis.
    scale[values < 1e-10 * max(float(values.max(initial=0.0)), 1e-300)] = 0.0
    return _upright(vectors * scale)


def _leading(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two largest eigenvalues, largest first, and their vectors; zeros where there is but one."""
    from scipy.linalg import eigh
    from scipy.sparse.linalg import eigsh

    count = len(matrix)
    if not matrix.any():  # which Lanczos' method cannot begin with
        return np.zeros(2), np.zeros((count, 2))
    if count <= _DENSE:
        values, vectors = eigh(matrix, subset_by_index=(max(0, count - 2), count - 1))
    else:
        start = np.random.default_rng(0).normal(size=count)
        values, vectors = eigsh(matrix, k=2, which="LA", v0=start)
    order = np.argsort(values)[::-1]
    values, vectors = values[order], vectors[:, order]
    if len(values) < 2:
        values, vectors = np.append(values, 0.0), np.pad(vectors, ((0, 0), (0, 1)))
    return values, vectors


def _upright(points: np.ndarray) -> np.ndarray:
    """Mirror axes so that the coordinate furthest from zero is positive."""
    furthest = np.abs(points).argmax(axis=0)
    signs = np.sign(points[furthest, np.arange(points.shape[1])])
    return np.asarray(points * np.where(signs == 0, 1.0, signs))


def smacof(
    distances: np.ndarray, start: np.ndarray, *, most: int = 300, gain: float = 1e-4
) -> np.ndarray:
    """Move points until their distances fit given ones best (de Leeuw 1977).

    Every step is a Guttman transform, which cannot raise the sum of squared errors; it is made in
    blocks of rows, so that nothing of the size of `distances` is made.

    Args:
        distances: Symmetric, shape (points, points).
        start: Where the points begin, shape (points, 2).
        most: Steps at most.
        gain: Steps end when one lowers the sum by less than this share of it.

    Returns:
        Coordinates, shape (points, 2), float64.
    """
    points, before = np.asarray(start, dtype=np.float64), np.inf
    for _ in range(most):
        moved, errors = _guttman(distances, points)
        if before - errors <= gain * errors:
            break
        points, before = moved, errors
    return points


def _guttman(distances: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, float]:
    """One step, and the sum of squared errors before it."""
    moved, errors = np.empty_like(points), 0.0
    x, y = np.ascontiguousarray(points.T, dtype=distances.dtype)
    rows = max(1, _BLOCK_NUMBERS // len(points))
    for begin in range(0, len(points), rows):
        block = slice(begin, begin + rows)
        between = np.square(x[block, None] - x) + np.square(y[block, None] - y)
        np.sqrt(between, out=between)
        wanted = distances[block]
        gap = between - wanted
        errors += float(np.vdot(gap, gap))
        # Points in one place draw each other nowhere.
        np.divide(wanted, between, out=gap, where=between > 0)
        gap[between <= 0] = 0.0
        total = gap.sum(axis=1)
        moved[block, 0] = (total * x[block] - gap @ x) / len(points)
        moved[block, 1] = (total * y[block] - gap @ y) / len(points)
    return moved, errors
