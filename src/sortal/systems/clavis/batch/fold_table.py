"""The test accuracy of every classifier on each fold, as a table."""

from collections.abc import Sequence
from statistics import fmean, stdev

from sortal.evaluation.row import Row
from sortal.jobs.results.folds import by_fold, pooled
from sortal.jobs.results.results import JobResults
from sortal.metrics.registry import ACCURACY
from sortal.views.tables import TableColumn

MOST = 60
"""Classifiers that the table lists."""


def fold_rows(results: JobResults) -> list[Row]:
    """One row a classifier, best first: mean and spread over folds, pooled, and each fold."""
    whole = [result for result in results.ranked if not result.fold_of]
    rows: list[Row] = []
    for result in whole[:MOST]:
        figure = ACCURACY[results.outputs]
        folds = {fold: of.figures[figure] for fold, of in by_fold(results, result).items()}
        rows.append(
            {
                "title": result.title,
                "mean": fmean(folds.values()),
                "sd": stdev(folds.values()) if len(folds) > 1 else None,
                "pooled": pooled(results, result).figures[figure],
                **{f"fold {fold}": value for fold, value in folds.items()},
            }
        )
    return rows


def fold_columns(rows: Sequence[Row]) -> list[TableColumn | str]:
    """Columns of those rows."""
    folds = [name for name in (rows[0] if rows else ()) if name.startswith("fold ")]
    return [
        "title",
        TableColumn(name="mean", header="mean of folds", sd="sd", digits=4),
        TableColumn(name="pooled", digits=4),
        *(TableColumn(name=name, digits=4) for name in folds),
    ]
