"""Networks begin with the weights of files: ours in every format that holds them, and Keras's own."""

import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from sortal.data.labels import Outputs
from sortal.errors import UserError
from sortal.export.formats import Format
from sortal.export.write import write
from sortal.methods.neural.model import TrainedStack
from sortal.methods.neural.warm_start import stored_start
from sortal.networks.network import Network

FORMS = {
    Format.SAFETENSORS: ".safetensors",
    Format.KERAS: ".keras",
    Format.H5: ".h5",
    Format.H5_WEIGHTS: ".h5",
}
EVERY_FORM = pytest.mark.parametrize(("form", "ending"), FORMS.items(), ids=list(FORMS))


@pytest.fixture
def nets(made, of_points, of_tokens):
    names = ("same", "zeros", "separable", "signal", "row", "laid out", "memory")
    found = {name: made(of_points[name][1], shape=of_points[name][0]) for name in names}
    return {**found, "tokens": of_tokens[0]}


@EVERY_FORM
def test_what_was_written_is_what_is_begun_with(nets, tmp_path, form, ending):
    for net in nets.values():
        path = tmp_path / f"net{ending}"
        write(net, path, form)
        state = stored_start(path, net.network, net.classes)
        torch.testing.assert_close(state.float(), net.model.state[0], rtol=0, atol=0)


@EVERY_FORM
def test_training_from_a_file_skips_its_whitening(portable, tmp_path, form, ending):
    net, path = portable("white", "relu"), tmp_path / f"net{ending}"
    write(net, path, form)
    state = stored_start(path, net.network, net.classes)
    torch.testing.assert_close(state.float(), net.model.state[0], rtol=0, atol=0)


def test_layers_that_hold_nothing_may_differ(made, tmp_path):
    dense = [{"kind": "dense", "units": 4}, {"kind": "dense", "units": 2}]
    net = made([dense[0], {"kind": "dropout"}, dense[1]])
    plain = Network.model_validate({"shape": (3,), "layers": dense})
    for form in (Format.SAFETENSORS, Format.KERAS):
        path = tmp_path / f"net{FORMS[form]}"
        write(net, path, form)
        state = stored_start(path, plain, net.classes)
        assert torch.equal(state.float(), net.model.state[0])


def test_layers_that_keras_lacks_begin_with_safetensors(made, of_points, tmp_path):
    shape, layers = of_points["branch"]
    net = made(layers, shape=shape)
    write(net, tmp_path / "net.safetensors", Format.SAFETENSORS)
    state = stored_start(tmp_path / "net.safetensors", net.network, net.classes)
    assert torch.equal(state.float(), net.model.state[0])
    row = made([{"kind": "dense", "units": 2}])
    write(row, tmp_path / "net.h5", Format.H5)
    with pytest.raises(UserError, match=r"Keras has no branch; give a \.safetensors file"):
        stored_start(tmp_path / "net.h5", net.network, net.classes)


def test_a_file_saved_by_keras_gives_the_scores_of_keras(tmp_path):
    subprocess.run(
        [sys.executable, "-W", "ignore", Path(__file__).parent / "save_with_keras.py", tmp_path],
        check=True,
        env={**os.environ, "KERAS_BACKEND": "torch", "OMP_NUM_THREADS": "1"},
        capture_output=True,
    )
    layers = [
        {"kind": "unflatten", "channels": 2, "points": [12]},
        {"kind": "conv1d", "channels": 5, "kernel": 3, "padding": "same"},
        {"kind": "activation", "name": "relu"},
        {"kind": "batch_norm"},
        {"kind": "max_pool1d"},
        {"kind": "lstm", "units": 4},
        {"kind": "dense", "units": 3},
        {"kind": "activation", "name": "relu"},
        {"kind": "dense", "units": 2},
    ]
    network = Network.model_validate({"shape": (24,), "layers": layers})
    from sortal.data.inputs import Inputs

    rows = np.load(tmp_path / "rows.npy")
    expected = np.load(tmp_path / "scores.npy")
    assert np.ptp(expected) > 0.1
    for name in ("net.keras", "net.h5"):
        state = stored_start(tmp_path / name, network, ("a", "b")).float().unsqueeze(0)
        model = TrainedStack(("m",), network, Outputs.EXCLUSIVE, state)
        came = model.scores(Inputs({"features": rows}, np.arange(20)))[0]
        np.testing.assert_allclose(came, expected, atol=1e-5)


def test_a_file_that_does_not_fit_is_told(made, tmp_path):
    net, path = made([{"kind": "dense", "units": 2}]), tmp_path / "net.h5"
    write(net, path, Format.H5)
    described = {
        "shape": (3,),
        "layers": [{"kind": "dense", "units": 4}, {"kind": "dense", "units": 2}],
    }
    longer = Network.model_validate(described)
    with pytest.raises(UserError, match="has 1 layers of weights; expected 2, as this network has"):
        stored_start(path, longer, net.classes)
    wider = Network.model_validate({**described, "shape": (5,), "layers": described["layers"][1:]})
    said = r"layer 1 of weights in .* holds \(3, 2\) and \(2,\); expected \(5, 2\) and \(2,\)"
    with pytest.raises(UserError, match=said):
        stored_start(path, wider, net.classes)
    with pytest.raises(
        UserError, match="with the outputs class 0, class 1; expected class 1, class 0"
    ):
        stored_start(path, net.network, net.classes[::-1])


def test_a_file_that_is_no_network_is_told(made, tmp_path):
    net = made([{"kind": "dense", "units": 2}])
    for name in ("x.safetensors", "x.keras", "x.h5"):
        (tmp_path / name).write_bytes(b"none of these")
        with pytest.raises(UserError, match="is not a readable network"):
            stored_start(tmp_path / name, net.network, net.classes)
    with h5py.File(tmp_path / "y.h5", "w") as file:
        file["numbers"] = np.zeros(3)
    with pytest.raises(UserError, match="is not a readable network"):
        stored_start(tmp_path / "y.h5", net.network, net.classes)
    for name in ("x.weights.h5", "x.onnx"):
        with pytest.raises(UserError, match=r"ends in \.safetensors, \.keras or \.h5"):
            stored_start(tmp_path / name, net.network, net.classes)
