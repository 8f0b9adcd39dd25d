"""The figures of a job's results: the values chosen here, drawn in evaluation/figures/."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sortal.data.labels import Outputs
from sortal.evaluation.figures.confusion import confusion_figure
from sortal.evaluation.figures.learning_curves import Curve, learning_curves_figure
from sortal.evaluation.figures.ranking import RankedBar, ranking_figure
from sortal.jobs.history import AT, WATCHED
from sortal.jobs.result import Result
from sortal.jobs.results import Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WORDS = {"balanced_accuracy": "balanced accuracy", "macro_f1": "macro F1"}
"""Figures as an axis names them."""


def ranking(results: Results, target: str | None = None) -> "Figure":
    """Draw all classifiers of a target with their 95 % intervals, or spread over seeds and folds."""
    tied = results.tied(target)
    bars = [
        _bar(result, results.headline, tied) for result in results.ranked if result.target == target
    ]
    named = f", {target}" if target else ""
    return ranking_figure(
        bars,
        heading=f"{results.name}{named}: {len(bars)} classifiers, {results.part} examples",
        quantity=f"{WORDS[results.headline]}, 95 % interval (or spread over seeds and folds)",
    )


def _bar(result: Result, headline: str, tied: frozenset[str]) -> RankedBar:
    spread = result.figures[headline]
    low, high = result.interval(headline) or (spread.mean - spread.sd, spread.mean + spread.sd)
    return RankedBar(
        title=result.title,
        method=result.method,
        value=spread.mean,
        low=low,
        high=high,
        tied=result.title in tied,
        reference=result.is_reference,
    )


def confusion(results: Results, result: Result) -> "Figure":
    """Draw a result's confusion matrix, summed over its seeds and folds."""
    score = result.figures[results.headline].mean
    return confusion_figure(
        np.asarray(result.confusion),
        results.labels.classes,
        heading=f"{result.title}: {WORDS[results.headline]} {score:.4f}",
    )


def learning_curves(result: Result) -> "Figure":
    """Draw how a result's members learnt; the dots are their best validation losses."""
    curves: dict[str, list[Curve]] = {}
    for course in result.courses:
        for metric in course.rows[0]:
            if metric != AT:
                curve = [(float(row[AT] or 0), row.get(metric)) for row in course.rows]
                curves.setdefault(metric, []).append(curve)
    best = [course.best for course in result.courses]
    points = [(float(row[AT] or 0), float(row[WATCHED] or 0)) for row in best if row is not None]
    named = f"{result.title}, {result.target}" if result.target else result.title
    return learning_curves_figure(curves, best=points, heading=f"{named}: learning curves")


def write_figures(results: Results, folder: Path) -> list[Path]:
    """Write the ranking and the best classifier's confusion matrix, per target.

    Returns:
        The files written, PNG.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for target in results.targets:
        suffix = "" if target is None else f"-{_as_file(target)}"
        written.append(folder / f"ranking{suffix}.png")
        ranking(results, target).savefig(written[-1], dpi=150)
        best = results.best(target)
        if best is not None and results.outputs is Outputs.EXCLUSIVE:
            written.append(folder / f"confusion{suffix}.png")
            confusion(results, best).savefig(written[-1], dpi=150)
    return written


def write_confusion(results: Results, result: Result, folder: Path) -> Path:
    """Write one result's confusion matrix, PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"confusion-{_as_file(result.title)}.png"
    confusion(results, result).savefig(path, dpi=150)
    return path


def write_learning_curves(result: Result, folder: Path) -> Path:
    """Write how one result's members learnt, PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    suffix = "" if result.target is None else f"-{_as_file(result.target)}"
    path = folder / f"learning-{_as_file(result.title)}{suffix}.png"
    learning_curves(result).savefig(path, dpi=150)
    return path


def _as_file(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in name)
