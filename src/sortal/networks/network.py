"""A population of equal networks: layers in a row, layout of their tensors, both passes."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, TypeAlias

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from sortal.networks.activation import Activation, Maxout
from sortal.networks.augment import Augment
from sortal.networks.branch import Branch
from sortal.networks.chain import backward_along, forward_along, record_along, shapes_along
from sortal.networks.convolution import Conv1d, Conv2d, SeparableConv2d
from sortal.networks.dense import Dense
from sortal.networks.dropout import AlphaDropout, Dropout
from sortal.networks.embedding import PeriodicEmbedding
from sortal.networks.flatten import Flatten
from sortal.networks.initialise import draw_weights
from sortal.networks.layer import AbstractLayer, Held, Pass, Shape, Slot
from sortal.networks.lstm import LSTM
from sortal.networks.names import Initialiser
from sortal.networks.normalise import BatchNorm, LayerNorm
from sortal.networks.parametric import ParametricActivation
from sortal.networks.pooling import (
    AveragePool1d,
    AveragePool2d,
    GlobalAverage,
    GlobalMax,
    MaxPool1d,
    MaxPool2d,
)
from sortal.networks.rescale import Rescale
from sortal.networks.residual import Residual
from sortal.networks.robust_clip import RobustClip
from sortal.networks.scale import Scale
from sortal.networks.stream import stream
from sortal.networks.tangent import TangentDense
from sortal.networks.token_embedding import TokenEmbedding
from sortal.networks.unflatten import Unflatten

AnyLayer: TypeAlias = Annotated[
    Activation
    | AlphaDropout
    | Augment
    | AveragePool1d
    | AveragePool2d
    | BatchNorm
    | Branch
    | Conv1d
    | Conv2d
    | Dense
    | Dropout
    | Flatten
    | GlobalAverage
    | GlobalMax
    | LSTM
    | LayerNorm
    | MaxPool1d
    | MaxPool2d
    | Maxout
    | ParametricActivation
    | PeriodicEmbedding
    | Rescale
    | Residual
    | RobustClip
    | Scale
    | SeparableConv2d
    | TangentDense
    | TokenEmbedding
    | Unflatten,
    Field(discriminator="kind"),
]
"""Every kind of layer, told apart by `kind`."""

Branch.model_rebuild(_types_namespace={"AnyLayer": AnyLayer})
Residual.model_rebuild(_types_namespace={"AnyLayer": AnyLayer})


class Network(BaseModel):
    """Layers that all members share, and where their tensors lie.

    All that a member holds lies end to end in one row of a tensor (members, size), so
    that best weights, snapshots and models handle one tensor: first its parameters,
    layer by layer, which optimisers change, then its buffers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    shape: Shape
    """Of one example."""

    layers: tuple[AnyLayer, ...]
    """In the order in which values go through them."""

    @cached_property
    def shapes(self) -> tuple[Shape, ...]:
        """Of one example: as it comes in, then after each layer."""
        return shapes_along(self.layers, self.shape)

    @cached_property
    def _along(self) -> tuple[tuple[AbstractLayer, Shape], ...]:
        return tuple(zip(self.layers, self.shapes, strict=False))

    @cached_property
    def slots(self) -> tuple[tuple[Slot, ...], ...]:
        """What training changes in each layer."""
        return tuple(layer.slots(shape) for layer, shape in self._along)

    @cached_property
    def buffers(self) -> tuple[tuple[Slot, ...], ...]:
        """What each layer writes itself."""
        return tuple(layer.buffers(shape) for layer, shape in self._along)

    @cached_property
    def numbers(self) -> int:
        """Parameters of one member."""
        return _count(self.slots)

    @cached_property
    def size(self) -> int:
        """Parameters and buffered numbers of one member."""
        return self.numbers + _count(self.buffers)

    @cached_property
    def draws(self) -> int:
        """Random numbers that one example takes in training."""
        return sum(layer.draws(shape) for layer, shape in self._along)

    @cached_property
    def mixes_rows(self) -> bool:
        """Whether, in training, rows of a minibatch influence each other."""
        return any(layer.mixes_rows for layer in self.layers)

    @cached_property
    def units(self) -> int:
        """Most numbers that one example has in or after any layer."""
        return max(layer.widest(shape) for layer, shape in self._along)

    @cached_property
    def drawn(self) -> Tensor:
        """Which parameters are weights, not biases or scales: shape (numbers,), bool."""
        return self._spread(lambda slot: slot.drawn)

    @cached_property
    def decayed(self) -> Tensor:
        """Which parameters weight decay acts on: shape (numbers,), bool."""
        return self._spread(lambda slot: slot.decayed)

    @cached_property
    def paces(self) -> Tensor:
        """Factors on the learning rate, shape (numbers,)."""
        return self._spread(lambda slot: slot.pace)

    @cached_property
    def _last_drawn(self) -> int:
        """Number of the last layer with weights, -1 if there is none."""
        drawn = [any(slot.drawn for slot in slots) for slots in self.slots]
        return max((number for number, there in enumerate(drawn) if there), default=-1)

    def _spread(self, of: Callable[[Slot], float]) -> Tensor:
        """Lay a slot's own number out over its parameters."""
        slots = [slot for slots in self.slots for slot in slots]
        values = torch.tensor([of(slot) for slot in slots])
        counts = torch.tensor([torch.Size(slot.shape).numel() for slot in slots])
        return values.repeat_interleave(counts.to(torch.int64))

    def held(self, state: Tensor) -> list[Held]:
        """View a tensor (members, size) layer by layer, uncopied."""
        slots, buffers = self.slot_views(state), _views(state[:, self.numbers :], self.buffers)
        return [Held(*both) for both in zip(slots, buffers, strict=True)]

    def slot_views(self, parameters: Tensor) -> list[dict[str, Tensor]]:
        """View a tensor (members, at least numbers) layer by layer and slot by slot, uncopied."""
        return _views(parameters[:, : self.numbers], self.slots)

    def start(
        self, seed: int, initialiser: Initialiser, output_initialiser: Initialiser | None = None
    ) -> Tensor:
        """Make one member's parameters and buffers.

        Drawn on the CPU in float64 whatever the network then uses, so that a start
        depends on the seed and the shapes alone.

        Args:
            seed: The member's.
            initialiser: Of all layers that have none of their own.
            output_initialiser: Of the last layer with weights; None for the same.

        Returns:
            Shape (size,).
        """
        generator = stream(seed, "initialisation")
        state = torch.zeros(1, self.size, dtype=torch.float64)
        described = zip(self.slots, self.buffers, self.held(state), strict=True)
        for number, (slots, buffers, held) in enumerate(described):
            last = number == self._last_drawn
            chosen = (output_initialiser if last else None) or initialiser
            for slot in slots:
                _fill(slot, held.slots[slot.name], chosen, generator)
            for slot in buffers:
                _fill(slot, held.buffers[slot.name], chosen, generator)
        return state[0]

    def forward(self, values: Tensor, held: Sequence[Held], run: Pass) -> Tensor:
        """Compute the outputs before softmax or sigmoid.

        Args:
            values: Shape (rows, *shape), seen by all members.
            held: What `held` returned.
            run: The pass.

        Returns:
            Shape (members, rows, outputs).
        """
        return forward_along(self.layers, values.unsqueeze(0), held, run)

    def record(self, values: Tensor, held: Sequence[Held], run: Pass) -> tuple[Tensor, list[Any]]:
        """As `forward`, in training; also returns what `backward` needs."""
        return record_along(self.layers, values.unsqueeze(0), held, run, deep=False)

    def backward(
        self,
        slope: Tensor,
        memories: list[Any],
        held: Sequence[Held],
        into: Sequence[Mapping[str, Tensor]],
    ) -> None:
        """Add the slopes of all parameters to `into`, views like `held` of the sums.

        Args:
            slope: Of the loss with respect to the outputs; is used up.
            memories: What `record` returned; emptied on the way.
            held: As in `record`.
            into: By layer, by name of the slot.
        """
        backward_along(self.layers, slope, memories, held=held, into=into)


def _count(described: Sequence[Sequence[Slot]]) -> int:
    return sum(torch.Size(slot.shape).numel() for slots in described for slot in slots)


def _views(flat: Tensor, described: Sequence[Sequence[Slot]]) -> list[dict[str, Tensor]]:
    views: list[dict[str, Tensor]] = []
    start = 0
    for slots in described:
        views.append({})
        for slot in slots:
            end = start + torch.Size(slot.shape).numel()
            views[-1][slot.name] = flat[:, start:end].view(len(flat), *slot.shape)
            start = end
    return views


def _fill(slot: Slot, view: Tensor, initialiser: Initialiser, generator: torch.Generator) -> None:
    if slot.fan is None:
        starts = torch.tensor(slot.start, dtype=view.dtype)
        view.copy_(starts.view(-1, *[1] * (view.ndim - 2)) if starts.ndim else starts)
    else:
        draw_weights(view, slot.initialiser or initialiser, slot.fan, generator)
