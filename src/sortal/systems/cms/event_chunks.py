"""Events of new files chunk by chunk: what a network takes, and what its scores stand beside."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sortal.data import columns as meaning
from sortal.data.columns import BadValue
from sortal.data.gather_tables import feature_matrix
from sortal.data.readers.base import Batch, Table, WithLists
from sortal.data.readers.derived import NotANumber
from sortal.data.readers.registry import TableOptions, open_file, suffix_of
from sortal.errors import DataError, suggest
from sortal.systems.cms.files import TEXT_SUFFIXES, named_columns, place_of
from sortal.systems.cms.settings import Settings
from sortal.systems.cms.shifted import Shift, Variations

Missing: TypeAlias = Literal["refuse", "nan"]

UNSHIFTED = ""
"""Stands for the name of a shift where there is none."""

ALL = "*"
"""Asks for every column that holds one number or text an event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to make of every file."""

    variables: tuple[str, ...]
    """Variables of the network, in order."""

    keep: tuple[str, ...] | None = None
    """Columns to keep beside the scores; `*` for all; None for weight, process and event number."""

    weight: str = "weight"
    process: str = "process"
    event_number: str | None = None
    folds: int = 0
    """Folds that an event number belongs to; 0 where events are not told apart."""

    tree: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict)
    cut: str = ""
    shifts: Mapping[str, Shift] = field(default_factory=dict)
    header: Literal["auto", "yes", "no"] = "auto"
    typed: bool = True
    """Whether columns of text files are kept as numbers where they hold such; else as they are
    written."""

    gaps_allowed: bool = False
    """Whether the network fills in values that are missing."""

    missing: Missing = "refuse"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Chunk:
    """Some events, ready to be scored."""

    features: Mapping[str, np.ndarray]
    """Shape (events, variables), as they are under UNSHIFTED, and under each shift."""

    gaps: Mapping[str, np.ndarray]
    """Row numbers without a score, by the same names; of those that have any."""

    folds: np.ndarray | None
    """Fold of each event, shape (events,)."""

    kept: Batch
    """The columns to keep."""

    def __len__(self) -> int:
        return len(self.kept)


class EventSource:
    """A file of events, checked against what is wanted of it."""

    def __init__(self, path: Path, wanted: Wanted) -> None:
        """Open it.

        Raises:
            DataError: There is no such file, it cannot be read, or lacks a column; the text
                names the nearest ones.
        """
        self._wanted = wanted
        named = _page_columns(path, wanted)
        self.is_page_file = named is not None
        """Whether it is text without a header line: the variables, the weight, Name.root."""

        is_root = suffix_of(path) == ".root"
        table = open_file(
            path,
            TableOptions(columns=named, tree=wanted.tree if is_root else ""),
        )
        if not isinstance(table, Table):
            raise DataError(f"{path}: expected a table of events, got arrays.")
        self._table = table
        self._kind = "branch" if is_root else "column"
        self._is_text = suffix_of(path) in TEXT_SUFFIXES
        self._types: dict[str, Any] = {}
        self._variations = Variations(table, wanted.aliases, wanted.cut, wanted.shifts)
        self._refuse_lacking(wanted.variables)
        if wanted.event_number is not None:
            self._refuse_lacking((wanted.event_number,))

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._table.path

    @property
    def names(self) -> tuple[str, ...]:
        """Its columns, and aliases."""
        return self._variations.names

    def kept(self) -> tuple[str, ...]:
        """The columns to keep that this file has.

        Raises:
            DataError: One that is asked for by name is not there.
        """
        wanted = self._wanted
        if wanted.keep is None:
            usual = (wanted.weight, wanted.process, wanted.event_number)
            return tuple(name for name in usual if name in self._variations.names)
        asked = [name for name in wanted.keep if name != ALL]
        self._refuse_lacking(asked)
        every = self._flat() if ALL in wanted.keep else ()
        return tuple(dict.fromkeys((*asked, *every)))

    def chunks(self, kept: Sequence[str], size: int) -> Iterator[Chunk]:
        """Walk over the events that pass the cut.

        Args:
            kept: Columns to keep.
            size: Most events of a chunk; pieces of the file that are smaller are joined.

        Raises:
            DataError: A value is no number, or missing where that is refused; the text names
                file, place and column.
        """
        wanted = self._wanted
        beside = [wanted.event_number] if wanted.event_number is not None else []
        nominal = tuple(dict.fromkeys((*wanted.variables, *kept, *beside)))
        needed = self._variations.needed(nominal, wanted.variables)
        start = 0
        for batch in _joined(self._table.batches(needed, size), size):
            with self._placed(_Places(self, start, None)):
                passing, rows = self._variations.passing(batch)
            if len(passing):
                places = _Places(self, start, rows)
                with self._placed(places):
                    one = self._chunk(passing, nominal, kept, places)
                yield one
            start += len(batch)

    @contextmanager
    def _placed(self, places: "_Places") -> Iterator[None]:
        """Name the true place of a value that an expression cannot use."""
        try:
            yield
        except NotANumber as error:
            raise DataError(
                f"{places.at(error.row)}: {self._kind} {error.column!r}: {error.reason}."
            ) from error

    def _chunk(
        self, batch: Batch, nominal: Sequence[str], kept: Sequence[str], places: "_Places"
    ) -> Chunk:
        wanted = self._wanted
        plain = self._variations.nominal(batch, nominal)
        sources = {UNSHIFTED: plain} | {
            name: self._variations.shifted(name, batch, wanted.variables) for name in wanted.shifts
        }
        features = {name: self._matrix(one, name, places) for name, one in sources.items()}
        gaps = {name: self._gaps(matrix, name, places) for name, matrix in features.items()}
        return Chunk(
            features=features,
            gaps={name: rows for name, rows in gaps.items() if len(rows)},
            folds=self._folds(plain, places) if wanted.folds else None,
            kept=self._typed(plain.select(list(kept)), places),
        )

    def _typed(self, batch: Batch, places: "_Places") -> Batch:
        """Give columns of a text file the types that they have in its first chunk."""
        if not (self._is_text and self._wanted.typed):
            return batch
        columns = []
        for name in batch.schema.names:
            column = batch.column(name)
            if name not in self._types:
                self._types[name] = _type_of(column, is_number=name == self._wanted.event_number)
            try:
                columns.append(_as_type(column, self._types[name]))
            except BadValue as error:
                place = places.at(error.row)
                raise DataError(f"{place}: {self._kind} {name!r}: {error}.") from error
        return pa.RecordBatch.from_arrays(columns, batch.schema.names)

    def _matrix(self, batch: Batch, shift: str, places: "_Places") -> np.ndarray:
        matrix, bad = feature_matrix(batch, self._wanted.variables)
        for name, error in bad.items():
            raise DataError(f"{places.at(error.row)}: {_variable(name, shift)}: {error}.")
        return matrix

    def _gaps(self, matrix: np.ndarray, shift: str, places: "_Places") -> np.ndarray:
        """Row numbers that cannot be scored."""
        wrong = np.isinf(matrix) if self._wanted.gaps_allowed else ~np.isfinite(matrix)
        if not wrong.any():
            return np.empty(0, dtype=np.int64)
        if self._wanted.missing == "refuse":
            row, place = np.argwhere(wrong)[0]
            value = matrix[row, place]
            shown = "NaN or nothing" if np.isnan(value) else f"{value}"
            raise DataError(
                f"{places.at(int(row))}: {_variable(self._wanted.variables[place], shift)}: "
                f"expected a finite number, got {shown}; leave such events out with a cut, give the "
                "variable a value with an alias, or write NaN as their score with --missing nan."
            )
        return np.flatnonzero(wrong.any(axis=1))

    def _folds(self, batch: Batch, places: "_Places") -> np.ndarray:
        name = str(self._wanted.event_number)
        try:
            return event_folds(batch.column(name), self._wanted.folds)
        except BadValue as error:
            raise DataError(
                f"{places.at(error.row)}: {self._kind} {name!r}: expected an event number, "
                f"got {error.got}."
            ) from error

    def _flat(self) -> tuple[str, ...]:
        """Columns of the file that hold one number or text an event, and all aliases."""
        names = self._variations.names
        if not (isinstance(self._table, WithLists) and self._table.has_lists):
            return names
        return tuple(n for n in names if n in self._wanted.aliases or _is_flat(self._table, n))

    def _refuse_lacking(self, names: Sequence[str]) -> None:
        known = self._variations.names
        missing = [name for name in names if name not in known and not self._is_element(name)]
        if missing:
            listed = ", ".join(map(repr, missing))
            several = "es" if self._kind == "branch" else "s"
            ending = several if len(missing) > 1 else ""
            raise DataError(
                f"{self.path}: expected the {self._kind}{ending} {listed}, which "
                f"{'are' if ending else 'is'} not there.{suggest(missing[0], known)}"
            )

    def _is_element(self, name: str) -> bool:
        """Whether a name asks for one element of a branch of lists."""
        base = name.partition("[")[0]
        has_lists = isinstance(self._table, WithLists) and self._table.has_lists
        return has_lists and base != name and base in self._table.names


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the rows of a chunk stand in their file."""

    file: EventSource
    start: int
    rows: np.ndarray | None

    def at(self, row: int) -> str:
        """File and line, or file and entry from 0."""
        inside = row if self.rows is None else int(self.rows[row])
        has_header = not self.file.is_page_file
        return place_of(self.file.path, self.start + inside, has_header=has_header)


