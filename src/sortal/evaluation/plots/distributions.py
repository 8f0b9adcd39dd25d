"""Draw how a score is distributed: processes stacked, signal as lines."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

import numpy as np

from sortal.errors import DataError
from sortal.evaluation.plots.drawing.axis_limits import plot_limits, raise_top
from sortal.evaluation.plots.drawing.bars import describe_width, draw_outline
from sortal.evaluation.plots.drawing.lower_panel import LowerPanel, draw_lower
from sortal.evaluation.plots.drawing.style import (
    COLOURS,
    FILLS,
    LINES,
    PLAIN,
    Look,
    drawing_style,
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
class ProcessDistribution:
    """How the score of one process is distributed."""

    label: str
    """As in the legend."""

    histogram: Histogram
    """Expected events of each bin."""

    scale: float = 1.0
    """Factor that it is drawn with, which the legend tells; for signals only."""


def score_figure(
    backgrounds: Sequence[ProcessDistribution],
    *,
    signals: Sequence[ProcessDistribution] = (),
    lower: LowerPanel | None = None,
    xlabel: str = "Score",
    ylabel: str = "Events",
    heading: str = "",
    look: Look = PLAIN,
) -> "Figure":
    """Draw stacked backgrounds with their statistical error, and signals over them.

    Events are drawn on a logarithmic axis.

    Args:
        backgrounds: From the bottom of the stack; those of the smallest yield first show
            best. Negative bins lower the stack.
        signals: Drawn as lines, each by itself.
        lower: What a second panel shows.
        xlabel: Below the axes.
        ylabel: Left of the axes; the width of bins follows where all have one.
        heading: Above the axes.
        look: Style, and texts above the axes.

    Raises:
        DataError: Nothing is given to draw, or histograms differ in their edges.
        MissingExtra: The look is of style `hep`, and mplhep is not installed.
    """
    from matplotlib.figure import Figure

    edges = _common_edges([*backgrounds, *signals])
    with drawing_style(look):
        heights = (3, 1) if lower else (1,)
        figure = Figure(figsize=(7.2, 7.2 if lower else 5.8), layout="constrained")
        panels = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False)
        upper, lowest = panels[0, 0], panels[-1, 0]
        drawn = _draw_stack(upper, backgrounds, edges, _floor(backgrounds, signals))
        drawn += [_draw_signal(upper, process, i) for i, process in enumerate(signals)]
        handles, labels = upper.get_legend_handles_labels()
        room = _LEGEND_ROW * (1 + math.ceil(len(labels) / 2))
        _scale(upper, np.concatenate(drawn), room=min(room, 0.6))
        upper.set_ylabel(f"{ylabel} / {describe_width(edges)}")
        upper.legend(handles[::-1], labels[::-1], loc="upper right", ncols=2, fontsize="small")
        if lower is not None:
            draw_lower(lowest, lower, edges)
        lowest.set_xlim(edges[0], edges[-1])
        lowest.set_xlabel(xlabel)
        figure.align_ylabels()
        write_above(upper, look, heading)
    return figure


def _common_edges(processes: Sequence[ProcessDistribution]) -> np.ndarray:
    if not processes:
        raise DataError("score figure: expected at least one process, got none.")
    edges = processes[0].histogram.edges
    for process in processes:
        if not np.array_equal(process.histogram.edges, edges):
            raise DataError(f"score figure: the bins of {process.label!r} differ from the others'.")
    return edges


def _floor(
    backgrounds: Sequence[ProcessDistribution], signals: Sequence[ProcessDistribution]
) -> float:
    """Where fills begin: below everything that is above 0."""
    sums = [process.histogram.sums * process.scale for process in (*backgrounds, *signals)]
    return 0.01 * plot_limits(np.concatenate([np.zeros(1), *sums]), log=True, margin=0.0)[0]


def _draw_stack(
    axes: "Axes", backgrounds: Sequence[ProcessDistribution], edges: np.ndarray, floor: float
) -> list[np.ndarray]:
    """Fill one process upon the other; returns the tops that limits must hold."""
    below = np.zeros(len(edges) - 1)
    for number, process in enumerate(backgrounds):
        above = below + process.histogram.sums
        low, high = np.maximum((below, above), floor)
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
    draw_outline(axes, total, color="0.2", linewidth=0.9)
    low, high = total.sums - total.errors, total.sums + total.errors
    axes.stairs(
        high,
        edges,
        baseline=np.maximum(low, floor),
        fill=True,
        facecolor="none",
        edgecolor="0.35",
        hatch="/////",
        linewidth=0,
        label="Statistical error",
    )
    return [high, *(process.histogram.sums for process in backgrounds)]


def _draw_signal(axes: "Axes", process: ProcessDistribution, number: int) -> np.ndarray:
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


def _scale(axes: "Axes", values: np.ndarray, *, room: float) -> None:
    """Limits that hold all values below a share of the height that is left to the legend."""
    low, high = plot_limits(values, log=True, margin=0.02)
    low *= 0.5
    axes.set_yscale("log", nonpositive="clip")
    axes.set_ylim(low, raise_top(low, high, room=room, log=True))
