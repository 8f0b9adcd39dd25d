"""Parameters of convolutions in blocks, and the layers that they describe."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, TypeVar

from pydantic import Field, model_validator

from sortal.methods.neural.parameters import Share
from sortal.methods.neural.warm_start_parameters import AbstractStartedParameters
from sortal.networks.names import ActivationName
from sortal.networks.window import Count, NamedPadding

if TYPE_CHECKING:
    from sortal.networks.network import AnyLayer

Axes: TypeAlias = Literal[1, 2]
"""1 for signals, 2 for images."""

Several: TypeAlias = Count | Annotated[tuple[Count, ...], Field(min_length=1)]
T = TypeVar("T")
PoolingName: TypeAlias = Literal["max", "average", "none"]


_OF_FILTERS = (
    "convolutions",
    "kernel_size",
    "padding",
    "pooling",
    "pool_size",
    "block_dropout",
)
"""Options that shape what filters make."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvolutionCost:
    """Cost of convolutions, biases left out."""

    products: int
    """Multiplications of one example."""

    held: int
    """Weights."""

    points: tuple[int, ...]
    """Of the example behind them, along each axis."""

    channels: int


class AbstractConvolutionalParameters(AbstractStartedParameters):
    """What methods that convolve let their user choose of it."""

    filters: tuple[Count, ...] = (32, 64)
    """Filters of each convolution, in order."""

    convolutions: Several = 1
    """Convolutions of a block, behind which there are pooling and dropout; a list for each block."""

    kernel_size: Several = 3
    """Points that kernels cover along each axis; a list for each convolution."""

    padding: NamedPadding | Annotated[tuple[NamedPadding, ...], Field(min_length=1)] = "same"
    """`same` adds zeros so that no points are lost, `valid` adds none; a list for each convolution."""

    activation: ActivationName = "relu"
    """Activation of convolutions and hidden layers."""

    leaky_slope: float = Field(default=0.3, ge=0, allow_inf_nan=False)
    """Slope of `leaky_relu` below zero."""

    batch_norm: bool = False
    """Whether convolutions and hidden units are normalised over the minibatch before their
    activation."""

    pooling: PoolingName = "max"
    """What becomes of the points of a window behind each block: the largest, their mean, or all."""

    pool_size: Several = 2
    """Points of such a window along each axis, which then moves by as many; a list for each block."""

    block_dropout: Share | Annotated[tuple[Share, ...], Field(min_length=1)] = 0.0
    """Share of numbers that is silenced behind each block; a list for each block."""

    @model_validator(mode="after")
    def _lists_fit(self) -> "AbstractConvolutionalParameters":
        """Hold the lengths of lists against the numbers of convolutions and blocks.

        What has no effect is refused by its value, for stored parameters name them all.
        """
        if not self.filters:
            self._refuse_changed(_OF_FILTERS, lacking="filters")
            return self
        if self.pooling == "none":
            self._refuse_changed(("pool_size",), lacking="pooling")
        count = len(self.filters)
        given = self.convolutions
        if isinstance(given, int) and count % given:
            raise ValueError(f"convolutions {given} does not divide the {count} of filters")
        if isinstance(given, tuple) and sum(given) != count:
            raise ValueError(f"convolutions sum to {sum(given)}, and filters are {count}")
        blocks = len(self.blocks)
        lengths = {
            "kernel_size": count,
            "padding": count,
            "pool_size": blocks,
            "block_dropout": blocks,
        }
        for name, length in lengths.items():
            value = getattr(self, name)
            if isinstance(value, tuple) and len(value) != length:
                raise ValueError(f"{name} lists {len(value)}, expected {length}")
        return self

    def _refuse_changed(self, names: tuple[str, ...], *, lacking: str) -> None:
        for name in names:
            if getattr(self, name) != type(self).model_fields[name].default:
                raise ValueError(f"{name} has no effect without {lacking}")

    @property
    def blocks(self) -> tuple[range, ...]:
        """Numbers of the convolutions of each block."""
        given, count = self.convolutions, len(self.filters)
        sizes = given if isinstance(given, tuple) else (given,) * (count // given)
        return tuple(range(*ends) for ends in pairwise(accumulate(sizes, initial=0)))

    @property
    def convolved(self) -> tuple[object, ...]:
        """What members must agree on for equal layers of convolution."""
        if not self.filters:
            return ()
        shapes = (self.filters, self.convolutions, self.kernel_size, self.padding)
        return (*shapes, self.pooling, self.pool_size, self.block_dropout)

    @property
    def bent(self) -> tuple[object, ...]:
        """What members must agree on for equal activations and normalisation."""
        return (self.activation, self.leaky_slope, self.batch_norm)

    def work(self, points: tuple[int, ...], channels: int) -> "ConvolutionCost":
        """What convolutions of an example take, and the example that they leave.

        Args:
            points: Along each axis.
            channels: Numbers at each point.
        """
        products = held = 0
        for number, block in enumerate(self.blocks):
            for one in block:
                size = _nth(self.kernel_size, one)
                weights = channels * self.filters[one] * size ** len(points)
                if _nth(self.padding, one) == "valid":
                    points = tuple(max(1, count - size + 1) for count in points)
                products += weights * math.prod(points)
                channels, held = self.filters[one], held + weights
            if self.pooling != "none":
                size = _nth(self.pool_size, number)
                points = tuple(max(1, count // size) for count in points)
        return ConvolutionCost(products=products, held=held, points=points, channels=channels)

    def convolutions_along(self, axes: Axes) -> Iterator["AnyLayer"]:
        """Layers that act on examples (channels, points) or (channels, height, width)."""
        from sortal.networks.dropout import Dropout

        for number, block in enumerate(self.blocks):
            for one in block:
                yield self._convolution(one, axes)
                yield from self.bending()
            if self.pooling != "none":
                yield self._pooling(_nth(self.pool_size, number), axes)
            if rate := _nth(self.block_dropout, number):
                yield Dropout(rate=rate)

    def bending(self) -> Iterator["AnyLayer"]:
        """What comes behind the sums of a convolution or dense layer."""
        from sortal.networks.activation import Activation
        from sortal.networks.normalise import BatchNorm

        if self.batch_norm:
            yield BatchNorm()
        yield Activation(name=self.activation, slope=self.leaky_slope)

    def dense(self, sizes: tuple[int, ...], outputs: int) -> Iterator["AnyLayer"]:
        """Hidden layers, with dropout where a member has it, and the last one."""
        from sortal.networks.dense import Dense
        from sortal.networks.dropout import Dropout

        for units in sizes:
            yield Dense(units=units)
            yield from self.bending()
            if self.dropout:
                yield Dropout()
        yield Dense(units=outputs)

    def _convolution(self, number: int, axes: Axes) -> "AnyLayer":
        from sortal.networks.convolution import Conv1d, Conv2d

        size, channels = _nth(self.kernel_size, number), self.filters[number]
        padding = _nth(self.padding, number)
        if axes == 1:
            return Conv1d(channels=channels, kernel=size, padding=padding)
        return Conv2d(channels=channels, kernel=(size, size), padding=padding)

    def _pooling(self, size: int, axes: Axes) -> "AnyLayer":
        from sortal.networks.pooling import AveragePool1d, AveragePool2d, MaxPool1d, MaxPool2d

        largest = self.pooling == "max"
        if axes == 1:
            return MaxPool1d(size=size) if largest else AveragePool1d(size=size)
        both = (size, size)
        return MaxPool2d(size=both) if largest else AveragePool2d(size=both)


def _nth(given: T | tuple[T, ...], number: int) -> T:
    """The value of one place, where one value may stand for all."""
    return given[number] if isinstance(given, tuple) else given
