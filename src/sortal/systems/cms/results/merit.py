"""Figures of merit of a classifier: expected events, the scan of cuts, the cut that validation chooses."""

import math
from dataclasses import dataclass, field, replace

import numpy as np

from sortal.data.split import Part
from sortal.evaluation.physics.cross_fitted import FoldCuts, choose_by_fold, fit_cuts
from sortal.evaluation.physics.cut_choice import ChosenCut, Reselection, choose, reselect
from sortal.evaluation.physics.cut_rule import CutRule, ScoredEvents
from sortal.evaluation.physics.cut_scan import CutScan, page_cuts, scan_events
from sortal.evaluation.physics.significance import REGULARISATION, FigureOfMerit
from sortal.evaluation.physics.yields import Yields, yields_at_cut
from sortal.systems.cms.data.classes import ClassMap
from sortal.systems.cms.data.division import fold_numbers
from sortal.systems.cms.data.events import Events
from sortal.systems.cms.data.scales import Scales
from sortal.systems.cms.settings import CMSSettings
from sortal.systems.cms.training.scored import Scored


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Merit:
    """What the cuts on a classifier's signal score come to."""

    scans: dict[Part, CutScan] = field(repr=False)
    """Every cut on each part."""

    events: dict[Part, ScoredEvents] = field(repr=False)
    """Scored events that the scans sum, weights scaled to expected events."""

    rows: dict[Part, np.ndarray] = field(repr=False)
    """Row numbers of these events."""

    chosen: ChosenCut | None
    """The cut chosen on validation; None where every cut leaves too little background. With folds
    see `by_fold`."""

    reselection: Reselection | None
    """What choosing anew in resamples of validation gives; None where nothing is chosen or drawn."""

    by_fold: FoldCuts | None = None
    """With folds the cuts of `chosen.test`, each chosen on the test scores of the other folds; then
    the scan of validation is that of all test scores, whose best cut is for new events."""


def merit_of(
    scored: Scored, events: Events, classes: ClassMap, scales: Scales, settings: CMSSettings
) -> Merit:
    """Scan all parts, choose on validation, apply to test; with folds choose across folds."""
    selected, rows = {}, {}
    for part in Part:
        mine = scored.rows[part]
        keep = scales.counted[part][mine]
        rows[part] = mine[keep]
        scores = scored.scores[part][keep]
        selected[part] = ScoredEvents(
            scores=scores[:, 0].astype(np.float64),
            is_signal=classes.codes[rows[part]] == 0,
            weights=events.weights[rows[part]] * scales.expected[part][rows[part]],
            eligible=scores.argmax(axis=1) == 0
            if settings.compat and scores.shape[1] > 1
            else None,
        )
    rule = cut_rule(settings)
    grid = page_cuts() if settings.scan == "page" else None
    # With folds validation and test are the same events, and test scores know least of them.
    chooses = Part.TEST if settings.folds else Part.VALIDATION
    scans = {Part.VALIDATION: scan_events(selected[chooses], rule, grid)}
    cuts = scans[Part.VALIDATION].cuts
    scans |= {part: scan_events(selected[part], rule, cuts) for part in (Part.TRAIN, Part.TEST)}
    if settings.folds:
        folds = fold_numbers(events, settings.folds)[rows[Part.TEST]]
        fitted = fit_cuts(selected[Part.TEST], folds, rule, grid)
        chosen, again = _choice_by_fold(scans[Part.VALIDATION], selected[chooses], fitted, settings)
    else:
        fitted = None
        chosen, again = _choice(scans[Part.VALIDATION], selected, settings)
    return Merit(
        scans=scans, events=selected, rows=rows, chosen=chosen, reselection=again, by_fold=fitted
    )


def _choice_by_fold(
    whole: CutScan, events: ScoredEvents, fitted: FoldCuts | None, settings: CMSSettings
) -> tuple[ChosenCut | None, Reselection | None]:
    """The cuts of all folds together, if each leaves enough background, and what resamples would."""
    if fitted is None or whole.guarded.all():
        return None, None
    drawn, seed = settings.bootstrap, settings.seed
    chosen = choose_by_fold(whole, fitted, resamples=max(1, drawn), seed=seed)
    if not drawn:
        return replace(chosen, test_interval=(math.nan, math.nan)), None
    return chosen, reselect(whole, events, resamples=drawn, seed=seed)


def _choice(
    validation: CutScan, selected: dict[Part, ScoredEvents], settings: CMSSettings
) -> tuple[ChosenCut | None, Reselection | None]:
    """The cut that validation chooses, if one leaves enough background, and what resamples would."""
    if validation.guarded.all():
        return None, None
    drawn, seed = settings.bootstrap, settings.seed
    chosen = choose(validation, selected[Part.TEST], resamples=max(1, drawn), seed=seed)
    if not drawn:
        # One resample, the fewest that can be drawn, is no interval.
        return replace(chosen, test_interval=(math.nan, math.nan)), None
    return chosen, reselect(validation, selected[Part.VALIDATION], resamples=drawn, seed=seed)


def class_yields(merit: Merit, classes: ClassMap, part: Part, cut: float) -> Yields:
    """Expected events of each class above a cut."""
    return _yields(merit, part, cut, classes.codes, classes.names)


def chosen_yields(merit: Merit, events: Events) -> Yields:
    """Expected test events of each process above the chosen cut, with folds that of their own fold.

    Args:
        merit: A cut is chosen.
        events: All events.
    """
    if merit.chosen is None:
        raise ValueError("no cut is chosen")
    if merit.by_fold is None:
        return process_yields(merit, events, Part.TEST, merit.chosen.cut)
    held = replace(merit, events={**merit.events, Part.TEST: merit.by_fold.events})
    return process_yields(held, events, Part.TEST, 0.0)


def process_yields(merit: Merit, events: Events, part: Part, cut: float) -> Yields:
    """Expected events of each process above a cut."""
    return _yields(merit, part, cut, events.process, events.processes)


def _yields(
    merit: Merit, part: Part, cut: float, codes: np.ndarray, names: tuple[str, ...]
) -> Yields:
    scored, rule = merit.events[part], merit.scans[part].rule
    return yields_at_cut(
        codes[merit.rows[part]],
        names,
        scored.scores,
        scored.weights,
        cut,
        strict=rule.strict,
        upper=rule.upper,
        eligible=scored.eligible,
    )


def cut_rule(settings: CMSSettings) -> CutRule:
    """How events are selected and judged; the script's way with `compat`."""
    compat = settings.compat
    return CutRule(
        figure=FigureOfMerit(settings.figure),
        uncertainty=settings.systematic,
        regularisation=REGULARISATION,
        minimum_background=0.0 if compat else settings.minimum_background,
        minimum_effective_background=0.0 if compat else settings.minimum_effective_background,
        strict=compat,
        upper=1.0,
    )
