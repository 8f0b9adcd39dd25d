"""Aliases, a cut and shifted inputs over blocks that are read once.

A shift replaces columns before anything is made of them, so that what an alias derives from a
shifted column is shifted too; a shift of an alias itself replaces what the alias gives. All columns
of a shift change at once: each expression is of values as they were.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from sortal.data.readers.base import Batch, Table, WithLists
from sortal.data.readers.derived import DerivedTable
from sortal.data.readers.expression import names, parse
from sortal.errors import OptionError

Shift = Mapping[str, str]
"""Expressions by the column or alias that they replace."""

_ROW = "row of the block"
"""A column that the file does not have."""


class _Held:
    """A table of one block, which changes; while a file is looked over, of none."""

    def __init__(self, table: Table) -> None:
        self.path, self.names = table.path, (*table.names, _ROW)
        self.has_lists = isinstance(table, WithLists) and table.has_lists
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


class Variations:
    """The same columns as they are, and under each shift, from blocks of a file."""

    def __init__(
        self, table: Table, aliases: Mapping[str, str], cut: str, shifts: Mapping[str, Shift]
    ) -> None:
        """Check all expressions against the columns of a file.

        Raises:
            BadExpression: One cannot be read, or names what there is not.
        """
        self._held = _Held(table)
        self._nominal = DerivedTable(self._held, aliases)
        self._cut = DerivedTable(self._held, aliases, cut) if cut else None
        self._shifted = {name: self._layers(name, aliases, one) for name, one in shifts.items()}
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

    def _layers(self, name: str, aliases: Mapping[str, str], shift: Shift) -> Table:
        early = {column: text for column, text in shift.items() if column not in aliases}
        late = {column: text for column, text in shift.items() if column in aliases}
        table = _replaced(self._held, name, early)
        table = DerivedTable(table, aliases) if aliases else table
        return _replaced(table, name, late)


def _replaced(table: Table, name: str, shift: Shift) -> Table:
    """Columns replaced all at once: expressions see each other's columns as they were."""
    if not shift:
        return table
    apart = {column: f"{name}: {column}" for column in shift}
    made = DerivedTable(table, {apart[column]: text for column, text in shift.items()})
    return DerivedTable(made, {column: f"`{new}`" for column, new in apart.items()})


def refuse_idle_shifts(
    shifts: Mapping[str, Shift], aliases: Mapping[str, str], variables: Sequence[str]
) -> None:
    """Refuse a shift that leaves all variables of a network as they are.

    Raises:
        OptionError: Naming the shift and the variables.
    """
    needs = {
        alias: {one.name for one in names(parse(text, f"aliases.{alias}"))}
        for alias, text in aliases.items()
    }
    for name, shift in shifts.items():
        reached = set(shift)
        while grown := {a for a, inside in needs.items() if inside & reached} - reached:
            reached |= grown
        if not reached & set(variables):
            listed = ", ".join(variables)
            raise OptionError(
                f"shift {name}", ", ".join(shift), f"a variable of the network ({listed})"
            )
