"""Read the examples that a job's data block describes.

This module and those it imports load pyarrow; import it where files are read.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa

from sortal.data import columns
from sortal.data.columns import BadValue
from sortal.data.dataset import Dataset
from sortal.data.gather_arrays import gather_arrays, prepares
from sortal.data.gather_tables import gather_tables
from sortal.data.gathered import Gathered
from sortal.data.inputs import Array, Inputs, Ragged
from sortal.data.labels import UNKNOWN, Labels, Outputs
from sortal.data.lanes import row_blocks
from sortal.data.readers.base import Arrays, Table
from sortal.data.roles import Roles, assign_roles
from sortal.data.sources import Source, find_source, nearest, signature, table_options
from sortal.data.spill import taken
from sortal.data.split import Part
from sortal.data.strata import draw_subset
from sortal.errors import DataError
from sortal.job.models import DataBlock
from sortal.job.problems import JobError, Problem

Value = TypeVar("Value")


def read_dataset(block: DataBlock, folder: Path, seed: int) -> Dataset:
    """Read files or a named data set into one value.

    Files are read one after another; a label that is missing is kept as unknown. Examples
    of classes that `classes` leaves out are dropped first, then `subset` is drawn.

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
    examples = _Examples.understand(gathered, roles, source)
    gathered.columns.clear()
    pa.default_memory_pool().release_unused()
    if block.classes is not None:
        examples = _choose_classes(examples, block.classes)
    elif source.classes is not None and block.label is None:
        examples = replace(examples, labels=_reordered(examples.labels, source.classes))
    if block.subset is not None:
        examples = examples.take(draw_subset(examples.labels, block.subset, seed))
    _refuse_useless(examples.labels, roles)
    return Dataset(
        name=source.name,
        inputs=Inputs(examples.inputs, examples.ids, examples.lengths),
        labels=examples.labels,
        names=gathered.names,
        axes=gathered.axes,
        padding_matters=bool(examples.lengths) and prepares(block),
        weights=examples.beside["weights"],
        groups=examples.beside["groups"],
        folds=examples.beside["folds"],
        parts=examples.beside["parts"],
        notes=(*gathered.notes, *examples.notes, *_final_notes(examples, gathered.names)),
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


def _gather(source: Source, roles: Roles, block: DataBlock) -> Gathered:
    tables = [file for file in source.files if isinstance(file, Table)]
    if tables:
        return gather_tables(tables, roles, block)
    return gather_arrays([file for file in source.files if isinstance(file, Arrays)], roles, block)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Examples:
    """Everything about examples that a selection of rows cuts down."""

    inputs: Mapping[str, Array]
    ids: np.ndarray
    labels: Labels
    beside: Mapping[str, np.ndarray | None]
    lengths: Mapping[str, np.ndarray] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @classmethod
    def understand(cls, gathered: Gathered, roles: Roles, source: Source) -> "_Examples":
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
                "weights": read(roles.weight, columns.weights)
                if roles.weight
                else _target_weights(gathered, roles),
                "groups": read(roles.group, columns.groups),
                "folds": read(roles.fold, columns.folds),
                "parts": parts,
            },
        )

    def take(self, rows: np.ndarray) -> "_Examples":
        if len(rows) == len(self.ids):
            return self
        return replace(
            self,
            inputs={name: taken(array, rows) for name, array in self.inputs.items()},
            lengths={name: points[rows] for name, points in self.lengths.items()},
            ids=self.ids[rows],
            labels=self.labels.take(rows),
            beside={n: None if v is None else v[rows] for n, v in self.beside.items()},
        )


def _understood(gathered: Gathered, name: str, meaning: Callable[..., Value]) -> Value:
    """Apply a function of `columns` to a column; a bad value gets its place."""
    try:
        return meaning(gathered.columns[name])
    except BadValue as error:
        raise DataError(f"{gathered.places.at(error.row)}: column {name!r}: {error}.") from error


def _labels(gathered: Gathered, roles: Roles) -> Labels:
    if roles.independent:
        codes = [_understood(gathered, name, columns.targets) for name in roles.labels]
        return Labels(np.stack(codes, axis=1), roles.labels, Outputs.INDEPENDENT)
    codes_and_names = _understood(gathered, roles.labels[0], columns.classes)
    return Labels(*codes_and_names)


def _target_weights(gathered: Gathered, roles: Roles) -> np.ndarray | None:
    """Weights of each target, shape (examples, targets); 1 for a target that has no column."""
    if not roles.target_weights:
        return None
    weights = np.ones((sum(gathered.counts), len(roles.target_weights)))
    for number, name in enumerate(roles.target_weights):
        if name is not None:
            weights[:, number] = _understood(gathered, name, columns.weights)
    return weights


def _refuse_repeated(ids: np.ndarray, name: str, gathered: Gathered) -> None:
    order = np.argsort(ids, kind="stable")
    same = np.flatnonzero(ids[order][1:] == ids[order][:-1])
    if len(same):
        first, second = order[same[0]], order[same[0] + 1]
        raise DataError(
            f"column {name!r}: expected a different id for each example, got {ids[first]!s} in "
            f"{gathered.places.at(int(first))} and in {gathered.places.at(int(second))}."
        )


def _reordered(labels: Labels, classes: tuple[str, ...]) -> Labels:
    """Number the classes in another order; all present classes are among them."""
    place = {name: code for code, name in enumerate(classes)}
    table = np.array([*(place[name] for name in labels.classes), UNKNOWN])
    return Labels(table[labels.codes], classes)


def _choose_classes(examples: _Examples, chosen: list[str | int | bool]) -> _Examples:
    """Keep the examples of some classes, in the order given, and those of unknown class."""
    labels = examples.labels
    found = [_find_class(one, labels.classes) for one in chosen]
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


def _find_class(given: str | int | bool, names: tuple[str, ...]) -> str | None:
    """The class that an entry of `classes` means; true means `True`, `true` and `TRUE`."""
    text = str(given)
    if text in names:
        return text
    if isinstance(given, bool):
        return next((name for name in names if name.lower() == text.lower()), None)
    return None


def _refuse_useless(labels: Labels, roles: Roles) -> None:
    shown = ", ".join(map(repr, roles.labels))
    if not (labels.codes != UNKNOWN).any():
        raise DataError(f"label {shown}: no example has a known label.")
    if labels.outputs is Outputs.EXCLUSIVE and len(labels.classes) < 2:
        raise DataError(
            f"label {shown}: expected at least two classes, got {labels.classes[0]!r} alone."
        )


def _final_notes(examples: _Examples, names: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
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
