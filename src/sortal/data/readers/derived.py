"""A table with more columns and fewer rows than its file: aliases and a cut, batch by batch.

Expressions are those of `sortal.data.expressions.parse`; nothing of them is run as Python.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sortal.data.expressions.evaluate import Value, evaluate, truth_values
from sortal.data.expressions.parse import (
    BadExpression,
    Membership,
    Name,
    Node,
    find_names,
    parse,
    walk_inside_out,
)
from sortal.data.expressions.whole import EXACT, WholeNumbers
from sortal.data.readers.base import Batch, Table, TableWithLists, TableWithNotes, missing_words
from sortal.data.readers.column_values import numbers
from sortal.data.texts.values import BadValue, write_as_text
from sortal.errors import DataError

CUT = "cut"
_SCAN_ROWS = 65_536


class NotANumber(DataError):
    """A value that an expression needs is no number; `row` is counted within the walk, from 0."""

    def __init__(self, place: str, row: int, column: str, reason: BadValue) -> None:
        self.row, self.column, self.reason = row, column, reason
        super().__init__(f"{place}: column {column!r}: {reason}.")


@dataclass(frozen=True, slots=True)
class _Alias:
    node: Node
    aliases: frozenset[str]
    """Names in it that mean another alias."""


class DerivedTable:
    """A table with aliases as columns, and without the rows that fail a cut.

    A name in an expression means the alias of that name if there is one, else the file's column;
    in an alias's own expression its own name means the column: `Jet1Pt: Jet1Pt * 1.05` replaces a
    column, and what else uses `Jet1Pt` gets the new one. An alias is float32 if all columns
    that it is made of are, bool if it asks a question, int64 or uint64 if float64 would round its whole
    numbers, else float64; a mere name keeps what the column
    is, text too.
    """

    def __init__(self, table: Table, aliases: Mapping[str, str], cut: str = "") -> None:
        """Check all expressions.

        Raises:
            BadExpression: One cannot be read, names what there is not, or needs itself.
        """
        self.path = table.path
        self.names = tuple(dict.fromkeys((*table.names, *aliases)))
        self.rows_read = self.rows_passed = 0
        """Rows of the last walk so far, before and after the cut."""
        self._table = table
        self.missing_words = missing_words(table)
        self.notes = table.notes if isinstance(table, TableWithNotes) else ()
        self.source, self.texts, self.cut = table, dict(aliases), cut
        """What it is made of: the file's own table, and the aliases and the cut as they were written."""
        self.has_lists = isinstance(table, TableWithLists) and table.has_lists
        nodes = {name: parse(text, alias_option(name)) for name, text in aliases.items()}
        self._aliases = {
            name: _Alias(node, frozenset(self._meant(name, node, nodes)))
            for name, node in nodes.items()
        }
        self._order = self._sorted()
        self._cut = parse(cut, CUT) if cut else None
        self._in_cut = frozenset(self._meant("", self._cut, nodes)) if self._cut else frozenset()

    def batches(self, names: Sequence[str], size: int) -> Iterator[Batch]:
        """Walk over some columns of the rows that pass; a batch in which none does is left out."""
        plain = [name for name in names if name not in self._aliases]
        order = self._needed({*names, *self._in_cut})
        self.rows_read = self.rows_passed = 0
        for block in self._blocks(order, plain, size):
            mask = None if self._cut is None else block.passes(self._cut, self._in_cut)
            columns = [block.column(name) for name in names]
            made = pa.RecordBatch.from_arrays(columns, list(names))
            kept = made if mask is None else made.filter(pa.array(mask))
            passed = block.rows if mask is None else int(mask.sum())
            self.rows_read += block.rows
            self.rows_passed += passed
            if passed:
                yield kept

    def row_in_file(self, row: int) -> int:
        """Which row of the file, from 0, became a row of this table; reads the file anew."""
        if self._cut is None:
            return row
        passed = 0
        for block in self._blocks(self._needed(self._in_cut), (), _SCAN_ROWS):
            rows = np.flatnonzero(block.passes(self._cut, self._in_cut))
            if row < passed + len(rows):
                return block.first + int(rows[row - passed])
            passed += len(rows)
        raise IndexError(row)

    def _meant(self, own: str, node: Node, nodes: Mapping[str, Node]) -> Iterator[str]:
        """Aliases among an expression's names; refuses names that mean nothing."""
        option = alias_option(own) if own else CUT
        found = list(find_names(node))
        if not found:
            raise BadExpression(option, "an expression that names a column", "none")
        for one in found:
            is_alias = one.name in nodes and one.name != own
            if one.element is not None and (is_alias or not self.has_lists):
                raise BadExpression(
                    option,
                    f"one value a row in {one.name!r}, as such files have",
                    f"its element {one.column!r}",
                )
            if is_alias:
                yield one.name
            elif one.name not in self._table.names:
                known = (*self._table.names, *(set(nodes) - {own}))
                raise BadExpression(
                    option,
                    f"names of columns of {self.path.name} or of aliases",
                    repr(one.name),
                    next(iter(get_close_matches(one.name, known, n=1)), ""),
                )

    def _sorted(self) -> tuple[str, ...]:
        """All aliases, what is needed first."""
        graph = {name: sorted(alias.aliases) for name, alias in self._aliases.items()}
        try:
            return tuple(TopologicalSorter(graph).static_order())
        except CycleError as error:
            circle = set(error.args[1])
        first = next(name for name in self._aliases if name in circle)
        listed = ", ".join(sorted(map(repr, circle)))
        raise BadExpression(
            alias_option(first), "an alias that does not need itself", f"a circle of {listed}"
        )

    def _needed(self, wanted: Collection[str]) -> list[str]:
        """Aliases that some columns are made of, what is needed first."""
        needed = set(wanted)
        for name in reversed(self._order):
            if name in needed:
                needed |= self._aliases[name].aliases
        return [name for name in self._order if name in needed]

    def _blocks(self, order: Sequence[str], plain: Sequence[str], size: int) -> Iterator["_Block"]:
        """The file's rows, with some aliases worked out and all columns that the cut names."""
        columns = dict.fromkeys((*plain, *(one.column for one in self._columns_in(order))))
        first = 0
        for batch in self._table.batches(tuple(columns), size):
            block = _Block(batch, self.path.name, first, self.missing_words)
            for name in order:
                block.add(name, self._aliases[name])
            yield block
            first += len(batch)

    def _columns_in(self, order: Sequence[str]) -> Iterator[Name]:
        """Columns of the file that some aliases and the cut name."""
        for name in order:
            alias = self._aliases[name]
            yield from (one for one in find_names(alias.node) if one.name not in alias.aliases)
        if self._cut is not None:
            yield from (one for one in find_names(self._cut) if one.name not in self._in_cut)


