"""Draw a figure of merit against the cut on the score, and what each part's best cut selects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sortal.evaluation.physics.cut_scan import CutScan
from sortal.evaluation.physics.yields import Yields
from sortal.evaluation.plots.drawing.axis_limits import plot_limits
from sortal.evaluation.plots.drawing.style import COLOURS, PLAIN, Look, drawing_style, write_above

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PER_LINE = 5
"""Processes that share a line of the legend."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BestCut:
    """A part's scan, and what its best cut selects of the test part."""

    scan: CutScan
    """The part's own yields and figure of merit above each cut."""

    yields: Yields
    """Yields of the test part above the scan's best cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    name: str
    best: BestCut
    curve: Mapping[str, Any]
    line: Mapping[str, Any]


_BLUE, _RED, _GREEN, _PURPLE, _AMBER = COLOURS[:5]
_CURVES: dict[str, dict[str, Any]] = {
    "Validation": {"color": _BLUE, "linewidth": 2.4, "zorder": 3},
    "Test": {"color": "black", "linestyle": "--", "linewidth": 1.8, "zorder": 4},
    "Train": {"color": _AMBER, "linestyle": (0, (5, 1)), "linewidth": 2.4, "zorder": 2.5},
}
_BEST: dict[str, dict[str, Any]] = {
    "Validation": {"color": "0.6", "linestyle": "-", "linewidth": 3.0, "zorder": 1.5},
    "Test": {"color": _RED, "linestyle": "--", "linewidth": 1.6, "zorder": 2},
    "Train": {"color": _GREEN, "linestyle": "-.", "linewidth": 1.6, "zorder": 2},
}


def merit_figure(
    validation: BestCut,
    test: BestCut,
    train: BestCut | None = None,
    *,
    test_merit: float,
    xlabel: str = "Lower cut on the score of the signal",
    ylabel: str = "Figure of merit",
    heading: str = "",
    look: Look = PLAIN,
) -> "Figure":
    """Draw the figure of merit of each part above, the validation part's efficiencies below.

    Each part's best cut is a line in both panels; below, its legend tells how many events
    of each process it selects in the test part. Bands are the statistical error of the
    simulation. Cuts that are guarded, or whose figure is not finite, leave gaps.

    Args:
        validation: The part that the cut is chosen on.
        test: The part that is reported.
        train: The part that was trained on.
        test_merit: Figure of merit of the test part at the validation part's best cut.
        xlabel: Below the axes.
        ylabel: Left of the upper axes.
        heading: Above the axes, as `RUN 3`.
        look: Style, and texts above the axes.

    Raises:
        MissingExtra: The look is of style `hep`, and mplhep is not installed.
    """
    from matplotlib.figure import Figure

    given = {"Validation": validation, "Test": test, "Train": train}
    parts = [
        _Part(name=name, best=best, curve=_CURVES[name], line=_BEST[name])
        for name, best in given.items()
        if best is not None
    ]
    with drawing_style(look):
        figure = Figure(figsize=(11.5, 8), layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True)
        _draw_merits(upper, parts, test_merit)
        upper.set_ylabel(ylabel)
        _draw_efficiencies(lower, parts)
        lower.set_ylabel(f"Efficiency ({parts[0].name.lower()})")
        lower.set_xlabel(xlabel)
        low, high = plot_limits(
            np.concatenate([part.best.scan.cuts for part in parts]), margin=0.02
        )
        lower.set_xlim(low, high)
        for axes in (upper, lower):
            axes.grid(color="0.88")
            axes.set_axisbelow(True)
            # Beside the axes: lines cross all of them, so that no place inside is free.
            legend = axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0)
        legend.set_title("Lines: test events above the cut", prop={"size": "small"})
        write_above(upper, look, heading)
    return figure


def _draw_merits(axes: "Axes", parts: Sequence[_Part], test_merit: float) -> None:
    shown = []
    for part in parts:
        scan = part.best.scan
        merit = np.where(scan.guarded | ~np.isfinite(scan.merit), np.nan, scan.merit)
        error = scan.merit_error
        axes.plot(scan.cuts, merit, label=f"{part.name} data", **part.curve)
        axes.fill_between(
            scan.cuts, merit - error, merit + error, color=part.curve["color"], alpha=0.14, lw=0
        )
        shown.append(merit)
    for part in parts:
        label = f"Max {part.name} FOM: {part.best.scan.merit[part.best.scan.best]:.4f}"
        if part is parts[0]:
            label = f"Test FOM: {test_merit:.3f}\n{label}"
        axes.axvline(part.best.yields.cut, label=label, **part.line)
    # The largest merit sets the limit: bands of the last few events would swallow the curves.
    axes.set_ylim(0.0, plot_limits(np.concatenate([*shown, np.zeros(1)]), margin=0.15)[1])


def _draw_efficiencies(axes: "Axes", parts: Sequence[_Part]) -> None:
    scan = parts[0].best.scan
    kinds = {
        "Signal": (scan.signal_efficiency, _BLUE),
        "Background": (scan.background_efficiency, _PURPLE),
    }
    shown = []
    for kind, (efficiency, colour) in kinds.items():
        drawable = np.where(efficiency > 0, efficiency, np.nan)
        axes.plot(scan.cuts, drawable, color=colour, linewidth=2.2, label=f"{kind} efficiency")
        shown.append(drawable)
    axes.set_yscale("log")
    axes.set_ylim(*plot_limits(np.concatenate(shown), log=True))
    for part in parts:
        axes.axvline(part.best.yields.cut, label=_told(part.best.yields), **part.line)


def _told(yields: Yields) -> str:
    """Yields as a legend tells them: `S: 12.3 W: 40.1`, a few on each line."""
    told = [
        f"{short}: {expected:.1f}"
        for short, expected in zip(_shortened(yields.names), yields.expected, strict=True)
    ]
    lines = [told[start : start + _PER_LINE] for start in range(0, len(told), _PER_LINE)]
    return "\n".join(" ".join(line) for line in lines)


def _shortened(names: Sequence[str]) -> list[str]:
    """The first letter of each name, or as many as tell it from the others.

    >>> _shortened(("Signal", "TTbar", "TTW"))
    ['S', 'TTb', 'TTW']
    """
    return [
        next(
            (
                name[:length]
                for length in range(1, len(name))
                if sum(other.startswith(name[:length]) for other in names) == 1
            ),
            name,
        )
        for name in names
    ]
