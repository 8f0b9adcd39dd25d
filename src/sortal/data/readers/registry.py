"""Which reader opens which file, by the ending of its name."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

from sortal.data.readers.base import Arrays, Table
from sortal.errors import DataError, suggest

Opened: TypeAlias = Table | Arrays

_READERS = {
    ".csv": "delimited:DelimitedTable",
    ".csv.gz": "delimited:DelimitedTable",
    ".tsv": "delimited:DelimitedTable",
    ".tsv.gz": "delimited:DelimitedTable",
    ".parquet": "parquet:ParquetTable",
    ".pq": "parquet:ParquetTable",
    ".npz": "npz:open_npz",
    ".npy": "npy:open_npy",
    ".h5": "hdf5:open_hdf5",
    ".hdf5": "hdf5:open_hdf5",
}


def suffixes() -> tuple[str, ...]:
    """Endings that can be read."""
    return tuple(_READERS)


def suffix_of(path: Path) -> str:
    """The part of a file's name by which its reader is chosen, in lower case."""
    name = path.name.lower()
    compressed = name.endswith(".gz")
    ending = Path(name.removesuffix(".gz")).suffix
    return f"{ending}.gz" if compressed else ending


def open_file(path: Path) -> Opened:
    """Open a file with the reader that its name asks for.

    Raises:
        DataError: There is no such file, no reader for it, or it is not what its name says.
    """
    suffix = suffix_of(path)
    if suffix not in _READERS:
        raise DataError(f"{path}: no reader for {suffix!r} files.{suggest(suffix, _READERS)}")
    if not path.is_file():
        beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise DataError(f"{path}: there is no such file.{suggest(path.name, beside)}")
    module, opener = _READERS[suffix].split(":")
    # Each format's library is loaded when a file of that format is met.
    open_it: Callable[[Path], Opened] = getattr(
        import_module(f"sortal.data.readers.{module}"), opener
    )
    return open_it(path)
