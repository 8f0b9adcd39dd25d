"""What a layer is that starts fitted to training examples."""

import torch
from torch import Tensor

from sortal.networks.layer import AbstractLayer, Held


class AbstractFittedLayer(AbstractLayer):
    """A layer whose slots start from training examples, or from draws that no initialiser names.

    `fitted_network.FittedNetwork` calls `fit` once a member; a plain `Network` leaves the
    slots where their descriptions start them.
    """

    def fit(self, values: Tensor, held: Held, generator: torch.Generator) -> None:
        """Write the start into the slots.

        Args:
            values: What the layer will act on, of a sample of the training examples:
                float64, shape (1, rows, *shape), at least one row.
            held: Slots of one member, as their initialisers left them; written in place.
            generator: The member's own stream.
        """
        raise NotImplementedError
