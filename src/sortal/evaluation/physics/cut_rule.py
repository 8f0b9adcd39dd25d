"""Which events a cut selects, how a selection is judged, and when it is not trusted."""

from dataclasses import dataclass

import numpy as np

from sortal.errors import DataError, OptionError
from sortal.evaluation.physics.significance import FigureOfMerit, relative_variance


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ScoredEvents:
    """Events of one part, scored, with the weights that make their expected yields."""

    scores: np.ndarray
    """How signal-like, shape (examples,)."""

    is_signal: np.ndarray
    """The truth, bool, shape (examples,)."""

    weights: np.ndarray
    """Expected events of each, luminosity and split factor included, sign kept."""

    eligible: np.ndarray | None = None
    """Which may be selected at all (say, whose largest score is the signal's); None for all."""

    def __post_init__(self) -> None:
        lengths = {len(self.scores), len(self.is_signal), len(self.weights)}
        if self.eligible is not None:
            lengths.add(len(self.eligible))
        if len(lengths) != 1:
            raise DataError(f"events: expected columns of one length, got {sorted(lengths)}.")
        if np.isnan(self.scores).any():
            raise DataError(f"scores: expected numbers, got {np.isnan(self.scores).sum()} NaN.")
        if not np.isfinite(self.weights).all():
            bad = np.count_nonzero(~np.isfinite(self.weights))
            raise DataError(f"weights: expected finite numbers, got {bad} others.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeritRule:
    """How yields are judged, and when they are too few to be trusted."""

    figure: FigureOfMerit
    """Which figure of merit."""

    uncertainty: float
    """f, relative systematic uncertainty of the background."""

    regularisation: float
    """What `ams` adds to the background."""

    minimum_background: float
    """Expected background below which the figure is guarded; B <= 0 always is."""

    minimum_effective_background: float
    """The same of effective background events, (sum of w)^2 / sum of w^2."""

    def __post_init__(self) -> None:
        relative_variance(self.uncertainty)
        for name in ("regularisation", "minimum_background", "minimum_effective_background"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise OptionError(name, getattr(self, name), "a finite number of 0 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class CutRule(MeritRule):
    """The same, and what being selected by a cut means."""

    strict: bool
    """Select cut < score < `upper` instead of score >= cut."""

    upper: float
    """Upper bound of a strict selection."""


def guarded_merit(
    rule: MeritRule, signal: np.ndarray, background: np.ndarray, background_squares: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the figure of merit where it can be trusted.

    Returns:
        Figures, 0 where guarded, and where they are guarded; of the shape of the yields.
    """
    effective = effective_events(background, background_squares)
    figures = rule.figure.of(
        signal, background, uncertainty=rule.uncertainty, regularisation=rule.regularisation
    )
    guarded = (
        (background <= 0)
        | (background < rule.minimum_background)
        | (effective < rule.minimum_effective_background)
        | ~np.isfinite(figures)
    )
    return np.where(guarded, 0.0, figures), guarded


def can_be_selected(events: ScoredEvents, rule: CutRule) -> np.ndarray:
    """Which events some cut may select, shape (examples,), bool."""
    mask = np.ones(len(events.scores), dtype=bool)
    if events.eligible is not None:
        mask &= events.eligible.astype(bool)
    if rule.strict:
        mask &= events.scores < rule.upper
    return mask


def cuts_passed(scores: np.ndarray, cuts: np.ndarray, rule: CutRule) -> np.ndarray:
    """Count the ascending cuts that each score passes, shape of the scores."""
    values = scores.astype(np.float64)
    passed: np.ndarray = np.searchsorted(cuts, values, side="left" if rule.strict else "right")
    return passed


def effective_events(sums: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """(Sum of w)^2 / sum of w^2, of the shape of both; 0 where there is nothing."""
    none = np.zeros_like(sums)
    count: np.ndarray = np.divide(sums**2, squares, out=none, where=squares > 0)
    return count
