"""Layers that act on signals and stamps as Keras describes them, channels last."""

from functools import singledispatch
from typing import Any

from sortal.export.keras.layer import KerasLayer, keras_shape
from sortal.export.step import LayerStep
from sortal.export.unsupported import unsupported_layer_error
from sortal.networks.augment import Augment
from sortal.networks.convolution import Conv1d, Conv2d, SeparableConv2d
from sortal.networks.flatten import Flatten
from sortal.networks.keras_order import keras_tensors
from sortal.networks.layer import AbstractLayer
from sortal.networks.lstm import LSTM
from sortal.networks.pooling import (
    AbstractPool,
    AveragePool1d,
    AveragePool2d,
    GlobalAverage,
    GlobalMax,
    MaxPool1d,
    MaxPool2d,
)
from sortal.networks.token_embedding import TokenEmbedding
from sortal.networks.unflatten import Unflatten

_LAST = {"data_format": "channels_last"}


@singledispatch
def translate_points(layer: AbstractLayer, step: LayerStep) -> tuple[KerasLayer, ...]:
    """The layers that Keras has for one of ours, in order.

    Raises:
        UserError: A sequential Keras model has no such layer.
    """
    raise unsupported_layer_error(step.name, layer, "Keras")


@translate_points.register(Conv1d)
@translate_points.register(Conv2d)
def _convolution(layer: Conv1d | Conv2d, step: LayerStep) -> tuple[KerasLayer, ...]:
    return _slide(f"Conv{len(step.shape) - 1}D", layer, step)


@translate_points.register
def _separable(layer: SeparableConv2d, step: LayerStep) -> tuple[KerasLayer, ...]:
    return _slide("SeparableConv2D", layer, step, depth_multiplier=layer.multiplier)


def _slide(
    class_name: str,
    layer: Conv1d | Conv2d | SeparableConv2d,
    step: LayerStep,
    **more: Any,
) -> tuple[KerasLayer, ...]:
    """A convolution, behind a layer of zeros where their number was given."""
    window = layer.window()
    added = layer.padding if isinstance(layer.padding, int) else 0
    channels, *points = step.shape
    convolution = KerasLayer(
        class_name=class_name,
        config={
            "filters": layer.channels,
            "kernel_size": list(window.size),
            "strides": list(window.stride),
            "padding": layer.padding if isinstance(layer.padding, str) else "valid",
            "use_bias": layer.bias,
            "activation": "linear",
            **_LAST,
            **more,
        },
        weights=keras_tensors(layer, step.tensors, step.shape),
        shape=(*(count + 2 * added for count in points), channels),
    )
    return (_zeros(added, step), convolution) if added else (convolution,)


def _zeros(added: int, step: LayerStep) -> KerasLayer:
    axes, shape = len(step.shape) - 1, keras_shape(step.shape)
    config = {"padding": added if axes == 1 else [added] * axes, **_LAST}
    return KerasLayer(class_name=f"ZeroPadding{axes}D", config=config, shape=shape)


@translate_points.register(MaxPool1d)
@translate_points.register(MaxPool2d)
def _largest(layer: MaxPool1d | MaxPool2d, step: LayerStep) -> tuple[KerasLayer, ...]:
    return (_pool(layer, "Max", step),)


@translate_points.register(AveragePool1d)
@translate_points.register(AveragePool2d)
def _mean(layer: AveragePool1d | AveragePool2d, step: LayerStep) -> tuple[KerasLayer, ...]:
    return (_pool(layer, "Average", step),)


def _pool(layer: AbstractPool, how: str, step: LayerStep) -> KerasLayer:
    window = layer.window()
    config = {"pool_size": list(window.size), "strides": list(window.stride)}
    return KerasLayer(
        class_name=f"{how}Pooling{len(step.shape) - 1}D",
        config={**config, "padding": layer.padding, **_LAST},
        shape=keras_shape(step.shape),
    )


@translate_points.register
def _global_mean(_: GlobalAverage, step: LayerStep) -> tuple[KerasLayer, ...]:
    return (_global("Average", step),)


@translate_points.register
def _global_largest(_: GlobalMax, step: LayerStep) -> tuple[KerasLayer, ...]:
    return (_global("Max", step),)


def _global(how: str, step: LayerStep) -> KerasLayer:
    name = f"Global{how}Pooling{len(step.shape) - 1}D"
    config = {"keepdims": False, **_LAST}
    return KerasLayer(class_name=name, config=config, shape=keras_shape(step.shape))


@translate_points.register
def _flatten(_: Flatten, step: LayerStep) -> tuple[KerasLayer, ...]:
    """The order of numbers is Keras's here too."""
    return (KerasLayer(class_name="Flatten", config=_LAST, shape=keras_shape(step.shape)),)


@translate_points.register
def _unflatten(layer: Unflatten, step: LayerStep) -> tuple[KerasLayer, ...]:
    """Where channels come first, they are then moved behind the points."""
    if layer.order == "last":
        last = [*layer.points, layer.channels]
        return (KerasLayer(class_name="Reshape", config={"target_shape": last}, shape=step.shape),)
    first = (layer.channels, *layer.points)
    config = {"dims": [*range(2, len(first) + 1), 1]}
    return (
        KerasLayer(class_name="Reshape", config={"target_shape": list(first)}, shape=step.shape),
        KerasLayer(class_name="Permute", config=config, shape=first),
    )


@translate_points.register
def _augment(_: Augment, __: LayerStep) -> tuple[KerasLayer, ...]:
    """Nothing, for examples that are scored are not augmented."""
    return ()


@translate_points.register
def _embedding(layer: TokenEmbedding, step: LayerStep) -> tuple[KerasLayer, ...]:
    return (
        KerasLayer(
            class_name="Embedding",
            config={"input_dim": layer.tokens, "output_dim": layer.size},
            weights=keras_tensors(layer, step.tensors, step.shape),
            shape=step.shape,
        ),
    )


@translate_points.register
def _memory(layer: LSTM, step: LayerStep) -> tuple[KerasLayer, ...]:
    config = {"units": layer.units, "return_sequences": layer.sequence, "use_bias": True}
    return (
        KerasLayer(
            class_name="LSTM",
            config={**config, "activation": "tanh", "recurrent_activation": "sigmoid"},
            weights=keras_tensors(layer, step.tensors, step.shape),
            shape=keras_shape(step.shape),
            within="cell",
        ),
    )
