"""Layers of a network as ONNX nodes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from sortal.export.refusal import refuse_layer
from sortal.networks.activation import Activation, Maxout
from sortal.networks.dense import Dense
from sortal.networks.dropout import Dropout
from sortal.networks.layer import AbstractLayer, Shape

_PLAIN = {
    "relu": "Relu",
    "selu": "Selu",
    "elu": "Elu",
    "tanh": "Tanh",
    "sigmoid": "Sigmoid",
    "softplus": "Softplus",
}
"""Activations that ONNX has by the same definition."""


@dataclass(slots=True)
class Nodes:
    """A graph that grows node by node; each value is known by its name."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def add(self, operator: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        """Append a node; returns the name of its result."""
        result = name or f"sortal/{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [result], result, **attributes))
        return result

    def constant(self, array: np.ndarray, name: str = "") -> str:
        """Store numbers; returns their name."""
        name = name or f"sortal/constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def number(self, value: float) -> str:
        """Store one float32."""
        return self.constant(np.array(value, dtype=np.float32))


def add_layer(
    nodes: Nodes,
    value: str,
    layer: AbstractLayer,
    tensors: Mapping[str, np.ndarray],
    *,
    number: int,
    shape: Shape,
) -> str:
    """Append what one layer does to a value when it is applied.

    Args:
        nodes: The graph so far.
        value: Name of what goes in, shape (examples, *shape).
        layer: The layer.
        tensors: Its weights and buffers, float32.
        number: Its place, for names.
        shape: Of one example that goes in.

    Raises:
        UserError: ONNX files cannot carry this kind of layer.
    """
    match layer:
        case Dense():
            return _dense(nodes, value, tensors, number)
        case Activation():
            return _activation(nodes, value, layer)
        case Maxout():
            (units,) = layer.result_shape(shape)
            pieces = nodes.constant(np.array([-1, units, layer.pieces], dtype=np.int64))
            grouped = nodes.add("Reshape", value, pieces)
            return nodes.add("ReduceMax", grouped, axes=[2], keepdims=0)
        case Dropout():
            return value
        case _:
            raise refuse_layer(number, str(getattr(layer, "kind", layer)), "ONNX")


def _dense(nodes: Nodes, value: str, tensors: Mapping[str, np.ndarray], number: int) -> str:
    names = [nodes.constant(array, f"layers.{number}.{name}") for name, array in tensors.items()]
    return nodes.add("Gemm" if len(names) > 1 else "MatMul", value, *names)


def _activation(nodes: Nodes, value: str, layer: Activation) -> str:
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
