"""Draw histograms as steps and as points, with the errors that they carry."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sortal.metrics.histogram import Histogram

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_outline(axes: "Axes", histogram: Histogram, **style: Any) -> None:
    """Draw the outline of a histogram's bins, without its outer sides."""
    axes.stairs(histogram.sums, histogram.edges, baseline=None, **style)


def draw_points(axes: "Axes", histogram: Histogram, shown: np.ndarray, **style: Any) -> None:
    """Draw bins as points in their middle, with the statistical error of each.

    Args:
        axes: Where.
        histogram: Bins that hold nothing, not even events that cancel, are left out.
        shown: Which bins are drawn at all, shape (bins,).
        style: Of the points and their bars.
    """
    kept = shown & (histogram.squares > 0)
    centres = (histogram.edges[1:] + histogram.edges[:-1]) / 2
    axes.errorbar(
        centres[kept],
        histogram.sums[kept],
        yerr=histogram.errors[kept],
        **{"linestyle": "none", "marker": "o", "markersize": 4.5, **style},
    )


def describe_width(edges: np.ndarray) -> str:
    """The width of bins as an axis tells it; `bin` if they differ.

    >>> width_named(np.linspace(0, 1, 21)), width_named(np.array([0, 0.5, 0.6]))
    ('0.05', 'bin')
    """
    widths = np.diff(edges)
    return f"{widths[0]:.3g}" if np.allclose(widths, widths[0], rtol=1e-6, atol=0) else "bin"
