"""Read what a classifier trained elsewhere said of examples: ids, labels, scores or decisions.

This module loads pyarrow; import it where files are read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from sortal.data.labels import UNKNOWN, ClassFinder, Labels
from sortal.data.readers import column_values as columns
from sortal.data.readers.base import Table, TableWithNotes, place_in_file
from sortal.data.readers.registry import TableOptions, open_file
from sortal.data.readers.text.delimited import DelimitedTable
from sortal.data.reading.score_columns import Header, find_score_columns
from sortal.data.texts.values import BadValue
from sortal.errors import DataError, NotFound

ID, LABEL = "id", "label"
"""Columns of ids and labels where no others are named."""

DECISIONS = ("class", "predicted", "prediction", "prediction_label")
"""Columns that may hold the predicted class; the first that is there counts."""

_NAMELESS = " (--id '' is the column without a name)"
_ROWS = 65_536
_ROUNDED = 0.005
_TOLERANCE = 0.05
"""How far the probabilities of an example may be from 1 together: two decimals may miss each by
`_ROUNDED`, and so many are never far off all the same way."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Predictions:
    """One file of predictions, an example a row."""

    table: Table = field(repr=False)
    id_column: str
    label_column: str

    ids: np.ndarray = field(repr=False)
    """Shape (examples,), int64 or str, no two alike."""

    labels: Labels | None = field(repr=False)
    """Truth in classes of its own, none unknown; None where the file has no column of labels."""

    classes: tuple[str, ...]
    """Classes in the order of `scores`."""

    scores: np.ndarray = field(repr=False)
    """Shape (examples, classes), float64, finite; 1 for the predicted class where that is all
    that is known."""

    only_decisions: bool
    """Whether the file has no scores."""

    notes: tuple[str, ...] = ()
    """How its columns were understood where that was not certain, in sentences for the user."""

    @property
    def nearly_probabilities(self) -> bool:
        """Whether scores are never negative and sum to 1 in each example, as far as two decimals can.

        This is part of the key of an import, whose rule stays. Whether scores are judged as
        probabilities is decided for each member by the digits that the file has.
        """
        if self.only_decisions:
            return False
        sums = np.abs(self.scores.sum(axis=1) - 1)
        allowed = min(_ROUNDED * len(self.classes), _TOLERANCE) + 1e-9
        return bool((self.scores >= 0).all() and (sums <= allowed).all())

    @property
    def reading_notes(self) -> tuple[str, ...]:
        """What was found in the file and is not plain, in sentences."""
        return self.table.notes if isinstance(self.table, TableWithNotes) else ()

    def __len__(self) -> int:
        return len(self.ids)

    def at(self, row: int, column: str) -> str:
        """Name the file, the line of an example and a column."""
        return _place(self.table, row, column)


def read_predictions(
    path: Path,
    *,
    id_column: str | None = None,
    label_column: str | None = None,
    classes: Sequence[str] | None = None,
) -> Predictions:
    """Read a table of predictions.

    Scores are in a column a class, named after it or `score_CLASS`; of two classes one column of
    probabilities is enough. A file that has none holds
    decisions in `class`, `predicted` or `prediction`; beside scores they must be those of the
    highest.

    Args:
        path: CSV, TSV, Parquet or another table.
        id_column: Column that names each example; `id` if None.
        label_column: Column of true classes; `label`, if there is one, where None.
        classes: Classes that the scores are of, in order; told from the file if None: those of
            its `score_CLASS` columns, those that it predicts and has labels of, or its other columns.

    Raises:
        DataError: A column is missing, a value is no number, no class or repeated, or a decision
            is not that of the highest score.
        NotFound: It has no column of a name that was given.
    """
    named = (id_column, ID), (label_column, LABEL)
    words = tuple(usual if given is None else given for given, usual in named)
    table = open_file(path, TableOptions(words=(*words, *DECISIONS)))
    if not isinstance(table, Table):
        raise DataError(f"{path}: expected a table of predictions, got named arrays.")
    names = table.names
    id_name = _named(path, names, id_column, ID)
    has_labels = label_column is not None or LABEL in names
    label_name = _named(path, names, label_column, LABEL) if has_labels else LABEL
    held = _columns(table)
    ids = _understood(table, held, id_name, columns.ids)
    _refuse_repeated(table, id_name, ids)
    labels = _classes(table, held, label_name) if has_labels else None
    decision = next((name for name in DECISIONS if name in names and name != label_name), None)
    said = _classes(table, held, decision) if decision else None
    beside = {id_name, label_name, *([decision] if decision else [])}
    header = Header(
        path=path,
        names=tuple(name for name in names if name not in beside),
        labels=labels,
        said=said,
        read=partial(_finite_or_none, held),
    )
    found = find_score_columns(header, classes)
    listed = found.classes
    scores = (
        _certain(table, said, listed, decision)
        if said and decision and not found.columns
        else _scores(table, held, found.columns)
    )
    if said and decision:
        _refuse_other_decisions(table, scores, said, listed, decision)
    return Predictions(
        table=table,
        id_column=id_name,
        label_column=label_name,
        ids=ids,
        labels=labels,
        classes=listed,
        scores=scores,
        only_decisions=not found.columns,
        notes=found.notes,
    )


