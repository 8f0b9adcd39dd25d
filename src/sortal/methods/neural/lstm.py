"""Long short-term memories for sequences of tokens and for signals, in populations."""

from collections.abc import Hashable, Iterator
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from sortal.data.prepared import Prepared
from sortal.data.split import Part
from sortal.errors import DataError
from sortal.methods.contract.base import Control, Cost, Failed, Member, Outcome, Population, Shape
from sortal.methods.neural.convolution_parameters import AbstractConvolutionalParameters, Several
from sortal.methods.neural.layout import layout_of, split_channels
from sortal.methods.neural.method import AbstractNetworkMethod, estimate_cost
from sortal.methods.neural.parameters import Share
from sortal.networks.window import Count

if TYPE_CHECKING:
    from sortal.networks.network import AnyLayer, Network

_SECONDS_PER_POINT = 1e-4
_EMBEDDED = 64
_LOOKED_AT = 1 << 14
"""Examples whose tokens are looked at together."""


class LSTMParameters(AbstractConvolutionalParameters):
    """Parameters of `lstm`."""

    num_words: Count | None = None
    """Different tokens of examples that are sequences of whole numbers, from 0 to this less 1, all of
    one length (padded). By default examples are signals, numbers as they come."""

    embedding_size: Count | None = None
    """Learnt numbers that stand for a token; by default 64."""

    embedding_dropout: Share = 0.0
    """Share of these numbers that is silenced in each update."""

    shape: Annotated[tuple[Count, ...], Field(min_length=1, max_length=2)] | None = None
    """Points and, if there are several, channels of a signal that flat features hold."""

    filters: tuple[Count, ...] = ()
    """Filters of convolutions along the sequence, before it is remembered; an empty list for none."""

    kernel_size: Several = 5
    """Points that kernels cover; a list for each convolution."""

    pool_size: Several = 4
    """Points of a window behind each block, which moves by as many; a list for each block."""

    layer_sizes: Annotated[tuple[Count, ...], Field(min_length=1)] = (100,)
    """Units of each layer of memory; all but the last hand on their state at every point."""

    hidden_layer_sizes: tuple[Count, ...] = ()
    """Units of each dense layer behind the memory; an empty list for none."""

    dropout: Share = 0.0
    """Share of the units of every layer of memory and every hidden layer that is silenced in each
    update."""

    precision: Literal["float32", "float64"] = "float32"
    """Type of parameters and arithmetic."""

    @model_validator(mode="after")
    def _is_tokens_or_signal(self) -> "LSTMParameters":
        """Refuse options of the one for the other."""
        if self.num_words and self.shape:
            raise ValueError("shape has no effect with num_words")
        for name in ("embedding_size", "embedding_dropout"):
            if getattr(self, name) and not self.num_words:
                raise ValueError(f"{name} has no effect without num_words")
        return self

    @property
    def embedded(self) -> int:
        """Numbers that stand for a token; 0 for signals."""
        return (self.embedding_size or _EMBEDDED) if self.num_words else 0


