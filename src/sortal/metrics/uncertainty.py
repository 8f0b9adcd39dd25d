"""Figures of weighted examples with their statistical errors, from sums of squared weights.

Errors are those of a ratio of weighted sums, linearised; n_eff / (n_eff - 1) makes them the
usual ones where weights are equal. Negative weights keep their sign and raise errors; a
figure is NaN where the weights do not sum to more than zero.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sortal.errors import DataError
from sortal.metrics.confusion import confusion_matrix
from sortal.metrics.ratio import ratio
from sortal.metrics.two_sample import effective_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure and how far chance may have moved it."""

    value: float

    error: float
    """One standard deviation; NaN with one effective example or fewer."""

    n_eff: float
    """Effective number of examples; for an area that of the rarer kind."""

    signed: bool
    """Whether a weight is negative."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Area under a ROC curve."""

    auc: Estimate
    """As `ranking.roc_auc` has it: with negative weights a signed sum over pairs."""

    leaves_unit_square: bool
    """Whether negative weights take a rate on the curve below 0 or above 1."""


def weighted_mean(values: np.ndarray, weights: np.ndarray | None = None) -> Estimate:
    """Average values, such as losses by example: sum w l / sum w, whatever the scale of weights.

    Args:
        values: Shape (examples,); a NaN makes the result NaN.
        weights: Shape (examples,).
    """
    each = _weights(values, weights)
    total, n_eff = float(each.sum()), effective_number(each)
    signed = bool((each < 0).any())
    if total <= 0:
        return Estimate(value=math.nan, error=math.nan, n_eff=n_eff, signed=signed)
    mean = float((each * values).sum()) / total
    spread = float((each**2 * (values - mean) ** 2).sum()) / total**2
    return Estimate(
        value=mean, error=math.sqrt(spread * _unbiased(n_eff)), n_eff=n_eff, signed=signed
    )


def weighted_accuracy(
    truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray | None = None
) -> Estimate:
    """Share of the weight that is predicted right; class codes of shape (examples,)."""
    return weighted_mean((truth == predicted).astype(np.float64), weights)


def area(positive: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None) -> Area:
    """Measure the area under one ROC curve with its error.

    The error is that of DeLong et al. 1988 (doi:10.2307/2531595), with the weights that
    the pairs of `ranking.roc_auc` have. It agrees with a bootstrap and costs one sort.

    Args:
        positive: Shape (examples,), bool.
        scores: Shape (examples,), on any scale.
        weights: Shape (examples,).

    Returns:
        NaN where positives or negatives do not weigh more than zero, or a score is NaN.
    """
    each = _weights(scores, weights)
    signed = bool((each < 0).any())
    kinds = [each[positive], each[~positive]]
    n_eff = min(effective_number(kind) for kind in kinds)
    if min(kind.sum() for kind in kinds) <= 0 or np.isnan(scores).any():
        nothing = Estimate(value=math.nan, error=math.nan, n_eff=n_eff, signed=signed)
        return Area(auc=nothing, leaves_unit_square=False)
    ups, downs, up_squares, down_squares = _tied_sums(positive, scores, each)
    beaten = (np.cumsum(downs) - 0.5 * downs) / downs.sum()
    beating = 1.0 - (np.cumsum(ups) - 0.5 * ups) / ups.sum()
    auc = float((ups * beaten).sum() / ups.sum())
    variance = 0.0
    for squares, places, kind in zip(
        (up_squares, down_squares), (beaten, beating), kinds, strict=True
    ):
        own = float((squares * (places - auc) ** 2).sum()) / float(kind.sum()) ** 2
        variance += own * _unbiased(effective_number(kind))
    return Area(
        auc=Estimate(value=auc, error=math.sqrt(variance), n_eff=n_eff, signed=signed),
        leaves_unit_square=any(_leaves(np.cumsum(kind) / kind.sum()) for kind in (ups, downs)),
    )


def areas_one_vs_rest(
    truth: np.ndarray,
    scores: np.ndarray,
    classes: Sequence[str],
    weights: np.ndarray | None = None,
) -> dict[str, Area]:
    """Measure for each class how well its own score tells it from the rest.

    Args:
        truth: Class codes, shape (examples,).
        scores: Shape (examples, classes).
        classes: Names, in the order of the codes.
        weights: Shape (examples,).
    """
    return {
        name: area(truth == code, scores[:, code], weights) for code, name in enumerate(classes)
    }


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ConfusionShares:
    """A confusion matrix with errors; all of shape (classes, classes), rows are the truth."""

    yields: np.ndarray
    """Sum of weights."""

    yield_errors: np.ndarray
    """Root of the sum of squared weights."""

    shares: np.ndarray
    """`yields` divided by the sum of their row; NaN where that is not above zero."""

    share_errors: np.ndarray
    """One standard deviation of `shares`, a row's total varying with it."""


def confusion_shares(
    truth: np.ndarray, predicted: np.ndarray, classes: int, weights: np.ndarray | None = None
) -> ConfusionShares:
    """Normalise the rows of the confusion matrix; arguments of shape (examples,).

    A share has no error of its own where its row has one effective example or fewer: NaN.
    One that is 0 or 1 has error 0, which only says that none was seen.

    Raises:
        DataError: A code is not in [0, classes).
    """
    each = _weights(truth, weights)
    yields = confusion_matrix(truth, predicted, classes, each)
    squares = confusion_matrix(truth, predicted, classes, each**2)
    rows, row_squares = (m.sum(axis=1, keepdims=True) for m in (yields, squares))
    shares = ratio(yields, rows)
    spread = squares * (1.0 - shares) ** 2 + (row_squares - squares) * shares**2
    n_eff = ratio(rows**2, row_squares)
    return ConfusionShares(
        yields=yields,
        yield_errors=np.sqrt(squares),
        shares=shares,
        share_errors=np.sqrt(ratio(spread, rows**2) * ratio(n_eff, n_eff - 1.0)),
    )


def _weights(values: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    if weights is None:
        return np.ones(len(values))
    if len(weights) != len(values):
        raise DataError(f"weights: expected one an example ({len(values)}), got {len(weights)}.")
    return np.asarray(weights, dtype=np.float64)


def _unbiased(n_eff: float) -> float:
    return n_eff / (n_eff - 1.0) if n_eff > 1 else math.nan


def _tied_sums(
    positive: np.ndarray, scores: np.ndarray, each: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Sum weights of positives, of negatives, and their squares, by distinct score ascending."""
    order = np.argsort(scores)
    ascending = scores[order]
    starts = np.flatnonzero(np.append(True, ascending[1:] != ascending[:-1]))
    up, down = (np.where(chosen[order], each[order], 0.0) for chosen in (positive, ~positive))
    one, two, three, four = (np.add.reduceat(c, starts) for c in (up, down, up**2, down**2))
    return one, two, three, four


def _leaves(shares: np.ndarray) -> bool:
    return bool(shares.min() < -1e-12 or shares.max() > 1.0 + 1e-12)
