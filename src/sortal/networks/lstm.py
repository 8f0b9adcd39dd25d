"""The long short-term memory: every member reads signals point by point (Hochreiter 1997)."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from sortal.errors import OptionError
from sortal.networks.layer import AbstractLayer, Held, Pass, Shape, Slot

_GATES = 1 << 23
"""Numbers of gates that are held at once where no slopes are wanted; 32 MB."""

_LEAST_ROWS = 32


class LSTM(AbstractLayer):
    """A memory with input, forget and output gates (doi:10.1162/neco.1997.9.8.1735), as torch computes it.

    Gates lie in the order input, forget, cell, output, which is that of Keras too. There is
    one bias, where torch has two that are added; those of forget gates start at 1 (Gers
    2000, doi:10.1162/089976600300015015), and `recurrent` starts orthogonal, as in Keras.

    Members run one after another: the same steps for all members at once, batched along the
    member axis, took twice the time without slopes and five times and more with them.
    """

    kind: Literal["lstm"] = "lstm"
    units: int = Field(ge=1)
    """Numbers that it remembers."""

    sequence: bool = False
    """Whether its state at every point comes out, as a signal with a channel a unit; else the last one."""

    needs_result: ClassVar[bool] = False

    def result_shape(self, shape: Shape) -> Shape:
        """One number a unit, at every point if a sequence is wanted."""
        if len(shape) != 2:
            raise OptionError("lstm", shape, "signals (channels, points)")
        return (self.units, shape[1]) if self.sequence else (self.units,)

    def widest(self, shape: Shape) -> int:
        """Its gates at all points, which training remembers."""
        return max(4 * self.units * shape[1], shape[0] * shape[1])

    def slots(self, shape: Shape) -> tuple[Slot, ...]:
        """Weight (4 units, channels), recurrent (4 units, units), bias (4, units)."""
        gates, channels = 4 * self.units, shape[0]
        return (
            Slot(name="weight", shape=(gates, channels), fan=(channels, gates)),
            Slot(
                name="recurrent",
                shape=(gates, self.units),
                fan=(self.units, gates),
                initialiser="orthogonal",
            ),
            Slot(name="bias", shape=(4, self.units), start=(0.0, 1.0, 0.0, 0.0)),
        )

    def forward(self, values: Tensor, held: Held, run: Pass) -> Tensor:
        """Read from the first point to the last, from a state of zeros."""
        weight, recurrent, bias = (held.slots[name] for name in ("weight", "recurrent", "bias"))
        signals = values.movedim(-1, 2).expand(len(weight), -1, -1, -1)
        none = torch.zeros_like(bias[0].flatten())
        states = []
        for signal, *own in zip(signals, weight, recurrent, bias.flatten(1), strict=True):
            pieces = signal.split(values.shape[1] if run.training else self._rows(values.shape[-1]))
            states.append(torch.cat([self._read(one, [*own, none]) for one in pieces]))
        return torch.stack(states).movedim(2, -1) if self.sequence else torch.stack(states)

    def _rows(self, points: int) -> int:
        """Examples whose gates are held at once where no slopes are wanted."""
        return max(_LEAST_ROWS, _GATES // (4 * self.units * points))

    def _read(self, signals: Tensor, weights: list[Tensor]) -> Tensor:
        """States of one member, shape (rows, points, units) or (rows, units)."""
        start = signals.new_zeros(1, len(signals), self.units)
        every, last, _ = torch.lstm(
            signals, (start, start), weights, True, 1, 0.0, False, False, True
        )
        return every if self.sequence else last[0]
