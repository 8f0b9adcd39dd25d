"""Files for Keras: stock Keras 3, in a process of its own, gives the scores that Sortal gives."""

import json
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import h5py
import numpy as np
import pytest

from sortal.data.labels import Outputs
from sortal.errors import UserError
from sortal.export.formats import Format
from sortal.export.portable import Portable
from sortal.export.write import write
from sortal.networks.names import ActivationName

HERE = Path(__file__).parent
ACTIVATIONS = get_args(ActivationName)
WHOLE = {Format.KERAS: ".keras", Format.H5: ".h5"}
WEIGHTS = {Format.KERAS_WEIGHTS: ".weights.h5", Format.H5_WEIGHTS: ".h5"}
TRAINED = [
    ("iris", "tanh"),
    ("iris", "leaky"),
    ("iris", "maxout"),
    ("white", "relu"),
    ("cancer", "relu"),
    ("cancer", "gelu"),
    ("cancer", "normal"),
    ("targets", "elu"),
]


POINTS = ("plain", "same", "zeros", "separable", "signal", "row", "laid out", "memory")


TABLE = [
    ["Dense", {"units": 8, "activation": "tanh"}],
    ["Dropout", {"rate": 0.1}],
    ["Dense", {"units": 6, "activation": "tanh"}],
    ["Dropout", {"rate": 0.1}],
    ["Dense", {"units": 3, "activation": "softmax"}],
]
MEMORY = [
    ["Reshape", {"target_shape": (2, 12)}],
    ["Permute", {"dims": (2, 1)}],
    ["LSTM", {"units": 5, "return_sequences": True}],
    ["Dropout", {"rate": 0.2}],
    ["Conv1D", {"filters": 4, "kernel_size": 3}],
    ["LSTM", {"units": 3}],
    ["Dense", {"units": 2, "activation": "softmax"}],
]
STAMPS = [
    [
        "Conv2D",
        {"filters": 4, "kernel_size": (4, 3), "strides": 2, "padding": "same", "use_bias": False},
    ],
    ["BatchNormalization", {"epsilon": 0.01}],
    ["ReLU", {}],
    ["MaxPooling2D", {"padding": "same"}],
    ["Flatten", {}],
    ["Dense", {"units": 2, "activation": "softmax"}],
]


def _curves(activation: str) -> list[dict[str, Any]]:
    return [
        {"kind": "dense", "units": 5},
        {"kind": "activation", "name": activation, "slope": 0.4},
        {"kind": "dense", "units": 4, "bias": False},
        {"kind": "activation", "name": activation, "slope": 0.4},
        {"kind": "dense", "units": 2},
    ]


