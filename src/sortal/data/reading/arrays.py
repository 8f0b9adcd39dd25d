"""Read whole files of arrays: each array is an input, or a column beside the inputs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from sortal.data.axes import (
    Order,
    describe_axes,
    has_channels,
    infer_channel_order,
    order_within,
    reorder_axes,
)
from sortal.data.inputs import Array, Ragged
from sortal.data.preparing.array_shapes import as_input, column_names, is_signal
from sortal.data.preparing.padding import added_padding, missing_padding
from sortal.data.readers.base import NAMES, Arrays
from sortal.data.readers.missing import mask_array, mask_column
from sortal.data.readers.numpy_files.npy import as_column, placed_column
from sortal.data.reading.raw_contents import (
    ExamplePlaces,
    RawContents,
    infinite_note,
    join_pieces,
    no_effect,
    refuse_empty,
    refuse_lacking,
    settle_infinite_values,
)
from sortal.data.reading.roles import Roles
from sortal.data.reading.source import nearest
from sortal.data.storage.spill import allocate
from sortal.data.texts.values import BadValue
from sortal.errors import DataError
from sortal.job.models import DataBlock
from sortal.job.positions import dotted
from sortal.job.problems import JobError, Problem


def gather_arrays(files: Sequence[Arrays], roles: Roles, block: DataBlock) -> RawContents:
    """Read files of arrays one after another; each array in `roles.inputs` is an input.

    Raises:
        DataError: Arrays differ in length or shape, hold no numbers, or hold infinite ones.
        JobError: `data.length` is given and there is no signal.
    """
    places, counts = ExamplePlaces(), list[int]()
    pieces: dict[str, list[Array]] = {name: [] for name in roles.inputs}
    ends: dict[str, list[np.ndarray]] = {name: [] for name in roles.inputs}
    orders: dict[str, Order | None] = {}
    beside: dict[str, list[Any]] = {name: [] for name in roles.beside}
    missing = None if block.missing is None else tuple(block.missing)
    _refuse_strange_axes(block, roles)
    for file in files:
        refuse_lacking(file, files[0], (*roles.inputs, *roles.beside))
        places.files.append(file)
        places.starts.append(sum(counts))
        counts.append(_examples(file, (*roles.beside, *roles.inputs)))
        for name, arrays in pieces.items():
            array = mask_array(file.whole(name), missing)
            if file is files[0]:
                orders[name] = _order(name, array, block)
            arrays.append(as_input(name, array, block.length, orders[name]))
            ends[name].append(_ends(name, array, arrays[-1], block.length, orders[name]))
        for name, chunks in beside.items():
            chunks.append(mask_column(_flat_column(file, name), missing))
    refuse_empty(files, sum(counts))
    inputs, infinite = {}, 0
    names: dict[str, tuple[str, ...]] = {}
    lengths: dict[str, np.ndarray] = {}
    notes: list[str] = []
    for name, arrays in pieces.items():
        whole = _concatenated(name, arrays)
        names[name] = column_names(name, whole, given_names(files[0], name))
        inputs[name], changed = settle_infinite_values(
            whole, names[name] or (name,), places, 0, refuse=block.infinite == "error"
        )
        infinite += changed
        notes.extend(_axes_note(name, inputs[name], orders[name], told=name in block.axes))
        known = _known_points(name, inputs[name], ends[name], block)
        if known is not None:
            lengths[name] = known
            if depends_on_lengths(block):
                notes.append(_padding_note(name, inputs[name], known))
    if block.length is not None and not any(is_signal(n, a) for n, a in inputs.items()):
        raise no_effect("length", "the data has no signals to cut or pad")
    return RawContents(
        inputs=inputs,
        names=names,
        columns={name: join_pieces(chunks) for name, chunks in beside.items()},
        places=places,
        counts=counts,
        notes=[*notes, *infinite_note(infinite)],
        axes=_moved(inputs, orders),
        lengths=lengths,
    )


def depends_on_lengths(block: DataBlock) -> bool:
    """True if scaling or imputation depends on where signals end; zeros in gaps do not."""
    return set(_words(block.scaling)) != {"none"} or not {"none", "zero", "drop"}.issuperset(
        _words(block.imputation)
    )


def _words(rules: object) -> list[object]:
    """The word, or the rules of a map."""
    return list(rules.values()) if isinstance(rules, Mapping) else [rules]


def _moved(inputs: Mapping[str, Array], orders: Mapping[str, Order | None]) -> dict[str, Order]:
    """The orders in files that are not those of inputs."""
    return {
        name: order
        for name, order in orders.items()
        if order is not None
        and not isinstance(array := inputs[name], Ragged)
        and order != order_within(array.ndim)
    }


def _refuse_strange_axes(block: DataBlock, roles: Roles) -> None:
    """Refuse orders of axes for what is no input.

    Raises:
        JobError: All such names.
    """
    problems = [
        Problem(
            path=dotted(("data", "axes", name)),
            expected="the name of an array that is an input",
            got=repr(name),
            nearest=nearest(name, list(roles.inputs)),
        )
        for name in block.axes
        if name not in roles.inputs
    ]
    if problems:
        raise JobError(problems)


def _order(name: str, array: Array, block: DataBlock) -> Order | None:
    """Where the channels of a file's array lie; None where it has no axis of channels.

    Raises:
        JobError: The job tells the order of an array without one.
    """
    told = block.axes.get(name)
    if isinstance(array, Ragged) or not has_channels(name, array):
        if told is None:
            return None
        shape = "signals of unequal length" if isinstance(array, Ragged) else f"{array.shape}"
        problem = Problem(
            path=dotted(("data", "axes", name)),
            expected="nothing, for the array has no axis of channels beside those of points",
            got=f"{told}, and an array of shape {shape}",
        )
        raise JobError([problem])
    return told or infer_channel_order(array)


def _ends(
    name: str, array: Array, done: Array, length: int | None, order: Order | None
) -> np.ndarray:
    """Points of each example of one file before what `length` adds; none for other inputs than signals."""
    if isinstance(done, Ragged) or not is_signal(name, done):
        return np.zeros(0, dtype=np.int64)
    whole = np.full(len(done), done.shape[1], dtype=np.int64)
    if length is None:
        return whole
    if order is not None and not isinstance(array, Ragged):
        array = reorder_axes(name, array, order)
    added = added_padding(array, length)
    return whole if added is None else added


def _known_points(
    name: str, whole: Array, ends: Sequence[np.ndarray], block: DataBlock
) -> np.ndarray | None:
    """Points of all examples before their padding; None where nothing is padded."""
    if isinstance(whole, Ragged) or not is_signal(name, whole):
        return None
    fills = not {"none", "drop"}.issuperset(_words(block.imputation)) and depends_on_lengths(block)
    known = None
    if (whole_ends := np.concatenate(ends)).size and (whole_ends < whole.shape[1]).any():
        known = whole_ends
    if fills and whole.dtype.kind == "f":
        return missing_padding(whole, known)
    return known


def _axes_note(name: str, whole: Array, order: Order | None, *, told: bool) -> Iterator[str]:
    """The sentence about the order of an array's axes."""
    if order is not None and not isinstance(whole, Ragged):
        words = describe_axes(whole.ndim, order)
        cure = ", as data.axes says" if told else "; if that is wrong, give the order in data.axes"
        yield f"{name}: read as {words}{cure}."


def _padding_note(name: str, whole: Array, known: np.ndarray) -> str:
    """The sentence about signals that end before the last point."""
    points = whole.shape[1] if not isinstance(whole, Ragged) else 0
    return (
        f"{name}: {int((known < points).sum())} of {len(known)} examples are padded to {points} "
        "points; padding takes no part in scaling and imputation, and is 0 for methods."
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
    return placed_column(np.asarray(values), file.path, f"array {name!r}")


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
        whole = allocate((sum(map(len, dense)), *shapes.pop()), np.result_type(*dense))
        return np.concatenate(dense, out=whole)
    lengths = np.concatenate([array.lengths for array in ragged])
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Ragged(np.concatenate([array.values for array in ragged]), offsets)
