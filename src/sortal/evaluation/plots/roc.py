"""Draw ROC curves, with the low rates of false positives enlarged where wanted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from sortal.errors import OptionError
from sortal.evaluation.plots.drawing.style import COLOURS, LINES, PLAIN, Look, drawing, write_above

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Enlarged = Literal["none", "inset", "log"]

_LEAST_RATE = 1e-6
"""Smallest false positive rate that a logarithmic axis reaches to."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RocCurve:
    """One ROC curve, and the area below it."""

    label: str
    """As in the legend, where the area follows: `Training ROC`."""

    fpr: np.ndarray
    """False positive rates (background efficiencies), ascending, shape (points,)."""

    tpr: np.ndarray
    """True positive rates (signal efficiencies), shape (points,)."""

    area: float
    """Area under the curve; NaN if it is not known."""


def roc_figure(
    curves: Sequence[RocCurve],
    *,
    optimum: RocCurve | None = None,
    enlarged: Enlarged = "none",
    digits: int = 2,
    xlabel: str = "False positive rate",
    ylabel: str = "True positive rate",
    heading: str = "",
    look: Look = PLAIN,
) -> "Figure":
    """Draw ROC curves, and what guessing would give.

    Args:
        curves: In the order of the legend.
        optimum: What no classifier can better, where it is known; dotted.
        enlarged: `inset` draws the curves once more over a logarithmic axis, in a corner;
            `log` does so in the axes themselves.
        digits: Decimals of the areas.
        xlabel: Below the axes.
        ylabel: Left of the axes.
        heading: Above the axes.
        look: Style, and texts above the axes.

    Raises:
        OptionError: `enlarged` is none of the three.
        MissingExtra: The look is of style `hep`, and mplhep is not installed.
    """
    from matplotlib.figure import Figure

    if enlarged not in get_args(Enlarged):
        raise OptionError("enlarged", enlarged, " or ".join(get_args(Enlarged)))
    with drawing(look):
        figure = Figure(figsize=(6.4, 6.4), layout="constrained")
        axes = figure.subplots()
        axes.set_xlabel(xlabel)
        axes.set_ylabel(ylabel)
        axes.set_box_aspect(1)
        _draw(axes, curves, optimum, digits=digits, log=enlarged == "log")
        axes.grid(color="0.9")
        axes.set_axisbelow(True)
        if enlarged == "inset":
            inset = axes.inset_axes((0.47, 0.1, 0.5, 0.5))
            _draw(inset, curves, optimum, digits=digits, log=True)
            inset.tick_params(labelsize="x-small")
            inset.set_title("the same, logarithmic", fontsize="x-small", pad=3, backgroundcolor="w")
            shown = axes.get_legend_handles_labels()
            figure.legend(*shown, loc="outside lower center", ncols=2)
        else:
            axes.legend(loc="best" if enlarged == "log" else "lower right")
        write_above(axes, look, heading)
    return figure


def _draw(
    axes: "Axes",
    curves: Sequence[RocCurve],
    optimum: RocCurve | None,
    *,
    digits: int,
    log: bool,
) -> None:
    least = _least_rate([*curves, *([optimum] if optimum else [])]) if log else 0.0
    guess = np.geomspace(least, 1, 200) if log else np.array([0.0, 1.0])
    axes.plot(guess, guess, color="0.5", linestyle="--", linewidth=1, label="Guessing")
    for number, curve in enumerate(curves):
        axes.plot(
            curve.fpr,
            curve.tpr,
            color=COLOURS[number % len(COLOURS)],
            linestyle=LINES[number % len(LINES)],
            linewidth=1.8,
            label=_named(curve, digits),
        )
    if optimum is not None:
        label = _named(optimum, digits)
        axes.plot(optimum.fpr, optimum.tpr, color="black", linestyle=":", label=label, zorder=1.5)
    axes.set_ylim(0.0, 1.02)
    axes.set_xlim(least if log else -0.01, 1.0 if log else 1.01)
    if log:
        axes.set_xscale("log", nonpositive="mask")


def _least_rate(curves: Sequence[RocCurve]) -> float:
    """The smallest rate above 0 of all curves, as a power of ten."""
    rates = np.concatenate([np.array([0.1]), *(np.asarray(curve.fpr) for curve in curves)])
    least = rates[np.isfinite(rates) & (rates > 0)].min()
    return float(max(10.0 ** np.floor(np.log10(least)), _LEAST_RATE))


def _named(curve: RocCurve, digits: int) -> str:
    area = "" if np.isnan(curve.area) else f" (area = {curve.area:.{digits}f})"
    return curve.label + area