def alias_option(name: str) -> str:
    """What errors call an alias."""
    return f"aliases.{name}"


class _Block:
    """A batch of the file, and the aliases worked out for its rows so far."""

    def __init__(self, batch: Batch, file: str, first: int, words: tuple[str, ...]) -> None:
        self._batch, self._file, self.first, self.rows = batch, file, first, len(batch)
        self._words = words
        self._made: dict[str, Any] = {}
        self._numbers: dict[tuple[bool, str], np.ndarray] = {}
        self._whole: dict[tuple[bool, str], WholeNumbers] = {}
        """What float64 would round, by whether it is an alias, and name."""

    def column(self, name: str) -> Any:
        return self._made[name] if name in self._made else self._batch.column(name)

    def add(self, name: str, alias: _Alias) -> None:
        if isinstance(alias.node, Name):
            source = alias.node
            made = self._made if source.name in alias.aliases else None
            self._made[name] = made[source.name] if made else self._batch.column(source.column)
            return
        values, narrow = self._worked_out(alias.node, alias.aliases)
        if isinstance(values, WholeNumbers):
            self._made[name] = values.column(self.rows)
            self._whole[True, name] = values
            return
        filled = np.broadcast_to(values, self.rows)
        self._made[name] = pa.array(filled.astype(np.float32) if narrow else filled)

    def passes(self, node: Node, aliases: frozenset[str]) -> np.ndarray:
        return np.broadcast_to(truth_values(self._worked_out(node, aliases)[0]), self.rows)

    def _worked_out(self, node: Node, aliases: frozenset[str]) -> tuple[Value, bool]:
        """Values of shape (rows,) or one for all, and whether they are numbers made of 32-bit columns alone."""
        leaves = dict.fromkeys(
            one for one in walk_inside_out(node) if isinstance(one, Name | Membership)
        )
        columns: dict[Name | Membership, Value] = {}
        counted = set[Name | Membership]()
        narrow = True
        for leaf in leaves:
            name = leaf.name if isinstance(leaf, Membership) else leaf
            is_alias = name.name in aliases
            if isinstance(leaf, Membership):
                kept = self._made[name.name] if is_alias else self._batch.column(name.column)
                columns[leaf] = _is_among(kept, leaf.texts)
            else:
                key = is_alias, name.name if is_alias else name.column
                numbers = self._as_numbers(*key)
                narrow = narrow and numbers.dtype == np.float32
                columns[leaf] = self._whole.get(key) or numbers.astype(np.float64, copy=False)
                if key in self._whole or _counts(self._held(*key), numbers):
                    counted.add(leaf)
        made = evaluate(node, columns, counted)
        return made, narrow and isinstance(made, np.ndarray) and made.dtype != bool

    def _as_numbers(self, is_alias: bool, name: str) -> np.ndarray:
        if (is_alias, name) not in self._numbers:
            column = self._held(is_alias, name)
            try:
                read = numbers(column, self._words)
            except BadValue as error:
                row = self.first + error.row
                raise NotANumber(f"{self._file}, row {row + 1}", row, name, error) from error
            self._numbers[is_alias, name] = read
            if (is_alias, name) not in self._whole and (np.abs(read) >= EXACT).any():
                whole = WholeNumbers.of_column(column, read)
                self._whole |= {} if whole is None else {(is_alias, name): whole}
        return self._numbers[is_alias, name]

    def _held(self, is_alias: bool, name: str) -> Any:
        return self._made[name] if is_alias else self._batch.column(name)


def _counts(column: Any, values: np.ndarray) -> bool:
    """Whether a column is of whole numbers: by its type, or, if it is text, by all its values."""
    if pa.types.is_integer(column.type):
        return True
    is_text = pa.types.is_string(column.type) or pa.types.is_decimal(column.type)
    return is_text and bool(((values == np.floor(values)) | np.isnan(values)).all())


def _is_among(column: Any, wanted: Sequence[str]) -> np.ndarray:
    found = pc.is_in(write_as_text(column), value_set=pa.array(wanted, pa.string()))
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)
