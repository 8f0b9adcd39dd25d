"""Do two weighted samples come from one distribution? Tests of Kolmogorov and Smirnov.

The hypothesis throughout is that scores and relative weights of both samples come from one
joint distribution; the scale of the weights may differ and is divided out. Effective
numbers are (sum w)^2 / sum w^2. Negative weights keep their sign.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from sortal.errors import DataError

Kind = Literal["ks_asymptotic", "ks_limit", "ks_permutation", "chi2_homogeneity"]

_STREAM = 0x25A3
_BLOCK = 1 << 16
_CELLS = 512
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class WeightedSample:
    """Values with weights."""

    values: np.ndarray
    """Shape (examples,), in any order."""

    weights: np.ndarray | None = None
    """Shape (examples,); None for 1 each."""

    @property
    def each(self) -> np.ndarray:
        """The weight of each example, shape (examples,), float64."""
        if self.weights is None:
            return np.ones(len(self.values))
        return np.asarray(self.weights, dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoSampleTest:
    """Outcome of one test; statistic and p are NaN where it could not be made."""

    kind: Kind
    """Which test, and where its p comes from."""

    statistic: float
    """Largest distance of the cumulative shares, in [0, 1] unless weights are negative; or chi2."""

    p: float
    """Chance of this statistic or a larger one if both samples come from one distribution."""

    n_eff: tuple[float, float]
    """Effective number of examples of the first and the second sample."""

    approximate: bool
    """Whether p holds for many examples only."""

    signed: bool
    """Whether a weight is negative, or for chi2 the sum of a bin; see the test for what it means."""

    ndf: int | None = None
    """Degrees of freedom of chi2."""

    merged: int = 0
    """How many bins were merged into others for want of events."""


def effective_number(weights: np.ndarray) -> float:
    """Size of an unweighted sample as precise as this one: (sum w)^2 / sum w^2; 0 if empty.

    >>> effective_number(np.array([2.0, 2.0, 2.0]))
    3.0
    """
    each = np.asarray(weights, dtype=np.float64)
    squares = float((each**2).sum())
    return float(each.sum()) ** 2 / squares if squares > 0 else 0.0


def ks_asymptotic(first: WeightedSample, second: WeightedSample) -> TwoSampleTest:
    """Test by Kolmogorov's law with effective numbers: fast, and approximate twice over.

    It holds for many examples, and only if weights do not depend on values: else, and
    with negative weights above all, use `ks_limit` or `ks_permutation`. Tied values make
    p too large.

    Raises:
        DataError: A value is NaN.
    """
    from scipy.special import kolmogorov

    pool = _Pool.of(first, second)
    if pool is None:
        return _impossible("ks_asymptotic", first, second)
    one, two = (effective_number(sample.each) for sample in (first, second))
    distance = pool.distance()
    p = float(kolmogorov(distance * np.sqrt(one * two / (one + two))))
    return _tested("ks_asymptotic", first, second, distance, p)


def ks_limit(
    first: WeightedSample, second: WeightedSample, *, draws: int = 10_000, seed: int = 0
) -> TwoSampleTest:
    """Test by the Gaussian process that the distance tends to, drawn on up to 512 places.

    The process has the covariance that the pooled weights say, so weights that depend on
    values, negative weights and ties are all accounted for. What remains approximate is
    that sums over many examples are taken as normal. The cost of the draws does not grow
    with the examples.

    Args:
        first: One sample.
        second: The other one.
        draws: How many; p is at least 1 / (draws + 1).
        seed: Of the draws, not negative.

    Raises:
        DataError: A value is NaN.
    """
    return _drawn(
        "ks_limit", first, second, seed, lambda pool, stream: pool.limit_distances(draws, stream)
    )


def ks_permutation(
    first: WeightedSample, second: WeightedSample, *, permutations: int = 2_000, seed: int = 0
) -> TwoSampleTest:
    """Test by dealing the pooled examples, each with its weight, to two samples at random.

    Exact for any number of examples, any weights and ties (Phipson and Smyth 2010,
    doi:10.2202/1544-6115.1585, for the 1 that is added). Weights are divided by the mean
    of their sample first. A deal whose weights do not sum to more than zero counts as one
    beyond. Takes some 70 ns per example and permutation.

    Args:
        first: One sample.
        second: The other one.
        permutations: How many; p is at least 1 / (permutations + 1).
        seed: Of the permutations, not negative.

    Raises:
        DataError: A value is NaN.
    """
    return _drawn(
        "ks_permutation",
        first,
        second,
        seed,
        lambda pool, stream: pool.permuted_distances(permutations, stream),
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Pool:
    """Both samples in one, ascending; weights divided by the mean of their sample."""

    weights: np.ndarray
    of_first: np.ndarray
    ends: np.ndarray
    """Place of the last example of each distinct value."""

    @classmethod
    def of(cls, first: WeightedSample, second: WeightedSample) -> "_Pool | None":
        """Sort once; None where a sample has no weight above zero."""
        for sample in (first, second):
            if np.isnan(sample.values).any():
                bad = int(np.isnan(sample.values).sum())
                raise DataError(f"two-sample test: expected numbers, got {bad} NaN.")
        parts = [sample.each for sample in (first, second)]
        if any(len(part) == 0 or part.sum() <= 0 for part in parts):
            return None
        values = np.concatenate([first.values, second.values])
        order = np.argsort(values)
        ascending = values[order]
        ends = np.flatnonzero(np.append(ascending[1:] != ascending[:-1], True))
        each = np.concatenate([part / part.mean() for part in parts])
        return cls(weights=each[order], of_first=order < len(first.values), ends=ends)

    def distance(self) -> float:
        return float(self._distances(self.of_first[None])[0])

    def permuted_distances(self, permutations: int, stream: np.random.Generator) -> np.ndarray:
        height = max(1, _BLOCK // len(self.weights))
        blocks = []
        for start in range(0, permutations, height):
            rows = min(height, permutations - start)
            dealt = np.repeat(self.of_first[None], rows, axis=0)
            blocks.append(self._distances(stream.permuted(dealt, axis=1, out=dealt)))
        return np.concatenate(blocks) if blocks else np.zeros(0)

    def _distances(self, of_first: np.ndarray) -> np.ndarray:
        """Largest distance of the cumulative shares of each deal, shape (deals, examples)."""
        first = np.cumsum(np.where(of_first, self.weights, 0.0), axis=1)
        if len(self.ends) < len(self.weights):
            first = first[:, self.ends]
        pooled = np.cumsum(self.weights)[self.ends]
        one = first[:, -1:].copy()
        two = pooled[-1] - one
        whole = np.minimum(one, two)[:, 0] > 0
        # first / one - (pooled - first) / two, in as few passes as that takes.
        with np.errstate(divide="ignore", invalid="ignore"):
            first *= 1.0 / one + 1.0 / two
            first -= pooled / two
        gaps = np.maximum(first.max(axis=1), -first.min(axis=1))
        return np.where(whole, gaps, np.inf)

    def limit_distances(self, draws: int, stream: np.random.Generator) -> np.ndarray:
        """Draw the distance in the limit of many examples.

        In the limit the cumulative share of a part of n examples, less that of the
        population, is (B(t) - F(t) B(end)) / sqrt(n): B has independent increments with
        the mean square of the weights as variance, F is the cumulative share of weight.
        """
        total = len(self.weights)
        grown = np.cumsum(self.weights**2)[self.ends] / total
        shares = np.cumsum(self.weights)[self.ends] / self.weights.sum()
        cells = np.searchsorted(grown, grown[-1] * np.arange(1, _CELLS + 1) / _CELLS)
        places = np.unique(np.minimum(cells, len(grown) - 1))
        if len(grown) <= _CELLS:
            places = np.arange(len(grown))
        steps = np.diff(grown[places], prepend=0.0)
        widths, cumulated = (array.astype(np.float32) for array in (np.sqrt(steps), shares[places]))
        walks = stream.standard_normal((draws, len(places)), dtype=np.float32) * widths
        np.cumsum(walks, axis=1, out=walks)
        walks -= cumulated * walks[:, -1:]
        # A walk seen at fewer places misses its peak by 0.5826 of the growth of its steps
        # (Broadie, Glasserman and Kou 1997, doi:10.1111/1467-9965.00035).
        missed = 0.5826 * (_typical_step(steps) - _typical_step(np.diff(grown, prepend=0.0)))
        firsts = int(self.of_first.sum())
        scale = np.sqrt(1.0 / firsts + 1.0 / (total - firsts))
        distances: np.ndarray = scale * (np.abs(walks).max(axis=1) + max(0.0, missed))
        return distances


_Draw: TypeAlias = Callable[[_Pool, np.random.Generator], np.ndarray]
"""Distances of pooled samples if both come from one distribution, shape (draws,)."""


def _typical_step(variances: np.ndarray) -> float:
    """Standard deviation of the step that a share of the variance falls into, on average."""
    return float(np.sqrt((variances**2).sum() / variances.sum()))


def _drawn(
    kind: Kind, first: WeightedSample, second: WeightedSample, seed: int, draw: _Draw
) -> TwoSampleTest:
    """Count the drawn distances that reach the measured one; the samples themselves are one more."""
    pool = _Pool.of(first, second)
    if pool is None:
        return _impossible(kind, first, second)
    distance = pool.distance()
    drawn = draw(pool, np.random.default_rng([seed, _STREAM]))
    beyond = int(np.count_nonzero(drawn >= distance - _ROUNDING))
    return _tested(kind, first, second, distance, (1 + beyond) / (1 + len(drawn)))


def _tested(
    kind: Kind, first: WeightedSample, second: WeightedSample, statistic: float, p: float
) -> TwoSampleTest:
    return TwoSampleTest(
        kind=kind,
        statistic=statistic,
        p=p,
        n_eff=(effective_number(first.each), effective_number(second.each)),
        approximate=kind != "ks_permutation",
        signed=any(bool((sample.each < 0).any()) for sample in (first, second)),
    )


def _impossible(kind: Kind, first: WeightedSample, second: WeightedSample) -> TwoSampleTest:
    return _tested(kind, first, second, float("nan"), float("nan"))
