"""Successive halving and Hyperband: how many candidates start, at which budgets they are sifted.

Successive halving: Jamieson and Talwalkar 2016, arXiv:1502.07943. Hyperband: Li et al. 2018,
jmlr.org/papers/v18/16-558.html.

Own code, because Optuna prunes trial by trial, and here a round trains as one population.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """One way through the rungs."""

    candidates: int
    """Candidates that start."""

    budgets: tuple[int, ...]
    """Budgets at which they are sifted, ascending, below whole training; empty for no rungs."""

    factor: int = 1
    """One in so many goes on at each rung."""


def budgets(*, lowest: int, highest: int, factor: int) -> tuple[int, ...]:
    """Budgets of the rungs below whole training.

    >>> budgets(lowest=2, highest=50, factor=3)
    (2, 6, 18)
    """
    found = []
    budget = lowest
    while budget < highest:
        found.append(budget)
        budget *= factor
    return tuple(found)


def halving(*, lowest: int, highest: int, factor: int, candidates: int) -> Bracket:
    """Successive halving: everyone starts at the lowest rung."""
    rungs = budgets(lowest=lowest, highest=highest, factor=factor)
    return Bracket(candidates=candidates, budgets=rungs, factor=factor)


def hyperband(*, lowest: int, highest: int, factor: int) -> tuple[Bracket, ...]:
    """The brackets of Hyperband, the one that starts most candidates first.

    Bracket s of s_max + 1 starts ceil((s_max + 1) / (s + 1) factor^s) candidates and passes s
    rungs; the last trains its few whole at once.

    >>> [(one.candidates, one.budgets) for one in hyperband(lowest=1, highest=9, factor=3)]
    [(9, (1, 3)), (5, (3,)), (3, ())]
    """
    rungs = budgets(lowest=lowest, highest=highest, factor=factor)
    most = len(rungs)
    return tuple(
        Bracket(
            candidates=math.ceil((most + 1) / (passed + 1) * factor**passed),
            budgets=rungs[most - passed :],
            factor=factor,
        )
        for passed in range(most, -1, -1)
    )


def promote(values: Sequence[float | None], factor: int) -> tuple[int, ...]:
    """Places of those that go on: one in `factor`, at least one, the largest values; ascending.

    Args:
        values: The larger the better; None for one that failed, which never goes on.
        factor: One in so many goes on.

    Of equal values the first goes on.

    >>> promoted([0.2, 0.9, None, 0.5, 0.9, 0.1], factor=3)
    (1, 4)
    """
    sound = [place for place, value in enumerate(values) if value is not None]
    ranked = sorted(sound, key=lambda place: -(values[place] or 0.0))
    return tuple(sorted(ranked[: max(1, len(values) // factor)]))
