"""ROOT files: the columns of a TTree or an RNTuple, window by window.

uproot's own expressions and cuts are not used, here or elsewhere: it evaluates them as Python.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sortal.data.expressions.parse import BadExpression
from sortal.data.readers.base import Batch, Table
from sortal.data.readers.damaged import explain_damage, refuse_inflated
from sortal.data.readers.derived import DerivedTable, alias_option
from sortal.errors import DataError, MissingExtra, suggest

if TYPE_CHECKING:
    from sortal.data.readers.root.branch import BranchColumn

_TREES = ("TTree", "TNtuple", "TNtupleD", "ROOT::RNTuple")
_WINDOW_BYTES = 1 << 26
_ELEMENT = re.compile(r"(.+)\[(\d+)\]")


class RootTable:
    """A tree of a ROOT file; its columns keep their types.

    A branch that holds a list in each row has a name, but is refused where values are asked for.
    """

    has_lists = True

    def __init__(self, path: Path, *, tree: str = "") -> None:
        """Open a file.

        Args:
            path: The file.
            tree: Path of the tree, such as `folder/events` or `events;2`; the last cycle if none
                is named, and the only tree if empty.
        """
        self.path = path
        with _open(path) as file, explain_damage(path, "ROOT"):
            trees = dict(_trees(file))
        self._key = _chosen(path, trees, tree)
        self._is_tuple = "RNTuple" in trees[self._key]
        with _open(path) as file, explain_damage(path, "ROOT"):
            opened = file[self._key]
            found = opened.keys()
            self.aliases: Mapping[str, str] = dict(getattr(opened, "aliases", None) or {})
            """The tree's own aliases as they stand in the file: expressions by name."""
        # Unnamed collections of an RNTuple are its own affair.
        self.names = tuple(dict.fromkeys(name for name in found if not name.startswith("_")))

    def batches(self, names: Sequence[str], size: int) -> Iterator[Batch]:
        """Walk over some columns.

        Held are 64 MiB of them, or one batch if that is more, and of one branch at a time the
        blocks of the file that these touch; how large blocks are was the writer's choice.

        Args:
            names: Columns; also `NAME[k]` for element k, from 0, of a branch of lists, missing
                where a list is shorter.
            size: Most rows of a batch.
        """
        with _open(self.path) as file:
            with explain_damage(self.path, "ROOT"):
                tree = file[self._key]
                rows = int(tree.num_entries)
            refuse_inflated(self.path, f"tree {self._key!r}", rows, 0)
            columns = [self._column(tree, name) for name in names]
            for name, column in zip(names, columns, strict=True):
                row_bytes = int(min(column.branch.row_bytes, 2.0**62))
                refuse_inflated(self.path, f"branch {name!r}", rows, row_bytes)
            for start, stop in _windows(columns, rows, size):
                with explain_damage(self.path, "ROOT"):
                    read = [column.read(start, stop) for column in columns]
                    window = pa.RecordBatch.from_arrays(read, list(names))
                for first in range(0, stop - start, size):
                    yield window.slice(first, size)

    def _column(self, tree: Any, name: str) -> "BranchColumn":
        from sortal.data.readers.root.branch import (
            BranchColumn,
            BranchContent,
            TreeBranch,
            TupleField,
        )

        element = None if name in self.names else _ELEMENT.fullmatch(name)
        base = element[1] if element else name
        if base not in self.names:
            raise DataError(
                f"{self.path}: tree {self._key!r} has no branch {base!r}."
                f"{suggest(base, self.names)}"
            )
        with explain_damage(self.path, "ROOT"):
            branch = TupleField(tree[base]) if self._is_tuple else TreeBranch(tree[base])
        place = f"{self.path}: branch {base!r} of tree {self._key!r} holds"
        if element:
            if branch.holds is not BranchContent.LIST:
                raise DataError(f"{place} {branch.typename}, of which {name!r} is no element.")
            return BranchColumn(branch, int(element[2]))
        if branch.holds is BranchContent.LIST:
            raise DataError(
                f"{place} a list in each row ({branch.typename}), expected one value: take an "
                f"element with an alias, such as `{_simple(base)}_0: {base}[0]`, or write flat "
                "columns first."
            )
        if branch.holds is BranchContent.OTHER:
            raise DataError(f"{place} {branch.typename or 'parts'}, expected numbers or text.")
        return BranchColumn(branch, None)


def open_root(path: Path, *, tree: str = "") -> Table:
    """Open a ROOT file; aliases that its tree brings are columns too, after the branches.

    ROOT's own language is larger than ours: aliases that are no expression of ours, or that name
    what the tree has not, are no columns.

    Raises:
        DataError: It is no ROOT file, or not clear which tree is meant.
        MissingExtra: uproot is not installed.
    """
    table = RootTable(path, tree=tree)
    usable = dict(table.aliases)
    while usable:
        try:
            return DerivedTable(table, usable)
        except BadExpression as error:
            del usable[error.option.removeprefix(alias_option(""))]
    return table


def _open(path: Path) -> Any:
    if find_spec("uproot") is None or find_spec("awkward") is None:
        raise MissingExtra("reading ROOT files", "root")
    import uproot

    with explain_damage(path, "ROOT"):
        # Mapped, for other sources allocate whatever length a damaged file asks for.
        file = uproot.open(path, array_cache=None, handler=uproot.MemmapSource)
    here, whole = path.stat().st_size, int(file.file.fEND)
    if here < whole:
        file.close()
        raise DataError(f"{path}: breaks off, expected {whole} bytes, got {here}.")
    return file


def _trees(file: Any) -> Iterator[tuple[str, str]]:
    """Paths without the cycle of all trees, and `PATH;CYCLE` of those that are not the last."""
    kinds = file.classnames(recursive=True, cycle=True)
    last: dict[str, int] = {}
    for key, kind in kinds.items():
        path, cycle = key.rsplit(";", 1)
        if kind in _TREES:
            last[path] = max(last.get(path, 0), int(cycle))
    for key, kind in kinds.items():
        path, cycle = key.rsplit(";", 1)
        if kind in _TREES:
            yield (path if int(cycle) == last[path] else key), kind


def _chosen(path: Path, trees: Mapping[str, str], wanted: str) -> str:
    """Key of the tree that is wanted."""
    newest = [key for key in trees if ";" not in key]
    if not newest:
        raise DataError(f"{path}: expected a TTree or an RNTuple, the file has none.")
    if wanted:
        name, _, cycle = wanted.strip("/").partition(";")
        for key in (f"{name};{cycle}", name) if cycle else (name,):
            if key in trees:
                return key
        raise DataError(f"{path}: no tree named {wanted!r}.{suggest(wanted, trees)}")
    if len(newest) > 1:
        raise DataError(
            f"{path}: expected the name of a tree (`tree`), for the file has several: "
            f"{', '.join(newest)}."
        )
    return newest[0]


def _windows(columns: Sequence["BranchColumn"], rows: int, size: int) -> Iterator[tuple[int, int]]:
    """Pieces of the rows, ended where the blocks of all columns end if such a place is near."""
    row_bytes = sum(column.branch.row_bytes for column in columns)
    most = max(size, int(_WINDOW_BYTES / max(row_bytes, 1)))
    if columns:
        ends = reduce(np.intersect1d, [column.branch.offsets for column in columns])
    else:
        ends = np.empty(0, dtype=np.int64)
    start = 0
    while start < rows:
        near = ends[(ends > start) & (ends <= start + most)]
        stop = int(near[-1]) if len(near) else min(start + most, rows)
        yield start, stop
        start = stop


def _simple(name: str) -> str:
    return re.sub(r"\W", "_", name)
