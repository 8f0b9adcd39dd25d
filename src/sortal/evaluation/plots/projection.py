"""Draw examples on a plane, coloured by class."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sortal.evaluation.plots.drawing.axis_limits import plot_limits
from sortal.evaluation.plots.drawing.style import COLOURS, PLAIN, Look, drawing_style, write_above

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MORE = ("#882255", "#44AA99", "#DDCC77", "#AA4499", "#117733", "#661100", "#6699CC", "#888888")
"""Colours for classes beyond the first eight: Tol's muted ones, and grey."""

_UNKNOWN = "0.75"
_MOST_NAMED = 24
_CROWDED = 5_000


def projection_figure(
    coordinates: np.ndarray,
    codes: np.ndarray,
    classes: Sequence[str],
    *,
    tested: np.ndarray | None = None,
    heading: str,
    about: str = "",
    look: Look = PLAIN,
) -> "Figure":
    """Draw examples, a colour a class; those that test are crosses.

    Args:
        coordinates: Shape (examples, 2).
        codes: Class of each, shape (examples,); -1 for one whose class is not known, drawn grey
            and below the others.
        classes: Names of the classes, in the order of their codes.
        tested: Which of them test, shape (examples,), bool; nobody if not given.
        heading: Above the axes.
        about: Below the axes: how true the picture is.
        look: Style, and texts above the axes.

    Raises:
        MissingExtra: The look is of style `hep`, and mplhep is not installed.
    """
    from sortal.evaluation.plots.drawing.shown_figure import ShownFigure

    codes = np.asarray(codes)
    tested = np.zeros(len(codes), dtype=bool) if tested is None else np.asarray(tested, dtype=bool)
    with drawing_style(look):
        figure = ShownFigure(figsize=(8.5, 6.2), layout="constrained")
        axes = figure.subplots()
        present = [code for code in range(-1, len(classes)) if (codes == code).any()]
        for code in present:
            name = classes[code] if code >= 0 else "not known"
            _draw_class(
                axes, coordinates, member=codes == code, tested=tested, code=code, name=name
            )
        for which, low, high in zip("xy", *np.array(_limits(coordinates)).T, strict=True):
            getattr(axes, f"set_{which}lim")(low, high)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_xlabel("\n".join(filter(None, (_marks(tested), about))), fontsize=9)
        write_above(axes, look, heading)
        if len(present) <= _MOST_NAMED:
            legend = figure.legend(loc="outside right upper", fontsize=8, frameon=False)
            for handle in legend.legend_handles:
                if handle is not None:
                    handle.set_alpha(1.0)
    return figure


def _limits(coordinates: np.ndarray) -> list[tuple[float, float]]:
    return [plot_limits(coordinates[:, axis], margin=0.03) for axis in (0, 1)]


def _marks(tested: np.ndarray) -> str:
    """What dots and crosses are, where there are both."""
    return "dots: training and validation; crosses: test" if tested.any() else ""


def _colour(code: int) -> str:
    if code < 0:
        return _UNKNOWN
    colours = (*COLOURS, *_MORE)
    return colours[code % len(colours)]


def _draw_class(
    axes: "Axes",
    coordinates: np.ndarray,
    *,
    member: np.ndarray,
    tested: np.ndarray,
    code: int,
    name: str,
) -> None:
    crowded = len(member) > _CROWDED
    size, alpha = (3.0, 0.35) if crowded else (13.0, 0.7)
    labelled = False
    for marker, shown, factor in (("o", member & ~tested, 1.0), ("+", member & tested, 2.0)):
        if shown.any():
            axes.scatter(
                coordinates[shown, 0],
                coordinates[shown, 1],
                s=factor * size,
                c=_colour(code),
                marker=marker,
                alpha=alpha,
                linewidths=0.0 if marker == "o" else 0.9,
                label=None if labelled else name,
                zorder=1 if code < 0 else 2,
                rasterized=crowded,
            )
            labelled = True
