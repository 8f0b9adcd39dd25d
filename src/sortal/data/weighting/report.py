"""What became of the weights of each class on their way into training, as values and sentences."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

_NOTABLE = 0.05
"""Share of negative weight in a class's absolute weight from which it is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassWeights:
    """One class of the training examples, before and after the rule."""

    name: str
    rows: int
    negative_rows: int
    negative_share: float
    """Absolute weight of the negative rows as a share of all absolute weight, in [0, 1]."""

    yield_before: float
    """Sum of physics weights, signs kept."""

    yield_after: float
    """Sum of training weights."""

    effective_before: float
    """Examples of equal weight with the same relative error of their sum: (sum w)^2 / sum w^2."""

    effective_after: float

    @property
    def is_summable(self) -> bool:
        """Whether the physics weights sum above 0, without which a loss has no lower bound."""
        return self.yield_before > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightReport:
    """All classes that training has, in their order."""

    classes: tuple[ClassWeights, ...] = ()

    def remarks(self, treatment: str) -> Iterator[str]:
        """Sentences for the user on negative weights.

        Args:
            treatment: `Weighing.negative`. What is kept is told from a share of 5 % on.
        """
        for one in self.classes:
            if treatment == "keep" and one.negative_share >= _NOTABLE:
                yield (
                    f"class {one.name!r}: {one.negative_share:.0%} of its absolute weight is "
                    f"negative and trains with its sign; its {one.rows:,} examples count as "
                    f"{one.effective_before:,.0f}"
                )
            elif treatment != "keep" and one.negative_rows:
                yield (
                    f"class {one.name!r}: negative weights of {one.negative_rows:,} of "
                    f"{one.rows:,} examples ({treatment}): their sum goes from "
                    f"{one.yield_before:g} to {one.yield_after:g}, the effective number of "
                    f"examples from {one.effective_before:,.0f} to {one.effective_after:,.0f}"
                )


def report_weights(
    names: Sequence[str], codes: np.ndarray, before: np.ndarray, after: np.ndarray
) -> WeightReport:
    """Sum up by class.

    Args:
        names: Names of the classes by code.
        codes: Class of each example, negative where it is not known, shape (examples,).
        before: Physics weights, shape (examples,).
        after: Training weights, shape (examples,).
    """
    known = codes >= 0
    codes, before, after = codes[known], before[known], after[known]

    def sums(values: np.ndarray) -> np.ndarray:
        return np.bincount(codes, weights=values, minlength=len(names))

    rows, negative = sums(np.ones(len(codes))), sums(before < 0)
    total, lost = sums(np.abs(before)), sums(np.where(before < 0, -before, 0))
    yields, squares = (sums(before), sums(after)), (sums(before**2), sums(after**2))
    return WeightReport(
        classes=tuple(
            ClassWeights(
                name=names[code],
                rows=int(rows[code]),
                negative_rows=int(negative[code]),
                negative_share=float(lost[code] / total[code]) if total[code] else 0.0,
                yield_before=float(yields[0][code]),
                yield_after=float(yields[1][code]),
                effective_before=_effective(yields[0][code], squares[0][code]),
                effective_after=_effective(yields[1][code], squares[1][code]),
            )
            for code in np.flatnonzero(rows).tolist()
        )
    )


def _effective(total: float, squares: float) -> float:
    return float(total**2 / squares) if squares else 0.0
