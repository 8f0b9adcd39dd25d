"""Figures of merit of a classifier: expected events, the scan of cuts, the cut that validation chooses."""

from dataclasses import dataclass, field

import numpy as np

from sortal.data.split import Part
from sortal.evaluation.cut_choice import ChosenCut, Reselection, choose, reselect
from sortal.evaluation.cut_scan import CutScan, page_cuts, scan_events
from sortal.evaluation.selection import CutRule, ScoredEvents
from sortal.evaluation.significance import REGULARISATION, FigureOfMerit
from sortal.evaluation.yields import Yields, yields_at_cut
from sortal.systems.cms.classes import ClassMap, signal_point_rows
from sortal.systems.cms.division import split_factors
from sortal.systems.cms.events import Events
from sortal.systems.cms.scored import Scored
from sortal.systems.cms.settings import MulticlassSettings, Settings

_SCRIPT_FACTORS = {Part.TRAIN: 4.0, Part.VALIDATION: 4.0, Part.TEST: 2.0}
_SCRIPT_OTHER = {Part.VALIDATION: 2.0}
"""The script multiplies the last class of validation with the factor of test."""


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


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Scales:
    """What turns physics weights into expected events, and which events count at all."""

    expected: dict[Part, np.ndarray] = field(repr=False)
    """Luminosity x split factor of each event as one of that part, shape (events,)."""

    counted: dict[Part, np.ndarray] = field(repr=False)
    """Whether it counts: all background, and signal of the chosen point; bool, shape (events,)."""


def scales_of(events: Events, classes: ClassMap, settings: Settings) -> Scales:
    """Derive scales from the division of the events, or take them from the settings.

    Raises:
        DataError: The signal point does not exist.
    """
    counted = signal_point_rows(events, settings.signal_point)
    everyone = np.ones(len(events), dtype=bool)
    script = settings.compat and isinstance(settings, MulticlassSettings)
    return Scales(
        expected={p: settings.luminosity * _factors(events, classes, settings, p) for p in Part},
        # The script's test counts all signal points, its validation and training only one.
        counted={p: everyone if script and p is Part.TEST else counted for p in Part},
    )


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
    grid = page_cuts() if settings.scan == "page" or settings.compat else None
    scans = {Part.VALIDATION: scan_events(selected[Part.VALIDATION], rule, grid)}
    cuts = scans[Part.VALIDATION].cuts
    scans |= {part: scan_events(selected[part], rule, cuts) for part in (Part.TRAIN, Part.TEST)}
    chosen, again = None, None
    if not scans[Part.VALIDATION].guarded.all():
        drawn = settings.bootstrap
        chosen = choose(
            scans[Part.VALIDATION],
            selected[Part.TEST],
            resamples=max(1, drawn),
            seed=settings.seed,
        )
        if drawn:
            again = reselect(
                scans[Part.VALIDATION],
                selected[Part.VALIDATION],
                resamples=drawn,
                seed=settings.seed,
            )
    return Merit(scans=scans, events=selected, rows=rows, chosen=chosen, reselection=again)


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


def _factors(events: Events, classes: ClassMap, settings: Settings, part: Part) -> np.ndarray:
    """Split factor of each event as one of a part, shape (events,)."""
    if settings.folds:
        factors = np.ones(len(events))
    elif settings.compat and isinstance(settings, MulticlassSettings):
        factors = np.full(len(events), _SCRIPT_FACTORS[part])
        last = classes.codes == len(classes.names) - 1
        factors[last] = _SCRIPT_OTHER.get(part, _SCRIPT_FACTORS[part])
    else:
        factors = split_factors(events, part)[events.process]
    for name, factor in settings.split_factors.get(part.value, {}).items():
        factors[classes.codes == classes.names.index(name)] = factor
    return factors
