"""Aliases, a cut and shifted inputs over blocks that are read once.

A shift replaces columns of the file, elements of branches of lists, or aliases. Its expressions see
all values as they are without it, and everything that is made of what it replaces is made anew:
aliases, aliases of aliases, and aliases that a tree of a ROOT file brings.
"""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from sortal.data.expressions.parse import BadExpression
from sortal.data.readers.base import Batch, Table, TableWithLists
from sortal.data.readers.derived import DerivedTable
from sortal.errors import DataError, OptionError
from sortal.systems.cms.applying.shift import (
    Shift,
    element_of,
    names_within,
    shift_option,
    with_elements,
)

_ROW = "row of the block"
"""A column that the file does not have."""


class _Held:
    """A table of one block, which changes; while a file is looked over, of none."""

    def __init__(self, table: Table) -> None:
        self.path, self.names = table.path, (*table.names, _ROW)
        self.has_lists = isinstance(table, TableWithLists) and table.has_lists
        self.batch: Batch | None = None
        self.asked: dict[str, None] = {}
        """Every column that was asked for so far."""

    def batches(self, names: Sequence[str], size: int) -> Iterator[Batch]:
        """The block's columns, as they are."""
        self.asked |= dict.fromkeys(name for name in names if name != _ROW)
        if self.batch is None:
            return
        rows = pa.array(np.arange(len(self.batch)))
        columns = [rows if name == _ROW else self.batch.column(name) for name in names]
        whole = pa.RecordBatch.from_arrays(columns, list(names))
        yield from (whole.slice(start, size) for start in range(0, len(whole), size))


class _Changed:
    """The columns of a file, with those that a shift names replaced; its aliases are columns too."""

    def __init__(
        self,
        held: _Held,
        aliases: Mapping[str, str],
        name: str,
        shift: Shift,
        lists: frozenset[str],
    ) -> None:
        """Check the expressions of a shift against the columns of a file.

        Args:
            held: Blocks of the file.
            aliases: All aliases, for expressions see them.
            name: Name of the shift.
            shift: Expressions by the column, element or alias that they replace.
            lists: Which columns that the shift names hold a list in each row.
        """
        self.path, self.has_lists = held.path, held.has_lists
        self.names = tuple(dict.fromkeys((*held.names, *shift)))
        self._held, self._aliases, self._name = held, aliases, name
        self._shift, self._lists = shift, lists
        for column in shift:
            self._check(column)

    def batches(self, names: Sequence[str], size: int) -> Iterator[Batch]:
        """Columns of the block: changed where the shift says so, else as they are."""
        changed = [name for name in names if self._text(name)]
        plain = [name for name in names if name not in changed]
        walks: list[Iterator[Batch]] = []
        if changed:
            walks.append(self._made(changed).batches(self._apart(changed), size))
        if plain or not changed:
            walks.append(self._held.batches(plain, size))
        for pieces in zip(*walks, strict=True):
            columns = [column for piece in pieces for column in piece.columns]
            found = dict(zip((*changed, *plain), columns, strict=True))
            yield pa.RecordBatch.from_arrays([found[name] for name in names], list(names))

    def _check(self, column: str) -> None:
        option = shift_option(self._name, column)
        branch, element = element_of(column)
        is_element = element is not None and self.has_lists and branch in self._held.names
        if column not in (*self._held.names, *self._aliases) and not is_element:
            known = (*self._held.names, *self._aliases)
            expected = f"a column of {self.path.name}, or an alias"
            nearest = next(iter(get_close_matches(column, known, n=1)), "")
            raise BadExpression(option, expected, repr(column), nearest)
        try:
            self._made([f"{column}[0]" if column in self._lists else column])
        except BadExpression as error:
            raise BadExpression(option, error.expected, error.got, error.nearest) from None

    def _text(self, name: str) -> str:
        """The expression that replaces a column; empty where none does."""
        if name in self._shift and name not in self._lists:
            return self._shift[name]
        branch, element = element_of(name)
        if element is None or branch not in self._shift or branch not in self._lists:
            return ""
        return with_elements(self._shift[branch], self._lists, element)

    def _apart(self, names: Sequence[str]) -> list[str]:
        """Names under which changed columns stand beside those that they replace."""
        return [shift_option(self._name, name) for name in names]

    def _made(self, names: Sequence[str]) -> DerivedTable:
        texts = dict(zip(self._apart(names), map(self._text, names), strict=True))
        return DerivedTable(self._held, {**self._aliases, **texts})


