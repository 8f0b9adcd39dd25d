"""Draw how a score is distributed: processes stacked, signal as lines, data as points."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

import numpy as np

from sortal.errors import DataError
from sortal.evaluation.plots.drawing.bars import outlined, points, width_named
from sortal.evaluation.plots.drawing.lower_panel import LowerPanel, draw_lower
from sortal.evaluation.plots.drawing.scale import raise_top, span
from sortal.evaluation.plots.drawing.style import (
    COLOURS,
    FILLS,
    LINES,
    PLAIN,
    Look,
    drawing,
    write_above,
)
from sortal.metrics.histogram import Histogram

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIGNALS = (COLOURS[1], COLOURS[6], COLOURS[0])
_LEGEND_ROW = 0.07
"""Share of the upper panel's height that one row of the legend takes."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Process:
    """How the score of one process is distributed."""

    label: str
    """As in the legend."""

    histogram: Histogram
    """Expected events of each bin."""

    scale: float = 1.0
    """Factor that it is drawn with, which the legend tells; for signals only."""


def score_figure(
    backgrounds: Sequence[Process],
    *,
    signals: Sequence[Process] = (),
    data: Process | None = None,
    lower: LowerPanel | None = None,
    blinded: tuple[float, float] | None = None,
    log_y: bool = True,
    xlabel: str = "Score",
    ylabel: str = "Events",
    heading: str = "",
    look: Look = PLAIN,
) -> "Figure":
    """Draw stacked backgrounds with their statistical error, signals over them, and data.

    Args:
        backgrounds: From the bottom of the stack; those of the smallest yield first show
            best on a logarithmic axis. Negative bins lower the stack.
        signals: Drawn as lines, each by itself.
        data: Drawn as points with the errors of its histogram: data, or another part.
        lower: What a second panel shows.
        blinded: Range of scores where neither data nor the lower panel is shown: bins that
            overlap it, with a sign that they are left out.
        log_y: Whether events are drawn on a logarithmic axis.
        xlabel: Below the axes.
        ylabel: Left of the axes; the width of bins follows where all have one.
        heading: Above the axes.
        look: Style, and texts above the axes.

    Raises:
        DataError: Nothing is given to draw, or histograms differ in their edges.
        MissingExtra: The look is of style `hep`, and mplhep is not installed.
    """
    from matplotlib.figure import Figure

    edges = _common_edges([*backgrounds, *signals, *([data] if data else [])])
    hidden = _overlapping(edges, blinded)
    with drawing(look):
        heights = (3, 1) if lower else (1,)
        figure = Figure(figsize=(7.2, 7.2 if lower else 5.8), layout="constrained")
        panels = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False)
        upper, lowest = panels[0, 0], panels[-1, 0]
        drawn = _draw_stack(upper, backgrounds, edges, _floor(backgrounds, signals, log_y=log_y))
        drawn += [_draw_signal(upper, process, i) for i, process in enumerate(signals)]
        if data is not None:
            points(upper, data.histogram, ~hidden, color="black", label=data.label)
            drawn.append(np.where(hidden, np.nan, data.histogram.sums + data.histogram.errors))
        handles, labels = upper.get_legend_handles_labels()
        room = _LEGEND_ROW * (1 + math.ceil(len(labels) / 2))
        _scale(upper, np.concatenate(drawn), room=min(room, 0.6), log_y=log_y)
        upper.set_ylabel(f"{ylabel} / {width_named(edges)}")
        upper.legend(handles[::-1], labels[::-1], loc="upper right", ncols=2, fontsize="small")
        if lower is not None:
            draw_lower(lowest, lower, edges, hidden)
        if blinded is not None:
            _mark_blinded(upper, edges, hidden)
        lowest.set_xlim(edges[0], edges[-1])
        lowest.set_xlabel(xlabel)
        figure.align_ylabels()
        write_above(upper, look, heading)
    return figure


