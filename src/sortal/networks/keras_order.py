"""How Keras names and orders the numbers that layers hold."""

import re
from collections.abc import Mapping
from functools import singledispatch
from typing import TypeAlias

import numpy as np

from sortal.networks.convolution import Conv1d, Conv2d, SeparableConv2d
from sortal.networks.dense import Dense
from sortal.networks.layer import AbstractLayer, Shape
from sortal.networks.lstm import LSTM
from sortal.networks.normalise import BatchNorm, LayerNorm
from sortal.networks.token_embedding import TokenEmbedding

Named: TypeAlias = tuple[tuple[str, np.ndarray], ...]


@singledispatch
def keras_tensors(
    layer: AbstractLayer,  # noqa: ARG001
    tensors: Mapping[str, np.ndarray],  # noqa: ARG001
    shape: Shape,  # noqa: ARG001
) -> Named:
    """What a layer of one member holds, as Keras lists it.

    Args:
        layer: The layer.
        tensors: Its slots and buffers by name.
        shape: Of one example that goes in.

    Returns:
        Names and arrays, reordered and never computed with; none for layers that hold nothing,
        and for those that Keras does not have.
    """
    return ()


@keras_tensors.register
def _dense(_: Dense, tensors: Mapping[str, np.ndarray], shape: Shape) -> Named:  # noqa: ARG001
    return (("kernel", tensors["weight"]), *_bias(tensors))


@keras_tensors.register(Conv1d)
@keras_tensors.register(Conv2d)
def _convolution(
    _: Conv1d | Conv2d,
    tensors: Mapping[str, np.ndarray],
    shape: Shape,  # noqa: ARG001
) -> Named:
    return (("kernel", np.moveaxis(tensors["weight"], (0, 1), (-1, -2))), *_bias(tensors))


@keras_tensors.register
def _separable(layer: SeparableConv2d, tensors: Mapping[str, np.ndarray], shape: Shape) -> Named:
    own = tensors["depthwise"].reshape(shape[0], layer.multiplier, *layer.kernel)
    return (
        ("depthwise_kernel", own.transpose(2, 3, 0, 1)),
        ("pointwise_kernel", np.moveaxis(tensors["pointwise"], (0, 1), (-1, -2))),
        *_bias(tensors),
    )


@keras_tensors.register
def _batch_norm(_: BatchNorm, tensors: Mapping[str, np.ndarray], shape: Shape) -> Named:  # noqa: ARG001
    return (
        ("gamma", tensors["scale"]),
        ("beta", tensors["shift"]),
        ("moving_mean", tensors["mean"]),
        ("moving_variance", tensors["variance"]),
    )


@keras_tensors.register
def _layer_norm(_: LayerNorm, tensors: Mapping[str, np.ndarray], shape: Shape) -> Named:  # noqa: ARG001
    return (("gamma", tensors["scale"]), ("beta", tensors["shift"]))


@keras_tensors.register
def _lstm(_: LSTM, tensors: Mapping[str, np.ndarray], shape: Shape) -> Named:  # noqa: ARG001
    return (
        ("kernel", tensors["weight"].T),
        ("recurrent_kernel", tensors["recurrent"].T),
        ("bias", tensors["bias"].reshape(-1)),
    )


@keras_tensors.register
def _embedding(_: TokenEmbedding, tensors: Mapping[str, np.ndarray], shape: Shape) -> Named:  # noqa: ARG001
    return (("embeddings", tensors["weight"]),)


def _bias(tensors: Mapping[str, np.ndarray]) -> Named:
    return (("bias", tensors["bias"]),) if "bias" in tensors else ()


def keras_name(class_name: str) -> str:
    """A class's name as Keras makes names of layers of it; files of weights find layers by them.

    >>> keras_name("LeakyReLU"), keras_name("Conv2D"), keras_name("LSTM")
    ('leaky_re_lu', 'conv2d', 'lstm')
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", class_name).lower()