class LSTM(AbstractNetworkMethod):
    """Layers of long short-term memory over a sequence, then dense layers, trained like `mlp`.

    With `num_words` examples are sequences of tokens, as flat features, each of which becomes
    a learnt row of numbers; without, they are signals. `filters` puts convolutions and pooling
    before the memory. Sequences are read to their end, padding included.

    Keras's old example for reviews has `num_words: 20000`, `layer_sizes: [100]`; that with a
    convolution `embedding_dropout: 0.25` and `filters: [64]` beside.

    Members of one architecture are one population, and step one after another: batched along
    the member axis, the many small products of a memory take longer.
    """

    name: ClassVar[str] = "lstm"
    summary: ClassVar[str] = "Long short-term memory for sequences of tokens and signals."
    Parameters: ClassVar[type[LSTMParameters]] = LSTMParameters

    def group(self, member: Member) -> Hashable:
        """Shapes, minibatches and kind of updates; rates, epochs and weights are each member's own."""
        chosen = member.chosen(LSTMParameters)
        tokens = (chosen.num_words, chosen.embedded, chosen.embedding_dropout)
        layers = (chosen.shape, chosen.layer_sizes, chosen.hidden_layer_sizes, chosen.dropout > 0)
        return (*tokens, *chosen.convolved, *chosen.bent, *layers, chosen.apart(member))

    def cost(self, member: Member, shape: Shape) -> Cost:
        """Count multiplications, weights, and steps by the points that they go through."""
        chosen = member.chosen(LSTMParameters)
        own = split_channels(chosen.shape, 1)[1] if chosen.shape else 1
        channels = chosen.embedded or own
        work = chosen.work((max(1, shape.features // own),), channels)
        (points,), channels = work.points, work.channels
        held = work.held + (chosen.num_words or 0) * chosen.embedded
        products = work.products
        for units in chosen.layer_sizes:
            weights = 4 * units * (channels + units + 1)
            products, held, channels = products + points * weights, held + weights, units
        sizes = (channels, *chosen.hidden_layer_sizes, shape.outputs)
        dense = sum((inputs + 1) * outputs for inputs, outputs in pairwise(sizes))
        seconds = len(chosen.layer_sizes) * points * _SECONDS_PER_POINT
        return estimate_cost(
            chosen, products + dense, shape, seconds_per_step=seconds, held=held + dense
        )

    def train(self, population: Population, data: Prepared, control: Control) -> Iterator[Outcome]:
        """Train in tiles; pausing and resuming go through `population.resume`."""
        from sortal.methods.neural.network_training import train_networks

        tokens = population.members[0].chosen(LSTMParameters).num_words
        if tokens and (reason := _no_tokens(data, tokens)):
            yield from (Failed(key, reason) for key in population.keys)
            return
        draw = partial(_network, data)
        yield from train_networks(population, data, control, draw, scales_features=bool(tokens))


def _no_tokens(data: Prepared, tokens: int) -> str:
    """Why examples cannot be looked up; empty if all can."""
    import torch

    from sortal.networks.token_embedding import check_tokens

    for part in Part:
        count = len(data.split.rows(part))
        for start in range(0, count, _LOOKED_AT):
            matrix = data.block(part, slice(start, start + _LOOKED_AT)).matrix()
            try:
                check_tokens(torch.from_numpy(matrix), tokens)
            except DataError as error:
                return f"{error}"
    return ""


def _network(data: Prepared, member: Member, features: int, outputs: int) -> "Network":
    """Look up or lay out, convolve, remember, answer."""
    from sortal.networks.network import Network

    chosen = member.chosen(LSTMParameters)
    begin = _tokens(chosen) if chosen.num_words else _signal(chosen, data)
    dense = chosen.dense(chosen.hidden_layer_sizes, outputs)
    layers = (*begin, *chosen.convolutions_along(1), *_memory(chosen), *dense)
    network = Network(shape=(features,), layers=layers)
    _ = network.shapes  # tells what does not fit
    return network


def _tokens(chosen: LSTMParameters) -> Iterator["AnyLayer"]:
    from sortal.networks.dropout import Dropout
    from sortal.networks.token_embedding import TokenEmbedding

    assert chosen.num_words is not None  # noqa: S101 - asked by the caller
    yield TokenEmbedding(tokens=chosen.num_words, size=chosen.embedded)
    if chosen.embedding_dropout:
        yield Dropout(rate=chosen.embedding_dropout)


def _signal(chosen: LSTMParameters, data: Prepared) -> Iterator["AnyLayer"]:
    from sortal.networks.unflatten import Unflatten

    inputs = data.dataset.inputs
    orders = data.dataset.axes
    layout = layout_of(inputs, shape=chosen.shape, channels=None, axes=1, name=None, orders=orders)
    yield Unflatten(channels=layout.channels, points=layout.points, order=layout.order)


def _memory(chosen: LSTMParameters) -> Iterator["AnyLayer"]:
    from sortal.networks import lstm
    from sortal.networks.dropout import Dropout

    last = len(chosen.layer_sizes) - 1
    for number, units in enumerate(chosen.layer_sizes):
        yield lstm.LSTM(units=units, sequence=number < last)
        if chosen.dropout:
            yield Dropout()
