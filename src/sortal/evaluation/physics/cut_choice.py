"""The cut that validation chooses, what it gives on test, and how sure both are."""

from dataclasses import dataclass

import numpy as np

from sortal.errors import DataError
from sortal.evaluation.bootstrap import LARGE, interval, resampled_sums
from sortal.evaluation.physics.cut_rule import (
    CutRule,
    ScoredEvents,
    can_be_selected,
    cuts_passed,
    guarded_merit,
)
from sortal.evaluation.physics.cut_scan import CutScan, WorkingPoint, apply_cut, scan_events


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ChosenCut:
    """A cut chosen on validation and applied to test, which had no say in it."""

    validation: WorkingPoint
    """The maximum on validation; its figure is biased upward, see `reselect`."""

    test: WorkingPoint
    """The same cut on test: the result."""

    test_interval: tuple[float, float]
    """Percentile interval of the figure on test over resamples of its events."""

    test_spread: float
    """Standard deviation of the figure on test over the same resamples."""

    oracle: WorkingPoint
    """The maximum of test itself among the same cuts: what no honest choice can know."""

    @property
    def cut(self) -> float:
        """The cut."""
        return self.validation.cut


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Reselection:
    """What happens when the cut is chosen anew in every resample; arrays are (resamples,).

    A resample in which every cut is guarded is NaN in all of them.
    """

    cuts: np.ndarray
    """The cut that each resample chooses."""

    maxima: np.ndarray
    """Its figure in the resample that chose it."""

    figures: np.ndarray
    """Its figure in the part itself, which did not choose it and may guard it; NaN if B <= 0."""

    @property
    def optimism(self) -> float:
        """Mean of `maxima` - `figures`: by how much the maximum of the part flatters it.

        Efron 1983, doi:10.1080/01621459.1983.10477973. NaN if no resample has a maximum.
        """
        gaps = self.maxima - self.figures
        known = gaps[~np.isnan(gaps)]
        return float(known.mean()) if len(known) else float("nan")


def choose(
    validation: CutScan,
    test: ScoredEvents,
    *,
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> ChosenCut:
    """Take the best cut of a scan of validation to test.

    Args:
        validation: Its scan; its rule holds on test too, so the scales of both parts' weights
            must agree.
        test: Events that had no part in training or in the choice.
        resamples: For the interval; at least 1.
        seed: Seed of the resamples.
        level: Share of the resamples inside the interval.

    Raises:
        DataError: Every cut of the scan is guarded.
    """
    if validation.guarded.all():
        raise DataError(
            "choice of a cut: expected a cut that leaves enough background on validation, "
            f"all {len(validation.cuts)} are guarded; lower the minima or the cuts."
        )
    chosen = validation.at(validation.best)
    oracle = scan_events(test, validation.rule, validation.cuts)
    drawn = resampled_merit(test, chosen.cut, validation.rule, resamples=resamples, seed=seed)
    low, high = interval(drawn[:, None], level=level)[0]
    return ChosenCut(
        validation=chosen,
        test=apply_cut(test, chosen.cut, validation.rule),
        test_interval=(float(low), float(high)),
        test_spread=standard_deviation(drawn),
        oracle=oracle.at(oracle.best),
    )


def resampled_merit(
    events: ScoredEvents, cut: float, rule: CutRule, *, resamples: int, seed: int
) -> np.ndarray:
    """Figure of merit at a fixed cut in resamples of a part.

    Returns:
        Shape (resamples,); NaN where no background is left. The minima of the rule are not
        applied: they say whether the part is trusted, not each of its resamples.
    """
    grid = np.array([cut])
    sums = _above_in_resamples(events, grid, rule, resamples=resamples, seed=seed)
    return _unguarded(rule, sums[0, :, 0], sums[0, :, 1])


def reselect(
    scan: CutScan, events: ScoredEvents, *, resamples: int, seed: int, most: int = 400
) -> Reselection:
    """Choose the cut anew in every resample of the part that chose it.

    Args:
        scan: Of the part.
        events: The part.
        resamples: How many.
        seed: Seed of the resamples.
        most: Cuts that are tried; of a longer scan evenly many are taken, and its best.
    """
    places = np.linspace(0, len(scan.cuts) - 1, min(most, len(scan.cuts))).round().astype(int)
    places = np.unique([*places, scan.best])
    sums = _above_in_resamples(events, scan.cuts[places], scan.rule, resamples=resamples, seed=seed)
    merit, guarded = guarded_merit(scan.rule, sums[..., 0], sums[..., 1], sums[..., 2])
    best = np.argmax(merit, axis=0)
    lost = guarded.all(axis=0)

    def known(values: np.ndarray) -> np.ndarray:
        return np.where(lost, np.nan, values)

    return Reselection(
        cuts=known(scan.cuts[places][best]),
        maxima=known(merit[best, np.arange(resamples)]),
        figures=known(_unguarded(scan.rule, scan.signal, scan.background)[places][best]),
    )


def _unguarded(rule: CutRule, signal: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Compute figures whatever the minima of the rule; NaN where no background is left."""
    figures = rule.figure.of(
        signal, background, uncertainty=rule.uncertainty, regularisation=rule.regularisation
    )
    return np.where(np.isfinite(figures) & (background > 0), figures, np.nan)


def _above_in_resamples(
    events: ScoredEvents, cuts: np.ndarray, rule: CutRule, *, resamples: int, seed: int
) -> np.ndarray:
    """Sum signal, background and its squares above each cut, in each resample.

    Each event is drawn a Poisson number of times: what fluctuates is how many events there
    are, so that the variance of a yield is sum of w^2. That is what `resampled_sums` draws
    for many rows. Hence events that pass no cut may be left out, and rows of zeros make up
    the number.

    Returns:
        Shape (cuts, resamples, 3).
    """
    chosen = can_be_selected(events, rule)
    passed = cuts_passed(events.scores[chosen], cuts, rule)
    counted = passed > 0
    weights = events.weights[chosen][counted].astype(np.float64)
    signal = events.is_signal[chosen][counted].astype(bool)
    columns = np.stack([weights * signal, weights * ~signal, weights**2 * ~signal], axis=1)
    # resampled_sums works in float32, which squares of small weights would leave.
    scale = np.maximum(np.abs(columns).max(axis=0, initial=0.0), np.finfo(np.float64).tiny)
    rows = max(0, LARGE + 1 - len(columns))
    filled = np.concatenate([columns / scale, np.zeros((rows, 3))])
    strata = np.concatenate([passed[counted], np.full(rows, len(cuts))])
    sums = resampled_sums(filled, resamples=resamples, seed=seed, strata=strata)[1:]
    above: np.ndarray = np.cumsum(sums[::-1], axis=0)[::-1] * scale
    return above


def standard_deviation(figures: np.ndarray) -> float:
    """Standard deviation of the figures that are known; NaN of fewer than two."""
    known = figures[~np.isnan(figures)]
    return float(known.std(ddof=1)) if len(known) > 1 else float("nan")
