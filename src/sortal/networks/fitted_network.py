"""A population of networks whose starting weights are fitted to training examples."""

from dataclasses import dataclass

import torch
from pydantic import PrivateAttr
from torch import Tensor

from sortal.networks.fitted_layer import AbstractFittedLayer
from sortal.networks.layer import Pass
from sortal.networks.names import Initialiser
from sortal.networks.network import Network
from sortal.networks.stream import stream


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    """Kept apart so that networks compare by their description, never number by number."""

    values: Tensor


class FittedNetwork(Network):
    """A network that knows training examples until its members have started.

    What it describes is a `Network`: stored and read back it has no examples.
    """

    _sample: _Sample = PrivateAttr()

    @classmethod
    def of(cls, network: Network, examples: Tensor) -> "FittedNetwork":
        """Join a network and the examples that it starts from.

        Args:
            network: Its layers.
            examples: Training examples, float64 on the CPU, shape (rows, *network.shape),
                at least one row; kept uncopied.
        """
        fitted = cls(shape=network.shape, layers=network.layers)
        fitted._sample = _Sample(examples)
        return fitted

    def start(
        self, seed: int, initialiser: Initialiser, output_initialiser: Initialiser | None = None
    ) -> Tensor:
        """Make one member's parameters and buffers, layer by layer, each fitted behind the last.

        Computed in float64 whatever the network then uses.

        Returns:
            Shape (size,).
        """
        state = super().start(seed, initialiser, output_initialiser)
        generator = stream(seed, "fitted start")
        values, run = self._sample.values.unsqueeze(0), Pass(members=1)
        with torch.no_grad():
            for layer, held in zip(self.layers, self.held(state.unsqueeze(0)), strict=True):
                if isinstance(layer, AbstractFittedLayer):
                    layer.fit(values, held, generator)
                values = layer.forward(values, held, run)
        return state
