"""Cancel events of negative weight against the nearest events of positive weight."""

from collections.abc import Iterator

import numpy as np

_CELL = 4_096
"""Examples among which the nearest are looked for; larger classes are cut into such cells."""

_NEIGHBOURS = 16
"""Nearest examples that are looked up together; further ones are looked for one by one."""

_TRIED = 8
"""Features along which a cell is tried to be cut, those of the widest spread first."""


def standardised(features: np.ndarray) -> np.ndarray:
    """Columns of zero mean and unit variance in which distances are measured.

    Args:
        features: Shape (examples, features); missing numbers become the column's mean.

    Returns:
        float32, shape as given; constant columns become 0.
    """
    values = features.astype(np.float64)
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=0), 1)
    values[~known] = 0
    mean = values.sum(axis=0) / count
    values -= mean
    values[~known] = 0
    spread = np.sqrt((values**2).sum(axis=0) / count)
    flat = spread <= 1e-12 * np.abs(mean)
    values /= np.where(flat, 1, spread)
    values[:, flat] = 0
    return values.astype(np.float32)


def cancel_negatives(weights: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Take each negative weight off the positive weights nearest to it, until it is used up.

    The closest pairs cancel first. More than 4,096 examples are cut at medians into cells
    whose weights each sum above 0, and pairs are looked for within a cell: the time is
    proportional to examples x cell x features, and near a cell's border the partner may be
    the second nearest instead of the nearest. One that cannot be cut so stays whole.

    Args:
        weights: Of one class, shape (examples,), finite.
        features: Comparable columns (`standardised`), shape (examples, features), finite.

    Returns:
        float64, shape (examples,). The sum is that of `weights` to rounding. No weight is
        negative where the sum is not; otherwise all positive weight is used up.
    """
    left = weights.astype(np.float64)
    for rows in _cells(left, features):
        left[rows] = _cancelled(left[rows], features[rows])
    return left


def _cells(weights: np.ndarray, features: np.ndarray) -> Iterator[np.ndarray]:
    """Row numbers of cells that can each cancel what is negative in them."""
    waiting = [np.arange(len(weights))]
    while waiting:
        rows = waiting.pop()
        halves = _halves(rows, weights, features) if len(rows) > _CELL else None
        if halves is None:
            yield rows
        else:
            waiting.extend(halves)


def _halves(
    rows: np.ndarray, weights: np.ndarray, features: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    own, values = weights[rows], features[rows]
    for axis in np.argsort(-values.std(axis=0), kind="stable")[:_TRIED]:
        column = values[:, axis]
        middle = np.median(column)
        low = column < middle
        if not low.any():
            low = column <= middle
        if own[low].sum() > 0 and own[~low].sum() > 0:
            return rows[low], rows[~low]
    return None


def _cancelled(weights: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Weights of one cell after cancellation."""
    negative, positive = np.flatnonzero(weights < 0), np.flatnonzero(weights > 0)
    if not len(negative) or not len(positive):
        return weights
    debt, credit = -weights[negative], weights[positive]
    debtors, creditors = features[negative], features[positive]
    debt, credit = _settle_nearest(debt, credit, *_nearest(debtors, creditors))
    for number in np.flatnonzero(debt > 0).tolist():
        _settle_one(number, debt, credit, ((creditors - debtors[number]) ** 2).sum(axis=1))
    # What is left by rounding alone must not stay behind as a negative weight.
    debt[debt <= len(weights) * np.finfo(np.float64).eps * np.abs(weights).sum()] = 0
    settled = np.zeros(len(weights))
    settled[negative], settled[positive] = 0.0 - debt, credit
    return settled


def _nearest(debtors: np.ndarray, creditors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of debtor and creditor, the closest first, each of shape (pairs,)."""
    from sklearn.neighbors import NearestNeighbors

    count = min(_NEIGHBOURS, len(creditors))
    # In cells of this size a search of all pairs is faster than a tree from four features on.
    search = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(creditors)
    distances, places = search.kneighbors(debtors)
    order = np.argsort(distances, axis=None, kind="stable")
    return order // count, places.ravel()[order]


def _settle_nearest(
    debt: np.ndarray, credit: np.ndarray, debtors: np.ndarray, creditors: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    # Lists: reading single numbers of an array takes several times as long.
    owed, had = debt.tolist(), credit.tolist()
    for debtor, creditor in zip(debtors.tolist(), creditors.tolist(), strict=True):
        paid = min(owed[debtor], had[creditor])
        if paid > 0:
            owed[debtor] -= paid
            had[creditor] -= paid
    return np.array(owed), np.array(had)


def _settle_one(number: int, debt: np.ndarray, credit: np.ndarray, distances: np.ndarray) -> None:
    """Pay the debt of one example from the nearest credit that is left, in place."""
    alive = np.flatnonzero(credit > 0)
    order = alive[np.argsort(distances[alive], kind="stable")]
    running = np.cumsum(credit[order])
    emptied = int(np.searchsorted(running, debt[number], side="right"))
    paid = float(running[emptied - 1]) if emptied else 0.0
    credit[order[:emptied]] = 0
    rest = debt[number] - paid
    if emptied == len(order):
        debt[number] = max(0.0, rest)
        return
    credit[order[emptied]] = max(0.0, credit[order[emptied]] - rest)
    debt[number] = 0
