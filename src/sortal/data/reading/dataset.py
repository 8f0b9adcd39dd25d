"""Read the examples that a job's data block describes.

This module and those it imports load pyarrow; import it where files are read.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa

from sortal.data.dataset import Dataset
from sortal.data.inputs import Array, Inputs, Ragged
from sortal.data.labels import UNKNOWN, ClassFinder, Labels, Outputs
from sortal.data.preparing.channels import row_blocks
from sortal.data.preparing.choose import choose_preparation
from sortal.data.preparing.drop import missing_where_dropped
from sortal.data.readers import column_values as columns
from sortal.data.readers.base import MISSING, Arrays, Table, TableWithNotes
from sortal.data.reading.arrays import depends_on_lengths, gather_arrays
from sortal.data.reading.raw_contents import RawContents, words_note
from sortal.data.reading.roles import Roles, assign_roles, unnamed_columns_note
from sortal.data.reading.source import DataSource, find_source, nearest, signature, table_options
from sortal.data.reading.tables import gather_tables
from sortal.data.split import Part
from sortal.data.splitting.strata import draw_subset
from sortal.data.storage.spill import copy_rows
from sortal.data.texts.spelling import spelling_notes
from sortal.data.texts.values import BadValue
from sortal.errors import DataError
from sortal.job.models import DataBlock
from sortal.job.problems import JobError, Problem

Value = TypeVar("Value")


def read_dataset(block: DataBlock, folder: Path, seed: int) -> Dataset:
    """Read files or a named data set into one value.

    Files are read one after another; a label that is missing is kept as unknown. Examples
    of classes that `classes` leaves out are dropped first, then those with a gap where
    `imputation` says `drop`; then `subset` is drawn.

    Args:
        block: The job's `data`.
        folder: Paths are relative to it.
        seed: The job's seed; it draws the subset.

    Raises:
        JobError: Names or options that do not fit the data, all that were found.
        DataError: A file or a value in it cannot be used; the text names file, row and column.
    """
    source = find_source(block.source, folder, table_options(block))
    roles = assign_roles(block, source)
    gathered = _gather(source, roles, block)
    examples = _RawExamples.understand(gathered, roles, source)
    examples = replace(examples, notes=tuple(_value_notes(gathered, roles, block)))
    gathered.columns.clear()
    pa.default_memory_pool().release_unused()
    if block.classes is not None:
        examples = _choose_classes(examples, block.classes)
    elif source.classes is not None and block.label is None:
        examples = replace(examples, labels=_reordered(examples.labels, source.classes))
    examples = _drop_gaps(examples, block, gathered.names)
    if block.subset is not None:
        examples = examples.take(draw_subset(examples.labels, block.subset, seed))
    _refuse_useless(examples.labels, roles)
    return Dataset(
        name=source.name,
        inputs=Inputs(examples.inputs, examples.ids, examples.lengths),
        labels=examples.labels,
        names=gathered.names,
        axes=gathered.axes,
        padding_matters=bool(examples.lengths) and depends_on_lengths(block),
        weights=examples.beside["weights"],
        groups=examples.beside["groups"],
        folds=examples.beside["folds"],
        parts=examples.beside["parts"],
        notes=(
            *_reading_notes(source),
            *unnamed_columns_note(block, roles, source),
            *gathered.notes,
            *examples.notes,
            *_final_notes(examples, gathered.names),
        ),
    )


def source_signature(block: DataBlock, folder: Path) -> list[tuple[str, int, int]]:
    """Tell whether the files of a job changed, without reading them.

    Returns:
        Path, size [bytes] and time of last change [ns] of each file; a named data set is one
        entry with the version of scikit-learn in its name.

    Raises:
        JobError: A file or named data set does not exist.
    """
    return signature(block.source, folder)


def _reading_notes(source: DataSource) -> Iterator[str]:
    """What readers found in files."""
    for file in source.files:
        if isinstance(file, TableWithNotes):
            yield from file.notes


def _gather(source: DataSource, roles: Roles, block: DataBlock) -> RawContents:
    tables = [file for file in source.files if isinstance(file, Table)]
    if tables:
        return gather_tables(tables, roles, block)
    return gather_arrays([file for file in source.files if isinstance(file, Arrays)], roles, block)


@dataclass(frozen=True, slots=True, kw_only=True)
class _RawExamples:
    """Everything about examples that a selection of rows cuts down."""

    inputs: Mapping[str, Array]
    ids: np.ndarray
    labels: Labels
    beside: Mapping[str, np.ndarray | None]
    lengths: Mapping[str, np.ndarray] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @classmethod
    def understand(cls, gathered: RawContents, roles: Roles, source: DataSource) -> "_RawExamples":
        def read(name: str | None, meaning: Callable[..., np.ndarray]) -> np.ndarray | None:
            return None if name is None else _understood(gathered, name, meaning)

        ids = read(roles.id, columns.ids)
        if ids is None:
            ids = np.arange(sum(gathered.counts))
        else:
            _refuse_repeated(ids, roles.id or "", gathered)
        parts = read(roles.part, columns.parts)
        if source.parts:
            codes = {part: code for code, part in enumerate(Part)}
            numbers = [codes[part] for part in source.parts]
            parts = np.repeat(np.array(numbers, dtype=np.int8), gathered.counts)
        return cls(
            inputs=gathered.inputs,
            lengths=gathered.lengths,
            ids=ids,
            labels=_labels(gathered, roles),
            beside={
                "weights": _understood_numbers(gathered, roles.weight, columns.weights)
                if roles.weight
                else _target_weights(gathered, roles),
                "groups": read(roles.group, columns.groups),
                "folds": read(roles.fold, columns.folds),
                "parts": parts,
            },
        )

    def take(self, rows: np.ndarray) -> "_RawExamples":
        if len(rows) == len(self.ids):
            return self
        return replace(
            self,
            inputs={name: copy_rows(array, rows) for name, array in self.inputs.items()},
            lengths={name: points[rows] for name, points in self.lengths.items()},
            ids=self.ids[rows],
            labels=self.labels.take(rows),
            beside={n: None if v is None else v[rows] for n, v in self.beside.items()},
        )


def _understood(gathered: RawContents, name: str, meaning: Callable[..., Value]) -> Value:
    """Apply a function of `columns` to a column; a bad value gets its place."""
    try:
        return meaning(gathered.columns[name])
    except BadValue as error:
        raise DataError(f"{gathered.places.at(error.row)}: column {name!r}: {error}.") from error


def _understood_numbers(
    gathered: RawContents, name: str, meaning: Callable[..., np.ndarray]
) -> np.ndarray:
    """Apply a function of `columns` to a column of numbers, where some words mean a missing value."""
    return _understood(gathered, name, partial(meaning, words=gathered.words))


def _value_notes(gathered: RawContents, roles: Roles, block: DataBlock) -> Iterator[str]:
    """Sentences about values that could be taken for others."""
    named = [] if roles.independent else [roles.labels[0]]
    for name in [*named, *([roles.group] if roles.group else [])]:
        found = columns.merge_spellings(gathered.columns[name])
        yield from spelling_notes(name, found if name in named else replace(found, renamed=()))
    for name in named:
        yield from _word_notes(name, gathered, block.classes or ())
    beside = [name for name in (roles.id, roles.group, roles.fold) if name is not None]
    for name in dict.fromkeys((*named, *beside)):
        if columns.is_rounded(gathered.columns[name]):
            yield (
                f"column {name!r} holds whole numbers as {gathered.columns[name].type} that are too "
                "large for it: neighbours may be written as the same number; store them as int64 or text."
            )
    numeric = [*(roles.labels if roles.independent else ()), roles.weight, *roles.target_weights]
    numbers = [name for name in dict.fromkeys(numeric) if name is not None]
    yield from words_note(
        sum(columns.count_missing_words(gathered.columns[name], gathered.words) for name in numbers)
    )


def _word_notes(name: str, gathered: RawContents, chosen: Collection[object]) -> Iterator[str]:
    """Sentences about classes that read as if they were missing, and that the job does not name."""
    column, listed = gathered.columns[name], [word for word in MISSING if word not in chosen]
    if not columns.count_missing_words(column, listed):
        return
    words = [word for word in listed if columns.count_missing_words(column, [word])]
    for word in words:
        yield f"column {name!r}: {word!r} is a class; `missing: [{word}]` would count it as missing."


def _labels(gathered: RawContents, roles: Roles) -> Labels:
    if roles.independent:
        codes = [_understood_numbers(gathered, name, columns.targets) for name in roles.labels]
        return Labels(np.stack(codes, axis=1), roles.labels, Outputs.INDEPENDENT)
    codes_and_names = _understood(gathered, roles.labels[0], columns.classes)
    return Labels(*codes_and_names)


def _target_weights(gathered: RawContents, roles: Roles) -> np.ndarray | None:
    """Weights of each target, shape (examples, targets); 1 for a target that has no column."""
    if not roles.target_weights:
        return None
    weights = np.ones((sum(gathered.counts), len(roles.target_weights)))
    for number, name in enumerate(roles.target_weights):
        if name is not None:
            weights[:, number] = _understood_numbers(gathered, name, columns.weights)
    return weights


def _refuse_repeated(ids: np.ndarray, name: str, gathered: RawContents) -> None:
    rows = columns.find_repeated_id(ids)
    if rows is not None:
        first, second = map(gathered.places.at, rows)
        raise DataError(
            f"column {name!r}: expected a different id for each example, got {ids[rows[0]]!s} in "
            f"{first} and in {second}."
        )


def _reordered(labels: Labels, classes: tuple[str, ...]) -> Labels:
    """Number the classes in another order; all present classes are among them."""
    place = {name: code for code, name in enumerate(classes)}
    table = np.array([*(place[name] for name in labels.classes), UNKNOWN])
    return Labels(table[labels.codes], classes)


def _choose_classes(examples: _RawExamples, chosen: list[str | int | float | bool]) -> _RawExamples:
    """Keep the examples of some classes, in the order given, and those of unknown class."""
    labels = examples.labels
    found = list(map(ClassFinder(labels.classes).find, chosen))
    problems = [
        Problem(
            path=f"data.classes[{number}]",
            expected="a class of the data",
            got=repr(one),
            nearest=nearest(str(one), list(labels.classes)),
        )
        for number, (one, name) in enumerate(zip(chosen, found, strict=True))
        if name is None
    ]
    problems += [
        Problem(path=f"data.classes[{number}]", expected="each class once", got=f"{name!r} again")
        for number, name in enumerate(found)
        if name is not None and name in found[:number]
    ]
    if problems:
        raise JobError(problems)
    names = tuple(name for name in found if name is not None)
    place = {name: code for code, name in enumerate(names)}
    other = -2
    table = np.array([*(place.get(name, other) for name in labels.classes), UNKNOWN])
    codes = table[labels.codes]
    rows = np.flatnonzero(codes != other)
    dropped = len(codes) - len(rows)
    kept = replace(examples, labels=Labels(codes, names)).take(rows)
    if not dropped:
        return kept
    return replace(
        kept, notes=(*kept.notes, f"{dropped} examples of other classes than data.classes dropped.")
    )


def _drop_gaps(
    examples: _RawExamples, block: DataBlock, names: Mapping[str, tuple[str, ...]]
) -> _RawExamples:
    """Leave out the examples that lack a value where the imputation is `drop`."""
    inputs = Inputs(examples.inputs, examples.ids, examples.lengths)
    preparation = choose_preparation(block, inputs, names)
    missing = missing_where_dropped(inputs, names, preparation) if preparation.drops else {}
    if not missing:
        return examples
    dropped = np.unique(np.concatenate(list(missing.values())))
    kept = examples.take(np.setdiff1d(np.arange(len(examples.ids)), dropped))
    if not len(kept.ids):
        raise DataError("data.imputation: drop leaves no example: every one lacks a value.")
    counts = ", ".join(f"{name!r} in {len(rows)}" for name, rows in missing.items())
    note = (
        f"{len(dropped)} of {len(examples.ids)} examples are left out, for a value is missing "
        f"(data.imputation: drop): {counts}."
    )
    return replace(kept, notes=(*kept.notes, note))


def _refuse_useless(labels: Labels, roles: Roles) -> None:
    shown = ", ".join(map(repr, roles.labels))
    if not (labels.codes != UNKNOWN).any():
        raise DataError(f"label {shown}: no example has a known label.")
    if labels.outputs is Outputs.EXCLUSIVE and len(labels.classes) < 2:
        raise DataError(
            f"label {shown}: expected at least two classes, got {labels.classes[0]!r} alone."
        )


def _final_notes(examples: _RawExamples, names: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Sentences about missing labels, negative weights and constant columns."""
    unknown = int((~examples.labels.known).sum())
    if unknown:
        yield f"{unknown} of {len(examples.ids)} examples have a missing label; kept as unknown."
    weights = examples.beside["weights"]
    if weights is not None and (weights < 0).any():
        yield f"{int((weights < 0).sum())} of {weights.size} weights are negative; kept."
    for name, array in examples.inputs.items():
        if not names[name] or isinstance(array, Ragged):
            continue
        low = np.full(array.shape[1], np.inf)
        high = -low
        for block in row_blocks(array):
            values = np.asarray(block, dtype=np.float64)
            low = np.fmin(low, np.fmin.reduce(values, axis=0))
            high = np.fmax(high, np.fmax.reduce(values, axis=0))
        constant = [n for n, same in zip(names[name], low == high, strict=True) if same]
        empty = [n for n, none in zip(names[name], low > high, strict=True) if none]
        if constant:
            yield f"constant feature{'s' if len(constant) > 1 else ''}: {', '.join(constant)}."
        if empty:
            yield f"no value known of feature{'s' if len(empty) > 1 else ''}: {', '.join(empty)}."
