"""One layer as Keras describes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sortal.networks.layer import Shape


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KerasLayer:
    """Class, configuration and weights of a layer in a sequential model."""

    class_name: str
    config: Mapping[str, Any]
    """Without the name."""

    weights: tuple[tuple[str, np.ndarray], ...] = ()
    """In Keras's own order, float32."""

    shape: Shape = ()
    """Of one example that goes in, channels last."""

    name: str = ""

    within: str = ""
    """Part of the layer to which Keras 3 says the weights belong; empty for the layer itself."""


def keras_shape(shape: Shape) -> Shape:
    """The shape of an example with its channels, which come first here, in the last place.

    >>> keras_shape((3, 21, 20))
    (21, 20, 3)
    """
    return (*shape[1:], *shape[:1])
