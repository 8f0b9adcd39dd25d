"""A layer that a format has no word for is refused by its name and place."""

from typing import Literal

import pytest

from sortal.errors import UserError
from sortal.export.keras.points import translate_points
from sortal.export.onnx.layers import add_layer
from sortal.export.onnx.nodes import Nodes
from sortal.export.step import LayerStep
from sortal.networks.layer import AbstractLayer
from sortal.networks.scale import Scale


class Novel(AbstractLayer):
    """A layer that nobody has translated."""

    kind: Literal["novel"] = "novel"


@pytest.mark.parametrize(
    ("family", "translate"),
    [
        ("ONNX", lambda step: add_layer(Novel(), step, Nodes(), "features")),
        ("Keras", lambda step: translate_points(Novel(), step)),
    ],
)
def test_an_untranslated_layer_is_named_with_a_format_for_it(family, translate):
    step = LayerStep(name="layers.3", tensors={}, shape=(2,), dropout=0.0)
    told = rf"layers\.3 \(novel\) cannot be written for {family}; choose the format safetensors"
    with pytest.raises(UserError, match=told):
        translate(step)


def test_a_layer_that_keras_has_not_is_sent_to_onnx():
    step = LayerStep(name="layers.2", tensors={}, shape=(2,), dropout=0.0)
    told = r"layers\.2 \(scale\) cannot be written for Keras; choose the format onnx or safetensors"
    with pytest.raises(UserError, match=told):
        translate_points(Scale(), step)