def event_folds(column: pa.Array, folds: int) -> np.ndarray:
    """Fold of each event: its number modulo the folds, exact for all whole numbers of 64 bits.

    Returns:
        Shape (events,), int64, from 0.

    Raises:
        BadValue: A value is missing, or no whole number.
    """
    if column.null_count:
        raise BadValue(pc.index(pc.is_null(column), True).as_py(), "nothing", "a whole number")
    if pa.types.is_string(column.type):
        try:
            column = pc.cast(pc.utf8_trim_whitespace(column), pa.int64())
        except pa.ArrowInvalid:
            return np.asarray(meaning.folds(column) % folds)
    if pa.types.is_integer(column.type):
        return np.asarray(column.to_numpy() % folds, dtype=np.int64)
    return np.asarray(meaning.folds(column) % folds)


def _type_of(column: pa.Array, *, is_number: bool) -> Any:
    """Type of a column of text: 64-bit integer if it `is_number` and can be, number, or text."""
    if not pa.types.is_string(column.type):
        return column.type
    try:
        values = meaning.numbers(column)
    except BadValue:
        return pa.string()
    return pa.int64() if is_number and (values == np.floor(values)).all() else pa.float64()


def _as_type(column: pa.Array, kind: Any) -> pa.Array:
    if column.type == kind or pa.types.is_string(kind):
        return column
    if pa.types.is_integer(kind):
        try:
            return pc.cast(pc.utf8_trim_whitespace(column), kind)
        except pa.ArrowInvalid:
            return pa.array(meaning.folds(column))
    return pa.array(meaning.numbers(column).astype(np.float64))


def _page_columns(path: Path, wanted: Wanted) -> tuple[str, ...] | None:
    """Names for the columns of text without a header line, None for a file that has names."""
    given = Settings(
        variables=list(wanted.variables),
        weight=wanted.weight,
        process=wanted.process,
        header=wanted.header,
    )
    return named_columns(path, given)


def _joined(batches: Iterator[Batch], size: int) -> Iterator[Batch]:
    """Join small batches until they are as many rows as asked for, or nearly."""
    held: list[Batch] = []
    rows = 0
    for batch in batches:
        if held and rows + len(batch) > size:
            yield pa.concat_batches(held)
            held, rows = [], 0
        held.append(batch)
        rows += len(batch)
    if held:
        yield pa.concat_batches(held)


def _is_flat(table: Table, name: str) -> bool:
    try:
        next(iter(table.batches((name,), 1)), None)
    except DataError:
        return False
    return True


def _variable(name: str, shift: str) -> str:
    return f"variable {name!r} under the shift {shift}" if shift else f"variable {name!r}"
