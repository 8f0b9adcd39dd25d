"""Convolutional networks for images and signals, in populations that train together."""

import math
from collections.abc import Hashable, Iterator, Mapping
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sortal.data.inputs import Inputs
from sortal.data.prepared import Prepared
from sortal.methods.contract.base import Control, Cost, Member, Outcome, Population, Shape
from sortal.methods.neural.convolution_parameters import AbstractConvolutionalParameters, Axes
from sortal.methods.neural.layout import ExampleLayout, layout_of, signal_axis, split_channels
from sortal.methods.neural.method import AbstractNetworkMethod, estimate_cost
from sortal.networks.window import Count

if TYPE_CHECKING:
    from sortal.networks.network import AnyLayer, Network

_SECONDS_PER_STEP = 1e-3


class Augmentation(BaseModel):
    """How training examples are moved and mirrored; validation and scoring see them as they are."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    shift: float = Field(default=0.0, ge=0, lt=1)
    """Largest move along each axis, as a share of its points; edges are repeated."""

    flip: Literal["none", "horizontal", "vertical", "both"] = "none"
    """Along which axes examples are mirrored, each with a chance of one half."""

    @model_validator(mode="after")
    def _acts(self) -> "Augmentation":
        if not self.shift and self.flip == "none":
            raise ValueError("augment needs a shift or a flip")
        return self


class CNNParameters(AbstractConvolutionalParameters):
    """Parameters of `cnn`."""

    shape: Annotated[tuple[Count, ...], Field(min_length=1, max_length=3)] | None = None
    """Height, width and, if there are several, channels of an image that flat features hold; with
    `axes: 1` points and channels of a signal. By default that of an input with axes of its own,
    such as `stamp`."""

    channels: Literal["first", "last"] | None = None
    """Whether the numbers of an example go channel by channel (`first`) or point by point, channels
    side by side (`last`); by default `last` with `shape` and for signals, else `first`."""

    axes: Axes | None = None
    """Axes along which kernels slide: 2 for images, 1 for signals, as which it takes flat features
    without a `shape`; by default 1 for signals and a `shape` of one number, else 2."""

    input: str | None = None
    """Of several inputs the one that is convolved; the numbers of all others join what becomes of
    it before the hidden layers. By default the one input with axes of its own."""

    divisor: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """What every number of an image is divided by within the network: 255 for bytes."""

    augment: Augmentation | None = None
    """`shift` and `flip`: every member sees each example moved along every axis by up to a share of
    its points, edges repeated, and mirrored (`horizontal`, `vertical`, `both`), drawn anew from its
    own seed in every epoch."""

    global_pooling: Literal["none", "average", "max"] = "none"
    """Whether the mean or the largest number of each channel goes on to the hidden layers, or all
    points."""

    hidden_layer_sizes: tuple[Count, ...] = (128,)
    """Units of each hidden layer behind the convolutions; an empty list for none."""

    @model_validator(mode="after")
    def _convolves(self) -> "CNNParameters":
        if not self.filters:
            raise ValueError("filters needs one convolution or more")
        return self


class CNN(AbstractNetworkMethod):
    """Blocks of convolutions, pooling and dropout, then dense layers, trained like `mlp`.

    Examples are images or signals: inputs with axes of their own (`stamp`, of examples x
    channels x height x width; `signal`, of examples x points or x points x channels), or flat features
    with a `shape`. A table beside them can join the dense layers (`input`).

    Keras's old example for MNIST has `filters: [32, 64]`, `convolutions: 2`, `padding: valid`,
    `block_dropout: 0.25` and `dropout: 0.5`; that for CIFAR-10 `filters: [32, 32, 64, 64]`,
    `convolutions: 2`, `padding: [same, valid, same, valid]`, `hidden_layer_sizes: [512]` and the
    same dropout, with `augment: {shift: 0.1, flip: horizontal}`.

    Members of one architecture are one population. On a CPU large images leave a step one
    member, so that what is shared is the data, its order and a warm process.
    """

    name: ClassVar[str] = "cnn"
    summary: ClassVar[str] = "Convolutional network for images and signals."
    Parameters: ClassVar[type[CNNParameters]] = CNNParameters

    def settled(self, parameters: Any, inputs: Inputs, told: Mapping[str, str]) -> CNNParameters:
        """Convolve signals of several channels along one axis.

        Args:
            parameters: Parameters that the job gives.
            inputs: Examples of the data.
            told: Inputs whose order of axes the job tells.
        """
        chosen = CNNParameters.model_validate(parameters)
        unsaid = chosen.axes is None and chosen.shape is None
        if unsaid and signal_axis(inputs, chosen.input, told):
            return chosen.model_copy(update={"axes": 1})
        return chosen

    def group(self, member: Member) -> Hashable:
        """Shapes, minibatches and kind of updates; rates, epochs and weights are each member's own."""
        chosen = member.chosen(CNNParameters)
        layout = (chosen.shape, chosen.channels, chosen.axes, chosen.input)
        seen = (chosen.divisor, chosen.augment)
        dense = (chosen.global_pooling, chosen.hidden_layer_sizes, chosen.dropout > 0)
        return (*layout, *seen, *chosen.convolved, *chosen.bent, *dense, chosen.apart(member))

    def cost(self, member: Member, shape: Shape) -> Cost:
        """Count multiplications, weights and steps."""
        chosen = member.chosen(CNNParameters)
        points, channels = _guessed(chosen, shape.features)
        work = chosen.work(points, channels)
        seen = 1 if chosen.global_pooling != "none" else math.prod(work.points)
        sizes = (work.channels * seen, *chosen.hidden_layer_sizes, shape.outputs)
        dense = sum((inputs + 1) * outputs for inputs, outputs in pairwise(sizes))
        return estimate_cost(
            chosen,
            work.products + dense,
            shape,
            seconds_per_step=_SECONDS_PER_STEP,
            held=work.held + dense,
        )

    def train(self, population: Population, data: Prepared, control: Control) -> Iterator[Outcome]:
        """Train in tiles; pausing and resuming go through `population.resume`."""
        from sortal.methods.neural.network_training import train_networks

        draw = partial(_network, data)
        return train_networks(population, data, control, draw)


