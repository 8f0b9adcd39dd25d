"""Pooling: one number stands for all in a window, or for a whole channel."""

from typing import ClassVar, Literal

from torch import Tensor
from torch.nn import functional

from sortal.errors import OptionError
from sortal.networks.layer import AbstractLayer, Held, Pass, Shape
from sortal.networks.window import Count, NamedPadding, Window


class AbstractPool(AbstractLayer):
    """What pooling in windows has in common."""

    kind: str
    padding: NamedPadding = "valid"
    """`valid`: points that fill no window are left out. `same`: windows reach beyond the
    ends, and what lies there does not count."""

    needs_result: ClassVar[bool] = False

    def window(self) -> Window:
        """What slides."""
        raise NotImplementedError

    def result_shape(self, shape: Shape) -> Shape:
        """One number for each place of the window."""
        return (shape[0], *self.window().places(shape[1:], where=self.kind))

    def pool(self, images: Tensor, window: Window) -> Tensor:
        """Pool (images, channels, height, width)."""
        raise NotImplementedError

    def forward(self, values: Tensor, held: Held, run: Pass) -> Tensor:
        """Pool all members' images at once."""
        plane = values.unsqueeze(-2) if values.ndim == 4 else values
        # Members lie behind rows where they were convolved side by side.
        behind = plane.stride(0) < plane.stride(1)
        outer = plane.transpose(0, 1) if behind else plane
        pooled = self.pool(outer.flatten(0, 1), self.window().in_a_plane())
        pooled = pooled.view(*outer.shape[:2], *pooled.shape[1:])
        pooled = pooled.transpose(0, 1) if behind else pooled
        return pooled.squeeze(-2) if values.ndim == 4 else pooled


class _MaxPool(AbstractPool):
    def pool(self, images: Tensor, window: Window) -> Tensor:
        """The largest number of each window."""
        margins = window.margins(tuple(images.shape[2:]))
        (top, bottom), (left, right) = margins
        if all(before == behind for before, behind in margins):
            return functional.max_pool2d(images, window.size, window.stride, (top, left))
        padded = functional.pad(images, (left, right, top, bottom), value=-float("inf"))
        return functional.max_pool2d(padded, window.size, window.stride)


class _AveragePool(AbstractPool):
    def pool(self, images: Tensor, window: Window) -> Tensor:
        """The mean of each window."""
        (top, bottom), (left, right) = window.margins(tuple(images.shape[2:]))
        if not (top or bottom or left or right):
            return functional.avg_pool2d(images, window.size, window.stride)
        margins = (left, right, top, bottom)
        padded = functional.pad(images, margins)
        there = functional.pad(images.new_ones(1, 1, *images.shape[2:]), margins)
        share = functional.avg_pool2d(there, window.size, window.stride)
        return functional.avg_pool2d(padded, window.size, window.stride) / share


class _Pool1d(AbstractPool):
    size: Count = 2
    """Points in a window."""

    stride: Count | None = None
    """Points that it moves by; None for its size."""

    def window(self) -> Window:
        """Along the points."""
        return Window((self.size,), (self.stride or self.size,), self.padding)


class _Pool2d(AbstractPool):
    size: tuple[Count, Count] = (2, 2)
    """Height and width of a window."""

    stride: tuple[Count, Count] | None = None
    """How far it moves down and right; None for its size."""

    def window(self) -> Window:
        """In the plane."""
        return Window(self.size, self.stride or self.size, self.padding)


class MaxPool1d(_MaxPool, _Pool1d):
    """The largest of neighbouring points of a signal (channels, points)."""

    kind: Literal["max_pool1d"] = "max_pool1d"


class MaxPool2d(_MaxPool, _Pool2d):
    """The largest of neighbouring points of a stamp (channels, height, width)."""

    kind: Literal["max_pool2d"] = "max_pool2d"


class AveragePool1d(_AveragePool, _Pool1d):
    """The mean of neighbouring points of a signal (channels, points)."""

    kind: Literal["average_pool1d"] = "average_pool1d"


class AveragePool2d(_AveragePool, _Pool2d):
    """The mean of neighbouring points of a stamp (channels, height, width)."""

    kind: Literal["average_pool2d"] = "average_pool2d"


class AbstractGlobalPool(AbstractLayer):
    """What pooling over all points has in common."""

    kind: str

    def result_shape(self, shape: Shape) -> Shape:
        """One number a channel."""
        if len(shape) < 2:
            raise OptionError(
                self.kind, shape, "examples with points, (channels, points) or a stamp"
            )
        return shape[:1]


class GlobalAverage(AbstractGlobalPool):
    """The mean of each channel over all points."""

    kind: Literal["global_average"] = "global_average"
    needs_result: ClassVar[bool] = False

    def forward(self, values: Tensor, held: Held, run: Pass) -> Tensor:
        """Take the mean."""
        return values.mean(dim=tuple(range(3, values.ndim)))


class GlobalMax(AbstractGlobalPool):
    """The largest number of each channel; where several are, they share the slope."""

    kind: Literal["global_max"] = "global_max"

    def forward(self, values: Tensor, held: Held, run: Pass) -> Tensor:
        """Take the largest."""
        return values.amax(dim=tuple(range(3, values.ndim)))
