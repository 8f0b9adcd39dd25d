"""Events of new files chunk by chunk: what a network takes, and what its scores stand beside."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from sortal.data.readers.base import Batch, Table, TableWithLists, missing_words, suffix_of
from sortal.data.readers.derived import NotANumber
from sortal.data.texts.values import BadValue
from sortal.errors import DataError, suggest
from sortal.systems.cms.applying.event_columns import as_number_type, as_type, type_of
from sortal.systems.cms.applying.request import ALL, UNSHIFTED, Request
from sortal.systems.cms.applying.shifted import Variations
from sortal.systems.cms.data.blanks import without_blanks
from sortal.systems.cms.data.event_numbers import event_folds
from sortal.systems.cms.data.files import TEXT_SUFFIXES, named_columns, open_table, place_of
from sortal.systems.cms.data.matrix import (
    BadVariable,
    first_not_finite,
    not_finite,
    variable_matrix,
)
from sortal.systems.cms.data.text_form import marked_header
from sortal.systems.cms.settings import CMSSettings


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

    def __init__(self, path: Path, request: Request) -> None:
        """Open it.

        Raises:
            DataError: There is no such file, it cannot be read, or lacks a column; the text
                names the nearest ones.
        """
        self._request = request
        named = _page_columns(path, request)
        self.is_page_file = named is not None
        """Whether it is text without a header line: the variables, the weight, Name.root."""

        is_root = suffix_of(path) == ".root"
        table = open_table(path, named, request.tree)
        aliases = {**marked_header(table.names), **request.aliases}
        table = without_blanks(table, request.variables, aliases, request.blanks)
        self._table = table
        self._kind = "branch" if is_root else "column"
        self._is_text = suffix_of(path) in TEXT_SUFFIXES
        self._types: dict[str, pa.DataType] = {}
        self.read = self.passed = 0
        """Events of the walk so far, before and after the cut."""
        self.kinds: dict[str, pa.DataType] = {}
        """Types of the columns to keep, as far as they are known while no event has passed."""
        self._variations = Variations(table, aliases, request.cut, request.shifts)
        self._refuse_lacking(request.variables)
        if request.event_number is not None:
            self._refuse_lacking((request.event_number,))

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._table.path

    @property
    def aliases(self) -> Mapping[str, str]:
        """All aliases, those that a tree of a ROOT file brings among them."""
        return self._variations.aliases

    @property
    def names(self) -> tuple[str, ...]:
        """Its columns, and aliases."""
        return self._variations.names

    def kept(self) -> tuple[str, ...]:
        """The columns to keep that this file has.

        Raises:
            DataError: One that is asked for by name is not there.
        """
        request = self._request
        if request.keep is None:
            usual = (request.weight, request.process, request.event_number)
            return tuple(name for name in usual if name in self._variations.names)
        asked = [name for name in request.keep if name != ALL]
        self._refuse_lacking(asked)
        every = self._flat() if ALL in request.keep else ()
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
        request = self._request
        beside = [request.event_number] if request.event_number is not None else []
        nominal = tuple(dict.fromkeys((*request.variables, *kept, *beside)))
        needed = self._variations.needed(nominal, request.variables)
        start = self.read = self.passed = 0
        for batch in _joined(self._table.batches(needed, size), size):
            with self._placed(_Places(self, start, None)):
                passing, rows = self._variations.passing(batch)
            self.read, self.passed = self.read + len(batch), self.passed + len(passing)
            if not self.passed:
                self._look_at_kinds(batch, kept)
            if len(passing):
                places = _Places(self, start, rows)
                with self._placed(places):
                    one = self._chunk(passing, nominal, kept, places)
                yield one
            start += len(batch)

    def _look_at_kinds(self, batch: Batch, kept: Sequence[str]) -> None:
        """Learn the types of kept columns from events of which none has passed."""
        has_types = self._is_text and self._request.typed
        for name in kept:
            if name in batch.schema.names:
                column = batch.column(name)
                whole = name == self._request.event_number
                self.kinds[name] = type_of(column, whole=whole) if has_types else column.type
            elif name in self.aliases:
                self.kinds[name] = pa.float64()

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
        request = self._request
        plain = self._variations.nominal(batch, nominal)
        sources = {UNSHIFTED: plain} | {
            name: self._variations.shifted(name, batch, request.variables)
            for name in request.shifts
        }
        features = {name: self._matrix(one, name, places) for name, one in sources.items()}
        gaps = {name: self._gaps(matrix, name, places) for name, matrix in features.items()}
        return Chunk(
            features=features,
            gaps={name: rows for name, rows in gaps.items() if len(rows)},
            folds=self._folds(plain, places) if request.folds else None,
            kept=self._typed(plain.select(list(kept)), places),
        )

    def _typed(self, batch: Batch, places: "_Places") -> Batch:
        """Give columns the types that they have in the file's first chunk."""
        is_text = self._is_text and self._request.typed
        columns = []
        for name in batch.schema.names:
            column = batch.column(name)
            try:
                if name not in self._types:
                    whole = name == self._request.event_number
                    self._types[name] = type_of(column, whole=whole) if is_text else column.type
                given = as_type if is_text else as_number_type
                columns.append(given(column, self._types[name]))
            except BadValue as error:
                place = places.at(error.row)
                raise DataError(f"{place}: {self._kind} {name!r}: {error}.") from error
        return pa.RecordBatch.from_arrays(columns, batch.schema.names)

    def _matrix(self, batch: Batch, shift: str, places: "_Places") -> np.ndarray:
        names, words = self._request.variables, missing_words(self._table)
        try:
            return variable_matrix(batch, names, self._request.blanks, words)
        except BadVariable as error:
            place = f"{places.at(error.row)}: {_variable(error.name, shift)}"
            raise DataError(f"{place}: {error.reason}.") from error

    def _gaps(self, matrix: np.ndarray, shift: str, places: "_Places") -> np.ndarray:
        """Row numbers that cannot be scored."""
        wrong = not_finite(matrix, gaps_allowed=self._request.gaps_allowed)
        if not wrong.any():
            return np.empty(0, dtype=np.int64)
        if self._request.missing == "refuse":
            found = first_not_finite(matrix, wrong, self._request.variables)
            raise DataError(
                f"{places.at(found.row)}: {_variable(found.name, shift)}: {found.reason}; leave such "
                "events out with a cut, give the variable a value with an alias, or write NaN as "
                "their score with --missing nan."
            )
        return np.flatnonzero(wrong.any(axis=1))

    def _folds(self, batch: Batch, places: "_Places") -> np.ndarray:
        name = str(self._request.event_number)
        try:
            return event_folds(batch.column(name), self._request.folds)
        except BadValue as error:
            raise DataError(
                f"{places.at(error.row)}: {self._kind} {name!r}: expected an event number, "
                f"got {error.got}."
            ) from error

    def _flat(self) -> tuple[str, ...]:
        """Columns of the file that hold one number or text an event, and all aliases."""
        names = self._variations.names
        if not (isinstance(self._table, TableWithLists) and self._table.has_lists):
            return names
        return tuple(n for n in names if n in self._request.aliases or _is_flat(self._table, n))

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
        has_lists = isinstance(self._table, TableWithLists) and self._table.has_lists
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


def _page_columns(path: Path, request: Request) -> tuple[str, ...] | None:
    """Names for the columns of text without a header line, None for a file that has names."""
    given = CMSSettings(
        variables=list(request.variables),
        weight=request.weight,
        unit_weights=request.unit_weights,
        process=request.process,
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
