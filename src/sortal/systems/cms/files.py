"""Which files hold the events, what their columns are, and where in them something stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sortal.data.readers.base import Table
from sortal.data.readers.registry import TableOptions, open_file, suffix_of
from sortal.data.split import Part
from sortal.errors import DataError, suggest
from sortal.systems.cms.settings import PAGE_VARIABLES, Settings

PREFIXES = {Part.TRAIN: "train", Part.VALIDATION: "val", Part.TEST: "test"}
"""How the page's files of each part begin."""

_SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet", ".pq", ".root")
_TEXT = (".csv", ".csv.gz", ".tsv", ".tsv.gz")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFile:
    """A file of events of one kind."""

    path: Path
    is_signal: bool
    part: Part | None
    """The part that all its events belong to; None where they are divided later."""


def find_files(settings: Settings) -> list[EventFile]:
    """The files that hold the events, in the order of the page's scripts.

    Raises:
        DataError: A file is not there; all that are missing are told.
    """
    if settings.signal_files:
        given = [(name, True) for name in settings.signal_files]
        given += [(name, False) for name in settings.background_files]
        files = [EventFile(path=Path(name), is_signal=s, part=None) for name, s in given]
        _refuse_absent([file.path for file in files if not file.path.is_file()])
        return files
    folder = Path(settings.data)
    found, missing = [], []
    for part, prefix in PREFIXES.items():
        for kind in ("sig", "bkg"):
            paths = [folder / f"{prefix}_{kind}{suffix}" for suffix in _SUFFIXES]
            present = [path for path in paths if path.is_file()]
            missing += [] if present else [paths[0]]
            found += [EventFile(path=p, is_signal=kind == "sig", part=part) for p in present[:1]]
            if len(present) > 1:
                raise DataError(
                    f"{folder}: expected one file {prefix}_{kind}, got "
                    f"{' and '.join(path.name for path in present)}."
                )
    _refuse_absent(missing)
    return found


def _refuse_absent(missing: Sequence[Path]) -> None:
    if not missing:
        return
    folder = missing[0].parent
    if not folder.is_dir():
        raise DataError(
            f"{folder}: there is no such folder; expected {missing[0].name} and its like in it."
        )
    beside = sorted(path.name for path in folder.iterdir())
    listed = ", ".join(map(str, missing))
    raise DataError(
        f"{listed}: there is no such file, in any of the forms {', '.join(_SUFFIXES)}."
        f"{suggest(missing[0].name, beside)}"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What the columns of a file are."""

    table: Table
    variables: tuple[str, ...]
    weight: str
    process: str | None
    """None where the file's name is the process."""

    event_number: str | None
    scale_factors: tuple[str, ...]
    first_line: int
    """Line of the first event; 0 where files have no lines and events are counted from 0."""

    @property
    def needed(self) -> tuple[str, ...]:
        """Every column to read, each once."""
        beside = [name for name in (self.process, self.event_number) if name is not None]
        return tuple(dict.fromkeys((*self.variables, self.weight, *beside, *self.scale_factors)))

    def at(self, row: int) -> str:
        """Name the place of an event, counted from 0 within the file."""
        word = "line" if self.first_line else "entry"
        return f"{self.table.path}, {word} {row + self.first_line}"


def open_columns(file: EventFile, settings: Settings) -> Columns:
    """Open a file and find its columns.

    Raises:
        DataError: It cannot be read, or lacks a column; the text names the nearest ones.
    """
    named = _named_columns(file.path, settings)
    table = open_file(
        file.path,
        TableOptions(
            columns=named,
            header=named is None,
            tree=settings.tree if suffix_of(file.path) == ".root" else "",
            aliases=settings.aliases,
            cut=settings.cut,
        ),
    )
    if not isinstance(table, Table):
        raise DataError(f"{file.path}: expected a table of events, got arrays.")
    has_lines = suffix_of(file.path) in _TEXT
    process = settings.process if settings.process in table.names else None
    columns = Columns(
        table=table,
        variables=_variables(table, settings),
        weight=settings.weight,
        process=process,
        event_number=settings.event_number,
        scale_factors=tuple(settings.scale_factors),
        first_line=0 if not has_lines else (1 if named is not None else 2),
    )
    for name in columns.needed:
        if name not in table.names:
            kind = "branch" if suffix_of(file.path) == ".root" else "column"
            raise DataError(
                f"{file.path}: expected the {kind} {name!r}, which is not there."
                f"{suggest(name, table.names)}"
            )
    return columns


def _variables(table: Table, settings: Settings) -> tuple[str, ...]:
    if settings.variables:
        return tuple(settings.variables)
    other = {settings.weight, settings.process, settings.event_number, *settings.scale_factors}
    return tuple(name for name in table.names if name not in other)


def _named_columns(path: Path, settings: Settings) -> tuple[str, ...] | None:
    """Names for the columns of a file without a header line; None for one that has names."""
    if suffix_of(path) not in _TEXT or settings.header == "yes":
        return None
    first = open_file(path, TableOptions(header=False))
    line = _first_row(first) if isinstance(first, Table) else []
    if settings.header == "auto" and not any(_is_number(text) for text in line):
        return None
    count = len(line) - 2
    if count < 1:
        raise DataError(
            f"{path}, line 1: expected variables, a weight and a process, got {len(line)} columns."
        )
    return (*_names(path, settings, count), settings.weight, settings.process)


def _names(path: Path, settings: Settings, count: int) -> tuple[str, ...]:
    if settings.variables:
        if len(settings.variables) != count:
            raise DataError(
                f"{path}, line 1: expected {len(settings.variables) + 2} columns (the variables, "
                f"the weight, the process), got {count + 2}."
            )
        return tuple(settings.variables)
    if count == len(PAGE_VARIABLES):
        return PAGE_VARIABLES
    return tuple(f"var{number + 1}" for number in range(count))


def _first_row(table: Table) -> list[str]:
    for batch in table.batches(table.names, 1):
        return [str(column[0].as_py()) for column in batch.columns]
    raise DataError(f"{table.path}: expected events, got an empty file.")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.lower() not in {"nan", "inf", "infinity"}
