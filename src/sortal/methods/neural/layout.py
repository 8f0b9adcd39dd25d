"""Where the image or signal of an example lies among its flattened numbers."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal, TypeAlias

from sortal.data.inputs import Array, Inputs, Ragged
from sortal.data.preparing.array_shapes import is_signal
from sortal.errors import NotFound, OptionError

Order: TypeAlias = Literal["first", "last"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleLayout:
    """Neighbouring numbers that are one image or signal."""

    start: int
    """The first of them, among all numbers of an example."""

    points: tuple[int, ...]
    """Height and width, or the points of a signal."""

    channels: int
    order: Order
    """Whether they go channel by channel, or point by point."""

    @property
    def axes(self) -> Literal[1, 2]:
        """1 for signals, 2 for images."""
        return 1 if len(self.points) == 1 else 2

    @property
    def count(self) -> int:
        """How many they are."""
        return self.channels * math.prod(self.points)


def layout_of(
    inputs: Inputs,
    *,
    shape: tuple[int, ...] | None,
    channels: Order | None,
    axes: Literal[1, 2] | None,
    name: str | None,
    orders: Mapping[str, str],
) -> ExampleLayout:
    """Find the image or signal of the examples.

    Args:
        inputs: Examples of the data, each input of one shape.
        shape: Axes of an example, channels last if there are any; None for those of the input.
        channels: How its numbers go; None for `last` with a `shape` and for signals.
        axes: 1 for signals, 2 for images; None to tell from the shape.
        name: The input; None for the only one, or the only one with axes of its own.
        orders: Orders like `Dataset.axes`: inputs whose channels lie elsewhere in their files.

    Raises:
        NotFound: There is no such input.
        OptionError: It cannot be told, or the shape does not fit.
    """
    name = _name(inputs.arrays, name)
    array = inputs.arrays[name]
    if isinstance(array, Ragged):
        raise OptionError(f"input {name}", "signals of unequal length", "data.length to pad them")
    own = tuple(array.shape[1:])
    if name in orders:
        shape, channels, axes = _as_read(own, orders[name], shape, channels, axes)
    order: Order = channels or ("first" if shape is None and len(own) == 3 else "last")
    if shape is None and axes != 1 and len(own) == 1 and not is_signal(name, array):
        raise OptionError("shape", None, f"height, width and channels of the {own[0]} features")
    given = shape or own
    if order == "first" and shape is None and len(own) > 1:
        given = (*own[1:], own[0])
    points, count = split_channels(given, axes)
    layout = ExampleLayout(start=_start(inputs, name), points=points, channels=count, order=order)
    if layout.count != math.prod(own):
        raise OptionError("shape", list(given), f"the {math.prod(own)} numbers of input {name}")
    return layout


def _as_read(
    own: tuple[int, ...],
    order: str,
    shape: tuple[int, ...] | None,
    channels: Order | None,
    axes: Literal[1, 2] | None,
) -> tuple[None, Order, Literal[1, 2]]:
    """What holds for an input that reading brought into another order: the input's own axes.

    Raises:
        OptionError: Something else is asked for.
    """
    image = len(own) == 3
    expected = (*own[1:], own[0]) if image else own
    if shape is not None and tuple(shape) != expected:
        raise OptionError("shape", list(shape), f"{list(expected)}, as the data were read")
    in_file: Order = "last" if order == "channels_last" else "first"
    if channels is not None and channels != in_file:
        raise OptionError(
            "channels", channels, f"{in_file!r}, as the data were read (data.axes tells otherwise)"
        )
    if axes is not None and axes != (2 if image else 1):
        raise OptionError("axes", axes, "2 for images and 1 for signals")
    return (None, "first", 2) if image else (None, "last", 1)


def signal_axis(inputs: Inputs, name: str | None, told: Mapping[str, str]) -> bool:
    """Whether the input that a network convolves is known to be signals of several channels.

    Inputs named `signal...` are, and those of three axes whose order the job tells.

    Args:
        inputs: Examples of the data.
        name: See `layout_of`.
        told: Inputs whose order of axes the job tells.
    """
    chosen = [name] if name is not None else _shaped(inputs.arrays)
    if len(chosen) != 1 or chosen[0] not in inputs.arrays:
        return False
    array, known = inputs.arrays[chosen[0]], chosen[0].startswith("signal") or chosen[0] in told
    return known and not isinstance(array, Ragged) and array.ndim == 3


def _shaped(arrays: Mapping[str, Array]) -> list[str]:
    """The inputs whose examples have axes of their own, or the only input."""
    if len(arrays) == 1:
        return list(arrays)
    return [one for one, array in arrays.items() if isinstance(array, Ragged) or array.ndim > 2]


def _name(arrays: Mapping[str, Array], name: str | None) -> str:
    if name is not None:
        if name not in arrays:
            raise NotFound("input", name, arrays)
        return name
    shaped = _shaped(arrays)
    if len(shaped) != 1:
        listed = ", ".join(arrays)
        raise OptionError("input", None, f"the name of the one to convolve, of {listed}")
    return shaped[0]


def split_channels(
    given: tuple[int, ...], axes: Literal[1, 2] | None
) -> tuple[tuple[int, ...], int]:
    """Points, and channels, of a shape that has its channels behind, if any.

    Raises:
        OptionError: It has too few or too many axes.
    """
    axes = axes or (1 if len(given) == 1 else 2)
    if not axes <= len(given) <= axes + 1:
        expected = "height, width and perhaps channels" if axes == 2 else "points, perhaps channels"
        raise OptionError("shape", list(given), expected)
    return given[:axes], given[axes] if len(given) > axes else 1


def _start(inputs: Inputs, name: str) -> int:
    """Numbers of the inputs before one, as `Inputs.matrix` lays them side by side."""
    names = list(inputs.arrays)
    widths = [
        math.prod(array.shape[1:]) if not isinstance(array, Ragged) else 0
        for array in inputs.arrays.values()
    ]
    return (0, *accumulate(widths))[names.index(name)]
