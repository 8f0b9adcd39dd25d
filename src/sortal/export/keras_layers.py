"""Layers of a network as the layers of a sequential Keras model: class, configuration, weights."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sortal.data.labels import Outputs
from sortal.errors import UserError
from sortal.export.portable import Portable
from sortal.export.refusal import refuse_layer
from sortal.networks.activation import Activation, Maxout
from sortal.networks.dense import Dense
from sortal.networks.dropout import Dropout
from sortal.networks.layer import AbstractLayer, Shape

_SNAKE = {
    "Activation": "activation",
    "Dense": "dense",
    "Dropout": "dropout",
    "GlobalMaxPooling1D": "global_max_pooling1d",
    "LeakyReLU": "leaky_re_lu",
    "Rescaling": "rescaling",
    "Reshape": "reshape",
}
"""Names as Keras makes them; its files of weights find layers by them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KerasLayer:
    """One layer as Keras describes it."""

    class_name: str
    config: Mapping[str, Any]
    """Without the name."""

    weights: tuple[tuple[str, np.ndarray], ...] = ()
    """In Keras's own order, float32."""

    shape: Shape = ()
    """Of one example that goes in."""

    name: str = ""


def keras_layers(portable: Portable, *, with_scaler: bool) -> tuple[KerasLayer, ...]:
    """Translate a network; the function of its outputs is part of the last layer.

    Args:
        portable: The network.
        with_scaler: Begin with a layer that scales raw examples.

    Raises:
        UserError: A layer has no counterpart in Keras, or a feature cannot be scaled in float32.
    """
    layers: list[KerasLayer] = []
    if with_scaler and portable.scaler.scales:
        layers.append(_rescaling(portable))
    network = portable.network
    steps = zip(network.layers, portable.tensors, network.shapes, strict=False)
    for number, (layer, tensors, shape) in enumerate(steps):
        for one in _translate(layer, tensors, number=number, shape=shape, portable=portable):
            _append(layers, one)
    final = "softmax" if portable.outputs is Outputs.EXCLUSIVE else "sigmoid"
    _append(layers, _curve(final, network.shapes[-1]))
    return tuple(_named(layers))


def _translate(
    layer: AbstractLayer,
    tensors: Mapping[str, np.ndarray],
    *,
    number: int,
    shape: Shape,
    portable: Portable,
) -> Iterator[KerasLayer]:
    match layer:
        case Dense():
            yield _dense(layer, tensors, shape)
        case Activation(name="leaky_relu"):
            config = {"negative_slope": layer.slope}
            yield KerasLayer(class_name="LeakyReLU", config=config, shape=shape)
        case Activation():
            yield _curve(layer.name, shape)
        case Maxout():
            yield from _maxout(layer, shape)
        case Dropout():
            rate = portable.dropout if layer.rate is None else layer.rate
            yield KerasLayer(class_name="Dropout", config={"rate": rate}, shape=shape)
        case _:
            raise refuse_layer(number, str(getattr(layer, "kind", layer)), "Keras")


def _dense(layer: Dense, tensors: Mapping[str, np.ndarray], shape: Shape) -> KerasLayer:
    names = {"weight": "kernel", "bias": "bias"}
    return KerasLayer(
        class_name="Dense",
        config={"units": layer.units, "activation": "linear", "use_bias": layer.bias},
        weights=tuple((names[name], array.astype(np.float32)) for name, array in tensors.items()),
        shape=shape,
    )


def _maxout(layer: Maxout, shape: Shape) -> Iterator[KerasLayer]:
    """Keras has no such layer: pieces become steps of a signal, of which pooling keeps the largest."""
    grouped = (*layer.result_shape(shape), layer.pieces)
    yield KerasLayer(class_name="Reshape", config={"target_shape": list(grouped)}, shape=shape)
    config = {"data_format": "channels_first", "keepdims": False}
    yield KerasLayer(class_name="GlobalMaxPooling1D", config=config, shape=grouped)


def _curve(name: str, shape: Shape) -> KerasLayer:
    return KerasLayer(class_name="Activation", config={"activation": name}, shape=shape)


def _rescaling(portable: Portable) -> KerasLayer:
    """Keras's Normalization would be the usual choice, but takes spreads below 1e-7 for 1e-7."""
    scaler = portable.scaler
    with np.errstate(over="ignore"):
        factor = (1 / scaler.scale).astype(np.float32)
        offset = (-scaler.center / scaler.scale).astype(np.float32)
    if not (np.isfinite(factor).all() and np.isfinite(offset).all()):
        raise UserError("export: a feature's spread is too small to be scaled in float32.")
    config = {
        "scale": (1 / scaler.scale).tolist(),
        "offset": (-scaler.center / scaler.scale).tolist(),
    }
    return KerasLayer(class_name="Rescaling", config=config, shape=portable.network.shape)


def _append(layers: list[KerasLayer], one: KerasLayer) -> None:
    """Append a layer; an activation that follows weights without one becomes theirs."""
    if one.class_name == "Activation":
        if one.config["activation"] == "linear":
            return
        last = layers[-1] if layers else None
        if last is not None and last.config.get("activation") == "linear":
            layers[-1] = replace(last, config={**last.config, **one.config})
            return
    layers.append(one)


def _named(layers: list[KerasLayer]) -> Iterator[KerasLayer]:
    counted: Counter[str] = Counter()
    for layer in layers:
        base = _SNAKE[layer.class_name]
        yield replace(layer, name=f"{base}_{counted[base]}" if counted[base] else base)
        counted[base] += 1
