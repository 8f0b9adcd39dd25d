"""Layers that act on signals and stamps as ONNX nodes: convolutions, pooling, flattening."""

from functools import singledispatch
from typing import Any

from sortal.export.onnx_nodes import Nodes
from sortal.export.refusal import refuse_layer
from sortal.export.step import Step
from sortal.networks.convolution import Conv1d, Conv2d, SeparableConv2d
from sortal.networks.flatten import Flatten
from sortal.networks.layer import AbstractLayer, Shape
from sortal.networks.pooling import (
    AveragePool1d,
    AveragePool2d,
    GlobalAverage,
    GlobalMax,
    MaxPool1d,
    MaxPool2d,
)
from sortal.networks.window import Window


@singledispatch
def add_points(layer: AbstractLayer, step: Step, nodes: Nodes, value: str) -> str:  # noqa: ARG001
    """Append a layer as `onnx_layers.add_layer` does.

    Raises:
        UserError: ONNX files cannot carry this kind of layer.
    """
    raise refuse_layer(step.name, layer, "ONNX")


@add_points.register(Conv1d)
@add_points.register(Conv2d)
def _convolution(layer: Conv1d | Conv2d, step: Step, nodes: Nodes, value: str) -> str:
    """Kernels lie in ONNX as they do here."""
    names = [nodes.constant(array, f"{step.name}.{own}") for own, array in step.tensors.items()]
    return nodes.add("Conv", value, *names, **_slides(layer.window(), step.shape))


@add_points.register
def _separable(layer: SeparableConv2d, step: Step, nodes: Nodes, value: str) -> str:
    names = [nodes.constant(array, f"{step.name}.{own}") for own, array in step.tensors.items()]
    slides = _slides(layer.window(), step.shape)
    between = nodes.add("Conv", value, names[0], group=step.shape[0], **slides)
    return nodes.add("Conv", between, *names[1:])


@add_points.register(MaxPool1d)
@add_points.register(MaxPool2d)
def _largest(layer: MaxPool1d | MaxPool2d, step: Step, nodes: Nodes, value: str) -> str:
    return nodes.add("MaxPool", value, **_slides(layer.window(), step.shape))


@add_points.register(AveragePool1d)
@add_points.register(AveragePool2d)
def _mean(layer: AveragePool1d | AveragePool2d, step: Step, nodes: Nodes, value: str) -> str:
    return nodes.add("AveragePool", value, **_slides(layer.window(), step.shape))


@add_points.register
def _global_mean(_: GlobalAverage, step: Step, nodes: Nodes, value: str) -> str:
    return nodes.add("ReduceMean", value, axes=_points(step.shape), keepdims=0)


@add_points.register
def _global_largest(_: GlobalMax, step: Step, nodes: Nodes, value: str) -> str:
    return nodes.add("ReduceMax", value, axes=_points(step.shape), keepdims=0)


@add_points.register
def _flatten(_: Flatten, step: Step, nodes: Nodes, value: str) -> str:
    """Point by point, channels side by side."""
    turned = nodes.add("Transpose", value, perm=[0, *_points(step.shape), 1])
    return nodes.add("Flatten", turned, axis=1)


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
