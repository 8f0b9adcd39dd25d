"""Draw a panel of ratios bin by bin below a histogram."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sortal.evaluation.plots.drawing.axis_limits import LARGEST, plot_limits
from sortal.metrics.histogram import RESIDUE, Histogram

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LowerPanel:
    """What is drawn bin by bin below: a ratio of two parts."""

    label: str
    """Left of the axes."""

    values: np.ndarray
    """Shape (bins,); what is not finite is left out."""

    errors: np.ndarray | None = None
    """Their statistical errors, shape (bins,); a value without a finite error has no bar."""

    band: np.ndarray | None = None
    """Half the width of a band about 1: the error of a ratio's denominator. Where it is
    not finite there is no band."""

    limits: tuple[float, float] | None = None
    """Of the vertical axis; None for what holds all values and errors.

    Points beyond are drawn at the edge, as arrows.
    """

    @classmethod
    def ratio(
        cls,
        numerator: Histogram,
        denominator: Histogram,
        *,
        label: str,
        limits: tuple[float, float] | None = None,
    ) -> "LowerPanel":
        """Divide one histogram by another of the same edges, bin by bin.

        A bin in which the weights of the denominator do not sum above 0, beyond rounding, has no
        ratio: value, error and band are NaN. `find_cancelled_bins` tells which of these bins have events.
        """
        known = _above_zero(denominator)
        with np.errstate(all="ignore"):
            below = np.where(known, denominator.sums, np.nan)
            return cls(
                label=label,
                values=numerator.sums / below,
                errors=numerator.errors / below,
                band=denominator.errors / below,
                limits=limits,
            )


def find_cancelled_bins(denominator: Histogram) -> np.ndarray:
    """Tell which bins have events whose weights do not sum above 0, shape (bins,), bool."""
    lost: np.ndarray = (denominator.squares > 0) & ~_above_zero(denominator)
    return lost


def _above_zero(histogram: Histogram) -> np.ndarray:
    above: np.ndarray = histogram.sums > RESIDUE * histogram.errors
    return above


def draw_lower(axes: "Axes", panel: LowerPanel, edges: np.ndarray) -> None:
    """Draw the panel on axes of its own."""
    from matplotlib.ticker import MaxNLocator

    values = _finite(panel.values, np.nan)
    errors = np.zeros_like(values) if panel.errors is None else _finite(panel.errors, 0.0)
    centres, halves = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    kept = [values - errors, values + errors, np.ones(1)]
    axes.axhline(1.0, color="0.4", linewidth=1)
    if panel.band is not None:
        band = _finite(panel.band, np.nan)
        axes.stairs(1.0 + band, edges, baseline=1.0 - band, fill=True, color="0.85", zorder=0)
    axes.errorbar(centres, values, errors, halves, fmt="o", color="black", markersize=4)
    low, high = panel.limits or plot_limits(np.concatenate(kept), margin=0.1)
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


def _finite(values: np.ndarray, otherwise: float) -> np.ndarray:
    finite: np.ndarray = np.where(np.abs(values) <= LARGEST, values, otherwise)
    return finite
