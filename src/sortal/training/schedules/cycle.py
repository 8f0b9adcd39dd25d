"""Schedules that return: cycles between two rates, and cosine decay with restarts."""

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from sortal.training.schedules.span import (
    Span,
    Unit,
    check_choice,
    check_number,
    check_unit,
    check_whole,
)

CyclicMode: TypeAlias = Literal["triangular", "triangular2", "exp_range"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cyclic:
    """Up and down in straight lines between the base learning rate and `peak` times it.

    Smith 2017 (arXiv:1506.01186). With t updates made, half a cycle of h updates,
    c = floor(1 + t/2h) and x = |t/h - 2c + 1|, the factor is
    1 + (peak - 1) * max(0, 1 - x) * g, where g is 1 (`triangular`), 2^(1-c)
    (`triangular2`) or gamma^t (`exp_range`).
    """

    peak: float = 10.0
    """Highest factor, at least 1; the lowest is 1."""

    step_size: float = 8.0
    """Units of half a cycle, above 0; what Smith calls the step size."""

    mode: CyclicMode = "triangular"
    """Whether cycles keep their height, halve it each time, or lose it with every update."""

    gamma: float = 1.0
    """What the height keeps of itself from update to update with `exp_range`, in (0, 1]."""

    unit: Unit = "epochs"
    """What `step_size` is counted in; `gamma` is always counted in updates."""

    def __post_init__(self) -> None:
        check_number("cyclic", "peak", self.peak, least=1)
        check_number("cyclic", "step_size", self.step_size, above=0)
        check_choice("cyclic", "mode", self.mode, ("triangular", "triangular2", "exp_range"))
        check_number("cyclic", "gamma", self.gamma, above=0, most=1)
        check_unit("cyclic", self.unit)

    def factors(self, updates: np.ndarray, span: Span) -> np.ndarray:
        """Factor of each update, in [1, peak].

        >>> half = Cyclic(peak=3, step_size=2, unit="updates")
        >>> half.factors(np.arange(6), Span(10, 1))
        array([1., 2., 3., 2., 1., 2.])
        """
        made = np.asarray(updates, dtype=np.float64)
        half = self.step_size * span.updates_in(self.unit)
        cycle = np.floor(1 + made / (2 * half))
        height = np.maximum(0.0, 1 - np.abs(made / half - 2 * cycle + 1))
        if self.mode == "triangular2":
            height = height * 0.5 ** (cycle - 1)
        elif self.mode == "exp_range":
            height = height * self.gamma**made
        return np.asarray(1 + (self.peak - 1) * height)


@dataclass(frozen=True, slots=True, kw_only=True)
class SGDR:
    """Cosine decay that restarts, each time longer if asked for.

    Loshchilov & Hutter 2017 (arXiv:1608.03983). In cycle i = 0, 1, ... of n_i units,
    b units after its start, the factor is
    m + (p_i - m)/2 * (1 + cos(pi * b/n_i)) with m = `min_factor` and
    p_i = max(m, peak_decay^i). Lengths are whole: n_0 = `period` and
    n_(i+1) = ceil(n_i * multiplier), the product rounded to nine decimals before.
    """

    period: int = 10
    """Units of the first cycle, at least 1."""

    multiplier: float = 1.0
    """How much longer each cycle is than the one before, at least 1."""

    min_factor: float = 0.0
    """Factor that a cycle decays towards, in [0, 1]."""

    peak_decay: float = 1.0
    """What the factor at a restart keeps from cycle to cycle, above 0 and at most 1."""

    unit: Unit = "epochs"
    """What `period` is counted in."""

    def __post_init__(self) -> None:
        check_whole("sgdr", "period", self.period)
        check_number("sgdr", "multiplier", self.multiplier, least=1)
        check_number("sgdr", "min_factor", self.min_factor, least=0, most=1)
        check_number("sgdr", "peak_decay", self.peak_decay, above=0, most=1)
        check_unit("sgdr", self.unit)

    def factors(self, updates: np.ndarray, span: Span) -> np.ndarray:
        """Factor of each update, in [min_factor, 1].

        >>> SGDR(period=2, multiplier=2, unit="updates").factors(np.arange(5), Span(10, 1))
        array([1.        , 0.5       , 1.        , 0.85355339, 0.5       ])
        """
        made = np.asarray(updates, dtype=np.int64)
        cycle, since, length = self._place(made, span.updates_in(self.unit))
        peak = np.maximum(self.min_factor, self.peak_decay ** cycle.astype(np.float64))
        share = 0.5 * (1 + np.cos(np.pi * since / length))
        return np.asarray(self.min_factor + (peak - self.min_factor) * share)

    def _place(self, made: np.ndarray, per_unit: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Cycle of each update, updates since its start, and its length in updates."""
        first = self.period * per_unit
        if self._next(self.period) == self.period:
            return made // first, made % first, np.full(made.shape, first)
        lengths, starts, last = [self.period], [0], int(made.max(initial=0))
        while (start := starts[-1] + lengths[-1] * per_unit) <= last:
            starts.append(start)
            lengths.append(self._next(lengths[-1]))
        cycle = np.searchsorted(starts, made, side="right") - 1
        return cycle, made - np.array(starts)[cycle], per_unit * np.array(lengths)[cycle]

    def _next(self, length: int) -> int:
        # 100 * 1.1 is 110.00000000000001, which a bare ceil would make 111.
        return math.ceil(round(length * self.multiplier, 9))
