"""Draw how scores are distributed in two parts, such as training and validation, class by class."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sortal.errors import DataError
from sortal.evaluation.diagnostics.overtraining import Agreement, ClassAgreement
from sortal.evaluation.plots.drawing.axis_limits import plot_limits, raise_top
from sortal.evaluation.plots.drawing.bars import describe_width, draw_outline, draw_points
from sortal.evaluation.plots.drawing.style import (
    COLOURS,
    MARKS,
    PLAIN,
    Look,
    drawing_style,
    write_above,
)
from sortal.metrics.histogram import Histogram

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HATCHES = ("", "////")
_LEGEND_ROOM = 0.4
"""Share of each panel's height that is left free for the legend."""


def agreement_figure(
    agreements: Sequence[Agreement],
    *,
    heading: str = "",
    look: Look = PLAIN,
) -> "Figure":
    """Draw the first part as filled steps and the second as points, a panel for each output.

    Every distribution is divided by its own sum. Errors are those of the sums of squared
    weights; the legend gives p of both tests, and the areas under the ROC curves.

    Args:
        agreements: One for each output; one for a binary classifier.
        heading: Above the first panel.
        look: Style, and texts above the first panel.

    Raises:
        DataError: There is no agreement to draw.
        MissingExtra: The look is of style `hep`, and mplhep is not installed.
    """
    from matplotlib.figure import Figure

    if not agreements:
        raise DataError("agreement figure: expected at least one output, got none.")
    columns = min(len(agreements), 2 if len(agreements) <= 4 else 3)
    rows = math.ceil(len(agreements) / columns)
    width, height = (7.2, 5.4) if len(agreements) == 1 else (5.6, 4.6)
    with drawing_style(look):
        figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes, agreement in zip(panels, agreements, strict=False):
            _draw(axes, agreement)
            several = f" of node {agreement.node}" if len(agreements) > 1 else ""
            axes.set_xlabel("Score" + several)
        for axes in panels[len(agreements) :]:
            axes.remove()
        write_above(panels[0], look, heading)
    return figure


def _draw(axes: "Axes", agreement: Agreement) -> None:
    shares = [(one.first.shares(), one.second.shares()) for one in agreement.classes]
    values = np.array([part.sums for pair in shares for part in pair])
    errors = np.array([part.errors for pair in shares for part in pair])
    low, high = plot_limits(np.concatenate([values, values + errors]), margin=0.02)
    low = min(low, 0.0) if (values < 0).any() else 0.0
    for number, (one, pair) in enumerate(zip(agreement.classes, shares, strict=True)):
        _draw_class(axes, one, pair, agreement.parts, number)
    axes.set_ylim(low, raise_top(low, high, room=_LEGEND_ROOM))
    edges = shares[0][0].edges
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylabel(f"Share of the class / {describe_width(edges)}")
    areas = ", ".join(
        f"{area.auc.value:.4f} ({part})"
        for area, part in zip(agreement.areas, agreement.parts, strict=True)
    )
    axes.legend(loc="upper center", fontsize="small", title=f"AUC {areas}", title_fontsize="small")


def _draw_class(
    axes: "Axes",
    one: ClassAgreement,
    shares: tuple[Histogram, Histogram],
    parts: tuple[str, str],
    number: int,
) -> None:
    first, second = shares
    colour, hatch = COLOURS[number], _HATCHES[number]
    axes.stairs(
        first.sums,
        first.edges,
        baseline=0.0,
        fill=True,
        facecolor="none" if hatch else (colour, 0.3),
        edgecolor=colour,
        hatch=hatch or None,
        linewidth=0,
        label=f"{one.name}, {parts[0]}",
    )
    draw_outline(axes, first, color=colour, linewidth=1.3)
    tests = f"KS p = {_p(one.ks.p)}, $\\chi^2$ p = {_p(one.chi_square.p)}"
    draw_points(
        axes,
        second,
        np.isfinite(second.sums),
        color=colour,
        marker=MARKS[number],
        markeredgecolor="black",
        markeredgewidth=0.7,
        ecolor="black",
        elinewidth=1,
        label=f"{one.name}, {parts[1]}: {tests}",
    )


def _p(value: float) -> str:
    """A probability as text; one that is not known is said to be so."""
    if np.isnan(value):
        return "unknown"
    if value < 1e-4:
        return "< 0.0001"
    return f"{value:.2f}" if value >= 0.01 else f"{value:.1g}"
