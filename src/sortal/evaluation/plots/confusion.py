"""Draw confusion matrices: counts, or yields with the shares of each true class."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sortal.evaluation.plots.drawing.style import PLAIN, Look, drawing_style, write_above
from sortal.metrics.ratio import ratio
from sortal.metrics.uncertainty import ConfusionShares

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LARGEST_PRINTED = 20
"""Confusion matrices of more classes are drawn without numbers."""

_LETTERS_PER_INCH = 11.0
"""Letters of a class's name that have room in an inch below the matrix."""

_MARGIN = 1.2
"""Height of a figure that is not the matrix [inches]."""

_SMALLEST_SCALE = 0.05
"""Share of a class at which mistakes are darkest, or the largest share if that is more."""


def confusion_figure(matrix: np.ndarray, classes: Sequence[str], *, heading: str) -> "Figure":
    """Draw a confusion matrix: counts in the cells, colour by share of the true class.

    What is right is blue. Mistakes are orange on a scale of their own, so that those of a
    good classifier are seen as well.

    Args:
        matrix: Sums of weights, shape (classes, classes), rows are the truth.
        classes: Names in the matrix's order.
        heading: Above the axes.
    """
    matrix = np.asarray(matrix, dtype=float)
    with drawing_style(PLAIN):
        shares = np.nan_to_num(ratio(matrix, matrix.sum(axis=1, keepdims=True)))
        figure, axes, depths = _matrix_figure(shares, classes, side=0.42)
        axes.set_xlabel("predicted class")
        if len(classes) <= _LARGEST_PRINTED:
            _print_cells(axes, matrix, depths)
        axes.set_title(heading, loc="left", fontsize=11)
    return figure


def weighted_confusion_figure(
    confusion: ConfusionShares,
    classes: Sequence[str],
    *,
    heading: str = "",
    look: Look = PLAIN,
) -> "Figure":
    """Draw what becomes of each true class: percent of its weight, and below it the yield.

    Args:
        confusion: Yields and shares; a row that does not sum to more than 0 has yields and no
            percentages.
        classes: Names in the matrix's order.
        heading: Above the axes.
        look: Style, and texts above the axes.

    Raises:
        MissingExtra: The look is of style `hep`, and mplhep is not installed.
    """
    with drawing_style(look):
        figure, axes, depths = _matrix_figure(np.nan_to_num(confusion.shares), classes, side=0.85)
        axes.set_xlabel("predicted class\nlarge: % of the true class; small: expected events")
        if len(classes) <= _LARGEST_PRINTED:
            _print_shares(axes, confusion, depths)
        write_above(axes, look, heading)
    return figure


def _matrix_figure(
    shares: np.ndarray, classes: Sequence[str], *, side: float
) -> tuple["Figure", "Axes", np.ndarray]:
    """Figure and axes with coloured cells of `side` inches and named classes; depth of colours."""
    from sortal.evaluation.plots.drawing.shown_figure import ShownFigure

    height = min(12.0, 3.2 + side * len(classes))
    figure = ShownFigure(figsize=(height + 2.0, height), layout="compressed")
    axes = figure.subplots()
    depths = _paint_cells(figure, axes, shares)
    ticks = range(len(classes))
    room = _LETTERS_PER_INCH * (height - _MARGIN) / max(1, len(classes))
    rotation = 90 if max(map(len, classes), default=0) > room else 0
    axes.set_xticks(ticks, classes, rotation=rotation, fontsize="small")
    axes.set_yticks(ticks, classes, fontsize="small")
    axes.set_ylabel("true class")
    return figure, axes, depths


def _paint_cells(figure: "Figure", axes: "Axes", shares: np.ndarray) -> np.ndarray:
    """Colour the cells; returns how deep each colour is on its scale, in [0, 1]."""
    right = np.eye(len(shares), dtype=bool)
    worst = max(_SMALLEST_SCALE, float(shares[~right].max(initial=0.0)))
    limits = np.where(right, 1.0, worst)
    for cells, colours, most, label in (
        (right, "Blues", 1.0, "right: share of the true class"),
        (~right, "Oranges", worst, "wrong: share of the true class"),
    ):
        shown = np.ma.masked_where(~cells | (shares == 0), shares)
        image = axes.imshow(shown, cmap=colours, vmin=0, vmax=most)
        figure.colorbar(image, ax=axes, shrink=0.7, pad=0.015).set_label(label, fontsize="small")
    axes.set_xticks(np.arange(len(shares) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(shares) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="0.9", linewidth=0.6)
    axes.tick_params(which="minor", length=0)
    axes.tick_params(top=False, right=False)
    return np.clip(shares / limits, 0.0, 1.0)


def _print_cells(axes: "Axes", matrix: np.ndarray, depths: np.ndarray) -> None:
    for truth, row in enumerate(matrix):
        for guess, count in enumerate(row):
            if count:
                ink = "white" if depths[truth, guess] > 0.6 else "black"
                text = f"{count:.0f}" if float(count).is_integer() else f"{count:.3g}"
                axes.text(guess, truth, text, ha="center", va="center", color=ink, fontsize=8)


def _print_shares(axes: "Axes", confusion: ConfusionShares, depths: np.ndarray) -> None:
    for (truth, guess), expected in np.ndenumerate(confusion.yields):
        part = confusion.shares[truth, guess]
        ink = "white" if depths[truth, guess] > 0.6 else "black"
        place: dict[str, Any] = {"ha": "center", "color": ink}
        if not np.isnan(part):
            axes.text(guess, truth, f"{100 * part:.2f}", va="center", fontsize="large", **place)
        small = _as_yield(expected)
        axes.text(guess, truth + 0.28, small, va="center", fontsize="small", **place)


def _as_yield(expected: float) -> str:
    """Three digits or more, never a power of ten where it can be read without."""
    if abs(expected) >= 10:
        return f"{expected:,.0f}" if abs(expected) >= 1000 else f"{expected:.1f}"
    return f"{expected:.3g}"
