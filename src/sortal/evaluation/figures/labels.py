"""Short texts beside points, placed so that none covers another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sortal.evaluation.figures.style import in_any_script

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox

_PLACES = (
    *((9, 0, "left", "center"), (-9, 0, "right", "center")),
    *((0, 8, "center", "bottom"), (0, -8, "center", "top")),
    *((7, 7, "left", "bottom"), (7, -7, "left", "top")),
    *((-7, 7, "right", "bottom"), (-7, -7, "right", "top")),
    *((0, 20, "center", "bottom"), (0, -20, "center", "top")),
)
"""Where a text may stand: points to the right and up, and how it is aligned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A text that belongs to a point."""

    text: str
    x: float
    y: float
    colour: str = "0.1"
    bold: bool = False


@in_any_script()
def place_labels(axes: "Axes", labels: Sequence[Label]) -> list[str]:
    """Write texts beside their points, the first ones first; limits must be set before.

    Args:
        axes: Drawn in its final size.
        labels: In order of importance.

    Returns:
        Texts that found no room and are left out.
    """
    from matplotlib.patheffects import withStroke

    # A layout is worked out while drawing, and moves the axes.
    if (figure := axes.get_figure(root=True)) is not None:
        figure.draw_without_rendering()
    taken: list[Bbox] = []
    left_out = []
    room = axes.get_window_extent()
    for label in labels:
        for right, up, horizontal, vertical in _PLACES:
            text = axes.annotate(
                label.text,
                (label.x, label.y),
                xytext=(right, up),
                textcoords="offset points",
                ha=horizontal,
                va=vertical,
                fontsize=8,
                color=label.colour,
                fontweight="bold" if label.bold else "normal",
                path_effects=[withStroke(linewidth=2.5, foreground="white")],
                annotation_clip=False,
            )
            box = text.get_window_extent()
            inside = (
                room.x0 <= box.x0 and box.x1 <= room.x1 and room.y0 <= box.y0 <= box.y1 <= room.y1
            )
            if inside and not any(box.overlaps(other) for other in taken):
                taken.append(box)
                break
            text.remove()
        else:
            left_out.append(label.text)
    return left_out


def middle(points: np.ndarray) -> np.ndarray:
    """The one of several points that is nearest to their median, shape (2,)."""
    away = np.square(points - np.median(points, axis=0)).sum(axis=1)
    return np.asarray(points[away.argmin()])
