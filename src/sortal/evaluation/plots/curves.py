"""Draw what is followed over the epochs of a training: loss, accuracy."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sortal.evaluation.plots.drawing.axis_limits import plain_ticks_within_a_decade, plot_limits
from sortal.evaluation.plots.drawing.style import COLOURS, PLAIN, Look, drawing_style, write_above

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def loss_figure(
    series: Mapping[str, Sequence[float]],
    *,
    ylabel: str = "Loss",
    log_y: bool = False,
    best_epoch: int | None = None,
    heading: str = "",
    look: Look = PLAIN,
) -> "Figure":
    """Draw values against the epoch: losses, or accuracies with another `ylabel`.

    Args:
        series: Values after each epoch, which count from 0, by label; NaN and infinity
            leave gaps, as do values that are not above 0 where the axis is logarithmic.
        ylabel: Left of the axes, with its unit.
        log_y: Whether values are drawn on a logarithmic axis.
        best_epoch: The epoch whose weights are kept, counted from 0; a line marks it, and
            a dot on every series that has it.
        heading: Above the axes.
        look: Style, and texts above the axes.

    Raises:
        MissingExtra: The look is of style `hep`, and mplhep is not installed.
    """
    from matplotlib.figure import Figure

    with drawing_style(look):
        figure = Figure(figsize=(7.5, 4.8), layout="constrained")
        axes = figure.subplots()
        axes.set_xlabel("Epoch")
        axes.set_ylabel(ylabel)
        axes.grid(color="0.9")
        axes.set_axisbelow(True)
        drawn = {label: _drawable(values, log_y=log_y) for label, values in series.items()}
        for number, (label, values) in enumerate(drawn.items()):
            mark = "o" if np.isfinite(values).sum() == 1 else ""
            colour = COLOURS[number % len(COLOURS)]
            axes.plot(values, color=colour, linewidth=1.6, marker=mark, label=label)
        _limit(axes, list(drawn.values()), log_y=log_y)
        if best_epoch is not None:
            _mark_best(axes, list(drawn.values()), best_epoch)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(loc="best")
        write_above(axes, look, heading)
    return figure


def _drawable(values: Sequence[float], *, log_y: bool) -> np.ndarray:
    found = np.asarray(values, dtype=np.float64)
    shown: np.ndarray = np.where(np.isfinite(found) & ((found > 0) | (not log_y)), found, np.nan)
    return shown


def _limit(axes: "Axes", series: Sequence[np.ndarray], *, log_y: bool) -> None:
    from matplotlib.ticker import MaxNLocator

    epochs = max((len(values) for values in series), default=0)
    margin = max(0.02 * (epochs - 1), 0.5)
    axes.set_xlim(-margin, max(epochs - 1, 0) + margin)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.set_ylim(*plot_limits(np.concatenate([np.empty(0), *series]), log=log_y))
    if log_y:
        axes.set_yscale("log")
        plain_ticks_within_a_decade(axes.yaxis)


def _mark_best(axes: "Axes", series: Sequence[np.ndarray], best_epoch: int) -> None:
    axes.axvline(best_epoch, color="0.4", linestyle=":", label=f"Best epoch: {best_epoch}")
    for number, values in enumerate(series):
        if best_epoch < len(values):
            colour = COLOURS[number % len(COLOURS)]
            axes.plot(best_epoch, values[best_epoch], "o", color=colour, markeredgecolor="white")