def recoded(labels: Labels, classes: Sequence[str]) -> np.ndarray:
    """Codes of labels among other classes, shape (examples,).

    Spellings may differ (`ClassFinder`); UNKNOWN where a class is none of them.
    """
    place: dict[str | None, int] = {name: code for code, name in enumerate(classes)}
    found = map(ClassFinder(classes).find, labels.classes)
    table = np.array([place.get(name, UNKNOWN) for name in found], dtype=np.int64)
    return np.asarray(table[labels.codes])


def _named(path: Path, names: Sequence[str], given: str | None, usual: str) -> str:
    name = usual if given is None else given
    if name not in names:
        if given is None:
            raise DataError(
                f"{path}: expected a column {usual!r}, or --{usual} to name it"
                f"{_NAMELESS if '' in names else ''}; its columns are {', '.join(map(repr, names))}."
            )
        raise NotFound("column", given, names, where=str(path))
    return name


def _scores(table: Table, held: dict[str, Any], columns: Sequence[str | None]) -> np.ndarray:
    """Scores of each class; what the other column of two leaves, where a class has none."""
    read = [None if name is None else _finite(table, held, name) for name in columns]
    known = next(values for values in read if values is not None)
    return np.column_stack([1 - known if values is None else values for values in read])


def _finite_or_none(held: dict[str, Any], name: str) -> np.ndarray | None:
    """Numbers of a column, None where it does not hold finite numbers alone."""
    try:
        values = np.asarray(columns.numbers(held[name]), dtype=np.float64)
    except BadValue:
        return None
    return values if np.isfinite(values).all() else None


def _refuse_other_decisions(
    table: Table, scores: np.ndarray, said: Labels, classes: Sequence[str], column: str
) -> None:
    """Refuse decisions by another rule than the highest score: they would be lost."""
    codes = _decided(table, said, classes, column)
    own = np.take_along_axis(scores, codes[:, None], axis=1)[:, 0]
    other = np.flatnonzero(own < scores.max(axis=1))
    if len(other):
        row = int(other[0])
        raise DataError(
            f"{_place(table, row, column)}: expected the class of the highest score, "
            f"{classes[scores[row].argmax()]!r}, got {classes[codes[row]]!r}; leave the column out, "
            "or the scores, or name the column of true classes if it is that."
        )


def _certain(table: Table, said: Labels, classes: Sequence[str], column: str) -> np.ndarray:
    """Scores of one who is sure of these decisions."""
    return np.asarray(np.eye(len(classes))[_decided(table, said, classes, column)])


def _decided(table: Table, said: Labels, classes: Sequence[str], column: str) -> np.ndarray:
    """Codes of decisions, none of which may be another class."""
    codes = recoded(said, classes)
    strange = np.flatnonzero(codes == UNKNOWN)
    if len(strange):
        got = said.classes[said.codes[strange[0]]]
        raise DataError(
            f"{_place(table, int(strange[0]), column)}: expected one of {', '.join(classes)}, "
            f"got {got!r}."
        )
    return codes


def _columns(table: Table) -> dict[str, Any]:
    batches = list(table.batches(table.names, _ROWS))
    if not sum(map(len, batches)):
        raise DataError(f"{table.path}: expected predictions, got no rows.")
    whole = pa.Table.from_batches(batches)
    return {name: whole.column(number) for number, name in enumerate(table.names)}


def _understood(
    table: Table, held: dict[str, Any], name: str, meaning: Callable[[Any], Value]
) -> Value:
    try:
        return meaning(held[name])
    except BadValue as error:
        raise DataError(f"{_place(table, error.row, name)}: {error}.") from error


def _classes(table: Table, held: dict[str, Any], name: str) -> Labels:
    codes, classes = _understood(table, held, name, columns.classes)
    unknown = np.flatnonzero(codes == UNKNOWN)
    if len(unknown):
        raise DataError(f"{_place(table, int(unknown[0]), name)}: expected a class, got nothing.")
    return Labels(codes, classes)


def _finite(table: Table, held: dict[str, Any], name: str) -> np.ndarray:
    values = np.asarray(_understood(table, held, name, columns.numbers), dtype=np.float64)
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        got = "nothing" if np.isnan(values[bad[0]]) else f"{values[bad[0]]}"
        raise DataError(f"{_place(table, int(bad[0]), name)}: expected a finite score, got {got}.")
    return values


def _refuse_repeated(table: Table, name: str, ids: np.ndarray) -> None:
    rows = columns.find_repeated_id(ids)
    if rows is not None:
        raise DataError(
            f"{_place(table, rows[1], name)}: expected ids that differ, got {ids[rows[1]].item()!r} "
            "for the second time."
        )


def _place(table: Table, row: int, column: str) -> str:
    if isinstance(table, DelimitedTable):
        return f"{table.path}, line {table.line_of_row(row)}, column {column!r}"
    return f"{place_in_file(table, row)}, column {column!r}"
