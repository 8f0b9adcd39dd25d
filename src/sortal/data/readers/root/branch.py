"""One branch of a TTree, or one field of an RNTuple, as a column of values."""

from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

import awkward as ak
import numpy as np
import pyarrow as pa
from uproot.interpretation.jagged import AsJagged
from uproot.interpretation.numerical import Numerical
from uproot.interpretation.strings import AsStrings

from sortal.data.readers.numpy_files.npy import as_column


class BranchContent(Enum):
    """What a row of a branch is."""

    VALUE = "a number"
    TEXT = "a text"
    LIST = "a list of numbers"
    OTHER = "something else"


class RootBranch(Protocol):
    """A branch of either kind of tree."""

    holds: BranchContent
    typename: str
    """The type as the file has it."""

    offsets: np.ndarray
    """Rows at which its blocks on disk begin, and the number of rows."""

    row_bytes: float
    """Roughly what a row takes in memory [bytes]."""

    def values(self, start: int, stop: int) -> Any:
        """Rows as an awkward array, or as one of NumPy where it can hold them."""
        ...


@dataclass(frozen=True, slots=True)
class BranchColumn:
    """A branch, or one element of each of its lists."""

    branch: RootBranch
    element: int | None

    def read(self, start: int, stop: int) -> pa.Array:
        """Rows as an Arrow column: numbers of the branch's own type, text, null where none is."""
        values = self.branch.values(start, stop)
        if self.branch.holds is BranchContent.TEXT:
            return pa.array(values.to_list(), pa.string())
        if self.element is not None:
            values = ak.pad_none(values, self.element + 1, axis=1)[:, self.element]
        numbers = ak.to_numpy(values, allow_missing=True)
        if isinstance(numbers, np.ma.MaskedArray):
            missing = np.ma.getmaskarray(numbers)
            return pa.array(np.ascontiguousarray(numbers.data), mask=missing)
        # A copy, for the window would keep alive the whole block that it is a piece of.
        return as_column(np.array(numbers))


class TreeBranch:
    """A branch of a TTree."""

    def __init__(self, branch: Any) -> None:
        self._branch = branch
        self.holds = _kept_in_tree(branch.interpretation)
        self.typename = str(branch.typename)
        self.offsets = np.asarray(branch.entry_offsets, dtype=np.int64)
        declared = branch.uncompressed_bytes / max(1, branch.num_entries)
        self.row_bytes = max(declared, float(_fixed_bytes(branch.interpretation)))

    def values(self, start: int, stop: int) -> Any:
        """Rows as an awkward array."""
        return self._branch.array(
            entry_start=start, entry_stop=stop, library="ak", array_cache=None
        )


class TupleField:
    """A field of an RNTuple."""

    def __init__(self, field: Any) -> None:
        self._field = field
        form, path = field.to_akform()
        for name in path or ():
            form = form.content(name)
        self.holds = _kept_in_tuple(form)
        self.typename = str(field.typename)
        clusters = field.ntuple.cluster_summaries
        starts = [cluster.num_first_entry for cluster in clusters]
        self.offsets = np.array([*starts, field.ntuple.num_entries], dtype=np.int64)
        self.row_bytes = (
            float(form.itemsize) if self.holds is BranchContent.VALUE and form.is_numpy else 16.0
        )

    def values(self, start: int, stop: int) -> Any:
        """Rows as an awkward array."""
        return self._field.array(entry_start=start, entry_stop=stop, library="ak", array_cache=None)


def _kept_in_tree(kind: Any) -> BranchContent:
    if isinstance(kind, AsStrings):
        return BranchContent.TEXT
    if isinstance(kind, AsJagged):
        inner = kind.content
        plain = isinstance(inner, Numerical) and _is_number(inner) and not inner.inner_shape
        return BranchContent.LIST if plain else BranchContent.OTHER
    if isinstance(kind, Numerical) and _is_number(kind):
        shape = kind.inner_shape
        return (
            BranchContent.VALUE
            if not shape
            else BranchContent.LIST
            if len(shape) == 1
            else BranchContent.OTHER
        )
    return BranchContent.OTHER


def _fixed_bytes(kind: Any) -> int:
    """What a row takes whose numbers are always as many; 0 where their number differs [bytes]."""
    return int(np.dtype(kind.numpy_dtype).itemsize) if isinstance(kind, Numerical) else 0


def _is_number(kind: Numerical) -> bool:
    return np.dtype(kind.numpy_dtype).base.kind in "biuf"


def _kept_in_tuple(form: Any) -> BranchContent:
    inner = form.content if form.is_option else form
    if inner.parameter("__array__") == "string":
        return BranchContent.TEXT
    if inner.is_numpy and not inner.inner_shape:
        return BranchContent.VALUE
    if inner.is_list and inner.content.is_numpy and inner.content.parameter("__array__") is None:
        return BranchContent.LIST
    return BranchContent.OTHER