def _guessed(chosen: CNNParameters, features: int) -> tuple[tuple[int, ...], int]:
    """Points and channels; a square of one channel where only the data know."""
    if chosen.shape is not None:
        return split_channels(chosen.shape, chosen.axes)
    side = math.isqrt(features) or 1
    return ((features,) if chosen.axes == 1 else (side, side)), 1


def _network(data: Prepared, member: Member, features: int, outputs: int) -> "Network":
    """Lay the examples out, convolve them, and put what else there is before the dense layers."""
    from sortal.networks.branch import Branch
    from sortal.networks.network import Network

    chosen = member.chosen(CNNParameters)
    layout = layout_of(
        data.dataset.inputs,
        shape=chosen.shape,
        channels=chosen.channels,
        axes=chosen.axes,
        name=chosen.input,
        orders=data.dataset.axes,
    )
    seen: tuple[AnyLayer, ...] = tuple(_convolving(chosen, layout))
    if layout.count < features:
        seen = (Branch(start=layout.start, count=layout.count, layers=seen),)
    dense = chosen.dense(chosen.hidden_layer_sizes, outputs)
    network = Network(shape=(features,), layers=(*seen, *dense))
    _ = network.shapes  # tells what does not fit
    return network


def _convolving(chosen: CNNParameters, layout: ExampleLayout) -> Iterator["AnyLayer"]:
    """Layers from a row of numbers to a row of numbers."""
    from sortal.networks.augment import Augment
    from sortal.networks.flatten import Flatten
    from sortal.networks.pooling import GlobalAverage, GlobalMax
    from sortal.networks.rescale import Rescale
    from sortal.networks.unflatten import Unflatten

    yield Unflatten(channels=layout.channels, points=layout.points, order=layout.order)
    if chosen.divisor != 1:
        yield Rescale(factor=1 / chosen.divisor)
    if chosen.augment is not None:
        yield Augment(shift=chosen.augment.shift, flip=chosen.augment.flip)
    yield from chosen.convolutions_along(layout.axes)
    match chosen.global_pooling:
        case "none":
            yield Flatten()
        case "average":
            yield GlobalAverage()
        case "max":
            yield GlobalMax()
