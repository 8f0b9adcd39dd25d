"""Draw a ranking of classifiers with their intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sortal.evaluation.plots.drawing.style import COLOURS, MARKS, in_any_script

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedBar:
    """One row of a ranking figure."""

    title: str
    method: str
    value: float
    low: float
    """Lower end of the interval; NaN for none."""
    high: float
    tied: bool
    """Whether it is statistically tied with the best."""
    reference: bool


def ranking_figure(
    rows: Sequence[RankedBar], *, heading: str, quantity: str, most: int = 50
) -> "Figure":
    """Draw classifiers, best on top, each with its interval and its value.

    The axis spans the classifiers that compete; a reference beyond it is drawn at the
    edge, as an arrow.

    Args:
        rows: Best first; past `most` they are left out and counted in the heading.
        heading: Above the axes.
        quantity: What the horizontal axis shows.
        most: Rows that are drawn.
    """
    from sortal.evaluation.plots.drawing.shown_figure import ShownFigure

    shown = list(rows)[:most]
    figure = ShownFigure(figsize=(9, 1.5 + 0.21 * len(shown)), layout="constrained")
    axes = figure.subplots()
    axes.set_xlim(*_limits(shown))
    axes.set_ylim(len(shown) - 0.4, -0.6)
    styles = _styles([row.method for row in shown])
    for place, row in enumerate(shown):
        if place % 2:
            axes.axhspan(place - 0.5, place + 0.5, color="0.965", zorder=0)
        _draw_row(axes, place, row, styles[row.method])
    _name_rows(axes, shown)
    marks = ["filled and bold: statistically tied with the best"] * any(row.tied for row in rows)
    axes.set_xlabel("\n".join([quantity, "; ".join([*marks, "italic: reference"])]), fontsize=8)
    left_out = f" (best {len(shown)} of {len(rows)})" if len(rows) > len(shown) else ""
    title = axes.set_title(heading + left_out, loc="left", fontsize=11)
    axes.grid(axis="x", color="0.88")
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    _keep_inside(figure, axes, title)
    return figure


@in_any_script()
def _keep_inside(figure: "Figure", axes: "Axes", title: "Text") -> None:
    """Move the heading to the left where long titles leave it too little room above the axes."""
    figure.draw_without_rendering()
    beyond = title.get_window_extent().x1 - figure.bbox.x1
    if beyond > 0:
        title.set_x(title.get_position()[0] - beyond / axes.bbox.width)


def _limits(rows: Sequence[RankedBar]) -> tuple[float, float]:
    """The span of all that compete, with a margin; of the references where nothing does."""
    spanned = [row for row in rows if not row.reference] or list(rows)
    ends = np.array([end for row in spanned for end in (row.low, row.high, row.value)])
    ends = ends[np.isfinite(ends)]
    low, high = (ends.min(), ends.max()) if len(ends) else (0.0, 1.0)
    margin = 0.04 * max(high - low, 1e-3)
    return low - margin, high + margin


def _name_rows(axes: "Axes", rows: Sequence[RankedBar]) -> None:
    """Titles to the left, values to the right."""
    axes.set_yticks(range(len(rows)), [row.title for row in rows], fontsize=8)
    axes.tick_params(axis="y", length=0)
    for label, row in zip(axes.get_yticklabels(), rows, strict=True):
        label.set_fontweight("bold" if row.tied else "normal")
        label.set_fontstyle("italic" if row.reference else "normal")
    for place, row in enumerate(rows):
        axes.annotate(
            f"{row.value:.3f}",
            (1.01, place),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=8,
            fontweight="bold" if row.tied else "normal",
            color="0.25",
        )


def _styles(methods: Sequence[str]) -> dict[str, tuple[str, str]]:
    """A colour and a mark per method; marks change when the colours are used up."""
    return {
        method: (COLOURS[i % len(COLOURS)], MARKS[(i // len(COLOURS)) % len(MARKS)])
        for i, method in enumerate(dict.fromkeys(methods))
    }


def _draw_row(axes: "Axes", place: int, row: RankedBar, style: tuple[str, str]) -> None:
    colour, mark = style
    low, high = axes.get_xlim()
    value = row.value
    if not low <= value <= high:
        value, mark = (low, "<") if value < low else (high, ">")
    if np.isfinite(row.low) and np.isfinite(row.high):
        axes.plot([row.low, row.high], [place, place], color=colour, linewidth=2.5, alpha=0.45)
    face = colour if row.tied else "white"
    axes.plot(value, place, mark, color=colour, markerfacecolor=face, markersize=6, clip_on=False)
