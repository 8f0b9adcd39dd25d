"""Read unseen files for a stored model: the inputs it was trained on, block by block."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from sortal.data.axes import Order, describe_axes, reorder_axes
from sortal.data.dataset import Dataset
from sortal.data.expressions.parse import find_names as names_in
from sortal.data.expressions.parse import needed_aliases, parse
from sortal.data.inputs import Array, Inputs, Ragged
from sortal.data.preparing.array_shapes import as_input, is_signal
from sortal.data.preparing.padding import added_padding
from sortal.data.readers.base import Arrays, Table, TableWithNotes, missing_words, name_row
from sortal.data.readers.derived import DerivedTable
from sortal.data.readers.missing import mask_array, mask_table
from sortal.data.readers.registry import PLAIN, TableOptions, open_file, unused_options
from sortal.data.reading.arrays import given_names
from sortal.data.reading.new_ids import IdColumn
from sortal.data.reading.new_values import BlockReader
from sortal.data.reading.source import nearest, table_options
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

    axes: Mapping[str, Order] = field(default_factory=dict)
    """Order of the axes in files, of inputs that are brought into another."""

    infinite: Literal["error", "missing"] = "error"

    options: TableOptions = PLAIN
    """How its files were read. A cut is left out, because every row of a new file gets a score."""

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
            axes=dataset.axes,
            infinite=block.infinite,
            options=replace(table_options(block), cut="", words=(), kept={}),
        )

    def described(self) -> dict[str, Any]:
        """As plain JSON."""
        described = {
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
        return {**described, "axes": dict(self.axes)} if self.axes else described

    def open(self, path: Path) -> Table | Arrays:
        """Open a new file, which may be of another kind than those that the model was made from.

        Options that its format does not have are then left out. Aliases are not made yet.
        """
        options = replace(self.options, aliases={}, features=self._columns_of_numbers())
        plain = {name: getattr(PLAIN, name) for name in unused_options(path, options)}
        return open_file(path, replace(options, **plain))

    def _columns_of_numbers(self) -> tuple[str, ...]:
        """The columns of a file that inputs are made of, with those that their aliases need."""
        inputs = dict.fromkeys(name for listed in self.names.values() for name in listed)
        aliases = needed_aliases(self.options.aliases, inputs)
        inside = [one.name for name, text in aliases.items() for one in names_in(parse(text, name))]
        return tuple(dict.fromkeys([*inputs, *inside]))

    def reading_notes(self, paths: Sequence[Path]) -> list[str]:
        """One sentence for each way in which a new text file is not written as usual."""
        opened = map(self.open, paths)
        return [note for one in opened if isinstance(one, TableWithNotes) for note in one.notes]

    def peek(self, path: Path) -> Table | Arrays:
        """Open a new file to see its columns, those of aliases among them."""
        opened = self.open(path)
        return self.derived(opened) if isinstance(opened, Table) else opened

    def derived(self, table: Table) -> Table:
        """The table with those aliases that inputs are made of.

        Others may need columns that new files lack, the label among them.
        """
        if self.options.missing is not None:
            table = mask_table(table, self.options.missing)
        inputs = {name for listed in self.names.values() for name in listed}
        aliases = needed_aliases(self.options.aliases, inputs)
        return DerivedTable(table, aliases) if aliases else table

    @classmethod
    def restore(cls, described: Mapping[str, Any]) -> "InputSpec":
        """Rebuild from `described`; fields that older versions did not write get their defaults."""
        shapes = described["shapes"]
        listed = described.get("columns")
        return cls(
            names={name: tuple(inside) for name, inside in described["names"].items()},
            shapes={n: None if shape is None else tuple(shape) for n, shape in shapes.items()},
            length=described["length"],
            axes=dict(described.get("axes", {})),
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


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class NewBlock:
    """Some new examples that stand one after another in a file."""

    inputs: Inputs
    path: Path
    row: int
    """Row of the first example in its file, from 0."""

    faults: Mapping[int, str] = field(default_factory=dict)
    """Examples that cannot be read, by their place in the block, and why; with `skip_bad` alone."""

    def at(self, row: int) -> str:
        """Name the file and a row of the block, counted from 1 without a header line."""
        return name_row(self.path, self.row + row)


def read_blocks(
    files: Iterable[Table | Arrays],
    spec: InputSpec,
    ids: IdColumn,
    *,
    size: int,
    skip_bad: bool = False,
) -> Iterator[NewBlock]:
    """Walk over the examples of open files with the place of each block.

    Args:
        files: Read one after another.
        spec: What the model was trained on.
        ids: What names each example.
        size: Most examples in one block.
        skip_bad: Whether an example whose values are no numbers, or infinite where this is an
            error, is marked as faulty and does not end the walk.

    Raises:
        DataError: As in `read_inputs`; or there is no example in any file.
    """
    row, places = 0, []
    for opened in files:
        places.append(str(opened.path))
        walk = _table_blocks if isinstance(opened, Table) else _array_blocks
        start = 0
        for reader, arrays, names in walk(opened, spec, ids.name, size, skip_bad=skip_bad):
            count = len(next(iter(arrays.values())))
            if names is None:
                found = np.arange(row, row + count)
            elif isinstance(names, np.ndarray | Ragged):
                found = ids.read_array(names, opened.path, start)
            else:
                found = ids.read(names, opened.path, start)
            inputs = Inputs(arrays, found, reader.lengths)
            yield NewBlock(inputs=inputs, path=opened.path, row=start, faults=reader.faults)
            row, start = row + count, start + count
    if not row:
        raise DataError(f"{', '.join(places)}: expected examples, got none.")


_Read = tuple[BlockReader, dict[str, Array], Any]
"""The reader of a block, its inputs, and its column or array of ids, None where there is none."""


def _table_blocks(
    opened: Any, spec: InputSpec, id_column: str | None, size: int, *, skip_bad: bool
) -> Iterator[_Read]:
    table = spec.derived(opened)
    unnamed = [name for name, listed in spec.names.items() if not listed]
    if unnamed:
        raise DataError(
            f"{table.path}: the model needs the array {unnamed[0]!r}, which a table cannot hold."
        )
    needed = [name for listed in spec.names.values() for name in listed]
    wanted = [*needed, id_column] if id_column is not None else needed
    _refuse_missing(table, wanted, "column")
    row = 0
    for batch in table.batches(tuple(dict.fromkeys(wanted)), size):
        reader = BlockReader(table.path, row, spec.infinite, skip_bad, words=missing_words(table))
        arrays: dict[str, Array] = {
            name: reader.settled(reader.matrix(batch, listed), listed)
            for name, listed in spec.names.items()
        }
        yield reader, arrays, None if id_column is None else batch.column(id_column)
        row += len(batch)


def _array_blocks(
    file: Any, spec: InputSpec, id_column: str | None, size: int, *, skip_bad: bool
) -> Iterator[_Read]:
    wanted = [*spec.names, id_column] if id_column is not None else [*spec.names]
    _refuse_missing(file, wanted, "array")
    orders = {name: _order(file, name, listed) for name, listed in spec.names.items()}
    row = 0
    for block in file.blocks(tuple(dict.fromkeys(wanted)), size):
        reader = BlockReader(file.path, row, spec.infinite, skip_bad)
        arrays: dict[str, Array] = {}
        lengths: dict[str, np.ndarray] = {}
        for name, listed in spec.names.items():
            given = mask_array(block[name], spec.options.missing)
            array = as_input(name, given, spec.length, spec.axes.get(name))
            ends = None if spec.length is None else _ends(name, given, spec)
            if ends is not None:
                lengths[name] = ends
            order = orders[name]
            if order is not None and not isinstance(array, Ragged):
                array = array[:, order]
            _check_shape(file.path, name, array, spec)
            arrays[name] = reader.settled(array, listed or (name,))
        reader.lengths = lengths
        yield reader, arrays, None if id_column is None else block[id_column]
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
    what = f"{kind}s {listed}, which are" if len(missing) > 1 else f"{kind} {listed}, which is"
    raise DataError(f"{file.path}: expected the {what} missing.")


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


def _ends(name: str, given: Array, spec: InputSpec) -> np.ndarray | None:
    """Points of each signal before what `length` adds; None where it adds nothing."""
    if name in spec.axes and not isinstance(given, Ragged):
        given = reorder_axes(name, given, spec.axes[name])
    if spec.length is None or not is_signal(name, given):
        return None
    return added_padding(given, spec.length)


def _check_shape(path: Path, name: str, array: Array, spec: InputSpec) -> None:
    expected = spec.shapes[name]
    came = None if isinstance(array, Ragged) else tuple(array.shape[1:])
    if came == expected:
        return
    read = ""
    if name in spec.axes and expected is not None:
        words = describe_axes(len(expected) + 1, spec.axes[name])
        read = f", where files were read as {words} when it was trained"
    raise DataError(
        f"{path}: array {name!r}: expected examples of {_shape(expected)}, "
        f"got {_shape(came)}{read}."
    )


def _shape(shape: tuple[int, ...] | None) -> str:
    return "unequal length" if shape is None else f"shape {shape}"
