"""HDF5 files: named datasets at the top or one group deep, sliced block by block.

The file is read by a process of its own (`hdf5_child`), for libhdf5 may crash on damaged bytes or never
come back. Nothing outside the file is opened.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sortal.data.readers.damaged import refuse_inflated
from sortal.data.readers.hdf5 import reader_process as hdf5_child
from sortal.data.readers.sliced import SlicedArrays
from sortal.data.storage.spill import allocate
from sortal.errors import DataError


@dataclass(frozen=True, slots=True)
class _Dataset:
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    """Type of the numbers; it has no meaning for text."""

    is_text: bool


def open_hdf5(path: Path) -> SlicedArrays:
    """Open an HDF5 file; a dataset `x` in a group `g` is named `g/x`.

    A dataset whose values cannot be had, or lie in another file, has a name, but is refused where
    its values are asked for.

    Raises:
        DataError: It is not an HDF5 file, or is damaged.
    """
    about, _ = hdf5_child.ask(path, do="tree")
    listed: Mapping[str, Mapping[str, Any]] = about["datasets"]
    refused = {
        name: f"{path}: dataset {name!r} {one['refused']}."
        for name, one in listed.items()
        if "refused" in one
    }
    size = path.stat().st_size
    found = {
        name: _described(path, name, one, size)
        for name, one in listed.items()
        if name not in refused
    }

    def cut(name: str, rows: slice) -> np.ndarray:
        dataset = found[name]
        start, stop, _ = rows.indices(dataset.shape[0])
        if dataset.is_text:
            return _texts(path, name, dataset, start, max(start, stop))
        return _numbers(path, name, dataset, start, max(start, stop))

    shapes = {name: dataset.shape for name, dataset in found.items()}
    return SlicedArrays(path, shapes, cut, refused)


def _described(path: Path, name: str, about: Mapping[str, Any], size: int) -> _Dataset:
    shape, dtype = tuple(map(int, about["shape"])), np.dtype(about["dtype"])
    if shape:
        row_bytes = 0 if about["text"] else math.prod(shape[1:]) * dtype.itemsize
        refuse_inflated(path, f"dataset {name!r}", shape[0], row_bytes, size)
        refuse_inflated(path, f"a chunk of dataset {name!r}", 1, int(about["chunk"]), size)
    return _Dataset(shape, dtype, bool(about["text"]))


def _numbers(path: Path, name: str, dataset: _Dataset, start: int, stop: int) -> np.ndarray:
    array = allocate((stop - start, *dataset.shape[1:]), dataset.dtype)
    whole = array.reshape(-1).view(np.uint8).data
    row_bytes = len(whole) // max(1, stop - start)
    at = start
    while at < stop and array.size:
        place = whole[(at - start) * row_bytes :]
        about, content = hdf5_child.ask(path, place, do="read", name=name, start=at, stop=stop)
        _refuse_changed(path, name, about)
        if (
            content
            or not at < about["stop"] <= stop
            or about["bytes"] != (about["stop"] - at) * row_bytes
        ):
            raise DataError(f"{path}: dataset {name!r} changed while it was read.")
        at = int(about["stop"])
    return array


def _texts(path: Path, name: str, dataset: _Dataset, start: int, stop: int) -> np.ndarray:
    texts, longest, at = list[str](), 0, start
    size = path.stat().st_size
    while at < stop:
        about, content = hdf5_child.ask(path, do="read", name=name, start=at, stop=stop)
        _refuse_changed(path, name, about)
        piece: list[str] = json.loads(content)
        longest = max(longest, *map(len, piece), 0) if piece else longest
        # Each text may be the same long piece of the file.
        refuse_inflated(path, f"dataset {name!r}", len(texts) + len(piece), 4 * longest, size)
        texts += piece
        at = int(about["stop"])
    return np.array(texts, dtype=str).reshape(stop - start, *dataset.shape[1:])


def _refuse_changed(path: Path, name: str, about: Mapping[str, Any]) -> None:
    if "refused" in about:
        raise DataError(f"{path}: dataset {name!r} {about['refused']}.")
