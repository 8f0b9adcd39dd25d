"""Where a sliding window stands: sizes, strides and padding as Keras defines them."""

import math
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from sortal.errors import OptionError

Count: TypeAlias = Annotated[int, Field(ge=1)]
"""Points that a window covers, or moves by, along one axis."""

NamedPadding: TypeAlias = Literal["same", "valid"]
"""`valid`: windows stay within the points. `same`: with n points and stride s there are
ceil(n / s) windows, and if the margins cannot be equal, the one behind is longer by one."""

Padding: TypeAlias = NamedPadding | Annotated[int, Field(ge=0)]
"""As named, or a number of zeros on every side."""


@dataclass(frozen=True, slots=True)
class Window:
    """A window that slides along every axis of the points; all tuples have one entry an axis."""

    size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: NamedPadding | tuple[int, ...]

    @classmethod
    def of(cls, size: tuple[int, ...], stride: tuple[int, ...], padding: Padding) -> "Window":
        """A window with the same padding along every axis."""
        return cls(size, stride, (padding,) * len(size) if isinstance(padding, int) else padding)

    def in_a_plane(self) -> "Window":
        """The same over points that lie in a row of an image of height 1."""
        if len(self.size) == 2:
            return self
        padding = self.padding if isinstance(self.padding, str) else (0, *self.padding)
        return Window((1, *self.size), (1, *self.stride), padding)

    def margins(self, points: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        """Points to add before and behind along each axis.

        >>> Window((3,), (2,), "same").margins((4,))
        ((0, 1),)
        """
        if isinstance(self.padding, tuple):
            return tuple((both, both) for both in self.padding)
        if self.padding == "valid":
            return ((0, 0),) * len(points)
        axes = zip(points, self.size, self.stride, strict=True)
        lacking = [max((math.ceil(n / s) - 1) * s + k - n, 0) for n, k, s in axes]
        return tuple((lack // 2, lack - lack // 2) for lack in lacking)

    def places(self, points: tuple[int, ...], *, where: str) -> tuple[int, ...]:
        """How many windows there are along each axis.

        Args:
            points: Along each axis.
            where: The layer, for the error.

        Raises:
            OptionError: The points have another number of axes, or a window is longer than they are.
        """
        if len(points) != len(self.size):
            axes = "(channels, points)" if len(self.size) == 1 else "(channels, height, width)"
            raise OptionError(f"{where}: examples with axes {points}", len(points), f"axes {axes}")
        margins = self.margins(points)
        padded = tuple(n + sum(both) for n, both in zip(points, margins, strict=True))
        if any(n < k for n, k in zip(padded, self.size, strict=True)):
            raise OptionError(f"{where}: window {self.size}", padded, "at least as many points")
        sizes = zip(padded, self.size, self.stride, strict=True)
        return tuple((n - k) // s + 1 for n, k, s in sizes)
