import pytest
import torch
from pydantic import ValidationError

from sortal.errors import OptionError
from sortal.networks.activation import Activation
from sortal.networks.convolution import Conv1d
from sortal.networks.dense import Dense
from sortal.networks.dropout import Dropout
from sortal.networks.layer import Pass
from sortal.networks.network import Network
from sortal.networks.normalise import BatchNorm
from sortal.networks.residual import Residual


def test_the_sum_of_both_ways_comes_out():
    dense = Dense(units=3)
    network = Network(shape=(3,), layers=(Residual(layers=(dense,)),))
    held = network.held(torch.randn(2, network.size))[0]
    values = torch.randn(1, 4, 3)
    weight, bias = (held.slots[f"layers.0.{name}"] for name in ("weight", "bias"))
    expected = values + values @ weight + bias.unsqueeze(1)
    result = network.layers[0].forward(values, held, Pass(members=2))
    torch.testing.assert_close(result, expected)


def test_what_inner_layers_hold_is_named_by_their_place():
    inner = Residual(layers=(Conv1d(channels=4, kernel=3, padding="same"),))
    block = Residual(
        layers=(Conv1d(channels=4, kernel=1, bias=False), BatchNorm(), inner),
        shortcut=(Conv1d(channels=4, kernel=1), BatchNorm()),
    )
    assert [slot.name for slot in block.slots((2, 9))] == [
        "layers.0.weight",
        "layers.1.scale",
        "layers.1.shift",
        "layers.2.layers.0.weight",
        "layers.2.layers.0.bias",
        "shortcut.0.weight",
        "shortcut.0.bias",
        "shortcut.1.scale",
        "shortcut.1.shift",
    ]
    assert [slot.name for slot in block.buffers((2, 9))] == [
        f"{place}.1.{name}" for place in ("layers", "shortcut") for name in ("mean", "variance")
    ]
    assert [slot.drawn for slot in block.slots((2, 9))].count(True) == 3


@pytest.mark.parametrize("mixing", [False, True])
def test_rows_are_mixed_if_an_inner_layer_does(mixing):
    inner = Residual(layers=(BatchNorm() if mixing else Dropout(),))
    assert Residual(layers=(Activation(name="relu"), inner)).mixes_rows is mixing


def test_random_numbers_are_counted_on_both_ways():
    dropping = Dropout(rate=0.5)
    assert Residual(layers=(dropping, dropping), shortcut=(dropping,)).draws((7,)) == 21


def test_ways_that_do_not_meet_are_refused():
    block = Residual(layers=(Conv1d(channels=4, kernel=3),))
    with pytest.raises(OptionError, match=r"residual.shortcut.*\(4, 7\).*projection.*\(2, 9\)"):
        block.result_shape((2, 9))


def test_inner_layers_are_told_apart_by_kind():
    text = '{"shape": [3], "layers": [{"kind": "residual", "layers": [{"kind": "dens"}]}]}'
    with pytest.raises(ValidationError, match="'dens' found"):
        Network.model_validate_json(text)


def test_recording_gives_the_values_of_the_forward_pass():
    """The main branch overwrites its own values."""
    layers = (Activation(name="relu"), Dense(units=3), Activation(name="relu"), Dropout(rate=0.5))
    network = Network(shape=(3,), layers=(Dense(units=3), Residual(layers=layers)))
    state, uniform = torch.randn(2, network.size), torch.rand(2, 4, 3)
    values, held = torch.randn(4, 3), network.held(state)
    passes = [Pass(members=2, training=True, uniform=uniform) for _ in range(2)]
    recorded = network.record(values, held, passes[0])[0]
    torch.testing.assert_close(recorded, network.forward(values, held, passes[1]))