class Variations:
    """The same columns as they are, and under each shift, from blocks of a file."""

    def __init__(
        self, table: Table, aliases: Mapping[str, str], cut: str, shifts: Mapping[str, Shift]
    ) -> None:
        """Check all expressions against the columns of a file.

        Raises:
            BadExpression: One cannot be read, or names what there is not.
            OptionError: A shift would not reach what the file's tree itself derives.
        """
        table, self.aliases = _unfolded(table, aliases, shifts)
        self._held = _Held(table)
        self._nominal = DerivedTable(self._held, self.aliases)
        self._cut = DerivedTable(self._held, self.aliases, cut) if cut else None
        self._shifted = {name: self._under(table, name, one) for name, one in shifts.items()}
        self.path: Path = table.path

    @property
    def names(self) -> tuple[str, ...]:
        """Columns of the file, and aliases."""
        return tuple(name for name in self._nominal.names if name != _ROW)

    def needed(self, nominal: Sequence[str], shifted: Sequence[str]) -> tuple[str, ...]:
        """What to read of the file for these columns, the second under every shift."""
        self._held.batch = None
        self._held.asked.clear()
        walks: list[tuple[Table, Sequence[str]]] = [(self._nominal, nominal)]
        walks += [(table, shifted) for table in self._shifted.values()]
        walks += [(self._cut, (_ROW,))] if self._cut else []
        for table, wanted in walks:
            list(table.batches(wanted, 1))
        return tuple(self._held.asked)

    def passing(self, batch: Batch) -> tuple[Batch, np.ndarray | None]:
        """The rows that pass the cut, and which of the block's they are; None for all."""
        if self._cut is None or not len(batch):
            return batch, None
        found = self._walk(self._cut, batch, (_ROW,))
        rows = found[0].column(_ROW) if found else pa.array([], pa.int64())
        return batch.take(rows), rows.to_numpy()

    def nominal(self, batch: Batch, wanted: Sequence[str]) -> Batch:
        """Columns as they are; `batch` has at least one row."""
        (one,) = self._walk(self._nominal, batch, wanted)
        return one

    def shifted(self, shift: str, batch: Batch, wanted: Sequence[str]) -> Batch:
        """Columns under a shift; `batch` has at least one row."""
        (one,) = self._walk(self._shifted[shift], batch, wanted)
        return one

    def _walk(self, table: Table, batch: Batch, wanted: Sequence[str]) -> list[Any]:
        self._held.batch = batch
        return list(table.batches(wanted, len(batch)))

    def _under(self, table: Table, name: str, shift: Shift) -> Table:
        """All columns under a shift: what it replaces, and the other aliases made of that anew."""
        inside = {
            one
            for column, text in shift.items()
            for one in names_within(text, shift_option(name, column))
        }
        asked = {one for one in (*shift, *inside) if one not in self.aliases}
        lists = frozenset(one for one in asked if _holds_lists(table, one))
        changed = _Changed(self._held, self.aliases, name, shift, lists)
        others = {alias: text for alias, text in self.aliases.items() if alias not in shift}
        return DerivedTable(changed, others) if others else changed


def _unfolded(
    table: Table, aliases: Mapping[str, str], shifts: Mapping[str, Shift]
) -> tuple[Table, Mapping[str, str]]:
    """A file's table, and all aliases, those that its tree brings among them."""
    if not isinstance(table, DerivedTable):
        return table, aliases
    used = {one for text in table.texts.values() for one in names_within(text, "")}
    if not set(aliases) & (used | set(table.texts)):
        return table.source, {**table.texts, **aliases}
    # Together, one alias would hide a name of the other's.
    for name, shift in shifts.items():
        for column in shift:
            if element_of(column)[0] in used:
                raise OptionError(
                    shift_option(name, column),
                    shift[column],
                    f"a column of which no alias of {table.path} itself is made while --alias "
                    "gives one of its names another meaning; use other names in --alias",
                )
    return table, aliases


def _holds_lists(table: Table, name: str) -> bool:
    """Whether a column of a file holds a list in each row."""
    if not (isinstance(table, TableWithLists) and table.has_lists and name in table.names):
        return False
    try:
        next(iter(table.batches((f"{name}[0]",), 1)), None)
    except DataError:
        return False
    return True
