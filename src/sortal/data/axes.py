"""The order of an array's axes: where its channels lie, as the job says or as its shape tells.

Inputs hold signals as (examples, points, channels) and stamps as (examples, channels, height,
width). A file that has them otherwise is read into this order, and everything behind the reader,
from scaling by channel to networks, knows this order alone.
"""

from typing import Literal, TypeAlias

import numpy as np

from sortal.data.inputs import Array, Ragged
from sortal.errors import DataError

Order: TypeAlias = Literal["channels_first", "channels_last"]

STAMPS = ("stamp", "stamps", "image", "images", "dmdt")
"""Names of inputs of which three axes are examples, height and width."""

_STAMP_CHANNELS = 4
"""Most channels that stamps which are not square are taken to have."""

_SIGNAL_CHANNELS = 16
"""Most channels that a signal is taken to have where its file has them first."""

_SHORTER = 4
"""How many times as many points as channels tell channels that come first."""


def order_within(dimensions: int) -> Order:
    """The order that inputs of so many axes, examples among them, have within Sortal."""
    return "channels_first" if dimensions == 4 else "channels_last"


def has_channels(name: str, array: Array) -> bool:
    """Whether an array of a file has an axis of channels, whose place must be decided."""
    if isinstance(array, Ragged):
        return False
    return array.ndim == 4 or (array.ndim == 3 and name.lower() not in STAMPS)


def infer_channel_order(array: np.ndarray) -> Order:
    """Tell where the channels of a file's array lie by its shape.

    Stamps have their channels last if the first two of their axes are equal and longer than the
    third, or if only the third has at most 4 numbers; else first. Signals have their channels
    first if these are at most 16, and there are at least 4 times as many points; else last.

    Args:
        array: Shape (examples, ?, ?) or (examples, ?, ?, ?).

    >>> order_of(np.empty((5, 21, 21, 3))), order_of(np.empty((5, 3, 21, 21)))
    ('channels_last', 'channels_first')
    >>> order_of(np.empty((5, 300, 3))), order_of(np.empty((5, 3, 300)))
    ('channels_last', 'channels_first')
    """
    if array.ndim == 4:
        first, second, third = array.shape[1:]
        square = first == second and third < first
        narrow = third <= _STAMP_CHANNELS < min(first, second) and second != third
        return "channels_last" if square or narrow else "channels_first"
    first, second = array.shape[1:]
    is_first = first <= _SIGNAL_CHANNELS and second >= max(2, _SHORTER * first)
    return "channels_first" if is_first else "channels_last"


def reorder_axes(name: str, array: np.ndarray, order: Order) -> np.ndarray:
    """Bring an array of a file into the order of inputs; a view, nothing is copied.

    Args:
        name: Its name, for messages.
        array: The array as the file holds it.
        order: The order there.

    Raises:
        DataError: The array has no axis of channels.
    """
    if array.ndim not in (3, 4):
        raise DataError(
            f"array {name!r}: expected examples with channels, got shape {array.shape}."
        )
    if order == order_within(array.ndim):
        return array
    return np.moveaxis(array, 1, -1) if order == "channels_first" else np.moveaxis(array, -1, 1)


def describe_axes(dimensions: int, order: Order) -> str:
    """The axes of a file's array of so many, as a note shows them."""
    inside = ["height", "width"] if dimensions == 4 else ["points"]
    axes = ["channels", *inside] if order == "channels_first" else [*inside, "channels"]
    return f"({', '.join(['examples', *axes])})"
