"""Short texts beside points, placed so that none covers another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sortal.evaluation.plots.drawing.style import in_any_script

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


_MARK = 4.0
"""Half of the size of a mark [points of the screen]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A text that belongs to a point."""

    text: str
    x: float
    y: float
    colour: str = "0.1"
    bold: bool = False


@in_any_script()
def place_labels(
    axes: "Axes", labels: Sequence[Label], points: np.ndarray | None = None
) -> list[str]:
    """Write texts beside their points, the first ones first; limits must be set before.

    Args:
        axes: Drawn in its final size.
        labels: In order of importance.
        points: Points that texts leave free where they can, shape (points, 2).

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
    marks = np.empty((0, 2)) if points is None else axes.transData.transform(points)
    for label in labels:
        # First where no point is covered, then wherever there is room.
        for (right, up, horizontal, vertical), free in _attempts():
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
            clear = not (free and _covers(box, marks))
            if inside and clear and not any(box.overlaps(other) for other in taken):
                taken.append(box)
                break
            text.remove()
        else:
            left_out.append(label.text)
    return left_out


def _attempts() -> Iterator[tuple[tuple[int, int, str, str], bool]]:
    """Places for a text, and whether it must cover no mark there."""
    for free in (True, False):
        for place in _PLACES:
            yield place, free


def _covers(box: "Bbox", marks: np.ndarray) -> bool:
    """Whether a text lies on a mark; both in points of the screen."""
    x, y = marks.T
    across = (box.x0 - _MARK < x) & (x < box.x1 + _MARK)
    return bool((across & (box.y0 - _MARK < y) & (y < box.y1 + _MARK)).any())


def middle(points: np.ndarray) -> np.ndarray:
    """The one of several points that is nearest to their median, shape (2,)."""
    away = np.square(points - np.median(points, axis=0)).sum(axis=1)
    return np.asarray(points[away.argmin()])
