"""Match predictions of a file with the reported examples of a job, example by example."""

from collections.abc import Sequence

import numpy as np

from sortal.data.dataset import Dataset
from sortal.data.labels import UNKNOWN
from sortal.data.reading.predictions import Predictions, recoded
from sortal.data.split import Part, Split
from sortal.errors import DataError, suggest

Matched = tuple[np.ndarray, np.ndarray]
"""Rows of the dataset, ascending, int64, and scores of them, shape (rows, classes)."""


def match_predictions(
    file: Predictions, dataset: Dataset, splits: Sequence[Split], job: str
) -> list[Matched]:
    """Find the predictions of each split's reported examples of known label.

    Args:
        file: Predictions, their scores in the order of the dataset's classes.
        dataset: Of the job.
        splits: Of the job.
        job: Its name.

    Raises:
        DataError: An id is none of the reported examples, a label is another than the job's, or
            an example is missing.
    """
    known = dataset.labels.known
    reported = [split.rows(split.reported) for split in splits]
    reported = [rows[known[rows]] for rows in reported]
    row_of = {str(name): row for row, name in enumerate(dataset.inputs.ids.tolist())}
    place = np.full(len(dataset), -1, dtype=np.int64)
    wanted = np.zeros(len(dataset), dtype=bool)
    wanted[np.concatenate(reported)] = True
    for number, name in enumerate(map(str, file.ids.tolist())):
        row = row_of.get(name, -1)
        if row < 0 or not wanted[row]:
            got = _stranger(name, row, dataset, splits, row_of)
            raise DataError(
                f"{file.at(number, file.id_column)}: expected one of the {wanted.sum()} "
                f"{splits[0].reported} examples of {job!r}, got {got}."
            )
        place[row] = number
    _refuse_other_labels(file, dataset, place, job)
    missing = np.flatnonzero(wanted & (place < 0))
    if len(missing):
        raise DataError(
            f"{file.table.path}: expected all {wanted.sum()} {splits[0].reported} examples of "
            f"{job!r}; {len(missing)} are missing, the first of them "
            f"{dataset.inputs.ids[missing[0]].item()!r}."
        )
    return [(rows, file.scores[place[rows]]) for rows in reported]


def _stranger(
    name: str, row: int, dataset: Dataset, splits: Sequence[Split], row_of: dict[str, int]
) -> str:
    """An example that is not reported, and what it is instead."""
    if row < 0:
        return f"{name!r}, which its data has not{suggest(name, row_of).rstrip('.')}"
    if not dataset.labels.known[row]:
        return f"{name!r}, whose label is unknown"
    parts = [part for part in Part for split in splits if row in split.rows(part)]
    return f"{name!r}, a {parts[0]} example" if parts else f"{name!r}, which it leaves out"


def _refuse_other_labels(file: Predictions, dataset: Dataset, place: np.ndarray, job: str) -> None:
    if file.labels is None:
        return
    rows = np.flatnonzero(place >= 0)
    truth = np.asarray(dataset.labels.codes[rows])
    codes = recoded(file.labels, dataset.labels.classes)[place[rows]]
    wrong = np.flatnonzero((codes != truth) | (codes == UNKNOWN))
    if len(wrong):
        first = wrong[np.argmin(place[rows[wrong]])]
        number = int(place[rows[first]])
        raise DataError(
            f"{file.at(number, file.label_column)}: expected "
            f"{dataset.labels.classes[truth[first]]!r}, the label of {file.ids[number].item()!r} in "
            f"{job!r}, got {file.labels.classes[file.labels.codes[number]]!r}."
        )
