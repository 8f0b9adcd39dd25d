"""The figures of a job's results: the values chosen here, drawn in evaluation/plots/."""

import warnings
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sortal.data.labels import Outputs
from sortal.data.split import Part
from sortal.evaluation.maps.classifier_map import ClassifierMap
from sortal.evaluation.plots.classifier_map import map_figure
from sortal.evaluation.plots.confusion import confusion_figure
from sortal.evaluation.plots.drawing.texts import shorten_text
from sortal.evaluation.plots.drawing.write import Warn, write_picture
from sortal.evaluation.plots.learning_curves import Curve, learning_curves_figure
from sortal.evaluation.plots.projection import projection_figure
from sortal.evaluation.plots.ranking import RankedBar, ranking_figure
from sortal.jobs.pictures.file_names import file_name
from sortal.jobs.pictures.projections import ProjectedExamples
from sortal.jobs.results.history import AT, WATCHED
from sortal.jobs.results.result import Result
from sortal.jobs.results.results import JobResults
from sortal.metrics.registry import title_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_OF_HEADING, _MOST_OF_ROW, _MOST_OF_CLASS = 42, 48, 30
"""Letters of a title above a figure, beside a row, and of the name of a class."""


def ranking(results: JobResults, target: str | None = None) -> "Figure":
    """Draw all classifiers of a target with their 95 % intervals, or spread over seeds and folds."""
    tied = results.tied(target)
    bars = [
        _bar(result, results.headline, tied) for result in results.ranked if result.target == target
    ]
    return ranking_figure(
        bars,
        heading=f"{_of_job(results, target)}: {len(bars)} classifiers, {results.part} examples",
        quantity=f"{title_of(results.headline)}, 95 % interval (or spread over seeds and folds)",
    )


def _bar(result: Result, headline: str, tied: frozenset[str]) -> RankedBar:
    spread = result.figures[headline]
    low, high = result.interval(headline) or (spread.mean - spread.sd, spread.mean + spread.sd)
    return RankedBar(
        title=shorten_text(result.title, _MOST_OF_ROW),
        method=result.method,
        value=spread.mean,
        low=low,
        high=high,
        tied=result.title in tied,
        reference=result.is_reference,
    )


def confusion(results: JobResults, result: Result) -> "Figure":
    """Draw a result's confusion matrix, summed over its seeds and folds."""
    score = result.figures[results.headline].mean
    return confusion_figure(
        np.asarray(result.confusion),
        [shorten_text(one, _MOST_OF_CLASS) for one in result.confusion_classes],
        heading=f"{shorten_text(result.title, _MOST_OF_HEADING)}: {title_of(results.headline)} {score:.4f}",
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
    named = shorten_text(", ".join(_named(result)), _MOST_OF_HEADING)
    return learning_curves_figure(curves, best=points, heading=f"{named}: learning curves")


def write_figures(results: JobResults, folder: Path, *, warn: Warn = warnings.warn) -> list[Path]:
    """Write the ranking and the best classifier's confusion matrix, per target.

    Args:
        results: The results that the picture shows.
        folder: Made if need be.
        warn: Called with a sentence for each picture that cannot be drawn or written.

    Returns:
        The files written, PNG.
    """
    written: list[Path] = []
    for target in results.targets:
        suffix = _suffix(target, results.targets)
        ranked = partial(ranking, results, target)
        written += write_picture(folder / f"ranking{suffix}.png", ranked, warn=warn)
        best = results.best(target)
        if best is not None and results.outputs is Outputs.EXCLUSIVE:
            confused = partial(confusion, results, best)
            written += write_picture(folder / f"confusion{suffix}.png", confused, warn=warn)
    return written


def write_confusion(
    results: JobResults, result: Result, folder: Path, *, warn: Warn = warnings.warn
) -> list[Path]:
    """Write one result's confusion matrix, PNG, unless it cannot be drawn."""
    name = file_name((result.title,), [(one.title,) for one in results.results])
    drawn = partial(confusion, results, result)
    return write_picture(folder / f"confusion-{name}.png", drawn, warn=warn)


def write_learning_curves(
    results: JobResults, result: Result, folder: Path, *, warn: Warn = warnings.warn
) -> list[Path]:
    """Write how one result's members learnt, PNG, unless it cannot be drawn."""
    name = file_name(_named(result), [_named(one) for one in results.results])
    drawn = partial(learning_curves, result)
    return write_picture(folder / f"learning-{name}.png", drawn, warn=warn)


def _named(result: Result) -> tuple[str, ...]:
    return (result.title,) if result.target is None else (result.title, result.target)


def _of_job(results: JobResults, target: str | None) -> str:
    """The job and the target, as a heading begins."""
    named = f", {shorten_text(target, _MOST_OF_CLASS)}" if target else ""
    return f"{shorten_text(results.name, _MOST_OF_HEADING)}{named}"


def _suffix(target: str | None, targets: Iterable[str | None]) -> str:
    """The part of a file name that names the target; empty where there is only one."""
    if target is None:
        return ""
    return f"-{file_name((target,), [(one,) for one in targets if one is not None])}"


def classifier_map(
    results: JobResults, drawn: ClassifierMap, target: str | None = None
) -> "Figure":
    """Draw a map of a job's classifiers; the best is named beside the poles."""
    best = results.best(target)
    count = len(drawn.classifiers)
    return map_figure(
        drawn,
        heading=f"{_of_job(results, target)}: {count} classifiers by {drawn.by}, {results.part} examples",
        named=[best.title] if best else [],
    )


def write_map(
    results: JobResults,
    drawn: ClassifierMap,
    folder: Path,
    target: str | None = None,
    *,
    warn: Warn = warnings.warn,
) -> list[Path]:
    """Write a map as PNG, and its coordinates as CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    suffix = _suffix(target, results.targets)
    path = folder / f"map-{drawn.by}-{drawn.way.method}{suffix}.png"
    table = folder / f"{path.stem}.csv"
    drawn.table().write_csv(table)
    return [*write_picture(path, partial(classifier_map, results, drawn, target), warn=warn), table]


def projection(shown: ProjectedExamples, target: str | None = None) -> "Figure":
    """Draw a job's examples by class, or by yes and no of one of several targets."""
    results, projected = shown.results, shown.projected
    labels = results.labels.take(shown.rows)
    codes, classes = np.asarray(labels.codes), labels.classes
    if codes.ndim == 1:
        target = None
    else:
        target = target or classes[0]
        codes, classes = labels.for_target(target).codes[:, 0], ("no", "yes")
    trust = projected.trustworthiness
    about = [] if np.isnan(trust) else [f"trustworthiness {trust:.3f}"]
    return projection_figure(
        projected.coordinates,
        codes,
        [shorten_text(one, _MOST_OF_CLASS) for one in classes],
        tested=shown.parts == list(Part).index(Part.TEST) if len(results.splits) == 1 else None,
        heading=f"{_of_job(results, target)}: {len(codes)} examples, {projected.projection.method}",
        about="\n".join([*about, *projected.notes]),
    )


def write_projection(
    shown: ProjectedExamples,
    folder: Path,
    target: str | None = None,
    *,
    warn: Warn = warnings.warn,
) -> list[Path]:
    """Write a projection of examples as PNG, and its coordinates as CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    suffix = _suffix(target, shown.results.labels.classes)
    path = folder / f"projection-{shown.projected.projection.method}{suffix}.png"
    table = folder / f"{path.stem}.csv"
    shown.table().write_csv(table)
    return [*write_picture(path, partial(projection, shown, target), warn=warn), table]
