"""Do two weighted histograms have one shape? A chi-square test."""

import numpy as np

from sortal.errors import DataError
from sortal.metrics.histogram import Histogram
from sortal.metrics.two_sample import TwoSampleTest

LEAST = 10.0
"""Effective events that a bin of each histogram needs, else it is merged with the next one."""


def chi_square_homogeneity(
    first: Histogram, second: Histogram, *, least: float = LEAST
) -> TwoSampleTest:
    """Compare the shapes of two weighted histograms whose weights have one origin.

    The variance by bin is that of both together, as the hypothesis has it, and the
    direction in which only the total changes is projected out, which keeps chi2 with bins - 1
    degrees of freedom also where weights vary over bins. With unit weights it is Pearson's
    test of homogeneity.

    Args:
        first: One histogram.
        second: The other one, on the same edges.
        least: Effective events that every bin needs in both; see `TwoSampleTest.merged`.

    Raises:
        DataError: The edges differ.
    """
    from scipy.stats import chi2

    if not np.array_equal(first.edges, second.edges):
        raise DataError("histograms with different edges cannot be compared.")
    starts = _merged_starts(first, second, least)
    ndf = len(starts) - 1
    value = float("nan")
    if ndf > 0:
        shares = [np.add.reduceat(one.shares().sums, starts) for one in (first, second)]
        squares = [np.add.reduceat(one.shares().squares, starts) for one in (first, second)]
        value = _homogeneity(*shares, *squares)
    return TwoSampleTest(
        kind="chi2_homogeneity",
        statistic=value,
        p=float(chi2.sf(value, ndf)) if ndf > 0 else float("nan"),
        n_eff=(_effective(first), _effective(second)),
        approximate=True,
        signed=bool((first.sums < 0).any() or (second.sums < 0).any()),
        ndf=ndf,
        merged=len(first.sums) - len(starts),
    )


def _homogeneity(
    one: np.ndarray, two: np.ndarray, square_1: np.ndarray, square_2: np.ndarray
) -> float:
    sizes = np.array([1.0 / square_1.sum(), 1.0 / square_2.sum()])
    part = sizes / sizes.sum()
    shape = part[0] * one + part[1] * two
    variance = part @ (sizes[:, None] * np.stack([square_1, square_2])) * (1.0 / sizes).sum()
    apart = one - two
    along = (apart * shape / variance).sum() ** 2 / (shape**2 / variance).sum()
    return float((apart**2 / variance).sum() - along)


def _merged_starts(first: Histogram, second: Histogram, least: float) -> np.ndarray:
    """First bin of each group of bins that together have enough events in both histograms."""
    table = np.stack([first.sums, second.sums, first.squares, second.squares])
    starts, begun = [], 0
    for bin_ in range(table.shape[1]):
        one, two, square_1, square_2 = table[:, begun : bin_ + 1].sum(axis=1)
        enough = one**2 >= least * square_1 and two**2 >= least * square_2
        if enough and min(one, two) > 0:
            starts.append(begun)
            begun = bin_ + 1
    return np.array(starts or [0])


def _effective(histogram: Histogram) -> float:
    squares = float(histogram.squares.sum())
    return histogram.total**2 / squares if squares > 0 else 0.0
