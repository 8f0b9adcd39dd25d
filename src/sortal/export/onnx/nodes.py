"""A graph of ONNX nodes as it grows."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper


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

    def pair(self, operator: str, *inputs: str, **attributes: Any) -> tuple[str, str]:
        """Append a node with two results; returns their names."""
        name = f"sortal/{operator.lower()}_{len(self.nodes)}"
        results = (f"{name}_first", f"{name}_second")
        self.nodes.append(helper.make_node(operator, inputs, results, name, **attributes))
        return results

    def constant(self, array: np.ndarray, name: str = "") -> str:
        """Store numbers; returns their name."""
        name = name or f"sortal/constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def number(self, value: float) -> str:
        """Store one float32."""
        return self.constant(np.array(value, dtype=np.float32))
