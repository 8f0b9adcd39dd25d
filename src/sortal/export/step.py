"""What a layer of a network is translated with."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sortal.networks.layer import Shape


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LayerStep:
    """A layer's place and numbers."""

    name: str
    """Such as `layers.0`."""

    tensors: Mapping[str, np.ndarray]
    """Weights and buffers of the layer, float32."""

    shape: Shape
    """Of one example that goes in."""

    dropout: float
    """Share of units that the member silences, where layers leave it to members."""
