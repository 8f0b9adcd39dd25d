"""A cut for each fold, chosen without the events of that fold, and what these cuts give together.

Where every event is scored by a classifier that never saw it, there is no other part to choose a
cut on. One cut that maximises a figure over all events flatters it. So each fold gets the cut that
is best on all other folds, and the figure is of the events above the cut of their own fold, which
had no part in choosing it.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from sortal.evaluation.bootstrap import interval
from sortal.evaluation.physics.cut_choice import ChosenCut, resampled_merit, standard_deviation
from sortal.evaluation.physics.cut_rule import CutRule, ScoredEvents
from sortal.evaluation.physics.cut_scan import CutScan, apply_cut, scan_events


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FoldCuts:
    """The cut of each fold, and how far above it events lie."""

    cuts: tuple[float, ...]
    """By fold; chosen on the events of all other folds."""

    events: ScoredEvents = field(repr=False)
    """All events, with score - cut of the own fold as their score: those of 0 or more are selected."""


def fit_cuts(
    events: ScoredEvents, folds: np.ndarray, rule: CutRule, cuts: np.ndarray | None = None
) -> FoldCuts | None:
    """Choose a cut for each fold on the events of all others.

    The weights of the others are scaled up by all events over theirs, for signal and background
    each, so that both stand for the whole sample.

    Args:
        events: All events, each with a score of a classifier that never saw it.
        folds: Fold of each event, from 0, shape (events,).
        rule: How events are selected and judged; not strict.
        cuts: Those that are tried; every distinct score if None.

    Returns:
        None where every cut of a fold leaves too little background in the others.
    """
    chosen: list[float] = []
    for fold in range(int(folds.max()) + 1):
        scan = scan_events(_without(events, folds == fold), rule, cuts)
        if scan.guarded.all():
            return None
        chosen.append(scan.at(scan.best).cut)
    apart = events.scores.astype(np.float64) - np.array(chosen)[folds]
    return FoldCuts(cuts=tuple(chosen), events=replace(events, scores=apart))


def choose_by_fold(whole: CutScan, fitted: FoldCuts, *, resamples: int, seed: int) -> ChosenCut:
    """Judge the cuts of all folds together.

    Args:
        whole: Scan of all events; its best cut is for new events, and its figure flatters.
        fitted: The cut of each fold.
        resamples: For the interval; at least 1.
        seed: Seed of the resamples.
    """
    best = whole.at(whole.best)
    drawn = resampled_merit(fitted.events, 0.0, whole.rule, resamples=resamples, seed=seed)
    low, high = interval(drawn[:, None])[0]
    return ChosenCut(
        validation=best,
        test=replace(apply_cut(fitted.events, 0.0, whole.rule), cut=best.cut),
        test_interval=(float(low), float(high)),
        test_spread=standard_deviation(drawn),
        oracle=best,
    )


def _without(events: ScoredEvents, left_out: np.ndarray) -> ScoredEvents:
    kept = ~left_out
    truth = events.is_signal.astype(bool)
    scales = np.ones(len(truth))
    for kind in (truth, ~truth):
        scales[kind] = kind.sum() / max(1, (kind & kept).sum())
    return ScoredEvents(
        scores=events.scores[kept],
        is_signal=events.is_signal[kept],
        weights=(events.weights * scales)[kept],
        eligible=None if events.eligible is None else events.eligible[kept],
    )
