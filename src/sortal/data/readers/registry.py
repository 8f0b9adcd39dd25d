"""Which reader opens which file, by the ending of its name, and which options a reader takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

from sortal.data.readers.base import Arrays, Table, suffix_of
from sortal.data.readers.text.options import TEXT_OPTIONS, TextOptions
from sortal.errors import DataError, suggest

Opened: TypeAlias = Table | Arrays


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOptions(TextOptions):
    """How to read a table where its file does not say it all, and what to make of its columns."""

    columns: tuple[str, ...] | None = None
    """Names of all columns of a text file without a header line, in order."""

    header: bool = True
    """Whether a text file begins with the names of its columns; false where `columns` names
    them. With neither they are named `c1`, `c2`, ..."""

    kept: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Words by a column of a text file in which they are values, although elsewhere they mean that
    a value is missing: `{"zone": ("NA",)}`."""

    tree: str = ""
    """Path of a tree in a ROOT file; needed where a file holds several."""

    aliases: Mapping[str, str] = field(default_factory=dict)
    """Columns to add or to replace, each an expression over the file's columns and other aliases
    (`sortal.data.expressions.parse`)."""

    cut: str = ""
    """Expression that rows must fulfil to be read; all rows if empty."""


@dataclass(frozen=True, slots=True)
class ReaderEntry:
    """Where the reader of a format is, and which options it takes."""

    opener: str
    """Module and function or class."""

    takes: tuple[str, ...] = ()
    """Options that it takes, beside those of any table."""

    is_text: bool = False
    """Whether it also takes the options of text, as one value."""

    table: bool = True
    """Whether files may hold a table."""


_INTERNAL = ("kept", "words", "features", "is_strict")
"""Options that no user gives: they may go to any reader, and only that of text uses them."""
_TEXT = ReaderEntry(
    "text.delimited:DelimitedTable", takes=("columns", "header", "kept"), is_text=True
)
_PARQUET = ReaderEntry("parquet:ParquetTable")
_HDF5 = ReaderEntry("hdf5.arrays:open_hdf5", table=False)
_READERS = {
    ".csv": _TEXT,
    ".csv.gz": _TEXT,
    ".tsv": _TEXT,
    ".tsv.gz": _TEXT,
    ".txt": _TEXT,
    ".txt.gz": _TEXT,
    ".dat": _TEXT,
    ".dat.gz": _TEXT,
    ".parquet": _PARQUET,
    ".pq": _PARQUET,
    ".root": ReaderEntry("root.table:open_root", takes=("tree",)),
    ".npz": ReaderEntry("numpy_files.npz:open_npz", table=False),
    ".npy": ReaderEntry("numpy_files.npy:open_npy"),
    ".h5": _HDF5,
    ".hdf5": _HDF5,
}
_OF_ANY_TABLE = ("aliases", "cut")
_OF_ANY_FILE = ("missing", *_INTERNAL)
_SHEET = "save the sheet as CSV"
_PANDAS = "read it with pandas and write it with `to_parquet`"
_CURES = {
    ".xlsx": _SHEET,
    ".xls": _SHEET,
    ".ods": _SHEET,
    ".feather": _PANDAS,
    ".arrow": _PANDAS,
    ".ipc": _PANDAS,
    ".json": _PANDAS,
    ".jsonl": _PANDAS,
    ".sav": _PANDAS,
    ".dta": _PANDAS,
    ".sas7bdat": _PANDAS,
    ".pkl": _PANDAS,
    ".pickle": _PANDAS,
    ".fits": "read it with astropy and write its table as CSV",
    ".arff": "delete the lines that begin with `@` and name it .csv, its columns in `columns`",
    ".ts": "read it with aeon and save its series as a .npz file with an array `signal`",
    ".zip": "unpack it",
    ".bz2": "unpack it, or compress it as .gz",
    ".xz": "unpack it, or compress it as .gz",
    ".zst": "unpack it, or compress it as .gz",
}
"""How to convert what no reader knows, by the ending."""
PLAIN = TableOptions()
"""No option is given."""


def suffixes() -> tuple[str, ...]:
    """Endings that can be read."""
    return tuple(_READERS)


def unused_options(path: Path, options: TableOptions) -> tuple[str, ...]:
    """Options that are given and that the reader of a file does not use."""
    reader = _READERS.get(suffix_of(path), ReaderEntry(""))
    accepted = {*reader.takes, *_OF_ANY_FILE, *(_OF_ANY_TABLE if reader.table else ())}
    if reader.is_text:
        accepted |= {*TEXT_OPTIONS}
    given = [one.name for one in fields(options) if _is_given(options, one.name)]
    return tuple(name for name in given if name not in accepted)


def suggest_reader(suffix: str) -> str:
    """What to do with a file that no reader knows; empty where nothing can be said."""
    return _CURES.get(suffix.removesuffix(".gz"), "")


def open_file(path: Path, options: TableOptions = PLAIN) -> Opened:
    """Open a file with the reader that its name asks for.

    >>> options = TableOptions(columns=("pt", "weight"), cut="pt > 30")  # no header line
    >>> table = open_file(Path("signal.csv"), options)                   # doctest: +SKIP
    >>> for batch in table.batches(["pt", "weight"], 50_000): ...        # doctest: +SKIP

    Args:
        path: The file.
        options: What the file does not say itself.

    Raises:
        DataError: There is no such file, no reader for it, it is not what its name says, an
            option has no effect on such files, or an expression cannot be used.
        MissingExtra: A package that reads such files is not installed.
    """
    suffix = suffix_of(path)
    if suffix not in _READERS:
        hint = (
            f" To use it, {cure}."
            if (cure := suggest_reader(suffix))
            else suggest(suffix, _READERS)
        )
        listed = ", ".join(_READERS)
        raise DataError(f"{path}: no reader for {suffix!r} files, only for {listed}.{hint}")
    if not is_file(path):
        raise DataError(f"{path}: there is no such file.{suggest(path.name, names_beside(path))}")
    useless = unused_options(path, options)
    if useless:
        raise DataError(f"{path}: {useless[0]!r} has no effect on {suffix} files.")
    reader = _READERS[suffix]
    given = {name: getattr(options, name) for name in reader.takes}
    if reader.is_text:
        given["text"] = options
    opened = _loaded(reader.opener)(path, **given)
    if options.missing is not None and isinstance(opened, Table):
        from sortal.data.readers.missing import mask_table

        opened = mask_table(opened, options.missing)
    if not any(_is_given(options, name) for name in _OF_ANY_TABLE):
        return opened
    if not isinstance(opened, Table):
        raise DataError(f"{path}: aliases and a cut need a table, and this file holds one array.")
    from sortal.data.readers.derived import DerivedTable

    return DerivedTable(opened, options.aliases, options.cut)


def is_file(path: Path) -> bool:
    """Whether a path, of any length and any characters, leads to a file."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        # A name that is too long for the system, or that it cannot write, names nothing.
        return False


def names_beside(path: Path) -> list[str]:
    """Names of what lies in the folder of a path; none where the folder cannot be listed."""
    try:
        return [one.name for one in path.parent.iterdir()]
    except (OSError, ValueError):
        return []


def _loaded(opener: str) -> Callable[..., Opened]:
    """Each format's library is loaded when a file of that format is met."""
    module, name = opener.split(":")
    found: Callable[..., Opened] = getattr(import_module(f"sortal.data.readers.{module}"), name)
    return found


def _is_given(options: TableOptions, name: str) -> bool:
    return bool(getattr(options, name) != getattr(PLAIN, name))
