"""Read whole files of arrays: each array is an input, or a column beside the inputs."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sortal.data.gathered import (
    Gathered,
    Places,
    chunked,
    infinite_note,
    no_signals,
    refuse_empty,
    refuse_lacking,
    settled,
)
from sortal.data.inputs import Array, Ragged
from sortal.data.readers.base import NAMES, Arrays
from sortal.data.readers.missing import blanked, blanked_array
from sortal.data.readers.npy import as_column
from sortal.data.roles import Roles
from sortal.data.shape import as_input, column_names, is_signal
from sortal.data.spill import room
from sortal.data.texts import BadValue
from sortal.errors import DataError
from sortal.job.models import DataBlock


def gather_arrays(files: Sequence[Arrays], roles: Roles, block: DataBlock) -> Gathered:
    """Read files of arrays one after another; each array in `roles.inputs` is an input.

    Raises:
        DataError: Arrays differ in length or shape, hold no numbers, or hold infinite ones.
        JobError: `data.length` is given and there is no signal.
    """
    places, counts = Places(), list[int]()
    pieces: dict[str, list[Array]] = {name: [] for name in roles.inputs}
    beside: dict[str, list[Any]] = {name: [] for name in roles.beside}
    missing = None if block.missing is None else tuple(block.missing)
    for file in files:
        refuse_lacking(file, files[0], (*roles.inputs, *roles.beside))
        places.files.append(file)
        places.starts.append(sum(counts))
        counts.append(_examples(file, (*roles.beside, *roles.inputs)))
        for name, arrays in pieces.items():
            whole_array = blanked_array(file.whole(name), missing)
            arrays.append(as_input(name, whole_array, block.length))
        for name, chunks in beside.items():
            chunks.append(blanked(_flat_column(file, name), missing))
    refuse_empty(files, sum(counts))
    inputs, infinite = {}, 0
    names = {}
    for name, arrays in pieces.items():
        whole = _concatenated(name, arrays)
        names[name] = column_names(name, whole, given_names(files[0], name))
        inputs[name], changed = settled(
            whole, names[name] or (name,), places, 0, refuse=block.infinite == "error"
        )
        infinite += changed
    if block.length is not None and not any(is_signal(n, a) for n, a in inputs.items()):
        raise no_signals()
    return Gathered(
        inputs=inputs,
        names=names,
        columns={name: chunked(chunks) for name, chunks in beside.items()},
        places=places,
        counts=counts,
        notes=list(infinite_note(infinite)),
    )


def given_names(file: Arrays, name: str) -> np.ndarray | None:
    """Names of an array's columns, where the file holds them as text beside it."""
    if f"{name}{NAMES}" not in file.names:
        return None
    given = file.whole(f"{name}{NAMES}")
    if isinstance(given, Ragged) or given.dtype.kind not in "US":
        return None
    try:
        return np.array(as_column(given.reshape(-1)).to_pylist(), dtype=str).reshape(given.shape)
    except BadValue as error:
        place = f"{file.path}, name {error.row + 1}"
        raise DataError(f"{place}: array {name + NAMES!r}: {error}.") from error


def _examples(file: Arrays, names: Sequence[str]) -> int:
    """Examples of a file, by its label; every other array must agree."""
    count = file.length(names[0])
    for name in names[1:]:
        if file.length(name) != count:
            raise DataError(
                f"{file.path}: {names[0]!r} has {count} examples and {name!r} has "
                f"{file.length(name)}; use data.exclude to leave an array out."
            )
    return count


def _flat_column(file: Arrays, name: str) -> Any:
    values = file.whole(name)
    if not isinstance(values, Ragged) and values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if isinstance(values, Ragged) or values.ndim != 1:
        shape = "unequal lengths" if isinstance(values, Ragged) else f"shape {values.shape}"
        raise DataError(
            f"{file.path}: array {name!r} has {shape}, expected one value an example "
            "(several targets are several arrays, listed in data.label)."
        )
    try:
        return as_column(np.asarray(values))
    except BadValue as error:
        place = f"{file.path}, row {error.row + 1}"
        raise DataError(f"{place}: array {name!r}: {error}.") from error


def _concatenated(name: str, arrays: list[Array]) -> Array:
    if len(arrays) == 1:
        return arrays[0]
    ragged = [array for array in arrays if isinstance(array, Ragged)]
    dense = [array for array in arrays if not isinstance(array, Ragged)]
    if ragged and dense:
        raise DataError(f"array {name!r} is ragged in some files and not in others.")
    shapes = {array.values.shape[1:] for array in ragged} | {a.shape[1:] for a in dense}
    if len(shapes) > 1:
        raise DataError(
            f"array {name!r} differs between files in the shape of one example: "
            f"{' and '.join(map(str, sorted(shapes)))}; data.length cuts and pads signals."
        )
    if dense:
        whole = room((sum(map(len, dense)), *shapes.pop()), np.result_type(*dense))
        return np.concatenate(dense, out=whole)
    lengths = np.concatenate([array.lengths for array in ragged])
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Ragged(np.concatenate([array.values for array in ragged]), offsets)
