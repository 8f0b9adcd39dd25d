"""Yields and figure of merit above every cut on a score, by weighted cumulative sums."""

from dataclasses import dataclass, replace

import numpy as np

from sortal.errors import DataError
from sortal.evaluation.physics.cut_rule import (
    CutRule,
    ScoredEvents,
    can_be_selected,
    cuts_passed,
    effective_events,
    guarded_merit,
)
from sortal.evaluation.physics.significance import REGULARISATION, FigureOfMerit
from sortal.evaluation.physics.significance_error import standard_error


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingPoint:
    """One cut applied to one part."""

    cut: float
    """Smallest score that is selected (not selected itself where the rule is strict)."""

    signal: float
    """Expected signal events S."""

    background: float
    """Expected background events B."""

    signal_error: float
    """Statistical error of S of the simulation, sqrt(sum of w^2)."""

    background_error: float
    """Statistical error of B of the simulation, sqrt(sum of w^2)."""

    signal_efficiency: float
    """Share of all signal that is selected."""

    background_efficiency: float
    """Share of all background that is selected."""

    effective_background: float
    """Background events that a sample of equal weights would need for the same relative error."""

    merit: float
    """Figure of merit; 0 where guarded."""

    merit_error: float
    """Its statistical error of the simulation, to first order; NaN where guarded."""

    guarded: bool
    """Too little background is left for the figure to be trusted."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CutScan:
    """Yields and figure of merit of one part above each cut; all arrays have shape (cuts,)."""

    rule: CutRule
    """How events were selected and judged."""

    cuts: np.ndarray
    """Ascending."""

    signal: np.ndarray
    """Expected signal events S above each cut."""

    background: np.ndarray
    """Expected background events B above each cut."""

    signal_squares: np.ndarray
    """Sum of squared weights of the signal above each cut: the variance of S."""

    background_squares: np.ndarray
    """Sum of squared weights of the background above each cut: the variance of B."""

    total_signal: float
    """Expected signal of the whole part, whether eligible or not."""

    total_background: float
    """Expected background of the whole part, whether eligible or not."""

    merit: np.ndarray
    """Figure of merit; 0 where guarded."""

    guarded: np.ndarray
    """Where B <= 0, or a minimum of the rule is not reached, or the figure is not defined."""

    @property
    def best(self) -> int:
        """Place of the first maximum of `merit`; 0 if every cut is guarded."""
        return int(np.argmax(self.merit))

    @property
    def signal_efficiency(self) -> np.ndarray:
        """S / all signal; NaN if there is none."""
        return _share(self.signal, self.total_signal)

    @property
    def background_efficiency(self) -> np.ndarray:
        """B / all background; NaN if there is none."""
        return _share(self.background, self.total_background)

    @property
    def effective_background(self) -> np.ndarray:
        """(Sum of w)^2 / sum of w^2 of the background above each cut; 0 where there is none."""
        return effective_events(self.background, self.background_squares)

    @property
    def merit_error(self) -> np.ndarray:
        """Statistical error of `merit` from the simulated events; NaN where guarded."""
        error = standard_error(
            self.rule.figure,
            self.signal,
            self.background,
            self.signal_squares,
            self.background_squares,
            uncertainty=self.rule.uncertainty,
            regularisation=self.rule.regularisation,
        )
        known: np.ndarray = np.where(self.guarded, np.nan, error)
        return known

    def at(self, place: int) -> WorkingPoint:
        """What the cut at a place of `cuts` selects."""
        only = replace(self, **{name: getattr(self, name)[[place]] for name in _PER_CUT})
        return WorkingPoint(
            cut=float(only.cuts[0]),
            signal=float(only.signal[0]),
            background=float(only.background[0]),
            signal_error=float(np.sqrt(only.signal_squares[0])),
            background_error=float(np.sqrt(only.background_squares[0])),
            signal_efficiency=float(only.signal_efficiency[0]),
            background_efficiency=float(only.background_efficiency[0]),
            effective_background=float(only.effective_background[0]),
            merit=float(only.merit[0]),
            merit_error=float(only.merit_error[0]),
            guarded=bool(only.guarded[0]),
        )


_PER_CUT = (
    "cuts",
    "signal",
    "background",
    "signal_squares",
    "background_squares",
    "merit",
    "guarded",
)


def page_cuts() -> np.ndarray:
    """The 200 cuts 0.7, 0.7015, ..., 0.9985 of the CMS guide, rounded as its script rounds."""
    step = (1.0 - 0.7) / 200
    cuts: np.ndarray = 0.7 + np.arange(200) * step
    return cuts


def scan(
    scores: np.ndarray,
    is_signal: np.ndarray,
    weights: np.ndarray,
    *,
    cuts: np.ndarray | None = None,
    eligible: np.ndarray | None = None,
    figure: FigureOfMerit = FigureOfMerit.ASIMOV,
    uncertainty: float = 0.0,
    regularisation: float = REGULARISATION,
    minimum_background: float = 0.0,
    minimum_effective_background: float = 0.0,
    strict: bool = False,
    upper: float = 1.0,
) -> CutScan:
    """Sum what is above each cut, and judge it.

    Takes O(n log n) for n examples. Negative weights count with their sign, so yields
    need not fall with the cut; a minimum of effective background events keeps cuts out
    where they cancel.

    Args:
        scores: Shape (examples,), no NaN.
        is_signal: Shape (examples,), bool.
        weights: Expected events of each example, shape (examples,), see `yields.Scale`.
        cuts: In any order; None for every distinct score of an eligible event.
        eligible: Which events may be selected, shape (examples,), bool; efficiencies are
            relative to all of them.
        figure: What is maximised.
        uncertainty: Relative systematic uncertainty of the background.
        regularisation: What `ams` adds to the background.
        minimum_background: Guard, see `CutRule`.
        minimum_effective_background: Guard, see `CutRule`.
        strict: Select cut < score < upper, instead of score >= cut.
        upper: Of strict selections; others have no upper bound.

    Raises:
        DataError: Columns differ in length, a score is NaN, a weight is not finite, or
            there are no cuts, or one is NaN.
        OptionError: The uncertainty, regularisation or a minimum is negative.
    """
    rule = CutRule(
        figure=figure,
        uncertainty=uncertainty,
        regularisation=regularisation,
        minimum_background=minimum_background,
        minimum_effective_background=minimum_effective_background,
        strict=strict,
        upper=upper,
    )
    events = ScoredEvents(scores=scores, is_signal=is_signal, weights=weights, eligible=eligible)
    return scan_events(events, rule, cuts)


def scan_events(events: ScoredEvents, rule: CutRule, cuts: np.ndarray | None = None) -> CutScan:
    """The same as `scan` for a part and a rule that are values already."""
    chosen = can_be_selected(events, rule)
    grid, passed = _grid(events.scores[chosen], cuts, rule)
    signal = events.is_signal[chosen].astype(bool)
    weights = events.weights[chosen].astype(np.float64)
    above = [
        _above(passed[kind], weights[kind] ** power, len(grid))
        for kind in (signal, ~signal)
        for power in (1, 2)
    ]
    truth = events.is_signal.astype(bool)
    merit, guarded = guarded_merit(rule, above[0], above[2], above[3])
    return CutScan(
        rule=rule,
        cuts=grid,
        signal=above[0],
        signal_squares=above[1],
        background=above[2],
        background_squares=above[3],
        total_signal=float(events.weights[truth].sum(dtype=np.float64)),
        total_background=float(events.weights[~truth].sum(dtype=np.float64)),
        merit=merit,
        guarded=guarded,
    )


def apply_cut(events: ScoredEvents, cut: float, rule: CutRule) -> WorkingPoint:
    """Apply one cut, chosen elsewhere, to a part."""
    return scan_events(events, rule, np.array([cut])).at(0)


def _grid(
    scores: np.ndarray, cuts: np.ndarray | None, rule: CutRule
) -> tuple[np.ndarray, np.ndarray]:
    """Lay out the ascending cuts, and count how many of them each score passes."""
    if cuts is None:
        grid, place = np.unique(scores.astype(np.float64), return_inverse=True)
        passed = place if rule.strict else place + 1
    else:
        grid = np.sort(np.ravel(cuts).astype(np.float64))
        passed = cuts_passed(scores, grid, rule)
    if not len(grid):
        raise DataError("scan: expected at least one cut, or one event that may be selected.")
    if np.isnan(grid).any():
        raise DataError(f"cuts: expected numbers, got {np.isnan(grid).sum()} NaN.")
    return grid, passed


def _above(passed: np.ndarray, values: np.ndarray, cuts: int) -> np.ndarray:
    """Sum values over the events that pass each cut; from above, so that none is exactly 0."""
    # bincount of no events is of integers, whatever the weights.
    per_gap = np.bincount(passed, values, minlength=cuts + 1)[1:].astype(np.float64)
    sums: np.ndarray = np.cumsum(per_gap[::-1])[::-1]
    return sums


def _share(sums: np.ndarray, total: float) -> np.ndarray:
    share: np.ndarray = sums / total if total else np.full_like(sums, np.nan)
    return share
