"""Schedules laid over the whole training: they know where it ends.

In the formulas s = t/T is the share of the T updates of the training that is done.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from sortal.training.schedules.span import Span, check_choice, check_number

Anneal: TypeAlias = Literal["cosine", "linear"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosine:
    """Factor m + (1 - m)/2 * (1 + cos(pi * s)) with m = `min_factor`.

    One cycle of Loshchilov & Hutter 2017 (arXiv:1608.03983) as long as the training; m
    itself would be reached by the first update after the last.
    """

    min_factor: float = 0.0
    """Factor at the end of training, in [0, 1]."""

    def __post_init__(self) -> None:
        check_number("cosine", "min_factor", self.min_factor, least=0, most=1)

    def factors(self, updates: np.ndarray, span: Span) -> np.ndarray:
        """Factor of each update, falling from 1 to `min_factor`.

        >>> Cosine(min_factor=0.5).factors(np.array([0, 5, 10]), Span(10, 1))
        array([1.  , 0.75, 0.5 ])
        """
        return self.min_factor + (1 - self.min_factor) * _cosine(span.progress(updates))


@dataclass(frozen=True, slots=True, kw_only=True)
class CosLog4:
    """Factor (1 - cos(2 pi * log2(1 + 15 s)))/2: four cycles, each twice as long as the last.

    The `coslog4` of RealMLP, Holzmüller et al. 2024 (arXiv:2407.04491). It is 0 at
    s = 0, so the very first update changes nothing.
    """

    def factors(self, updates: np.ndarray, span: Span) -> np.ndarray:
        """Factor of each update, in [0, 1]."""
        turns = np.log2(1 + 15 * span.progress(updates))
        return np.asarray(0.5 * (1 - np.cos(2 * np.pi * turns)))


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatCos:
    """Factor 1 for the first half of the training, then (1 + cos(pi * (2s - 1)))/2.

    The `flat_cos` of RealMLP, Holzmüller et al. 2024 (arXiv:2407.04491).
    """

    def factors(self, updates: np.ndarray, span: Span) -> np.ndarray:
        """Factor of each update, falling from 1 to 0."""
        return _cosine(np.maximum(0.0, 2 * span.progress(updates) - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class OneCycle:
    """Rise from `start_factor` to 1 at update u = rise * T - 1, then fall to `end_factor`.

    Smith & Topin 2019 (arXiv:1708.07120), with the anneals and phases that PyTorch's
    OneCycleLR has: a way from a to b is, at its share w, b + (a - b)/2 * (1 + cos(pi w)) or
    a + (b - a) * w. The base learning rate is the highest; the last update T - 1 is made
    at `end_factor`. Trainings too short for a rise (u <= 0) begin at 1.
    """

    rise: float = 0.3
    """Share of the training until the highest rate, above 0 and at most 1."""

    start_factor: float = 0.04
    """Factor of the first update, in [0, 1]."""

    end_factor: float = 4e-6
    """Factor of the last update, in [0, 1]."""

    anneal: Anneal = "cosine"
    """Shape of the rise and of the fall."""

    def __post_init__(self) -> None:
        check_number("one_cycle", "rise", self.rise, above=0, most=1)
        check_number("one_cycle", "start_factor", self.start_factor, least=0, most=1)
        check_number("one_cycle", "end_factor", self.end_factor, least=0, most=1)
        check_choice("one_cycle", "anneal", self.anneal, ("cosine", "linear"))

    def factors(self, updates: np.ndarray, span: Span) -> np.ndarray:
        """Factor of each update, in [min(start_factor, end_factor), 1]."""
        made, last = np.minimum(updates, span.updates - 1), span.updates - 1
        top = max(0.0, self.rise * span.updates - 1)
        risen = np.minimum(made / top, 1.0) if top else np.ones(np.shape(made))
        fallen = np.maximum(made - top, 0.0) / max(last - top, 1e-300)
        up = self._way(self.start_factor, 1.0, risen)
        return np.where(made <= top, up, self._way(1.0, self.end_factor, np.minimum(fallen, 1.0)))

    def _way(self, start: float, end: float, share: np.ndarray) -> np.ndarray:
        left = _cosine(share) if self.anneal == "cosine" else 1 - share
        return end + (start - end) * left


def _cosine(share: np.ndarray) -> np.ndarray:
    """Half a cosine, from 1 at share 0 to 0 at share 1."""
    return np.asarray(0.5 * (1 + np.cos(np.pi * share)))
