"""Layers of a network as the layers of a sequential Keras model: class, configuration, weights."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import singledispatch

import numpy as np

from sortal.data.labels import Outputs
from sortal.errors import UserError
from sortal.export.keras.layer import KerasLayer, keras_shape
from sortal.export.keras.points import translate_points
from sortal.export.portable import Portable
from sortal.export.step import LayerStep
from sortal.networks.activation import Activation, Maxout
from sortal.networks.dense import Dense
from sortal.networks.dropout import AlphaDropout, Dropout
from sortal.networks.keras_order import keras_name, keras_tensors
from sortal.networks.layer import AbstractLayer, Shape
from sortal.networks.normalise import BatchNorm, LayerNorm
from sortal.networks.rescale import Rescale


def keras_layers(portable: Portable, *, with_scaler: bool) -> tuple[KerasLayer, ...]:
    """Translate a network; the function of its outputs is part of the last layer.

    Args:
        portable: The network.
        with_scaler: Begin with layers that scale, and whiten, raw examples.

    Raises:
        UserError: A layer has no counterpart in Keras, or a feature cannot be scaled in float32.
    """
    layers: list[KerasLayer] = []
    if with_scaler and portable.scaler.scales:
        layers.append(_rescaling(portable))
        layers.extend(_whitening(portable))
    for layer, step in portable.steps:
        for one in _translate(layer, step):
            _append(layers, one)
    final = "softmax" if portable.outputs is Outputs.EXCLUSIVE else "sigmoid"
    _append(layers, _curve(final, portable.network.shapes[-1]))
    return tuple(_named(layers))


@singledispatch
def _translate(layer: AbstractLayer, step: LayerStep) -> tuple[KerasLayer, ...]:
    return translate_points(layer, step)


@_translate.register
def _dense(layer: Dense, step: LayerStep) -> tuple[KerasLayer, ...]:
    dense = KerasLayer(
        class_name="Dense",
        config={"units": layer.units, "activation": "linear", "use_bias": layer.bias},
        weights=keras_tensors(layer, step.tensors, step.shape),
        shape=step.shape,
    )
    return (dense,)


@_translate.register
def _activation(layer: Activation, step: LayerStep) -> tuple[KerasLayer, ...]:
    if layer.name != "leaky_relu":
        return (_curve(layer.name, step.shape),)
    config, shape = {"negative_slope": layer.slope}, keras_shape(step.shape)
    return (KerasLayer(class_name="LeakyReLU", config=config, shape=shape),)


@_translate.register
def _maxout(layer: Maxout, step: LayerStep) -> tuple[KerasLayer, ...]:
    """Keras has no such layer: pieces become steps of a signal, of which pooling keeps the largest."""
    grouped = (*layer.result_shape(step.shape), layer.pieces)
    config = {"data_format": "channels_first", "keepdims": False}
    return (
        KerasLayer(class_name="Reshape", config={"target_shape": list(grouped)}, shape=step.shape),
        KerasLayer(class_name="GlobalMaxPooling1D", config=config, shape=grouped),
    )


@_translate.register
def _rescale(layer: Rescale, step: LayerStep) -> tuple[KerasLayer, ...]:
    config = {"scale": layer.factor, "offset": 0.0}
    return (KerasLayer(class_name="Rescaling", config=config, shape=keras_shape(step.shape)),)


@_translate.register
def _dropout(layer: Dropout, step: LayerStep) -> tuple[KerasLayer, ...]:
    points = len(step.shape) - 1
    name = f"SpatialDropout{points}D" if layer.whole_channels and points else "Dropout"
    config = {"rate": step.dropout if layer.rate is None else layer.rate}
    return (KerasLayer(class_name=name, config=config, shape=keras_shape(step.shape)),)


@_translate.register
def _alpha_dropout(layer: AlphaDropout, step: LayerStep) -> tuple[KerasLayer, ...]:
    config = {"rate": step.dropout if layer.rate is None else layer.rate}
    return (KerasLayer(class_name="AlphaDropout", config=config, shape=keras_shape(step.shape)),)


@_translate.register
def _batch_norm(layer: BatchNorm, step: LayerStep) -> tuple[KerasLayer, ...]:
    config = {"axis": -1, "epsilon": layer.epsilon, "momentum": layer.momentum}
    return (_norm("BatchNormalization", layer, config, step),)


@_translate.register
def _layer_norm(layer: LayerNorm, step: LayerStep) -> tuple[KerasLayer, ...]:
    config = {"axis": -1, "epsilon": layer.epsilon}
    return (_norm("LayerNormalization", layer, config, step),)


def _norm(
    class_name: str, layer: AbstractLayer, config: dict[str, float], step: LayerStep
) -> KerasLayer:
    weights = keras_tensors(layer, step.tensors, step.shape)
    shape = keras_shape(step.shape)
    return KerasLayer(class_name=class_name, config=config, weights=weights, shape=shape)


def _curve(name: str, shape: Shape) -> KerasLayer:
    return KerasLayer(
        class_name="Activation", config={"activation": name}, shape=keras_shape(shape)
    )


def _rescaling(portable: Portable) -> KerasLayer:
    """Keras's Normalization would be the usual choice, but takes spreads below 1e-7 for 1e-7."""
    scaler = portable.scaler
    with np.errstate(over="ignore"):
        factor = (1 / scaler.scale).astype(np.float32)
        offset = (-scaler.center / scaler.scale).astype(np.float32)
    if not (np.isfinite(factor).all() and np.isfinite(offset).all()):
        raise UserError("export: a feature's spread is too small to be scaled in float32.")
    config = {
        "scale": _by_channel(1 / scaler.scale).tolist(),
        "offset": _by_channel(-scaler.center / scaler.scale).tolist(),
    }
    shape = keras_shape(portable.network.shape)
    return KerasLayer(class_name="Rescaling", config=config, shape=shape)


def _whitening(portable: Portable) -> Iterator[KerasLayer]:
    """A product with a matrix, as a dense layer without bias; nothing where there is none."""
    rotation = portable.scaler.rotation
    if rotation is not None:
        yield KerasLayer(
            class_name="Dense",
            config={"units": len(rotation), "activation": "linear", "use_bias": False},
            weights=(("kernel", rotation.astype(np.float32)),),
            shape=portable.network.shape,
        )


def _by_channel(numbers: np.ndarray) -> np.ndarray:
    """With channels last; one number a channel, where all its points have the same."""
    last = np.moveaxis(numbers, 0, -1)
    first: np.ndarray = last.reshape(-1, last.shape[-1])[0]
    return first if (last == first).all() else last


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
        base = keras_name(layer.class_name)
        yield replace(layer, name=f"{base}_{counted[base]}" if counted[base] else base)
        counted[base] += 1
