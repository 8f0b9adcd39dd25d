"""Factors of many members at once, for a stretch of updates."""

from collections.abc import Sequence

import numpy as np

from sortal.training.schedules.span import Schedule, Span


def factor_table(
    schedules: Sequence[Schedule], start: int, stop: int, spans: Sequence[Span]
) -> np.ndarray:
    """Lay out what the learning rates are multiplied with, update by update.

    Args:
        schedules: Each member's; those that are equal, with equal spans, are computed once.
        start: Number of the first update, from 0.
        stop: Number of the first update that is left out.
        spans: How long each member's training is.

    Returns:
        float64, shape (updates, members).

    >>> from sortal.training.schedules.decay import Constant, Exponential
    >>> halving = Exponential(gamma=0.5)
    >>> factor_table([Constant(), halving], 1, 4, [Span(2, 3), Span(2, 3)])
    array([[1. , 1. ],
           [1. , 0.5],
           [1. , 0.5]])
    """
    updates = np.arange(start, stop)
    kinds = list(zip(schedules, spans, strict=True))
    computed = {kind: kind[0].factors(updates, kind[1]) for kind in dict.fromkeys(kinds)}
    table = np.empty((len(updates), len(kinds)))
    for member, kind in enumerate(kinds):
        table[:, member] = computed[kind]
    return table
