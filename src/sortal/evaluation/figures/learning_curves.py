"""Draw how all members of a result learnt, a colour a metric."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sortal.evaluation.figures.style import COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Curve = Sequence[tuple[float, float | None]]
"""Epoch and value, in order; None where the value was no number."""

# The loss that training itself sums up is paler than what is measured.
_COLOURS = {"validation_loss": COLOURS[1], "training_loss": COLOURS[0], "loss": COLOURS[5]}
_OTHERS = (*COLOURS[2:5], COLOURS[6])


def learning_curves_figure(
    curves: Mapping[str, Sequence[Curve]], *, best: Sequence[tuple[float, float]], heading: str
) -> "Figure":
    """Draw every member's course, a colour a metric.

    Args:
        curves: The members' curves of each metric.
        best: Epoch and loss at which each member was best, drawn as dots.
        heading: Above the axes.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 4.5), layout="constrained")
    axes = figure.subplots()
    others = iter(_OTHERS * len(curves))
    for metric, of_members in curves.items():
        colour = _COLOURS.get(metric) or next(others)
        alpha = max(0.25, 1 / len(of_members) ** 0.5)
        for number, curve in enumerate(of_members):
            epochs = [epoch for epoch, _ in curve]
            values = [float("nan") if value is None else value for _, value in curve]
            label = metric.replace("_", " ") if number == 0 else None
            mark = "." if len(curve) == 1 else ""
            axes.plot(epochs, values, color=colour, alpha=alpha, label=label, marker=mark)
    if best:
        axes.plot(*zip(*best, strict=True), "o", color="black", markersize=4, label="best epoch")
    axes.set_xlabel("epoch")
    axes.set_ylabel("mean loss of an example")
    axes.set_title(heading, loc="left", fontsize=11)
    axes.grid(color="0.9")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return figure
