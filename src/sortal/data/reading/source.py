"""Where examples come from: the files, or the named data set, that a job's `data.source` means."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from sortal.data.expressions.parse import BadExpression
from sortal.data.readers.base import MISSING, Arrays, Batch, Table, suffix_of
from sortal.data.readers.derived import DerivedTable
from sortal.data.readers.missing import mask_table
from sortal.data.readers.named import LoadedDataset, load_named, named_datasets
from sortal.data.readers.registry import (
    PLAIN,
    TableOptions,
    is_file,
    names_beside,
    open_file,
    suffixes,
    suggest_reader,
    unused_options,
)
from sortal.data.split import Part
from sortal.errors import DataError
from sortal.job.models import DataBlock, PartFiles
from sortal.job.positions import dotted
from sortal.job.problems import JobError, Problem

_CLASS = "class"
_NAMED_PREFIX = "named:"
_DELIMITER_NAMES = {"tab": "\t", "\\t": "\t", "space": " "}


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSource:
    """Opened files of one kind, in the order in which they are read."""

    name: str
    files: tuple[Table, ...] | tuple[Arrays, ...]
    parts: tuple[Part, ...] = ()
    """The part that each file's examples belong to; empty if files say nothing of it."""

    label: str | None = None
    """Column of the class if the job names none."""

    classes: tuple[str, ...] | None = None
    """Order of the classes if the job gives none; None for sorted."""


class NamedTable:
    """A named data set as a table whose column `class` is the label."""

    def __init__(self, name: str, loaded: LoadedDataset) -> None:
        self.path = Path(name)
        self.names: tuple[str, ...] = (*loaded.feature_names, _CLASS)
        columns = [pa.array(column) for column in loaded.features.T.copy()]
        self._table = pa.RecordBatch.from_arrays(
            [*columns, pa.array(loaded.labels)], list(self.names)
        )

    def batches(self, names: Sequence[str], size: int) -> Iterator[Batch]:
        """Walk over some columns."""
        for start in range(0, len(self._table), size):
            yield self._table.slice(start, size).select(list(names))


def table_options(block: DataBlock) -> TableOptions:
    """What a job says of how its files are to be read."""
    names = block.columns
    group, division = block.group, getattr(block.split, "column", None)
    single = (block.label if isinstance(block.label, str) else None, block.id, group)
    words = (*single, division if block.split.kind == "column" else None, *block.exclude)
    return TableOptions(
        columns=tuple(names) if isinstance(names, list) else None,
        header=names is None,
        kept=_kept(block),
        tree=block.tree or "",
        aliases=block.aliases,
        cut=block.cut or "",
        delimiter=_DELIMITER_NAMES.get(block.delimiter or "", block.delimiter),
        decimal=block.decimal,
        thousands=block.thousands,
        encoding=block.encoding,
        comment=block.comment,
        missing=None if block.missing is None else tuple(block.missing),
        words=tuple(word for word in words if word is not None),
    )


def _kept(block: DataBlock) -> dict[str, tuple[str, ...]]:
    """Words that the job calls classes, although they are among those that mean a missing value."""
    words = tuple(one for one in block.classes or () if isinstance(one, str) and one in MISSING)
    return {block.label: words} if words and isinstance(block.label, str) else {}


def find_source(
    given: str | list[str] | PartFiles, folder: Path, options: TableOptions = PLAIN
) -> DataSource:
    """Open what `data.source` names.

    Args:
        given: The job's `data.source`.
        folder: Paths are relative to it.
        options: How the files are to be read.

    Raises:
        JobError: A file or named data set does not exist, or a name's ending is unknown, all at
            once; an option has no effect on a file; or an expression cannot be used.
        DataError: A file is not what its name says.
    """
    places = _places(given)
    _refuse_absent(places, folder)
    if _is_named(places, folder):
        name = places[0].text
        loaded = load_named(name)
        _refuse_useless([Path(name)], options)
        return DataSource(
            name=name,
            files=(_derived(NamedTable(name, loaded), options),),
            label=_CLASS,
            classes=loaded.class_names,
        )
    _refuse_useless([folder / place.text for place in places], options)
    with _placed_expressions():
        opened = [open_file(folder / place.text, options) for place in places]
    parts = tuple(place.part for place in places if place.part)
    first = Path(places[0].text)
    name = first.name[: -len(suffix_of(first))]
    tables = tuple(file for file in opened if isinstance(file, Table))
    arrays = tuple(file for file in opened if isinstance(file, Arrays))
    if tables and arrays:
        raise DataError(
            f"files of one data set must be of one kind: {tables[0].path} is a table, "
            f"{arrays[0].path} holds arrays."
        )
    if tables:
        return DataSource(name=name, files=tables, parts=parts)
    return DataSource(name=name, files=arrays, parts=parts, label="labels")


