"""Figures of merit of a classifier: expected events, the scan of cuts, the cut that validation chooses."""

import math
from dataclasses import dataclass, field, replace

import numpy as np

from sortal.data.split import Part
from sortal.evaluation.cut_choice import ChosenCut, Reselection, choose, reselect
from sortal.evaluation.cut_scan import CutScan, page_cuts, scan_events
from sortal.evaluation.selection import CutRule, ScoredEvents
from sortal.evaluation.significance import REGULARISATION, FigureOfMerit
from sortal.evaluation.yields import Yields, yields_at_cut
from sortal.systems.cms.data.classes import ClassMap
from sortal.systems.cms.data.events import Events
from sortal.systems.cms.data.scales import Scales
from sortal.systems.cms.settings import Settings
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
    """The cut chosen on validation; None where every cut leaves too little background."""

    reselection: Reselection | None
    """What choosing anew in resamples of validation gives; None where nothing is chosen or drawn."""


def merit_of(
    scored: Scored, events: Events, classes: ClassMap, scales: Scales, settings: Settings
) -> Merit:
    """Scan all parts, choose on validation, apply to test."""
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
    scans = {Part.VALIDATION: scan_events(selected[Part.VALIDATION], rule, grid)}
    cuts = scans[Part.VALIDATION].cuts
    scans |= {part: scan_events(selected[part], rule, cuts) for part in (Part.TRAIN, Part.TEST)}
    chosen, again = _choice(scans[Part.VALIDATION], selected, settings)
    return Merit(scans=scans, events=selected, rows=rows, chosen=chosen, reselection=again)


def _choice(
    validation: CutScan, selected: dict[Part, ScoredEvents], settings: Settings
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


def cut_rule(settings: Settings) -> CutRule:
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
