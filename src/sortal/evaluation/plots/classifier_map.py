"""Draw a map of classifiers: a point each, coloured by method, with the poles named."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sortal.evaluation.maps.classifier_map import ClassifierMap, MapTsne, MapUmap
from sortal.evaluation.maps.dissimilarity import ComparedBy
from sortal.evaluation.plots.drawing.labels import Label, middle, place_labels
from sortal.evaluation.plots.drawing.style import (
    COLOURS,
    MARKS,
    PLAIN,
    Look,
    drawing_style,
    write_above,
)
from sortal.evaluation.plots.drawing.texts import shorten_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WORDS = {
    ComparedBy.ERRORS: "share of examples that one has right and the other wrong",
    ComparedBy.PROBABILITIES: "root mean square difference of probabilities",
    ComparedBy.AGREEMENT: "1 - Cohen's kappa",
    ComparedBy.SCORES: "difference of figures, in standard deviations",
}
"""What a distance on a map is."""

_POLES = {"optimal": "*", "naive": "X"}
_MOST_OF_TITLE = 40
"""Letters of a title beside its point."""

_CROWDED = 200
"""Points from which they are drawn smaller."""


def map_figure(
    drawn: ClassifierMap,
    *,
    heading: str,
    named: Sequence[str] = (),
    look: Look = PLAIN,
) -> "Figure":
    """Draw a map.

    The poles are named, and each method at the middle of its classifiers; a name that finds no
    room is in the legend all the same.

    Args:
        drawn: The map.
        heading: Above the axes.
        named: Titles that are written too, the most important first, as the best classifier's.
        look: Style, and texts above the axes.

    Raises:
        MissingExtra: The look is of style `hep`, and mplhep is not installed.
    """
    from sortal.evaluation.plots.drawing.shown_figure import ShownFigure

    with drawing_style(look):
        figure = ShownFigure(figsize=(9, 6.2), layout="constrained")
        axes = figure.subplots()
        families = _families(drawn)
        _draw_families(axes, drawn, families)
        _draw_poles(axes, drawn)
        axes.set_aspect("equal", adjustable="datalim")
        axes.margins(0.08)
        if _keeps_distances(drawn):
            axes.grid(color="0.92")
            axes.set_axisbelow(True)
        else:
            axes.set_xticks([])
            axes.set_yticks([])
        axes.set_xlabel(f"{_distance(drawn)}\n{drawn.quality}", fontsize=9)
        figure.legend(loc="outside right upper", fontsize=8, frameon=False)
        write_above(axes, look, heading)
        place_labels(axes, _labels(drawn, families, named), drawn.coordinates)
    return figure


def _keeps_distances(drawn: ClassifierMap) -> bool:
    """Whether numbers on the axes mean anything."""
    return not isinstance(drawn.way, MapTsne | MapUmap)


def _distance(drawn: ClassifierMap) -> str:
    """What near and far mean on this map."""
    if not _keeps_distances(drawn):
        return f"neighbours by {WORDS[drawn.by]}; distances between groups mean nothing"
    return f"distance: {WORDS[drawn.by]}"


def _families(drawn: ClassifierMap) -> dict[str, np.ndarray]:
    """Rows of the classifiers of each method that are no poles, the largest family first."""
    rows: dict[str, list[int]] = {}
    for row, one in enumerate(drawn.classifiers):
        if not one.anchor:
            rows.setdefault(one.family, []).append(row)
    ordered = sorted(rows.items(), key=lambda item: (-len(item[1]), item[0]))
    return {family: np.array(listed) for family, listed in ordered}


def _style(number: int) -> tuple[str, str]:
    return COLOURS[number % len(COLOURS)], MARKS[(number // len(COLOURS)) % len(MARKS)]


def _draw_families(axes: "Axes", drawn: ClassifierMap, families: dict[str, np.ndarray]) -> None:
    crowded = len(drawn.classifiers) >= _CROWDED
    for number, (family, rows) in enumerate(families.items()):
        colour, mark = _style(number)
        axes.scatter(
            drawn.coordinates[rows, 0],
            drawn.coordinates[rows, 1],
            s=14 if crowded else 34,
            c=colour,
            marker=mark,
            alpha=0.6 if crowded else 0.85,
            linewidths=0.4,
            edgecolors="white",
            label=f"{family} ({len(rows)})",
        )


def _draw_poles(axes: "Axes", drawn: ClassifierMap) -> None:
    for pole, mark in _POLES.items():
        rows = [row for row, one in enumerate(drawn.classifiers) if one.anchor == pole]
        if rows:
            axes.scatter(
                drawn.coordinates[rows, 0],
                drawn.coordinates[rows, 1],
                s=190 if mark == "*" else 110,
                c="black",
                marker=mark,
                edgecolors="white",
                linewidths=0.8,
                label=drawn.classifiers[rows[0]].title,
                zorder=3,
            )


def _labels(
    drawn: ClassifierMap, families: dict[str, np.ndarray], named: Sequence[str]
) -> list[Label]:
    """The poles, the titles asked for, then the methods."""
    found = []
    by_title = {one.title: row for row, one in enumerate(drawn.classifiers)}
    poles = [one.title for one in drawn.classifiers if one.anchor]
    alone = {
        drawn.classifiers[rows[0]].title: name for name, rows in families.items() if len(rows) == 1
    }
    for title in dict.fromkeys([*poles, *named]):
        if title in by_title and alone.get(title) != title:
            x, y = drawn.coordinates[by_title[title]]
            found.append(
                Label(
                    text=shorten_text(title, _MOST_OF_TITLE),
                    x=float(x),
                    y=float(y),
                    bold=title in poles,
                )
            )
    for number, (family, rows) in enumerate(families.items()):
        x, y = middle(drawn.coordinates[rows])
        found.append(
            Label(text=family, x=float(x), y=float(y), colour=_style(number)[0], bold=True)
        )
    return found
