"""Which files hold the events, what their columns are, and where in them something stands."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sortal.data.readers.base import Selection, Table, suffix_of
from sortal.data.readers.derived import DerivedTable
from sortal.data.readers.registry import TableOptions, open_file
from sortal.data.readers.text.delimited import line_of_row
from sortal.data.split import Part
from sortal.errors import DataError, suggest
from sortal.systems.cms.data.blanks import without_blanks
from sortal.systems.cms.data.text_form import FEWEST_COLUMNS, marked_header, refuse_wrong_separator
from sortal.systems.cms.settings import PAGE_VARIABLES, CMSSettings

PREFIXES = {Part.TRAIN: "train", Part.VALIDATION: "val", Part.TEST: "test"}
"""How the page's files of each part begin."""

NETWORK_FOLDER = "network"
"""Folder of a run's outputs that holds the trained network."""

_SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet", ".pq", ".root")
TEXT_SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFile:
    """A file of events of one kind."""

    path: Path
    is_signal: bool
    part: Part | None
    """The part that all its events belong to; None where they are divided later."""

    process: str
    """What its events are where no column says so: `sig` or `bkg`, or the name of the file."""


def find_files(settings: CMSSettings) -> list[EventFile]:
    """The files that hold the events, in the order of the page's scripts.

    Raises:
        DataError: A file is not there; all that are missing are told. A file is given twice.
    """
    if settings.signal_files:
        return _files_to_divide(settings)
    folder = Path(settings.data)
    if not folder.is_dir():
        raise DataError(
            f"{folder}: there is no such folder; expected train_sig.csv and its like in it."
        )
    kinds = [(part, prefix, kind) for part, prefix in PREFIXES.items() for kind in ("sig", "bkg")]
    found = {name: _in_forms(folder, name) for name in (f"{p}_{k}" for _, p, k in kinds)}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        strange = [path.name for path in folder.iterdir() if _stem(path) not in found]
        raise DataError(
            f"{', '.join(str(folder / f'{name}.csv') for name in missing)}: there is no such file, "
            f"in any of the forms {', '.join(_SUFFIXES)}.{suggest(f'{missing[0]}.csv', strange)}"
        )
    return [
        EventFile(path=path, is_signal=kind == "sig", part=part, process=kind)
        for part, prefix, kind in kinds
        if (path := found[f"{prefix}_{kind}"])
    ]


def _files_to_divide(settings: CMSSettings) -> list[EventFile]:
    """The files of signal, then those of background, each once."""
    found = [
        EventFile(path=path, is_signal=is_signal, part=None, process=_stem(path))
        for names, is_signal in ((settings.signal_files, True), (settings.background_files, False))
        for path in _given(names)
    ]
    # A path may be spelt in several ways, or be a link.
    counts = Counter(file.path.resolve() for file in found)
    for file in found:
        if (count := counts[file.path.resolve()]) > 1:
            raise DataError(
                f"{file.path}: expected each file once in signal_files and background_files, "
                f"got it {count} times."
            )
    return found


def _in_forms(folder: Path, name: str) -> Path | None:
    """The file of that name in one of the forms that can be read; None if there is none."""
    paths = [path for suffix in _SUFFIXES if (path := folder / f"{name}{suffix}").is_file()]
    if len(paths) > 1:
        both = " and ".join(path.name for path in paths)
        raise DataError(f"{folder}: expected one file {name}, got {both}.")
    return paths[0] if paths else None


def _given(names: Sequence[str]) -> list[Path]:
    """Files by their names; a pattern such as `samples/*.root` is all files that fit, sorted."""
    paths: list[Path] = []
    for name in names:
        path = Path(name)
        is_pattern = any(sign in path.name for sign in "*?[") and not path.exists()
        fitting = sorted(path.parent.glob(path.name)) if is_pattern else [path]
        if not fitting:
            raise DataError(f"{name}: no file fits this pattern.")
        paths += fitting
    absent = [path for path in paths if not path.is_file()]
    if absent:
        folder = absent[0].parent
        beside = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        raise DataError(
            f"{', '.join(map(str, absent))}: there is no such file."
            f"{suggest(absent[0].name, beside)}"
        )
    return paths


