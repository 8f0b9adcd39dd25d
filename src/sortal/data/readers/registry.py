"""Which reader opens which file, by the ending of its name, and what a reader may be told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

from sortal.data.readers.base import Arrays, Table
from sortal.errors import DataError, suggest

Opened: TypeAlias = Table | Arrays


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOptions:
    """How to read a table where its file does not say it all, and what to make of its columns."""

    columns: tuple[str, ...] | None = None
    """Names of all columns of a text file without a header line, in order."""

    header: bool = True
    """Whether a text file begins with the names of its columns; false where `columns` names
    them. With neither they are named `c1`, `c2`, ..."""

    tree: str = ""
    """Path of a tree in a ROOT file; needed where a file holds several."""

    aliases: Mapping[str, str] = field(default_factory=dict)
    """Columns to add or to replace, each an expression over the file's columns and other aliases
    (`sortal.data.readers.expression`)."""

    cut: str = ""
    """Expression that rows must fulfil to be read; all rows if empty."""


@dataclass(frozen=True, slots=True)
class _Reader:
    opener: str
    """Module and function or class."""

    takes: tuple[str, ...] = ()
    """Options that it is told, beside those of any table."""

    table: bool = True
    """Whether files may hold a table."""


_TEXT = _Reader("delimited:DelimitedTable", takes=("columns", "header"))
_PARQUET = _Reader("parquet:ParquetTable")
_HDF5 = _Reader("hdf5:open_hdf5", table=False)
_READERS = {
    ".csv": _TEXT,
    ".csv.gz": _TEXT,
    ".tsv": _TEXT,
    ".tsv.gz": _TEXT,
    ".parquet": _PARQUET,
    ".pq": _PARQUET,
    ".root": _Reader("root:open_root", takes=("tree",)),
    ".npz": _Reader("npz:open_npz", table=False),
    ".npy": _Reader("npy:open_npy"),
    ".h5": _HDF5,
    ".hdf5": _HDF5,
}
_OF_ANY_TABLE = ("aliases", "cut")
PLAIN = TableOptions()
"""Nothing said."""


def suffixes() -> tuple[str, ...]:
    """Endings that can be read."""
    return tuple(_READERS)


def suffix_of(path: Path) -> str:
    """The part of a file's name by which its reader is chosen, in lower case."""
    name = path.name.lower()
    compressed = name.endswith(".gz")
    ending = Path(name.removesuffix(".gz")).suffix
    return f"{ending}.gz" if compressed else ending


def useless_options(path: Path, options: TableOptions) -> tuple[str, ...]:
    """Options that are given and that say nothing to the reader of a file."""
    reader = _READERS.get(suffix_of(path), _Reader(""))
    heard = (*reader.takes, *(_OF_ANY_TABLE if reader.table else ()))
    given = [one.name for one in fields(options) if _is_given(options, one.name)]
    return tuple(name for name in given if name not in heard)


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
        raise DataError(f"{path}: no reader for {suffix!r} files.{suggest(suffix, _READERS)}")
    if not is_file(path):
        raise DataError(f"{path}: there is no such file.{suggest(path.name, names_beside(path))}")
    useless = useless_options(path, options)
    if useless:
        raise DataError(f"{path}: {useless[0]!r} has no effect on {suffix} files.")
    reader = _READERS[suffix]
    opened = _loaded(reader.opener)(path, **{name: getattr(options, name) for name in reader.takes})
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
