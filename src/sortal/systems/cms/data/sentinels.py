"""Notice numbers that seem to stand for a missing value, such as -999, and say where values are missing."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sortal.systems.cms.data.blanks import are_blank
from sortal.systems.cms.data.events import Events

_FEWEST = 3
_SHARE = 1e-4
"""Events that have to share a number, at least, and as a share of all."""

_USUAL = frozenset(
    sign * size
    for sign in (-1.0, 1.0)
    for size in (
        *(10.0**k - 1 for k in range(2, 10)),
        *(10.0**k for k in range(2, 39)),
        *(999.9, 9999.9, 9999.25, 32767.0, 32768.0, 2.0**31 - 1, 2.0**31),
        *(float(np.finfo(kind).max) for kind in (np.float32, np.float64)),
    )
)
"""Numbers that people write for a missing value, of either sign, whatever the variable."""

_NINES = frozenset((*(10.0**k - 1 for k in range(3, 10)), 999.9, 9999.9))
"""Sizes of those that measured values hardly ever have by chance, not even one of many values."""

_LOW = frozenset({-1.0, -2.0, -5.0, -9.0, -10.0, -99.0, -999.0})
"""Numbers that they write where values cannot be negative."""

_APART = 3.0
"""How far a usual number lies from all others, at least, in units of their interquartile range."""

_MANY = 10
"""Distinct other values that a variable has at least, for one with few has categories."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentinel:
    """A number that seems to stand for a missing value of one variable."""

    variable: str
    value: float
    signal: float
    """Share of signal events that have it."""

    background: float
    """Share of background events that have it."""

    def sentence(self) -> str:
        """What a user should know."""
        return (
            f"the variable {self.variable!r} is {self.value:g} in {_percent(self.signal)} of signal "
            f"and {_percent(self.background)} of background, far from all other values: if that "
            "means a missing value, name it (`missing`) and choose an `imputation`."
        )


def find_sentinels(events: Events) -> list[Sentinel]:
    """Look through all variables for numbers that seem to stand for a missing value.

    A number is noticed if several events share it exactly and it is either the least or greatest
    of its variable and lies far from all others (or is one such as -1 where no other is negative),
    or has nines alone, as -999, among measured values that events hardly ever share.
    """
    found = []
    signal = events.is_signal
    for place, variable in enumerate(events.variables):
        column = events.features[:, place]
        found += [
            Sentinel(
                variable=variable,
                value=float(value),
                signal=_share(are_blank(column[signal], [value])),
                background=_share(are_blank(column[~signal], [value])),
            )
            for value in _candidates(column[~np.isnan(column)])
        ]
    return found


def missing_remarks(events: Events, imputation: str) -> Iterator[str]:
    """Tell of each variable how many of its values are missing, and what takes their place."""
    gaps, signal = np.isnan(events.features), events.is_signal
    for place in np.flatnonzero(gaps.any(axis=0)):
        column = gaps[:, place]
        yield (
            f"the variable {events.variables[place]!r} is missing in "
            f"{_percent(_share(column[signal]))} of signal and {_percent(_share(column[~signal]))} "
            f"of background: imputation {imputation}, fitted on training events, fills it in."
        )


def _candidates(values: np.ndarray) -> Iterator[float]:
    """Numbers of a column that seem to stand for a missing value."""
    known, counts = np.unique(values.astype(np.float64), return_counts=True)
    shared = counts >= max(_FEWEST, _SHARE * len(values))
    # Every number of a category is shared by many events; few measured values are.
    is_measured = len(known) > _MANY and bool((~shared).sum() > shared.sum())
    found = {float(one) for one in known[shared] if is_measured and abs(one) in _NINES}
    rest, left = known, counts
    while len(rest) > 1:
        ends = {float(end) for end in (rest[0], rest[-1]) if shared[known == end][0]}
        new = {end for end in ends if end in found or _stands_apart(end, rest, left)}
        if not new:
            break
        found |= new
        kept = ~np.isin(rest, list(new))
        rest, left = rest[kept], left[kept]
    yield from sorted(found)


def _stands_apart(end: float, known: np.ndarray, counts: np.ndarray) -> bool:
    """Whether the least or greatest number of a column, shared by many events, is none of the others' kind."""
    others, times = known[known != end], counts[known != end]
    many = len(others) >= _MANY
    if end in _LOW and others[0] >= 0 and many:
        return True
    gap = float(np.abs(others - end).min())
    if many and end.is_integer() and gap > 0.5 * (others[-1] - others[0]):
        return True
    is_usual = any(np.isclose(end, usual, rtol=1e-6, atol=0) for usual in _USUAL)
    low, high = (others[np.searchsorted(np.cumsum(times), q * times.sum())] for q in (0.25, 0.75))
    return is_usual and gap > _APART * (high - low) and gap > 0.5 * abs(end)


def _share(chosen: np.ndarray) -> float:
    return float(chosen.mean()) if len(chosen) else 0.0


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
