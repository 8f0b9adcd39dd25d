"""Draw confusion matrices: counts, or yields with the shares of each true class."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LARGEST_PRINTED = 20
"""Confusion matrices of more classes are drawn without numbers."""

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
    from matplotlib.figure import Figure

    matrix = np.asarray(matrix, dtype=float)
    totals = matrix.sum(axis=1, keepdims=True)
    shares = np.divide(matrix, totals, out=np.zeros_like(matrix), where=totals != 0)
    side = min(12.0, 3.2 + 0.42 * len(classes))
    figure = Figure(figsize=(side + 2.0, side), layout="compressed")
    axes = figure.subplots()
    depths = _paint_cells(figure, axes, shares)
    ticks = range(len(classes))
    long = max(map(len, classes)) > 3
    axes.set_xticks(ticks, classes, rotation=90 if long else 0, fontsize=8)
    axes.set_yticks(ticks, classes, fontsize=8)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    axes.set_title(heading, loc="left", fontsize=11)
    if len(classes) <= _LARGEST_PRINTED:
        _print_cells(axes, matrix, depths)
    return figure


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
        figure.colorbar(image, ax=axes, shrink=0.7, pad=0.015).set_label(label, fontsize=8)
    axes.set_xticks(np.arange(len(shares) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(shares) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="0.9", linewidth=0.6)
    axes.tick_params(which="minor", length=0)
    return np.clip(shares / limits, 0.0, 1.0)


def _print_cells(axes: "Axes", matrix: np.ndarray, depths: np.ndarray) -> None:
    for truth, row in enumerate(matrix):
        for guess, count in enumerate(row):
            if count:
                ink = "white" if depths[truth, guess] > 0.6 else "black"
                text = f"{count:.0f}" if float(count).is_integer() else f"{count:.3g}"
                axes.text(guess, truth, text, ha="center", va="center", color=ink, fontsize=8)
