"""Draw a panel of values bin by bin below a histogram: a ratio, or S/sqrt(B)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sortal.evaluation.figures.scale import span

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LowerPanel:
    """What is drawn bin by bin below: a ratio of two parts, S/sqrt(B), ..."""

    label: str
    """Left of the axes."""

    values: np.ndarray
    """Shape (bins,); what is not finite is left out."""

    errors: np.ndarray | None = None
    """Their statistical errors, shape (bins,)."""

    band: np.ndarray | None = None
    """Half the width of a band about `reference`: the error of a ratio's denominator."""

    reference: float | None = 1.0
    """Where a line is drawn; None for none."""

    limits: tuple[float, float] | None = None
    """Of the vertical axis; None for what holds all values and errors.

    Points beyond are drawn at the edge, as arrows.
    """


def draw_lower(axes: "Axes", panel: LowerPanel, edges: np.ndarray, hidden: np.ndarray) -> None:
    """Draw the panel on axes of its own, without the bins that are hidden, shape (bins,)."""
    from matplotlib.ticker import MaxNLocator

    values = np.where(hidden | ~np.isfinite(panel.values), np.nan, panel.values)
    errors = np.zeros_like(values) if panel.errors is None else np.nan_to_num(panel.errors)
    centres, halves = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    kept = [values - errors, values + errors]
    if panel.reference is not None:
        axes.axhline(panel.reference, color="0.4", linewidth=1)
        kept.append(np.array([panel.reference]))
        if panel.band is not None:
            band = np.nan_to_num(panel.band)
            axes.stairs(
                panel.reference + band,
                edges,
                baseline=panel.reference - band,
                fill=True,
                color="0.85",
                zorder=0,
            )
    axes.errorbar(centres, values, errors, halves, fmt="o", color="black", markersize=4)
    low, high = panel.limits or span(np.concatenate(kept), margin=0.1)
    for beyond, edge, mark in ((values < low, low, "v"), (values > high, high, "^")):
        if beyond.any():  # marks of no points would still take room, at the figure's corner
            at = np.full(beyond.sum(), edge)
            axes.plot(centres[beyond], at, mark, color="black", clip_on=False)
    axes.set_ylim(low, high)
    # A number at either end would touch those of the panel above, or of the other axis.
    axes.yaxis.set_major_locator(MaxNLocator(5, prune="both"))
    axes.set_ylabel(panel.label)
    axes.grid(axis="y", color="0.9")
    axes.set_axisbelow(True)
