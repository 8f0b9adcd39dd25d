"""Draw how all members of a result learnt, a colour a metric; losses and accuracies on axes of their own."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from sortal.evaluation.plots.drawing.style import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Curve = Sequence[tuple[float, float | None]]
"""Epoch and value, in order; None where the value was no number."""

# What training itself sums up while weights change is paler than what is measured.
_COLOURS = {
    "validation_loss": COLOURS[1],
    "training_loss": COLOURS[0],
    "loss": COLOURS[5],
    "validation_accuracy": COLOURS[1],
    "accuracy": COLOURS[5],
}
_OTHERS = (*COLOURS[2:5], COLOURS[6])
_ACCURACY = "accuracy"


def learning_curves_figure(
    curves: Mapping[str, Sequence[Curve]], *, best: Sequence[tuple[float, float]], heading: str
) -> "Figure":
    """Draw every member's course, a colour a metric; accuracies have axes of their own below.

    Args:
        curves: The members' curves of each metric; those of an accuracy are named `accuracy`
            or end with it, all others are losses.
        best: Epoch and loss at which each member was best, drawn as dots among the losses.
        heading: Above the axes.
    """
    from sortal.evaluation.plots.drawing.shown_figure import ShownFigure

    losses = {name: held for name, held in curves.items() if not name.endswith(_ACCURACY)}
    shares = {name: held for name, held in curves.items() if name.endswith(_ACCURACY)}
    panels = [("mean loss of an example", losses)] if losses or not shares else []
    panels += [("accuracy", shares)] if shares else []
    figure = ShownFigure(figsize=(7.5, 4.5 if len(panels) == 1 else 7.5), layout="constrained")
    drawn = figure.subplots(len(panels), sharex=True, squeeze=False)[:, 0]
    for axes, (label, metrics) in zip(drawn, panels, strict=True):
        _draw(axes, metrics)
        if metrics is losses and best:
            axes.plot(
                *zip(*best, strict=True), "o", color="black", markersize=4, label="best epoch"
            )
        _finish(axes, label)
    drawn[-1].set_xlabel("epoch")
    drawn[0].set_title(heading, loc="left", fontsize=11)
    return figure


def _draw(axes: "Axes", metrics: Mapping[str, Sequence[Curve]]) -> None:
    others = iter(_OTHERS * len(metrics))
    for metric, of_members in metrics.items():
        colour = _COLOURS.get(metric) or next(others)
        alpha = max(0.25, 1 / len(of_members) ** 0.5)
        for number, curve in enumerate(of_members):
            label = metric.replace("_", " ") if number == 0 else None
            mark = "." if len(curve) == 1 else ""
            epochs = [epoch for epoch, _ in curve]
            axes.plot(
                epochs, list(_values(curve)), color=colour, alpha=alpha, label=label, marker=mark
            )


def _values(curve: Curve) -> Iterable[float]:
    return (float("nan") if value is None else value for _, value in curve)


def _finish(axes: "Axes", label: str) -> None:
    axes.set_ylabel(label)
    axes.grid(color="0.9")
    axes.spines[["top", "right"]].set_visible(False)
    if axes.lines:
        axes.legend(frameon=False)
