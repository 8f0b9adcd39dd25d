"""Exported networks as ONNX: raw examples in, scores out, checked by onnxruntime before they leave."""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

from sortal.data.labels import Outputs
from sortal.errors import SortalError
from sortal.export.onnx.layers import add_layer
from sortal.export.onnx.nodes import Nodes
from sortal.export.portable import Portable
from sortal.export.scaler import Scaler
from sortal.networks.token_embedding import TokenEmbedding

_OPSET = 13
_IR = 7
"""Old enough for runtimes since 2021."""

_SCORES = "scores"
_PROBES = 64
_TOLERANCE = 1e-4


def write_onnx(portable: Portable, path: Path, *, with_scaler: bool) -> None:
    """Write a graph with one float32 input (examples, *shape) and one float32 output `scores`.

    Raises:
        UserError: A layer cannot be written.
        SortalError: onnxruntime gives other scores than Sortal.
    """
    model = onnx_model(portable, with_scaler=with_scaler)
    onnx.checker.check_model(model, full_check=True)
    content = model.SerializeToString()
    _check(portable, content, with_scaler=with_scaler)
    path.write_bytes(content)


def onnx_model(portable: Portable, *, with_scaler: bool) -> onnx.ModelProto:
    """Build the graph, and what is known of it as metadata."""
    nodes, network = Nodes(), portable.network
    value, lost = portable.input_name, ""
    if with_scaler:
        missing = _missing(nodes, value, portable.scaler)
        if missing and portable.scaler.has_gaps:
            lost = _gaps(nodes, missing, portable.scaler)
        value = _prepare(nodes, value, missing, portable.scaler)
    for layer, step in portable.steps:
        value = add_layer(layer, step, nodes, value)
    name = "" if lost else _SCORES
    if portable.outputs is Outputs.EXCLUSIVE:
        value = nodes.add("Softmax", value, name=name, axis=-1)
    else:
        value = nodes.add("Sigmoid", value, name=name)
    if lost:
        nodes.add("Where", lost, nodes.number(np.nan), value, name=_SCORES)
    graph = helper.make_graph(
        nodes.nodes,
        "sortal",
        [_value(portable.input_name, network.shape)],
        [_value(_SCORES, network.shapes[-1])],
        nodes.constants,
    )
    opset = [helper.make_opsetid("", _OPSET)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=_IR, producer_name="sortal")
    helper.set_model_props(model, _properties(portable, scaler_inside=with_scaler))
    return model


def _missing(nodes: Nodes, value: str, scaler: Scaler) -> str:
    """Find the missing values; empty where the file need not know them."""
    if not (scaler.imputes or scaler.has_gaps):
        return ""
    missing = nodes.add("IsNaN", value)
    if scaler.infinite_is_missing:
        missing = nodes.add("Or", missing, nodes.add("IsInf", value))
    for number, blank in enumerate(scaler.blanks):
        meant = nodes.constant(np.array(blank, dtype=np.float32), f"scaler.missing.{number}")
        missing = nodes.add("Or", missing, nodes.add("Equal", value, meant))
    return missing


def _gaps(nodes: Nodes, missing: str, scaler: Scaler) -> str:
    """Find the examples with a missing value that nothing replaces, shape (examples, 1).

    Their scores are set at the end, because NaN does not pass every layer: `max(NaN, 0)` is 0.
    """
    unfilled = nodes.constant(np.isnan(scaler.fill), "scaler.unfilled")
    lost = nodes.add("Cast", nodes.add("And", missing, unfilled), to=TensorProto.FLOAT)
    flat = nodes.add("Flatten", lost, axis=1)
    return nodes.add(
        "Greater", nodes.add("ReduceMax", flat, axes=[1], keepdims=1), nodes.number(0.0)
    )


def _prepare(nodes: Nodes, value: str, missing: str, scaler: Scaler) -> str:
    """Impute and scale in float64, as in training: far from zero float32 would lose digits."""
    if not (missing or scaler.scales):
        return value
    precise = nodes.add("Cast", value, to=TensorProto.DOUBLE)
    if missing:
        fill = scaler.in_place if scaler.has_gaps else scaler.fill
        precise = nodes.add("Where", missing, nodes.constant(fill, "scaler.fill"), precise)
    centred = nodes.add("Sub", precise, nodes.constant(scaler.center, "scaler.center"))
    scaled = nodes.add("Div", centred, nodes.constant(scaler.scale, "scaler.scale"))
    if scaler.rotation is not None:
        scaled = nodes.add("MatMul", scaled, nodes.constant(scaler.rotation, "scaler.rotation"))
    return nodes.add("Cast", scaled, to=TensorProto.FLOAT)


def _value(name: str, shape: tuple[int, ...]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["examples", *shape])


def _properties(portable: Portable, *, scaler_inside: bool) -> dict[str, str]:
    """A JSON text for each part of the description, for readers that want one only."""
    described = portable.described(scaler_inside=scaler_inside)
    return {
        name: one if isinstance(one, str) else json.dumps(one, allow_nan=False)
        for name, one in described.items()
    }


def _check(portable: Portable, content: bytes, *, with_scaler: bool) -> None:
    """Compare with Sortal's own scores on examples drawn like the training examples."""
    rows = _probes(portable, with_scaler=with_scaler)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    (came,) = session.run([_SCORES], {portable.input_name: rows})
    here = portable.scores(rows, scaled=not with_scaler)
    blank = np.isnan(came) & np.isnan(here)
    apart = float(np.max(np.abs(np.where(blank, 0.0, came - here))))
    if not apart <= _TOLERANCE:
        raise SortalError(
            f"export: expected onnxruntime to give Sortal's scores, they differ by up to {apart:g}; "
            "nothing was written."
        )


def _probes(portable: Portable, *, with_scaler: bool) -> np.ndarray:
    """Examples as those of training, or tokens; float32, shape (probes, *shape)."""
    random, shape = np.random.default_rng(0), (_PROBES, *portable.network.shape)
    first = portable.network.layers[0]
    if isinstance(first, TokenEmbedding):
        return random.integers(first.tokens, size=shape).astype(np.float32)
    drawn = random.normal(size=shape)
    if with_scaler:
        drawn = drawn * portable.scaler.scale + portable.scaler.center
        for row, blank in zip(drawn, portable.scaler.blanks, strict=False):
            row[...] = blank
    widest = np.finfo(np.float32).max
    return np.clip(drawn, -widest, widest).astype(np.float32)
