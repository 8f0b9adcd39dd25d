"""Layers that act on signals and stamps as ONNX nodes: convolutions, pooling, flattening."""

from functools import singledispatch
from typing import Any

import numpy as np
from onnx import TensorProto

from sortal.export.onnx.nodes import Nodes
from sortal.export.step import LayerStep
from sortal.export.unsupported import unsupported_layer_error
from sortal.networks.convolution import Conv1d, Conv2d, SeparableConv2d
from sortal.networks.flatten import Flatten
from sortal.networks.layer import AbstractLayer, Shape
from sortal.networks.lstm import LSTM
from sortal.networks.pooling import (
    AveragePool1d,
    AveragePool2d,
    GlobalAverage,
    GlobalMax,
    MaxPool1d,
    MaxPool2d,
)
from sortal.networks.token_embedding import TokenEmbedding
from sortal.networks.unflatten import Unflatten
from sortal.networks.window import Window


@singledispatch
def add_points(layer: AbstractLayer, step: LayerStep, nodes: Nodes, value: str) -> str:  # noqa: ARG001
    """Append a layer as `onnx_layers.add_layer` does.

    Raises:
        UserError: ONNX files cannot carry this kind of layer.
    """
    raise unsupported_layer_error(step.name, layer, "ONNX")


@add_points.register(Conv1d)
@add_points.register(Conv2d)
def _convolution(layer: Conv1d | Conv2d, step: LayerStep, nodes: Nodes, value: str) -> str:
    """Kernels lie in ONNX as they do here."""
    names = [nodes.constant(array, f"{step.name}.{own}") for own, array in step.tensors.items()]
    return nodes.add("Conv", value, *names, **_slides(layer.window(), step.shape))


@add_points.register
def _separable(layer: SeparableConv2d, step: LayerStep, nodes: Nodes, value: str) -> str:
    names = [nodes.constant(array, f"{step.name}.{own}") for own, array in step.tensors.items()]
    slides = _slides(layer.window(), step.shape)
    between = nodes.add("Conv", value, names[0], group=step.shape[0], **slides)
    return nodes.add("Conv", between, *names[1:])


@add_points.register(MaxPool1d)
@add_points.register(MaxPool2d)
def _largest(layer: MaxPool1d | MaxPool2d, step: LayerStep, nodes: Nodes, value: str) -> str:
    return nodes.add("MaxPool", value, **_slides(layer.window(), step.shape))


@add_points.register(AveragePool1d)
@add_points.register(AveragePool2d)
def _mean(layer: AveragePool1d | AveragePool2d, step: LayerStep, nodes: Nodes, value: str) -> str:
    return nodes.add("AveragePool", value, **_slides(layer.window(), step.shape))


@add_points.register
def _global_mean(_: GlobalAverage, step: LayerStep, nodes: Nodes, value: str) -> str:
    return nodes.add("ReduceMean", value, axes=_points(step.shape), keepdims=0)


@add_points.register
def _global_largest(_: GlobalMax, step: LayerStep, nodes: Nodes, value: str) -> str:
    return nodes.add("ReduceMax", value, axes=_points(step.shape), keepdims=0)


@add_points.register
def _flatten(_: Flatten, step: LayerStep, nodes: Nodes, value: str) -> str:
    """Point by point, channels side by side."""
    turned = nodes.add("Transpose", value, perm=[0, *_points(step.shape), 1])
    return nodes.add("Flatten", turned, axis=1)


@add_points.register
def _unflatten(layer: Unflatten, _: LayerStep, nodes: Nodes, value: str) -> str:
    channels, points = layer.channels, layer.points
    last = layer.order == "last"
    laid = (*points, channels) if last else (channels, *points)
    shaped = nodes.add("Reshape", value, nodes.constant(np.array([-1, *laid], dtype=np.int64)))
    if not last:
        return shaped
    return nodes.add("Transpose", shaped, perm=[0, len(laid), *range(1, len(laid))])


@add_points.register
def _embedding(_: TokenEmbedding, step: LayerStep, nodes: Nodes, value: str) -> str:
    table = nodes.constant(step.tensors["weight"], f"{step.name}.weight")
    looked = nodes.add("Gather", table, nodes.add("Cast", value, to=TensorProto.INT64), axis=0)
    return nodes.add("Transpose", looked, perm=[0, 2, 1])


@add_points.register
def _memory(layer: LSTM, step: LayerStep, nodes: Nodes, value: str) -> str:
    """ONNX's gates go input, output, forget, cell, and its signals point by point, then example."""
    weight, recurrent = (
        _regated(step.tensors[name].reshape(4, layer.units, -1)) for name in ("weight", "recurrent")
    )
    bias = _regated(step.tensors["bias"][..., np.newaxis])
    held = {"weight": weight, "recurrent": recurrent}
    names = [nodes.constant(array[np.newaxis], f"{step.name}.{n}") for n, array in held.items()]
    both = np.concatenate([bias.ravel(), np.zeros_like(bias).ravel()])[np.newaxis]
    names.append(nodes.constant(both, f"{step.name}.bias"))
    signals = nodes.add("Transpose", value, perm=[2, 0, 1])
    every, last = nodes.pair("LSTM", signals, *names, hidden_size=layer.units)
    if layer.sequence:
        states = nodes.add("Squeeze", every, nodes.constant(np.array([1], dtype=np.int64)))
        return nodes.add("Transpose", states, perm=[1, 2, 0])
    return nodes.add("Squeeze", last, nodes.constant(np.array([0], dtype=np.int64)))


def _regated(gates: np.ndarray) -> np.ndarray:
    """Put gates (4, units, numbers) from torch's order into ONNX's, one below the other."""
    return gates[[0, 3, 1, 2]].reshape(-1, gates.shape[2])


def _points(shape: Shape) -> list[int]:
    """Axes behind examples and channels."""
    return list(range(2, len(shape) + 1))


def _slides(window: Window, shape: Shape) -> dict[str, Any]:
    before, behind = zip(*window.margins(shape[1:]), strict=True)
    return {
        "kernel_shape": list(window.size),
        "strides": list(window.stride),
        "pads": [*before, *behind],
    }
