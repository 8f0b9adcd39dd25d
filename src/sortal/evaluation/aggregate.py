"""Figures of several members of one classifier, over seeds and folds, as mean and spread."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sortal.evaluation.scores import MemberMetrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Several values of one figure; those that are undefined (NaN) are left out."""

    mean: float
    """NaN if no value is defined."""

    sd: float
    """Standard deviation with n - 1; NaN for fewer than two values."""

    n: int
    """Number of defined values."""

    smallest: float
    """NaN if no value is defined."""

    largest: float
    """NaN if no value is defined."""

    missing: int = 0
    """Number of values that are undefined."""


def summarise(values: Sequence[float]) -> Spread:
    """Reduce values to mean and spread.

    >>> summarise([1.0, 3.0, float("nan")])
    Spread(mean=2.0, sd=1.4142135623730951, n=2, smallest=1.0, largest=3.0, missing=1)
    """
    defined = [value for value in values if not math.isnan(value)]
    n, missing = len(defined), len(values) - len(defined)
    if n == 0:
        return Spread(
            mean=math.nan, sd=math.nan, n=0, smallest=math.nan, largest=math.nan, missing=missing
        )
    mean = math.fsum(defined) / n
    squares = math.fsum((value - mean) ** 2 for value in defined)
    sd = math.sqrt(squares / (n - 1)) if n > 1 else math.nan
    return Spread(
        mean=mean, sd=sd, n=n, smallest=min(defined), largest=max(defined), missing=missing
    )


def aggregate(scores: Sequence[MemberMetrics]) -> dict[str, Spread]:
    """Summarise each figure over members; one that a member lacks counts as undefined there."""
    names = dict.fromkeys(name for one in scores for name in one.figures)
    return {name: summarise([one.figures.get(name, math.nan) for one in scores]) for name in names}
