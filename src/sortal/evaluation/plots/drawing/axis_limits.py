"""Limits and ticks of axes that stay finite whatever the values are."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axis import Axis

_MOST_DECADES = 12
"""What lies further below the largest value is not worth the room on a logarithmic axis."""

LARGEST = 1e300
"""Larger numbers are not drawn: the span of an axis with a margin would overflow."""


def plot_limits(
    values: np.ndarray, *, log: bool = False, margin: float = 0.05
) -> tuple[float, float]:
    """Limits that hold all values that can be drawn, with a margin on both sides.

    Args:
        values: In any shape; those that are not finite, or beyond 1e300, do not count, nor do
            those that are not above 0 on a logarithmic axis.
        log: Whether the axis is logarithmic.
        margin: Share of the span, or of its logarithm.

    Returns:
        Low and high, finite and different; 0 to 1 or 0.1 to 1 if nothing can be drawn.
    """
    values = np.ravel(values).astype(np.float64)
    # Smaller numbers are too coarse for a margin: limits would fall together.
    least = np.finfo(float).tiny if log else -np.inf
    values = values[(np.abs(values) <= LARGEST) & (values >= least)]
    if not len(values):
        return (0.1, 1.0) if log else (0.0, 1.0)
    low, high = float(values.min()), float(values.max())
    if log:
        low = max(low, high * 10.0**-_MOST_DECADES)
        factor = max(high / low, 1.2) ** margin
        return low / factor, high * factor
    width = (high - low) or max(abs(high), 1.0)
    return low - margin * width, high + margin * width


def raise_top(low: float, high: float, *, room: float, log: bool = False) -> float:
    """Upper limit that leaves a share of the axis free above `high`, for a legend.

    >>> raise_top(0.0, 3.0, room=0.25)
    4.0
    """
    if log:
        return float(high * (high / low) ** (room / (1 - room)))
    return low + (high - low) / (1 - room)


def plain_ticks_within_a_decade(axis: "Axis") -> None:
    """Tick a logarithmic axis as a linear one where it spans less than ten times its low end.

    Powers of ten alone would leave such an axis with one number, or none.
    """
    from matplotlib.ticker import AutoLocator, NullFormatter, NullLocator, StrMethodFormatter

    low, high = axis.get_view_interval()
    if high < 10 * low:
        axis.set_major_locator(AutoLocator())
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.set_minor_locator(NullLocator())
        axis.set_minor_formatter(NullFormatter())
