"""What an update rule is: arithmetic on tensors that it is handed, with no state of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from sortal.training.optimisers.rates import Rates


@dataclass(slots=True, eq=False)
class UpdateTensors:
    """What an update works on; the shape of every tensor is (members, numbers)."""

    parameters: Tensor
    gradient: Tensor
    """Used up: a rule may leave anything in it."""

    memory: Mapping[str, Tensor]
    """What the rule remembers, by name; changed in place."""

    spare: tuple[Tensor, ...]
    """Room for the rule's intermediate numbers; what it holds means nothing."""


class Rule(Protocol):
    """How a gradient becomes an update."""

    @property
    def remembers(self) -> tuple[str, ...]:
        """Names of the tensors that it needs from update to update, which start at 0."""
        ...

    @property
    def spares(self) -> int:
        """Tensors for intermediate numbers that it needs beside the gradient."""
        ...

    @property
    def decoupled(self) -> bool:
        """Whether weight decay shrinks the parameters, rather than being added to the gradient."""
        ...

    def update(self, work: UpdateTensors, rates: Rates, steps: int) -> None:
        """Make update number `steps`, counted from 1, in place.

        Weight decay is already done.
        """
        ...
