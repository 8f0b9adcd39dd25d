"""What a layer is: its shapes, the tensors it holds for every member, how it acts, forward and backward."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor

from sortal.networks.names import SlotInitialiser

Shape: TypeAlias = tuple[int, ...]
"""Of one example: (features,), (channels, points) or (channels, height, width)."""


@dataclass(frozen=True, slots=True)
class Held:
    """Tensors of one layer by the name of their slot, each (members, *shape of the slot)."""

    slots: Mapping[str, Tensor] = field(default_factory=dict)
    """What training changes by gradients."""

    buffers: Mapping[str, Tensor] = field(default_factory=dict)
    """What a training pass writes itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One tensor that a layer holds for every member."""

    name: str
    shape: Shape
    """Without the member axis."""

    fan: tuple[int, int] | None = None
    """Inputs and outputs of one unit, from which initialisers draw; None: starts constant."""

    start: float | tuple[float, ...] = 0.0
    """Where a constant starts; several, one for each place along its first axis."""

    initialiser: SlotInitialiser | None = None
    """The layer's own initialiser; None for the member's."""

    pace: float = 1.0
    """Factor on the learning rate."""

    decayed: bool = True
    """Whether weight decay acts on it."""

    @property
    def drawn(self) -> bool:
        """Whether it is a weight: drawn at the start, and what penalties act on."""
        return self.fan is not None


@dataclass(slots=True, kw_only=True)
class Pass:
    """One pass of rows through a network."""

    members: int
    training: bool = False
    kept: Tensor | None = None
    """Share of units that each member keeps in dropout, shape (members,)."""

    uniform: Tensor | None = None
    """Uniform numbers in [0, 1) from each member's own stream, shape (members, rows, draws)."""

    reusable: bool = False
    """While recording: whether a layer may write over the values that it is given."""

    _used: int = field(default=0, init=False)

    def draw(self, count: int) -> Tensor:
        """Take numbers that no layer has seen, shape (members, rows, count)."""
        if self.uniform is None:
            raise ValueError("this pass was given no random numbers.")
        start, self._used = self._used, self._used + count
        return self.uniform[:, :, start : self._used]


class AbstractLayer(BaseModel):
    """One step of a network, the same for all members; what differs is in the held tensors.

    Values have the shape (members, rows, *shape), or (1, rows, *shape) as long as all
    members see the same. A layer is final: it says its shapes and `forward`, and may
    write `record` and `backward` out by hand where autograd is too slow.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    needs_result: ClassVar[bool] = True
    """Whether `backward` reads the result of `record`, which then nobody may write over."""

    @property
    def mixes_rows(self) -> bool:
        """Whether, in training, rows of a minibatch influence each other."""
        return False

    def result_shape(self, shape: Shape) -> Shape:
        """Shape of its result for one example; that of the example itself, unless a layer changes it.

        Raises:
            OptionError: It cannot act on examples of this shape.
        """
        return shape

    def slots(self, shape: Shape) -> tuple[Slot, ...]:
        """Tensors that training changes by their gradient."""
        return ()

    def buffers(self, shape: Shape) -> tuple[Slot, ...]:
        """Tensors that a training pass writes itself, such as running means."""
        return ()

    def draws(self, shape: Shape) -> int:
        """Random numbers that it takes for each example in training."""
        return 0

    def widest(self, shape: Shape) -> int:
        """Most numbers that one example has in it or after it."""
        return torch.Size(self.result_shape(shape)).numel()

    def forward(self, values: Tensor, held: Held, run: Pass) -> Tensor:
        """Act on values."""
        raise NotImplementedError

    def record(self, values: Tensor, held: Held, run: Pass, *, deep: bool) -> tuple[Tensor, Any]:
        """Act in training, and remember what `backward` needs; nothing is left to autograd outside.

        Args:
            values: What the layer acts on.
            held: Its slots and buffers.
            run: The pass.
            deep: Whether the slope with respect to `values` will be asked for.

        Returns:
            The result, and the memory.
        """
        with torch.enable_grad():
            entered = values.detach().requires_grad_(deep)
            leaves = {name: slot.detach().requires_grad_() for name, slot in held.slots.items()}
            result = self.forward(entered, Held(leaves, held.buffers), run)
        return result.detach(), (entered, leaves, result)

    def backward(
        self, slope: Tensor, memory: Any, held: Held, into: Mapping[str, Tensor], *, deep: bool
    ) -> Tensor | None:
        """Add the slopes of the slots to `into`; return the slope of the values if `deep`.

        Args:
            slope: Of the loss with respect to the result; may be written over.
            memory: What `record` returned.
            held: The layer's slots and buffers, as in `record`.
            into: Sums to add to, by the name of the slot.
            deep: As in `record`.
        """
        entered, leaves, result = memory
        wanted = [entered, *leaves.values()] if deep else list(leaves.values())
        if not wanted:
            return None
        slopes = torch.autograd.grad(result, wanted, slope)
        for name, own in zip(leaves, slopes[deep:], strict=True):
            into[name].add_(own)
        return slopes[0] if deep else None


class AbstractLinearLayer(AbstractLayer):
    """A layer that is linear in its values: its slopes, written out by hand, need these alone."""

    needs_result: ClassVar[bool] = False

    def record(self, values: Tensor, held: Held, run: Pass, *, deep: bool) -> tuple[Tensor, Any]:
        """As `forward`; remembers the values."""
        return self.forward(values, held, run), values
