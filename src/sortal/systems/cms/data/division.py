"""Divide events into training, validation and test, process by process, and check what came of it."""

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np

from sortal.data.split import Part
from sortal.errors import DataError
from sortal.systems.cms.data.events import Events

_NOTABLE = 4.0
"""Standard deviations by which shares of a process may differ before it is told."""

_LARGEST_MODULUS = 1000


def divide_by_seed(events: Events, fractions: list[float], seed: int) -> Events:
    """Divide the events of each process at random, in the shares asked for.

    Args:
        events: Events of any parts.
        fractions: Shares of training, validation and test; only their ratios count.
        seed: Same seed, same events: same division, whatever other processes there are.
    """
    parts = np.empty(len(events), dtype=np.int8)
    for code, name in enumerate(events.processes):
        rows = np.flatnonzero(events.process == code)
        drawn = np.random.default_rng([seed, *name.encode()]).permutation(len(rows))
        parts[rows] = np.searchsorted(_ends(fractions), (drawn + 0.5) / len(rows), side="right")
    return replace(events, parts=parts)


def divide_by_number(events: Events, fractions: list[float]) -> Events:
    """Divide by event number alone: an event has its part whatever file it is found in.

    The number modulo the smallest m of which all shares are whole parts decides: of
    25 %, 25 % and 50 % those that leave 0 train, 1 validate, 2 and 3 test.

    Raises:
        DataError: The files have no event numbers.
    """
    if events.numbers is None:
        raise DataError("divide_by event_number: the files have no column of event numbers.")
    shares = np.asarray(fractions) / np.sum(fractions)
    moduli = (m for m in range(1, _LARGEST_MODULUS) if np.allclose(shares * m, np.rint(shares * m)))
    modulus = next(moduli, _LARGEST_MODULUS)
    places = (events.numbers % modulus + 0.5) / modulus
    parts = np.searchsorted(_ends(fractions), places, side="right").astype(np.int8)
    return replace(events, parts=parts)


def fold_numbers(events: Events, folds: int) -> np.ndarray:
    """Fold of each event: its number modulo the folds; its place in the files where it has none.

    Returns:
        Shape (events,), int64, from 0.
    """
    numbers = np.arange(len(events)) if events.numbers is None else events.numbers
    return np.asarray(numbers % folds, dtype=np.int64)


def composition_notes(events: Events) -> Iterator[str]:
    """Tell processes whose share of training and of validation differ by more than chance, or that a part lacks.

    Shares are of events, not of weight: both parts must be alike in composition.
    """
    counts = {part: _counts(events, part) for part in Part}
    for part, name in product(Part, events.processes):
        if not counts[part][events.processes.index(name)]:
            yield f"{name} has no event in the {part} part: its yield counts nothing there."
    both = np.stack([counts[Part.TRAIN], counts[Part.VALIDATION]]).astype(float)
    totals = both.sum(axis=1)
    if not totals.all():
        return
    for name, (train, validation) in zip(events.processes, both.T, strict=True):
        together = (train + validation) / totals.sum()
        spread = math.sqrt(together * (1 - together) * (1 / totals).sum())
        apart = abs(train / totals[0] - validation / totals[1])
        if spread and apart > _NOTABLE * spread:
            yield (
                f"{name} is {100 * train / totals[0]:.3g} % of the training events and "
                f"{100 * validation / totals[1]:.3g} % of the validation events: both should be "
                "composed alike."
            )


def split_factors(events: Events, part: Part) -> np.ndarray:
    """What makes a part's yield of each process the yield of all its events.

    Args:
        events: Divided events.
        part: The part.

    Returns:
        All events of the process over those of the part, shape (processes,); infinite where it
        has none.
    """
    counts = _counts(events, part)
    whole = sum(_counts(events, one) for one in Part)
    factors: np.ndarray = np.divide(
        whole, counts, out=np.full(len(counts), math.inf), where=counts > 0
    )
    return factors


def _counts(events: Events, part: Part) -> np.ndarray:
    """Events of each process in a part, shape (processes,)."""
    return np.bincount(events.process[events.rows(part)], minlength=len(events.processes))


def _ends(fractions: list[float]) -> np.ndarray:
    shares = np.cumsum(fractions) / np.sum(fractions)
    return np.asarray(shares[:-1])
