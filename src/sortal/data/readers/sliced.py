"""Arrays that can be sliced: what the readers of npz, npy and HDF5 have in common."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from sortal.data.inputs import Array, Ragged
from sortal.data.readers.base import OFFSETS
from sortal.errors import DataError

NOTHING: Mapping[str, str] = MappingProxyType({})


class SlicedArrays:
    """Named arrays behind one function that cuts a piece out of one of them."""

    def __init__(
        self,
        path: Path,
        shapes: Mapping[str, tuple[int, ...]],
        cut: Callable[[str, slice], np.ndarray],
        refused: Mapping[str, str] = NOTHING,
    ) -> None:
        """Take a library's arrays; `refused` holds the reason why an array is not read, by its name."""
        self.path = path
        self._shapes = shapes
        self._refused = refused
        self._cut = cut
        self._ragged = {name for name in shapes if shapes[name] and f"{name}{OFFSETS}" in shapes}
        parts = {f"{name}{OFFSETS}" for name in self._ragged}
        # A single value, such as a version, has no examples: it is no array of theirs.
        named = (name for name, shape in shapes.items() if shape and name not in parts)
        self.names = (*named, *refused)

    def length(self, name: str) -> int:
        """Examples of one array."""
        if name in self._refused:
            raise DataError(self._refused[name])
        if name in self._ragged:
            offsets = self._shapes[f"{name}{OFFSETS}"]
            if len(offsets) != 1 or not offsets[0]:
                raise self._bad_offsets(name)
            return offsets[0] - 1
        return self._shapes[name][0]

    def whole(self, name: str) -> Array:
        """One array with all its examples."""
        return self._piece(name, 0, self.length(name))

    def blocks(self, names: Sequence[str], size: int) -> Iterator[Mapping[str, Array]]:
        """Walk over some arrays; those of another length than the first are refused."""
        lengths = {name: self.length(name) for name in names}
        count = max(lengths.values(), default=0)
        for name, length in lengths.items():
            if length != count:
                raise DataError(
                    f"{self.path}: array {name!r} has {length} examples, others have {count}."
                )
        for start in range(0, count, size):
            stop = min(start + size, count)
            yield {name: self._piece(name, start, stop) for name in names}

    def _piece(self, name: str, start: int, stop: int) -> Array:
        if name not in self._ragged:
            return self._plain(name, slice(start, stop))
        offsets = self._plain(f"{name}{OFFSETS}", slice(start, stop + 1))
        points = self._shapes[name][0]
        if (
            offsets.dtype.kind not in "iu"
            or offsets.ndim != 1
            or (np.diff(offsets.astype(np.int64)) < 0).any()
            or offsets[-1] > points
            or offsets[0] < 0
            or (start == 0 and offsets[0] != 0)
            or (stop == self.length(name) and offsets[-1] != points)
        ):
            raise self._bad_offsets(name)
        offsets = offsets.astype(np.int64)
        values = self._plain(name, slice(int(offsets[0]), int(offsets[-1])))
        return Ragged(values, offsets - offsets[0])

    def _bad_offsets(self, name: str) -> DataError:
        points = self._shapes[name][0]
        return DataError(
            f"{self.path}: {name}{OFFSETS} must rise from 0 to the {points} points of {name}."
        )

    def _plain(self, name: str, rows: slice) -> np.ndarray:
        try:
            return self._cut(name, rows)
        except (OSError, ValueError, EOFError) as error:
            raise DataError(f"{self.path}: array {name!r} cannot be read ({error}).") from error


def refuse_objects(path: Path, name: str, dtype: np.dtype[Any]) -> None:
    """Refuse arrays of Python objects: reading them would run code that the file brings."""
    if dtype.hasobject:
        raise DataError(
            f"{path}: array {name!r} holds Python objects, which are never read; "
            "save it as numbers or as fixed-width text (array.astype(str))."
        )
