"""Draw ROC curves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sortal.evaluation.plots.drawing.style import (
    COLOURS,
    LINES,
    PLAIN,
    Look,
    drawing_style,
    write_above,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LabelledRocCurve:
    """One ROC curve, and the area below it."""

    label: str
    """As in the legend, where the area follows: `Training ROC`."""

    fpr: np.ndarray
    """False positive rates (background efficiencies), ascending, shape (points,)."""

    tpr: np.ndarray
    """True positive rates (signal efficiencies), shape (points,)."""

    area: float
    """Area under the curve; NaN if it is not known."""


def roc_figure(curves: Sequence[LabelledRocCurve], *, look: Look = PLAIN) -> "Figure":
    """Draw ROC curves, and what guessing would give.

    Args:
        curves: In the order of the legend.
        look: Style, and texts above the axes.

    Raises:
        MissingExtra: The look is of style `hep`, and mplhep is not installed.
    """
    from matplotlib.figure import Figure

    with drawing_style(look):
        figure = Figure(figsize=(6.4, 6.4), layout="constrained")
        axes = figure.subplots()
        axes.set_xlabel("False positive rate")
        axes.set_ylabel("True positive rate")
        axes.set_box_aspect(1)
        _draw(axes, curves)
        axes.grid(color="0.9")
        axes.set_axisbelow(True)
        axes.legend(loc="lower right")
        write_above(axes, look, "")
    return figure


def _draw(axes: "Axes", curves: Sequence[LabelledRocCurve]) -> None:
    guess = np.array([0.0, 1.0])
    axes.plot(guess, guess, color="0.5", linestyle="--", linewidth=1, label="Guessing")
    for number, curve in enumerate(curves):
        area = "" if np.isnan(curve.area) else f" (area = {curve.area:.2f})"
        axes.plot(
            curve.fpr,
            curve.tpr,
            color=COLOURS[number % len(COLOURS)],
            linestyle=LINES[number % len(LINES)],
            linewidth=1.8,
            label=curve.label + area,
        )
    axes.set_ylim(0.0, 1.02)
    axes.set_xlim(-0.01, 1.01)