def _derived(table: Table, options: TableOptions) -> Table:
    if options.missing is not None:
        table = mask_table(table, options.missing)
    if not options.aliases and not options.cut:
        return table
    with _placed_expressions():
        return DerivedTable(table, options.aliases, options.cut)


def _refuse_useless(paths: Sequence[Path], options: TableOptions) -> None:
    """Refuse options that some file cannot heed."""
    found = [(name, path) for path in paths for name in unused_options(path, options)]
    # Without a header line is what a job calls `columns: numbered`.
    keys = {"header": "columns"}
    problems = dict(_contradicting_marks(options)) | {
        name: Problem(
            path=f"data.{keys.get(name, name)}",
            expected=f"nothing, for it has no effect on {path.name}",
            got="a value",
        )
        for name, path in reversed(found)
    }
    if problems:
        raise JobError(list(problems.values()))


def _contradicting_marks(options: TableOptions) -> Iterator[tuple[str, Problem]]:
    """The problem of one mark that is to stand before fractions and between thousands."""
    if options.decimal is not None and options.thousands == options.decimal:
        yield (
            "thousands",
            Problem(
                path="data.thousands",
                expected="another mark than data.decimal",
                got=repr(options.thousands),
            ),
        )


@contextmanager
def _placed_expressions() -> Iterator[None]:
    """Tell a bad expression as a problem of the line that it stands in."""
    try:
        yield
    except BadExpression as error:
        path = dotted(["data", *error.option.split(".", 1)])
        problem = Problem(path=path, expected=error.expected, got=error.got, nearest=error.nearest)
        raise JobError([problem]) from error


READING_RULES = 3
"""The version of the rules by which files are read. Raised when a file that has not changed would now become
another dataset: 1 counted typed words such as `NA` as missing, merged `007` with `7`, and rounded whole numbers
of cuts; 2 shifted columns where a name of `columns` was forgotten, took a quote within a field for one that opens
it, left rows out that begin with `#`, did not take missing numbers out of bytes and of aliases that a ROOT tree brings, and did not find the names in a
comment above columns with gaps."""


def signature(given: str | list[str] | PartFiles, folder: Path) -> list[tuple[str, int, int]]:
    """Path, size [bytes] and time of change [ns] of each file, or a named data set's version."""
    places = _places(given)
    _refuse_absent(places, folder)
    if _is_named(places, folder):
        from importlib.metadata import version

        return [(f"{_NAMED_PREFIX}{places[0].text} {version('scikit-learn')}", 0, 0)]
    paths = [(folder / place.text).resolve() for place in places]
    stats = [path.stat() for path in paths]
    return [
        (str(path), stat.st_size, stat.st_mtime_ns) for path, stat in zip(paths, stats, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Place:
    text: str
    key: str
    """Where the job says so, such as `data.source[1]`."""

    part: Part | None = None


def _places(given: str | list[str] | PartFiles) -> list[_Place]:
    if isinstance(given, PartFiles):
        return [
            _Place(place.text, place.key, part)
            for part in Part
            if (files := getattr(given, part.value)) is not None
            for place in _numbered(files, f"data.source.{part}")
        ]
    return _numbered(given, "data.source")


def _numbered(given: str | list[str], key: str) -> list[_Place]:
    if isinstance(given, str):
        return [_Place(given, key)]
    return [_Place(text, f"{key}[{number}]") for number, text in enumerate(given)]


def _is_named(places: list[_Place], folder: Path) -> bool:
    """Whether the source is a named data set; a file of the same name comes first."""
    first = places[0]
    names = [one.name for one in named_datasets()]
    alone = len(places) == 1 and first.part is None
    return alone and first.text in names and not is_file(folder / first.text)


def _refuse_absent(places: list[_Place], folder: Path) -> None:
    if _is_named(places, folder):
        return
    problems = [found for place in places if (found := _absence(place, folder)) is not None]
    if problems:
        raise JobError(problems)


def _absence(place: _Place, folder: Path) -> Problem | None:
    path = folder / place.text
    known = suffix_of(path) in suffixes()
    if is_file(path) and known:
        return None
    if is_file(path):
        listed = ", ".join(suffixes())
        return Problem(
            path=place.key,
            expected=f"a file that ends in one of {listed}",
            got=repr(place.text)
            + (f" ({cure})" if (cure := suggest_reader(suffix_of(path))) else ""),
        )
    beside = names_beside(path)
    named = [] if place.part else [one.name for one in named_datasets()]
    return Problem(
        path=place.key,
        expected=f"a file in {folder} or the name of a data set"
        if named
        else f"a file in {folder}",
        got=f"{place.text!r}, which is neither" if named else f"{place.text!r}, which is not there",
        nearest=nearest(path.name, [*beside, *named]),
    )


def nearest(name: str, known: list[str]) -> str:
    """The one known name nearest to a wrong one; empty if none is near."""
    from difflib import get_close_matches

    found = get_close_matches(name, known, n=1, cutoff=0.6)
    return found[0] if found else ""
