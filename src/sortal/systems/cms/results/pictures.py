"""Pictures of networks: the course of training, figure of merit, scores by process, confusion, over-training."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sortal.data.split import Part
from sortal.evaluation.physics.significance import FigureOfMerit
from sortal.evaluation.plots.confusion import weighted_confusion_figure
from sortal.evaluation.plots.curves import loss_figure
from sortal.evaluation.plots.cuts import BestCut, merit_figure
from sortal.evaluation.plots.distributions import ProcessDistribution, score_figure
from sortal.evaluation.plots.drawing.lower_panel import LowerPanel, find_cancelled_bins
from sortal.evaluation.plots.drawing.style import Look, save
from sortal.evaluation.plots.drawing.texts import shorten_text
from sortal.evaluation.plots.drawing.write import try_picture
from sortal.evaluation.plots.overtraining import agreement_figure
from sortal.metrics.histogram import Histogram
from sortal.systems.cms.results import page_files
from sortal.systems.cms.results.assessment import PAIRS, Assessment, class_names
from sortal.systems.cms.results.lines import best_epoch
from sortal.systems.cms.results.merit import Merit, class_yields
from sortal.systems.cms.training.campaign import Campaign
from sortal.systems.cms.training.scored import Scored
from sortal.views.console import warn

_EDGES = np.linspace(0.0, 1.0, 41)
_SIGNAL_HEIGHT = 0.3
"""Share of the background's highest bin to which a faint signal is scaled up."""

_LABEL, _HEADING = 32, 60
"""Widths of texts in pictures [characters]."""


def draw_all(campaign: Campaign, found: Assessment, folder: Path, look: Look) -> list[Path]:
    """Draw everything that belongs to one classifier into a folder; what fails is a warning."""
    figures: dict[str, Callable[[], Any]] = {
        "FOM.png": lambda: merit_picture(campaign, found.merit, found.scored.title, look),
        "scores.png": lambda: _scores(campaign, found, look),
        "confusion.png": lambda: weighted_confusion_figure(
            found.confusion,
            tuple(_label(name) for name in class_names(campaign.sample, found.scored)),
            look=look,
        ),
    }
    for pair in PAIRS:
        first, second = (part.value for part in pair)
        figures[f"{first}_against_{second}.png"] = partial(
            agreement_figure,
            found.agreements[pair],
            heading=f"{first} against {second}",
            look=look,
        )
    return [
        path for name, draw in figures.items() for path in draw_picture(folder / name, draw, look)
    ]


def draw_picture(path: Path, draw: Callable[[], Any], look: Look) -> list[Path]:
    """Draw one picture into a file; a picture that fails is a warning, and results stay as they are."""
    return try_picture(path, lambda: save(draw(), path, look), warn=warn)


def draw_course(network: Scored, folder: Path, look: Look, *, log_accuracy: bool = False) -> None:
    """Draw TrnVal_loss.png and TrnVal_accuracy.png."""
    course = page_files.history_lists(network)
    best = best_epoch(course["val_loss"])
    for name, ours, kind in (("loss", "loss", "Loss"), ("acc", "accuracy", "Accuracy")):
        series = {
            f"Training {ours}": course[name],
            f"Validation {ours}": course[f"val_{name}"],
        }
        log_y = log_accuracy and name == "acc"
        draw = partial(loss_figure, series, ylabel=kind, best_epoch=best, log_y=log_y, look=look)
        draw_picture(folder / f"TrnVal_{ours}.png", draw, look)


def merit_picture(campaign: Campaign, merit: Merit, heading: str, look: Look) -> Any:
    """Figure of merit and efficiencies against the cut."""
    classes = campaign.sample.classes

    def best(part: Part) -> BestCut:
        scan = merit.scans[part]
        cut = float(scan.cuts[scan.best])
        return BestCut(scan=scan, yields=class_yields(merit, classes, Part.TEST, cut))

    return merit_figure(
        best(Part.VALIDATION),
        best(Part.TEST),
        best(Part.TRAIN),
        test_merit=merit.chosen.test.merit if merit.chosen else 0.0,
        xlabel=f"Lower cut on the {classes.names[0].lower()} output of the network",
        ylabel=FigureOfMerit(campaign.settings.figure).label,
        heading=shorten_text(heading, _HEADING),
        look=look,
    )


def ratio_remarks(merit: Merit) -> Iterator[str]:
    """Tell how many bins of `scores.png` have no ratio because weights cancel."""
    validation = _histogram(merit, Part.VALIDATION, ~merit.events[Part.VALIDATION].is_signal)
    count = int(find_cancelled_bins(validation).sum())
    if count:
        yield (
            f"The ratio in scores.png leaves out {count} of {len(validation.sums)} bins: the "
            "weights of the validation background in them do not sum above 0."
        )


def _scores(campaign: Campaign, found: Assessment, look: Look) -> Any:
    """Signal score of test events by process, stacked, and test over validation below."""
    merit, events = found.merit, campaign.sample.events
    whole = {part: _histogram(merit, part, ~merit.events[part].is_signal) for part in Part}
    background = sorted(_by_process(campaign, merit), key=lambda one: one.histogram.total)
    high = max(one.histogram.sums.max() for one in background) if background else 1.0
    signals = []
    for code in np.unique(events.process[merit.rows[Part.TEST]][merit.events[Part.TEST].is_signal]):
        chosen = events.process[merit.rows[Part.TEST]] == code
        histogram = _histogram(merit, Part.TEST, chosen)
        peak = float(histogram.sums.max())
        scale = (
            10.0 ** np.floor(np.log10(_SIGNAL_HEIGHT * high / peak)) if min(peak, high) > 0 else 1.0
        )
        signals.append(
            ProcessDistribution(
                label=_label(events.processes[code]),
                histogram=histogram,
                scale=float(max(1.0, scale)),
            )
        )
    return score_figure(
        background,
        signals=signals,
        lower=_ratio(whole[Part.TEST], whole[Part.VALIDATION]),
        xlabel=f"{campaign.sample.classes.names[0]} output",
        ylabel="Expected events",
        heading=shorten_text(f"{found.scored.title}: test events", _HEADING),
        look=look,
    )


def _by_process(campaign: Campaign, merit: Merit) -> Iterator[ProcessDistribution]:
    events, scored = campaign.sample.events, merit.events[Part.TEST]
    process = events.process[merit.rows[Part.TEST]]
    for code in np.unique(process[~scored.is_signal]):
        chosen = (process == code) & ~scored.is_signal
        yield ProcessDistribution(
            label=_label(events.processes[code]), histogram=_histogram(merit, Part.TEST, chosen)
        )


def _label(name: str) -> str:
    """A name as text of a legend, which leaves out what begins with an underscore."""
    return shorten_text(f" {name}" if name.startswith("_") else name, _LABEL)


def _histogram(merit: Merit, part: Part, chosen: np.ndarray) -> Histogram:
    scored = merit.events[part]
    return Histogram.of(scored.scores[chosen], scored.weights[chosen], _EDGES)


def _ratio(test: Histogram, validation: Histogram) -> LowerPanel:
    """Background of test over that of validation: what both parts should agree on."""
    return LowerPanel.ratio(test, validation, label="Test / validation", limits=(0.5, 1.5))