def _stem(path: Path) -> str:
    """A file's name without the ending that tells its form."""
    return path.name[: len(path.name) - len(suffix_of(path))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What the columns of a file are."""

    table: Table
    variables: tuple[str, ...]
    weight: str | None
    """None where every event has the weight 1."""

    process: str | None
    """None where no column holds it."""

    event_number: str | None
    scale_factors: tuple[str, ...]
    has_header: bool
    """Whether a line of column names comes first; of text alone."""

    @property
    def needed(self) -> tuple[str, ...]:
        """Every column to read, each once."""
        single = (self.weight, self.process, self.event_number)
        beside = [name for name in single if name is not None]
        return tuple(dict.fromkeys((*self.variables, *beside, *self.scale_factors)))

    def at(self, row: int) -> str:
        """Name the place of an event, counted from 0 among those of the table.

        Text has lines from 1, ROOT entries from 0, other files rows from 1. Reads the file anew.
        """
        table = self.table
        inside = table.row_in_file(row) if isinstance(table, Selection) else row
        return place_of(table.path, inside, has_header=self.has_header)


def place_of(path: Path, row: int, *, has_header: bool) -> str:
    """Name a file and the place of one of its rows, counted from 0 without a header line.

    Text has lines from 1, ROOT entries from 0, other files rows from 1. Reads text anew.
    """
    suffix = suffix_of(path)
    if suffix in TEXT_SUFFIXES:
        return f"{path}, line {line_of_row(path, row, has_header=has_header)}"
    return f"{path}, " + (f"entry {row}" if suffix == ".root" else f"row {row + 1}")


def open_columns(file: EventFile, settings: CMSSettings) -> Columns:
    """Open a file and find its columns.

    Raises:
        DataError: It cannot be read, or lacks a column; the text names the nearest ones.
    """
    named = named_columns(file.path, settings)
    plain = open_table(file.path, named, settings.tree)
    marked = marked_header(plain.names)
    aliases = {**marked, **settings.aliases}
    variables = _variables(_columns_in_order(plain.names, marked, settings.aliases), settings)
    table = without_blanks(plain, variables, aliases, settings.missing)
    if aliases or settings.cut:
        table = DerivedTable(table, aliases, settings.cut)
    process = settings.process if settings.process in table.names else None
    columns = Columns(
        table=table,
        variables=variables,
        weight=None if settings.unit_weights else settings.weight,
        process=process,
        event_number=settings.event_number,
        scale_factors=tuple(settings.scale_factors),
        has_header=named is None,
    )
    for name in columns.needed:
        if name not in table.names:
            kind = "branch" if suffix_of(file.path) == ".root" else "column"
            nearest = suggest(name, table.names)
            if name == settings.weight and "Did you mean" not in nearest:
                nearest += " --unit-weights gives every event the weight 1."
            raise DataError(
                f"{file.path}: expected the {kind} {name!r}, which is not there.{nearest}"
            )
    return columns


def open_table(path: Path, named: tuple[str, ...] | None, tree: str) -> Table:
    """Open a file as a table, as it is: without aliases or a cut.

    Args:
        path: The file.
        named: Names of the columns of a text file without a header line; None for others.
        tree: Tree of a ROOT file.

    Raises:
        DataError: It cannot be read, or holds no table.
    """
    is_root = suffix_of(path) == ".root"
    options = TableOptions(
        columns=named, header=named is None, tree=tree if is_root else "", is_strict=True
    )
    table = open_file(path, options)
    if not isinstance(table, Table):
        raise DataError(f"{path}: expected a table of events, got arrays.")
    return table


def _columns_in_order(
    names: Sequence[str], marked: Mapping[str, str], aliases: Mapping[str, str]
) -> tuple[str, ...]:
    """Columns of a file that have a name, the first of a header line with `#` under its own."""
    shown = [*marked, *names[1:]] if marked else names
    return tuple(dict.fromkeys((*(name for name in shown if name.strip()), *aliases)))


def _variables(names: Sequence[str], settings: CMSSettings) -> tuple[str, ...]:
    if settings.variables:
        return tuple(settings.variables)
    other = {settings.weight, settings.process, settings.event_number, *settings.scale_factors}
    return tuple(name for name in names if name not in other)


def named_columns(path: Path, settings: CMSSettings) -> tuple[str, ...] | None:
    """Names for the columns of a file without a header line; None for one that has names."""
    if suffix_of(path) not in TEXT_SUFFIXES:
        return None
    refuse_wrong_separator(path)
    if settings.header == "yes":
        return None
    first = open_file(path, TableOptions(header=False, is_strict=True))
    line = _first_row(first) if isinstance(first, Table) else []
    if settings.header == "auto" and not any(is_number(text or "") for text in line):
        return None
    if len(line) > FEWEST_COLUMNS and line[-1] is None:
        raise DataError(
            f"{path}, line 1: expected the process behind the last comma, got nothing; take the "
            "comma at the end of each line away."
        )
    if settings.unit_weights and len(line) == len(settings.variables) + 1:
        return (*settings.variables, settings.process)
    count = len(line) - 2
    if count < 1:
        raise DataError(
            f"{path}, line 1: expected variables, a weight and a process, got {len(line)} columns."
        )
    return (*_names(path, settings, count), settings.weight, settings.process)


def _names(path: Path, settings: CMSSettings, count: int) -> tuple[str, ...]:
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


def _first_row(table: Table) -> list[str | None]:
    for batch in table.batches(table.names, 1):
        return [column[0].as_py() for column in batch.columns]
    raise DataError(f"{table.path}: expected events, got an empty file.")


def is_number(text: str) -> bool:
    """Whether a text is a finite number."""
    try:
        float(text)
    except ValueError:
        return False
    return text.lower() not in {"nan", "inf", "infinity"}