def _common_edges(processes: Sequence[Process]) -> np.ndarray:
    if not processes:
        raise DataError("score figure: expected at least one process, got none.")
    edges = processes[0].histogram.edges
    for process in processes:
        if not np.array_equal(process.histogram.edges, edges):
            raise DataError(f"score figure: the bins of {process.label!r} differ from the others'.")
    return edges


def _overlapping(edges: np.ndarray, blinded: tuple[float, float] | None) -> np.ndarray:
    """Which bins overlap the blinded range, shape (bins,)."""
    low, high = blinded or (np.inf, -np.inf)
    overlap: np.ndarray = (edges[1:] > low) & (edges[:-1] < high)
    return overlap


def _floor(
    backgrounds: Sequence[Process], signals: Sequence[Process], *, log_y: bool
) -> float | None:
    """Where fills begin on a logarithmic axis: below everything that is above 0."""
    if not log_y:
        return None
    sums = [process.histogram.sums * process.scale for process in (*backgrounds, *signals)]
    return 0.01 * span(np.concatenate([np.zeros(1), *sums]), log=True, margin=0.0)[0]


def _draw_stack(
    axes: "Axes", backgrounds: Sequence[Process], edges: np.ndarray, floor: float | None
) -> list[np.ndarray]:
    """Fill one process upon the other; returns the tops that limits must hold."""
    below = np.zeros(len(edges) - 1)
    for number, process in enumerate(backgrounds):
        above = below + process.histogram.sums
        low, high = (below, above) if floor is None else np.maximum((below, above), floor)
        axes.stairs(
            high,
            edges,
            baseline=low,
            fill=True,
            color=FILLS[number % len(FILLS)],
            hatch=None if number < len(FILLS) else "..",
            label=process.label,
        )
        below = above
    if not backgrounds:
        return []
    total = reduce(add, (process.histogram for process in backgrounds))
    outlined(axes, total, color="0.2", linewidth=0.9)
    low, high = total.sums - total.errors, total.sums + total.errors
    axes.stairs(
        high,
        edges,
        baseline=low if floor is None else np.maximum(low, floor),
        fill=True,
        facecolor="none",
        edgecolor="0.35",
        hatch="/////",
        linewidth=0,
        label="Statistical error",
    )
    return [high, *(process.histogram.sums for process in backgrounds)]


def _draw_signal(axes: "Axes", process: Process, number: int) -> np.ndarray:
    scaled = process.histogram.sums * process.scale
    label = process.label if process.scale == 1 else f"{process.label} (times {process.scale:g})"
    axes.stairs(
        scaled,
        process.histogram.edges,
        baseline=None,
        color=_SIGNALS[number % len(_SIGNALS)],
        linestyle=LINES[number // len(_SIGNALS) % len(LINES)],
        linewidth=2,
        label=label,
    )
    return scaled


def _scale(axes: "Axes", values: np.ndarray, *, room: float, log_y: bool) -> None:
    """Limits that hold all values below a share of the height that is left to the legend."""
    low, high = span(values, log=log_y, margin=0.02)
    if log_y:
        low *= 0.5
        axes.set_yscale("log", nonpositive="clip")
    else:
        low = min(low, 0.0) if np.nanmin(values, initial=0.0) < 0 else 0.0
        axes.yaxis.set_major_formatter("{x:,.10g}")
    axes.set_ylim(low, raise_top(low, high, room=room, log=log_y))


def _mark_blinded(axes: "Axes", edges: np.ndarray, hidden: np.ndarray) -> None:
    """Grey out the hidden bins in all panels."""
    if hidden.any():
        low, high = edges[:-1][hidden].min(), edges[1:][hidden].max()
        for panel in axes.figure.axes:
            panel.axvspan(low, high, facecolor="0.5", alpha=0.18, linewidth=0)
        axes.annotate(
            "blinded",
            ((low + high) / 2, 0.04),
            xycoords=("data", "axes fraction"),
            rotation=90,
            ha="center",
            va="bottom",
            color="0.25",
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 2.5},
        )
