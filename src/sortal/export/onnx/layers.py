"""Layers of a network as ONNX nodes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import singledispatch
from typing import Any

import numpy as np

from sortal.export.onnx.nodes import Nodes
from sortal.export.onnx.points import add_points
from sortal.export.step import LayerStep
from sortal.networks.activation import Activation, Maxout
from sortal.networks.augment import Augment
from sortal.networks.branch import Branch
from sortal.networks.chain import shapes_along
from sortal.networks.dense import Dense
from sortal.networks.dropout import AlphaDropout, Dropout
from sortal.networks.embedding import PeriodicEmbedding
from sortal.networks.layer import AbstractLayer
from sortal.networks.normalise import BatchNorm, LayerNorm
from sortal.networks.parametric import ParametricActivation
from sortal.networks.rescale import Rescale
from sortal.networks.residual import Residual
from sortal.networks.robust_clip import RobustClip
from sortal.networks.scale import Scale
from sortal.networks.tangent import TangentDense

_PLAIN: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "relu": ("Relu", {}),
    "selu": ("Selu", {}),
    "elu": ("Elu", {}),
    "tanh": ("Tanh", {}),
    "sigmoid": ("Sigmoid", {}),
    "softplus": ("Softplus", {}),
    "softsign": ("Softsign", {}),
    "softmax": ("Softmax", {"axis": 1}),
    "hard_sigmoid": ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
    "exponential": ("Exp", {}),
}
"""Activations that ONNX has by the same definition: operator and attributes."""


@singledispatch
def add_layer(layer: AbstractLayer, step: LayerStep, nodes: Nodes, value: str) -> str:
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
def _dense(_: Dense, step: LayerStep, nodes: Nodes, value: str) -> str:
    names = [nodes.constant(array, f"{step.name}.{own}") for own, array in step.tensors.items()]
    return nodes.add("Gemm" if len(names) > 1 else "MatMul", value, *names)


@add_layer.register
def _maxout(layer: Maxout, step: LayerStep, nodes: Nodes, value: str) -> str:
    (units,) = layer.result_shape(step.shape)
    pieces = nodes.constant(np.array([-1, units, layer.pieces], dtype=np.int64))
    return nodes.add("ReduceMax", nodes.add("Reshape", value, pieces), axes=[2], keepdims=0)


@add_layer.register(Dropout)
@add_layer.register(AlphaDropout)
@add_layer.register(Augment)
def _dropout(_: AbstractLayer, __: LayerStep, ___: Nodes, value: str) -> str:
    return value


@add_layer.register
def _rescale(layer: Rescale, _: LayerStep, nodes: Nodes, value: str) -> str:
    return nodes.add("Mul", value, nodes.number(layer.factor))


@add_layer.register
def _batch_norm(layer: BatchNorm, step: LayerStep, nodes: Nodes, value: str) -> str:
    order = ("scale", "shift", "mean", "variance")
    names = [nodes.constant(step.tensors[own], f"{step.name}.{own}") for own in order]
    return nodes.add("BatchNormalization", value, *names, epsilon=layer.epsilon)


@add_layer.register
def _layer_norm(layer: LayerNorm, step: LayerStep, nodes: Nodes, value: str) -> str:
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
def _residual(layer: Residual, step: LayerStep, nodes: Nodes, value: str) -> str:
    ways = (("layers", layer.layers), ("shortcut", layer.shortcut))
    return nodes.add("Add", *(_along(way, place, step, nodes, value) for place, way in ways))


@add_layer.register
def _branch(layer: Branch, step: LayerStep, nodes: Nodes, value: str) -> str:
    """What the layers make, then the features before and behind theirs."""
    (features,), end = step.shape, layer.start + layer.count
    seen = _cut(nodes, value, layer.start, end)
    made = _along(layer.layers, "layers", replace(step, shape=(layer.count,)), nodes, seen)
    others = [(0, layer.start), (end, features)]
    parts = [_cut(nodes, value, *ends) for ends in others if ends[0] < ends[1]]
    return nodes.add("Concat", made, *parts, axis=1) if parts else made


def _cut(nodes: Nodes, value: str, start: int, end: int) -> str:
    """Neighbouring features."""
    ends = [nodes.constant(np.array([number], dtype=np.int64)) for number in (start, end, 1)]
    return nodes.add("Slice", value, *ends)


def _along(
    way: Sequence[AbstractLayer], place: str, step: LayerStep, nodes: Nodes, value: str
) -> str:
    """Append layers within a layer, one after another."""
    for number, (one, shape) in enumerate(zip(way, shapes_along(way, step.shape), strict=False)):
        inner = replace(_inside(step, f"{place}.{number}"), shape=shape)
        value = add_layer(one, inner, nodes, value)
    return value


def _inside(step: LayerStep, place: str) -> LayerStep:
    """The step of a layer within this one."""
    tensors = {
        name.removeprefix(f"{place}."): array
        for name, array in step.tensors.items()
        if name.startswith(f"{place}.")
    }
    return replace(step, name=f"{step.name}.{place}", tensors=tensors)


@add_layer.register
def _activation(layer: Activation, _: LayerStep, nodes: Nodes, value: str) -> str:
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
            operator, attributes = _PLAIN[plain]
            return nodes.add(operator, value, **attributes)


@add_layer.register
def _robust_clip(layer: RobustClip, _: LayerStep, nodes: Nodes, value: str) -> str:
    centre, factor = (
        nodes.constant(np.array(numbers, dtype=np.float32))
        for numbers in (layer.centre, layer.factor)
    )
    scaled = nodes.add("Mul", nodes.add("Sub", value, centre), factor)
    # Beyond this 3 would become 0, for squares overflow.
    scaled = nodes.add("Clip", scaled, nodes.number(-1e18), nodes.number(1e18))
    third = nodes.add("Mul", scaled, nodes.number(1 / 3))
    square = nodes.add("Add", nodes.add("Mul", third, third), nodes.number(1.0))
    return nodes.add("Div", scaled, nodes.add("Sqrt", square))


@add_layer.register
def _periodic_embedding(layer: PeriodicEmbedding, step: LayerStep, nodes: Nodes, value: str) -> str:
    (features,), made = step.shape, layer.size - 1
    turns = nodes.constant(step.tensors["frequency"] * np.float32(2 * np.pi))
    beside = nodes.add("Unsqueeze", value, nodes.constant(np.array([2])))
    angles = nodes.add("Mul", beside, turns)
    angles = nodes.add("Add", angles, nodes.constant(step.tensors["phase"]))
    by_feature = nodes.add("Transpose", nodes.add("Cos", angles), perm=[1, 0, 2])
    product = nodes.add("MatMul", by_feature, nodes.constant(step.tensors["weight"]))
    bias = nodes.constant(step.tensors["bias"].reshape(features, 1, made))
    by_example = nodes.add("Transpose", nodes.add("Add", product, bias), perm=[1, 0, 2])
    flat = nodes.add("Reshape", by_example, nodes.constant(np.array([-1, features * made])))
    return nodes.add("Concat", flat, value, axis=1)


@add_layer.register
def _scale(_: Scale, step: LayerStep, nodes: Nodes, value: str) -> str:
    return nodes.add("Mul", value, nodes.constant(step.tensors["factor"]))


@add_layer.register
def _tangent_dense(_: TangentDense, step: LayerStep, nodes: Nodes, value: str) -> str:
    names = [nodes.constant(step.tensors[own], f"{step.name}.{own}") for own in ("weight", "bias")]
    return nodes.add("Gemm", value, *names, alpha=float(step.shape[0] ** -0.5))


@add_layer.register
def _parametric_activation(
    layer: ParametricActivation, step: LayerStep, nodes: Nodes, value: str
) -> str:
    bent = add_layer(Activation(name=layer.name), step, nodes, value)
    bend = nodes.add("Sub", bent, value)
    share = nodes.constant(step.tensors["share"], f"{step.name}.share")
    return nodes.add("Add", value, nodes.add("Mul", bend, share))
