"""Layers of a network as ONNX nodes."""

from dataclasses import replace
from functools import singledispatch

import numpy as np

from sortal.export.onnx_nodes import Nodes
from sortal.export.onnx_points import add_points
from sortal.export.step import Step
from sortal.networks.activation import Activation, Maxout
from sortal.networks.chain import shapes_along
from sortal.networks.dense import Dense
from sortal.networks.dropout import AlphaDropout, Dropout
from sortal.networks.layer import AbstractLayer
from sortal.networks.normalise import BatchNorm, LayerNorm
from sortal.networks.residual import Residual

_PLAIN = {
    "relu": "Relu",
    "selu": "Selu",
    "elu": "Elu",
    "tanh": "Tanh",
    "sigmoid": "Sigmoid",
    "softplus": "Softplus",
}
"""Activations that ONNX has by the same definition."""


@singledispatch
def add_layer(layer: AbstractLayer, step: Step, nodes: Nodes, value: str) -> str:
    """Append what one layer does to a value when it is applied.

    Args:
        layer: The layer.
        step: Its place and numbers.
        nodes: The graph so far.
        value: Name of what goes in, shape (examples, *shape).

    Returns:
        Name of what comes out.

    Raises:
        UserError: ONNX files cannot carry this kind of layer.
    """
    return add_points(layer, step, nodes, value)


@add_layer.register
def _dense(_: Dense, step: Step, nodes: Nodes, value: str) -> str:
    names = [nodes.constant(array, f"{step.name}.{own}") for own, array in step.tensors.items()]
    return nodes.add("Gemm" if len(names) > 1 else "MatMul", value, *names)


@add_layer.register
def _maxout(layer: Maxout, step: Step, nodes: Nodes, value: str) -> str:
    (units,) = layer.result_shape(step.shape)
    pieces = nodes.constant(np.array([-1, units, layer.pieces], dtype=np.int64))
    return nodes.add("ReduceMax", nodes.add("Reshape", value, pieces), axes=[2], keepdims=0)


@add_layer.register(Dropout)
@add_layer.register(AlphaDropout)
def _dropout(_: AbstractLayer, __: Step, ___: Nodes, value: str) -> str:
    return value


@add_layer.register
def _batch_norm(layer: BatchNorm, step: Step, nodes: Nodes, value: str) -> str:
    order = ("scale", "shift", "mean", "variance")
    names = [nodes.constant(step.tensors[own], f"{step.name}.{own}") for own in order]
    return nodes.add("BatchNormalization", value, *names, epsilon=layer.epsilon)


@add_layer.register
def _layer_norm(layer: LayerNorm, step: Step, nodes: Nodes, value: str) -> str:
    """By hand: ONNX's own came with opset 17, and acts on last axes."""
    beside = (-1, *[1] * (len(step.shape) - 1))
    centred = nodes.add("Sub", value, nodes.add("ReduceMean", value, axes=[1], keepdims=1))
    square = nodes.add("Mul", centred, centred)
    variance = nodes.add("ReduceMean", square, axes=[1], keepdims=1)
    deviation = nodes.add("Sqrt", nodes.add("Add", variance, nodes.number(layer.epsilon)))
    normal = nodes.add("Div", centred, deviation)
    scaled = nodes.add("Mul", normal, nodes.constant(step.tensors["scale"].reshape(beside)))
    return nodes.add("Add", scaled, nodes.constant(step.tensors["shift"].reshape(beside)))


@add_layer.register
def _residual(layer: Residual, step: Step, nodes: Nodes, value: str) -> str:
    ends = []
    for place, way in (("layers", layer.layers), ("shortcut", layer.shortcut)):
        passed = value
        for number, (one, shape) in enumerate(
            zip(way, shapes_along(way, step.shape), strict=False)
        ):
            inner = replace(_inside(step, f"{place}.{number}"), shape=shape)
            passed = add_layer(one, inner, nodes, passed)
        ends.append(passed)
    return nodes.add("Add", *ends)


def _inside(step: Step, place: str) -> Step:
    """The step of a layer within this one."""
    tensors = {
        name.removeprefix(f"{place}."): array
        for name, array in step.tensors.items()
        if name.startswith(f"{place}.")
    }
    return replace(step, name=f"{step.name}.{place}", tensors=tensors)


@add_layer.register
def _activation(layer: Activation, _: Step, nodes: Nodes, value: str) -> str:
    match layer.name:
        case "linear":
            return value
        case "leaky_relu":
            return nodes.add("LeakyRelu", value, alpha=layer.slope)
        case "silu":
            return nodes.add("Mul", value, nodes.add("Sigmoid", value))
        case "gelu":
            # The operator Gelu came with opset 20, which frozen runtimes do not know.
            bent = nodes.add("Erf", nodes.add("Mul", value, nodes.number(0.5**0.5)))
            share = nodes.add("Mul", nodes.add("Add", bent, nodes.number(1.0)), nodes.number(0.5))
            return nodes.add("Mul", value, share)
        case plain:
            return nodes.add(_PLAIN[plain], value)