@dataclass
class Asked:
    """Files to be scored by one process of stock Keras, and what Sortal says of the same rows."""

    folder: Path
    requests: dict[str, dict[str, Any]] = field(default_factory=dict)
    expected: dict[str, np.ndarray] = field(default_factory=dict)

    def model(self, name: str, form: Format, net: Portable, rows: np.ndarray, **how: bool) -> None:
        """Ask for a whole model's scores; rows are channels first."""
        path = self.folder / f"{name} {form}{WHOLE[form]}"
        write(net, path, form, **how)
        scaled = how.get("with_scaler") is False
        scores = net.scores(rows, scaled=scaled)
        self.add(f"{name} {form}", np.moveaxis(rows, 1, -1), scores, model=str(path))

    def weights(
        self, name: str, form: Format, net: Portable, rows: np.ndarray, layers: list[Any]
    ) -> None:
        """Ask for the scores of stock layers into which weights are loaded; rows are scaled."""
        path = self.folder / f"{name} best_weights {form}{WEIGHTS[form]}"
        write(net, path, form)
        scores, last = net.scores(rows, scaled=True), np.moveaxis(rows, 1, -1)
        self.add(f"{name} {form}", last, scores, weights=str(path), layers=layers)

    def add(self, name: str, rows: np.ndarray, scores: np.ndarray, **request: Any) -> None:
        paths = {key: str(self.folder / f"{name} {key}.npy") for key in ("rows", "out")}
        np.save(paths["rows"], rows)
        self.requests[name], self.expected[name] = {**request, **paths}, scores

    def answers(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """What Keras gives and what Sortal gives, by name."""
        subprocess.run(
            [sys.executable, "-W", "ignore", HERE / "score_with_keras.py"],
            input=json.dumps(list(self.requests.values())),
            text=True,
            check=True,
            env={**os.environ, "KERAS_BACKEND": "torch", "OMP_NUM_THREADS": "1"},
        )
        return {n: (np.load(one["out"]), self.expected[n]) for n, one in self.requests.items()}


def _drawn(*shape: int) -> np.ndarray:
    return np.random.default_rng(4).normal(size=(20, *shape)).astype(np.float32)


@pytest.fixture(scope="module")
def asked(portable, of_points, of_tokens, *, said, raw, made, tmp_path_factory) -> dict[str, Any]:
    """Every comparison of this file by name: what Keras gives, and what Sortal gives."""
    asked = Asked(tmp_path_factory.mktemp("keras"))
    for form in WHOLE:
        for job, title in TRAINED:
            asked.model(f"{job} {title}", form, portable(job, title), raw[job])
            asked.expected[f"{job} {title} {form}"] = said(job, title, raw[job])
        for activation in ACTIVATIONS:
            net = made(_curves(activation), outputs=Outputs.INDEPENDENT)
            asked.model(activation, form, net, _drawn(3), with_scaler=False)
        for what in POINTS:
            shape, layers = of_points[what]
            asked.model(what, form, made(layers, shape=shape), _drawn(*shape))
        asked.model("tokens", form, *of_tokens)
        uneven = made([{"kind": "flatten"}, {"kind": "dense", "units": 2}], shape=(2, 4))
        object.__setattr__(uneven.scaler, "scale", 1 + np.arange(8.0).reshape(2, 4))
        asked.model("uneven", form, uneven, _drawn(2, 4))
        asked.model("tiny", form, made(_curves("relu"), scale=1e-9), _drawn(3) * np.float32(1e-9))
    iris, (shape, layers) = portable("iris", "tanh"), of_points["same"]
    for form in WEIGHTS:
        scaled = iris.scaler.apply(raw["iris"]).astype(np.float32)
        asked.weights("table", form, iris, scaled, TABLE)
        asked.weights("stamps", form, made(layers, shape=shape), _drawn(*shape), STAMPS)
        memory = made(of_points["memory"][1], shape=(24,))
        asked.weights("memory", form, memory, _drawn(24), MEMORY)
    return asked.answers()


@pytest.mark.parametrize("form", WHOLE)
@pytest.mark.parametrize(("job", "title"), TRAINED)
def test_a_trained_network_scores_raw_features_in_keras_as_here(asked, job, title, form):
    came, expected = asked[f"{job} {title} {form}"]
    assert expected.shape == came.shape
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(came, expected, atol=1e-5)


@pytest.mark.parametrize("form", WEIGHTS)
def test_weights_load_into_the_same_network_of_stock_keras(asked, form):
    for name in ("table", "stamps", "memory"):
        came, expected = asked[f"{name} {form}"]
        np.testing.assert_allclose(came, expected, atol=1e-5)


@pytest.mark.parametrize("form", WHOLE)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_is_the_same_curve_in_keras(asked, activation, form):
    came, expected = asked[f"{activation} {form}"]
    np.testing.assert_allclose(came, expected, atol=1e-5)


@pytest.mark.parametrize("form", WHOLE)
@pytest.mark.parametrize("what", [*POINTS, "tokens"])
def test_layers_of_signals_and_stamps_are_the_same_in_keras(asked, what, form):
    came, expected = asked[f"{what} {form}"]
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(came, expected, atol=1e-5)


def test_a_layer_unknown_to_keras_is_refused_with_other_formats(made, of_points):
    for kind in ("residual", "branch"):
        shape, layers = of_points[kind]
        with pytest.raises(UserError, match=rf"layers\.0 \({kind}\).*onnx or safetensors"):
            write(made(layers, shape=shape), Path("x"), Format.KERAS)


@pytest.mark.parametrize("form", WHOLE)
def test_points_of_a_channel_may_be_scaled_each_for_itself(asked, form):
    came, expected = asked[f"uneven {form}"]
    np.testing.assert_allclose(came, expected, atol=1e-5)


@pytest.mark.parametrize("form", WHOLE)
def test_features_of_tiny_spread_are_scaled(asked, form):
    came, expected = asked[f"tiny {form}"]
    np.testing.assert_allclose(came, expected, atol=1e-5)


def _tree(node: h5py.Group) -> dict[str, Any]:
    """Names, shapes and attributes of everything in a file; versions and long texts left out."""
    found: dict[str, Any] = {}

    def visit(name: str, one: Any) -> None:
        attributes = {k: np.asarray(v).astype(str).tolist() for k, v in one.attrs.items()}
        for long in {"sortal", "model_config"} & set(attributes):
            attributes[long] = "JSON"
        shape = list(one.shape) if isinstance(one, h5py.Dataset) else None
        found[name] = {"attributes": attributes, **({} if shape is None else {"shape": shape})}

    visit("/", node)
    node.visititems(visit)
    return found


@pytest.mark.parametrize("form", [Format.H5_WEIGHTS, Format.H5, Format.KERAS_WEIGHTS])
def test_the_tree_of_an_h5_file_is_the_golden_one(made, tmp_path, form):
    layers = _curves("leaky_relu")
    layers.insert(2, {"kind": "dropout", "rate": 0.25})
    write(made(layers), tmp_path / "x", form)
    golden = json.loads((HERE / "golden" / f"{form}.json").read_text(encoding="utf-8"))
    with h5py.File(tmp_path / "x") as file:
        assert _tree(file) == golden


def test_the_same_network_gives_the_same_archive(made, tmp_path):
    for name in ("a", "b"):
        write(made(_curves("relu")), tmp_path / name, Format.KERAS)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_every_file_says_what_it_was_made_from(made, tmp_path):
    net = made(_curves("relu"))
    for form in (Format.H5, Format.H5_WEIGHTS, Format.KERAS_WEIGHTS):
        write(net, tmp_path / "x", form)
        with h5py.File(tmp_path / "x") as file:
            described = json.loads(file.attrs["sortal"])
        assert described == net.described(scaler_inside=form is Format.H5)
    write(net, tmp_path / "x", Format.KERAS)
    with zipfile.ZipFile(tmp_path / "x") as archive:
        described = json.loads(archive.read("sortal.json"))
    assert described["classes"] == ["class 0", "class 1"]
    assert described["scaler"]["inside"]


def test_a_spread_that_float32_cannot_divide_by_is_refused(made, tmp_path):
    with pytest.raises(UserError, match="too small to be scaled"):
        write(made(_curves("relu"), scale=1e-42), tmp_path / "x", Format.KERAS)
