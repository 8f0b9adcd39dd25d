"""Which classifiers differ by more than chance on the same examples."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl

EXACT_UP_TO = 25
"""Discordant examples up to which McNemar's test is the exact binomial one."""

_BLOCK = 8192
_LEVEL = 0.05


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Comparison:
    """All pairs of some classifiers on the same examples, unweighted."""

    titles: tuple[str, ...]

    right_alone: np.ndarray = field(repr=False)
    """Entry [i, j]: examples that i has right and j has wrong; int64, zeros on the diagonal."""

    p: np.ndarray = field(repr=False)
    """Two-sided p-values of McNemar's test, symmetric, 1 on the diagonal."""

    adjusted_p: np.ndarray = field(repr=False)
    """The same after Holm's correction for all pairs."""

    def table(self) -> "pl.DataFrame":
        """One row a pair: the two titles, the examples that each alone has right, p and adjusted p."""
        import polars as pl

        pairs = [(i, j) for j in range(len(self.titles)) for i in range(j)]
        first, second = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        titles = np.array(self.titles, dtype=object)
        return pl.DataFrame(
            {
                "first": pl.Series(titles[first].tolist(), dtype=pl.String),
                "second": pl.Series(titles[second].tolist(), dtype=pl.String),
                "first_alone": self.right_alone[first, second],
                "second_alone": self.right_alone[second, first],
                "p": self.p[first, second],
                "adjusted_p": self.adjusted_p[first, second],
            }
        )

    def _repr_html_(self) -> str:
        """Its table, for notebooks."""
        return str(self.table()._repr_html_())


def mcnemar(first_alone: np.ndarray, second_alone: np.ndarray) -> np.ndarray:
    """Test whether two classifiers are equally often right (McNemar 1947, doi:10.1007/BF02295996).

    Up to 25 discordant examples exact binomial; beyond, chi-squared with continuity
    correction (Edwards 1948, doi:10.1007/BF02289261), which never turns a gap of 0 into one of 1.

    Args:
        first_alone: Number of examples that only the first has right, any shape.
        second_alone: Number of examples that only the second has right, same shape.

    Returns:
        Two-sided p-values of that shape, float64; 1 without discordant examples.
    """
    from scipy.special import bdtr, erfc

    first, second = np.broadcast_arrays(np.asarray(first_alone), np.asarray(second_alone))
    discordant = first + second
    counts = np.arange(EXACT_UP_TO + 1)
    exact = np.minimum(1.0, 2.0 * bdtr(counts[:, None].astype(np.float64), counts, 0.5))
    few = discordant <= EXACT_UP_TO
    fewer = np.where(few, np.minimum(first, second), 0)
    gap = np.maximum(np.abs(first - second) - 1.0, 0.0)
    chi_squared = gap**2 / np.maximum(discordant, 1)
    # The upper tail of chi-squared with one degree of freedom.
    tail = erfc(np.sqrt(chi_squared / 2.0))
    p: np.ndarray = np.where(few, exact[fewer, np.where(few, discordant, 0)], tail)
    return p


def holm(p: np.ndarray) -> np.ndarray:
    """Adjust p-values for testing several hypotheses (Holm 1979, Scand. J. Statist. 6:65).

    Args:
        p: Shape (tests,); those that are NaN stay so and are not counted.

    Returns:
        Adjusted p-values in the same order, at most 1.

    >>> holm(np.array([0.01, 0.5, np.nan, 0.03])).tolist()
    [0.03, 0.5, nan, 0.06]
    """
    order = np.argsort(p, kind="stable")[: np.count_nonzero(~np.isnan(p))]
    scaled = p[order] * np.arange(len(order), 0, -1)
    adjusted = np.full(len(p), np.nan)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted


def compare(correct: np.ndarray, titles: Sequence[str]) -> Comparison:
    """Test every pair of classifiers.

    Args:
        correct: Whether each classifier is right on each example, shape (members, examples).
        titles: Name of each member.
    """
    members = len(correct)
    both = _right_together(correct)
    right_alone = np.diagonal(both)[:, None] - both
    first, second = np.triu_indices(members, 1)
    p, adjusted = np.ones((members, members)), np.ones((members, members))
    tested = mcnemar(right_alone[first, second], right_alone[second, first])
    corrected = holm(tested)
    p[first, second] = p[second, first] = tested
    adjusted[first, second] = adjusted[second, first] = corrected
    return Comparison(titles=tuple(titles), right_alone=right_alone, p=p, adjusted_p=adjusted)


def _right_together(correct: np.ndarray) -> np.ndarray:
    """Count the examples that both of a pair have right, shape (members, members), int64."""
    both = np.zeros((len(correct), len(correct)), dtype=np.int64)
    for start in range(0, correct.shape[1], _BLOCK):
        # float32 products are fast, and exact far beyond a block's size.
        block = correct[:, start : start + _BLOCK].astype(np.float32)
        both += (block @ block.T).astype(np.int64)
    return both


def tied_with_best(correct: np.ndarray, headline: np.ndarray) -> np.ndarray:
    """Find the classifiers that cannot be told from the best one.

    The best has the highest headline, the first of equals. McNemar's test compares it
    with every other, Holm's correction covers these tests, and an adjusted p-value of
    0.05 or more is a tie. The test is about how often both are right (accuracy), also
    where the headline is another figure.

    Args:
        correct: Whether each member is right on each example, shape (members, examples).
        headline: Figure that ranks, shape (members,); a member with NaN takes no part.

    Returns:
        Shape (members,), bool: the best and all tied with it; all False if none takes part.
    """
    takes_part = ~np.isnan(headline)
    tied = np.zeros(len(headline), dtype=bool)
    if not takes_part.any():
        return tied
    best = int(np.argmax(np.where(takes_part, headline, -np.inf)))
    tied[best] = True
    others = np.flatnonzero(takes_part & ~tied)
    best_alone = np.array(
        [np.count_nonzero(correct[best] & ~correct[i]) for i in others], dtype=int
    )
    other_alone = np.array(
        [np.count_nonzero(correct[i] & ~correct[best]) for i in others], dtype=int
    )
    tied[others] = holm(mcnemar(best_alone, other_alone)) >= _LEVEL
    return tied
