"""Read unseen files for a stored model: the inputs it was trained on, block by block."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from sortal.data import columns
from sortal.data.dataset import Dataset
from sortal.data.gather_arrays import given_names
from sortal.data.gather_tables import feature_matrix
from sortal.data.gathered import infinite_error
from sortal.data.inputs import Array, Inputs, Ragged
from sortal.data.readers.base import Arrays, Batch, Noted, Table, missing_words
from sortal.data.readers.derived import DerivedTable
from sortal.data.readers.expression import needed_aliases
from sortal.data.readers.missing import BlankedTable, blanked_array
from sortal.data.readers.npy import as_column
from sortal.data.readers.registry import PLAIN, TableOptions, open_file, useless_options
from sortal.data.shape import InfiniteValue, as_input, settle_infinite
from sortal.data.sources import nearest, table_options
from sortal.data.texts import BadValue
from sortal.errors import DataError
from sortal.job.models import DataBlock

_LATER = ("delimiter", "decimal", "thousands", "encoding", "comment", "missing")
"""Options that are written only where a job gives them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSpec:
    """What a model needs to know about its inputs to find them in another file."""

    names: Mapping[str, tuple[str, ...]]
    """Inputs in order, each with its columns' names; none for signals and stamps."""

    shapes: Mapping[str, tuple[int, ...] | None]
    """Shape of one example of each input; None where examples differ in length."""

    length: int | None = None
    """Points to which signals are cut and padded."""

    infinite: Literal["error", "missing"] = "error"

    options: TableOptions = PLAIN
    """How its files were read; a cut is none of it, for every row of a new file gets a score."""

    @classmethod
    def of(cls, dataset: Dataset, block: DataBlock) -> "InputSpec":
        """Describe the inputs of a dataset that was read by a block."""
        arrays = dataset.inputs.arrays
        return cls(
            names={name: tuple(dataset.names.get(name, ())) for name in arrays},
            shapes={
                name: None if isinstance(array, Ragged) else tuple(array.shape[1:])
                for name, array in arrays.items()
            },
            length=block.length,
            infinite=block.infinite,
            options=replace(table_options(block), cut="", words=(), kept={}),
        )

    def described(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "names": {name: list(listed) for name, listed in self.names.items()},
            "shapes": {name: shape and list(shape) for name, shape in self.shapes.items()},
            "length": self.length,
            "infinite": self.infinite,
            "columns": self.options.columns and list(self.options.columns),
            "header": self.options.header,
            "tree": self.options.tree,
            "aliases": dict(self.options.aliases),
            **{name: one for name in _LATER if (one := getattr(self.options, name)) is not None},
        }

    def open(self, path: Path) -> Table | Arrays:
        """Open a new file, which may be of another kind than those that the model was made from.

        Then what its own kind would have been told is left out. Aliases are not made yet.
        """
        told = replace(self.options, aliases={})
        if not self.options.aliases:
            told = replace(told, features=tuple(n for some in self.names.values() for n in some))
        plain = {name: getattr(PLAIN, name) for name in useless_options(path, told)}
        return open_file(path, replace(told, **plain))

    def reading_notes(self, paths: Sequence[Path]) -> list[str]:
        """What is found out of new text files and is not plain, in sentences."""
        opened = map(self.open, paths)
        return [note for one in opened if isinstance(one, Noted) for note in one.notes]

    def derived(self, table: Table) -> Table:
        """The table with those aliases that inputs are made of.

        Others may need columns that new files lack, the label among them.
        """
        missing = self.options.missing
        if missing is not None and not isinstance(table, BlankedTable):
            table = BlankedTable(table, missing)
        inputs = {name for listed in self.names.values() for name in listed}
        aliases = needed_aliases(self.options.aliases, inputs)
        return DerivedTable(table, aliases) if aliases else table

    @classmethod
    def restore(cls, described: Mapping[str, Any]) -> "InputSpec":
        """Rebuild from `described`; what older versions did not write is as if nothing was said."""
        shapes = described["shapes"]
        listed = described.get("columns")
        return cls(
            names={name: tuple(inside) for name, inside in described["names"].items()},
            shapes={n: None if shape is None else tuple(shape) for n, shape in shapes.items()},
            length=described["length"],
            infinite=described["infinite"],
            options=TableOptions(
                columns=None if listed is None else tuple(listed),
                header=described.get("header", True),
                tree=described.get("tree", ""),
                aliases=described.get("aliases", {}),
                **{
                    name: described[name]
                    for name in _LATER
                    if name in described and name != "missing"
                },
                missing=tuple(described["missing"]) if "missing" in described else None,
            ),
        )


def read_inputs(
    paths: Sequence[Path], spec: InputSpec, *, id_column: str | None = None, size: int = 65_536
) -> Iterator[Inputs]:
    """Walk over the examples of new files, in memory that does not grow with them.

    Columns are found by name, in any order; columns beyond those needed, a label among
    them, are left out.

    Args:
        paths: Files, read one after another.
        spec: What the model was trained on.
        id_column: Column or array that names each example; row numbers, counted over all
            files, if None. Ids are not checked for repetition. Text files give text.
        size: Most examples in one block.

    Raises:
        DataError: Columns are missing (all are listed), or a value is not a number.
    """
    yield from read_opened(map(spec.open, paths), spec, id_column=id_column, size=size)


def read_opened(
    files: Iterable[Table | Arrays],
    spec: InputSpec,
    *,
    id_column: str | None = None,
    size: int = 65_536,
) -> Iterator[Inputs]:
    """Walk over the examples of open files, or of tables and arrays in memory.

    Arguments and errors are those of `read_inputs`.
    """
    row, places = 0, []
    for opened in files:
        places.append(str(opened.path))
        blocks = (
            _table_blocks(spec.derived(opened), spec, id_column, size)
            if isinstance(opened, Table)
            else _array_blocks(opened, spec, id_column, size)
        )
        for arrays, ids in blocks:
            count = len(next(iter(arrays.values())))
            yield Inputs(arrays, np.arange(row, row + count) if ids is None else ids)
            row += count
    if not row:
        raise DataError(f"{', '.join(places)}: expected examples, got none.")


_Block = tuple[dict[str, Array], np.ndarray | None]


def _table_blocks(
    table: Table, spec: InputSpec, id_column: str | None, size: int
) -> Iterator[_Block]:
    unnamed = [name for name, listed in spec.names.items() if not listed]
    if unnamed:
        raise DataError(
            f"{table.path}: the model needs the array {unnamed[0]!r}, which a table cannot hold."
        )
    needed = [name for listed in spec.names.values() for name in listed]
    wanted = [*needed, id_column] if id_column is not None else needed
    _refuse_missing(table, wanted, "columns")
    row = 0
    for batch in table.batches(tuple(dict.fromkeys(wanted)), size):
        arrays = {
            name: _checked(
                _matrix(batch, listed, table.path, row, missing_words(table)),
                spec,
                listed,
                table.path,
                row,
            )
            for name, listed in spec.names.items()
        }
        ids = None if id_column is None else _ids(batch.column(id_column), table.path, row)
        yield arrays, ids
        row += len(batch)


def _array_blocks(
    file: Arrays, spec: InputSpec, id_column: str | None, size: int
) -> Iterator[_Block]:
    wanted = [*spec.names, id_column] if id_column is not None else [*spec.names]
    _refuse_missing(file, wanted, "arrays")
    orders = {name: _order(file, name, listed) for name, listed in spec.names.items()}
    row = 0
    for block in file.blocks(tuple(dict.fromkeys(wanted)), size):
        arrays: dict[str, Array] = {}
        for name, listed in spec.names.items():
            whole = blanked_array(block[name], spec.options.missing)
            array = as_input(name, whole, spec.length)
            order = orders[name]
            if order is not None and not isinstance(array, Ragged):
                array = array[:, order]
            _check_shape(file.path, name, array, spec.shapes[name])
            arrays[name] = _checked(array, spec, listed or (name,), file.path, row)
        found = None
        if id_column is not None:
            values = block[id_column]
            if isinstance(values, Ragged) or values.ndim != 1:
                raise DataError(f"{file.path}: array {id_column!r} is not one id an example.")
            found = _ids(values, file.path, row)
        yield arrays, found
        row += len(next(iter(arrays.values())))


def _refuse_missing(file: Table | Arrays, wanted: Sequence[str], kind: str) -> None:
    known = set(file.names)
    missing = [name for name in wanted if name not in known]
    if not missing:
        return
    near = {name: nearest(name, list(file.names)) for name in missing}
    listed = ", ".join(
        f"{name!r} (did you mean {near[name]!r}?)" if near[name] else repr(name) for name in missing
    )
    raise DataError(f"{file.path}: expected {len(missing)} {kind} that are missing: {listed}.")


def _matrix(
    batch: Batch, names: Sequence[str], path: Path, row: int, words: Sequence[str]
) -> np.ndarray:
    matrix, bad = feature_matrix(batch, names, words)
    for name, error in bad.items():
        raise DataError(f"{path.name}, row {row + error.row + 1}: column {name!r}: {error}.")
    return matrix


def _checked(array: Array, spec: InputSpec, names: Sequence[str], path: Path, row: int) -> Array:
    try:
        return settle_infinite(array, refuse=spec.infinite == "error")[0]
    except InfiniteValue as error:
        column = names[error.column] if len(names) > 1 else names[0]
        raise infinite_error(column, f"{path.name}, row {row + error.row + 1}") from error


def _ids(column: Any, path: Path, row: int) -> np.ndarray:
    try:
        named = as_column(column) if isinstance(column, np.ndarray) else column
        return columns.ids(named, as_text=True)
    except BadValue as error:
        raise DataError(f"{path.name}, row {row + error.row + 1}: id: {error}.") from error


def _order(file: Arrays, name: str, listed: tuple[str, ...]) -> list[int] | None:
    """Where the model's columns lie in a flat array; None where the file does not name them."""
    given = given_names(file, name)
    if given is None or not listed:
        return None
    place = {str(column): number for number, column in enumerate(given)}
    missing = [column for column in listed if column not in place]
    if missing:
        raise DataError(
            f"{file.path}: array {name!r} lacks the columns {', '.join(map(repr, missing))}."
        )
    return [place[column] for column in listed]


def _check_shape(path: Path, name: str, array: Array, expected: tuple[int, ...] | None) -> None:
    came = None if isinstance(array, Ragged) else tuple(array.shape[1:])
    if came != expected:
        raise DataError(
            f"{path}: array {name!r}: expected examples of {_shape(expected)}, got {_shape(came)}."
        )


def _shape(shape: tuple[int, ...] | None) -> str:
    return "unequal length" if shape is None else f"shape {shape}"
