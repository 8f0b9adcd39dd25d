"""Files for Keras: stock Keras 3, in a process of its own, gives the scores that Sortal gives."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from sortal.data.labels import Outputs
from sortal.errors import UserError
from sortal.export.formats import Format
from sortal.export.write import write

HERE = Path(__file__).parent
ACTIVATIONS = (
    "relu",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "silu",
    "tanh",
    "sigmoid",
    "softplus",
    "linear",
)
WHOLE = {Format.KERAS: ".keras", Format.H5: ".h5"}
WEIGHTS = {Format.KERAS_WEIGHTS: ".weights.h5", Format.H5_WEIGHTS: ".h5"}
TRAINED = [
    ("iris", "tanh"),
    ("iris", "leaky"),
    ("iris", "maxout"),
    ("cancer", "relu"),
    ("cancer", "gelu"),
    ("targets", "elu"),
]


POINTS = ("plain", "same", "zeros", "separable", "signal", "row")


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


@pytest.fixture(scope="module")
def asked(portable, of_points, *, said, raw, made, tmp_path_factory) -> dict[str, Any]:
    """Every comparison of this file by name: what Keras gives, and what Sortal gives."""
    folder = tmp_path_factory.mktemp("keras")
    requests, expected = {}, {}

    def ask(name: str, rows: np.ndarray, scores: np.ndarray, **request: Any) -> None:
        np.save(folder / f"{name} rows.npy", rows)
        paths = {"rows": folder / f"{name} rows.npy", "out": folder / f"{name} out.npy"}
        requests[name] = {**request, **{k: str(path) for k, path in paths.items()}}
        expected[name] = scores

    for job, title in TRAINED:
        for form, suffix in WHOLE.items():
            name = f"{job} {title} {form}"
            path = folder / f"{name}{suffix}"
            write(portable(job, title), path, form)
            ask(name, raw[job], said(job, title, raw[job]), model=str(path))
    dense = [["Dense", {"units": 8, "activation": "tanh"}], ["Dropout", {"rate": 0.1}]]
    dense += [["Dense", {"units": 6, "activation": "tanh"}], ["Dropout", {"rate": 0.1}]]
    dense += [["Dense", {"units": 3, "activation": "softmax"}]]
    one = portable("iris", "tanh")
    for form, suffix in WEIGHTS.items():
        name, path = f"weights {form}", folder / f"best_weights {form}{suffix}"
        write(one, path, form)
        scores = said("iris", "tanh", raw["iris"])
        scaled = one.scaler.apply(raw["iris"]).astype(np.float32)
        ask(name, scaled, scores, weights=str(path), layers=dense)
    shape, layers = of_points["same"]
    stamps = made(layers, shape=shape)
    images = np.random.default_rng(5).normal(size=(20, *shape)).astype(np.float32)
    for form, suffix in WEIGHTS.items():
        name, path = f"stamps {form}", folder / f"stamps {form}{suffix}"
        write(stamps, path, form)
        scores, last = stamps.scores(images, scaled=True), np.moveaxis(images, 1, -1)
        ask(name, last, scores, weights=str(path), layers=STAMPS)
    rows = np.random.default_rng(2).normal(size=(50, 3)).astype(np.float32)
    for activation in ACTIVATIONS:
        for form, suffix in WHOLE.items():
            name = f"{activation} {form}"
            net = made(_curves(activation), outputs=Outputs.INDEPENDENT)
            write(net, folder / f"{name}{suffix}", form, with_scaler=False)
            scores = net.scores(rows, scaled=True)
            ask(name, rows, scores, model=str(folder / f"{name}{suffix}"))
    for what in POINTS:
        shape, layers = of_points[what]
        net = made(layers, shape=shape)
        images = np.random.default_rng(4).normal(size=(20, *shape)).astype(np.float32)
        last = np.moveaxis(images, 1, -1)
        for form, suffix in WHOLE.items():
            name = f"{what} {form}"
            write(net, folder / f"{name}{suffix}", form)
            scores = net.scores(images, scaled=False)
            ask(name, last, scores, model=str(folder / f"{name}{suffix}"))
    tiny = made(_curves("relu"), scale=1e-9)
    write(tiny, folder / "tiny.keras", Format.KERAS)
    ask(
        "tiny",
        rows * 1e-9,
        tiny.scores(rows * 1e-9, scaled=False),
        model=str(folder / "tiny.keras"),
    )
    subprocess.run(
        [sys.executable, "-W", "ignore", HERE / "score_with_keras.py"],
        input=json.dumps(list(requests.values())),
        text=True,
        check=True,
        env={**os.environ, "KERAS_BACKEND": "torch", "OMP_NUM_THREADS": "1"},
    )
    return {name: (np.load(request["out"]), expected[name]) for name, request in requests.items()}


@pytest.mark.parametrize("form", WHOLE)
@pytest.mark.parametrize(("job", "title"), TRAINED)
def test_a_trained_network_scores_raw_features_in_keras_as_here(asked, job, title, form):
    came, expected = asked[f"{job} {title} {form}"]
    assert expected.shape == came.shape
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(came, expected, atol=1e-5)


@pytest.mark.parametrize("form", WEIGHTS)
def test_weights_load_into_the_same_network_of_stock_keras(asked, form):
    for name in ("weights", "stamps"):
        came, expected = asked[f"{name} {form}"]
        np.testing.assert_allclose(came, expected, atol=1e-5)


@pytest.mark.parametrize("form", WHOLE)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_is_the_same_curve_in_keras(asked, activation, form):
    came, expected = asked[f"{activation} {form}"]
    np.testing.assert_allclose(came, expected, atol=1e-5)


@pytest.mark.parametrize("form", WHOLE)
@pytest.mark.parametrize("what", POINTS)
def test_layers_of_signals_and_stamps_are_the_same_in_keras(asked, what, form):
    came, expected = asked[f"{what} {form}"]
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(came, expected, atol=1e-5)


def test_a_layer_that_keras_has_not_is_refused_with_the_formats_that_carry_it(made, of_points):
    shape, layers = of_points["residual"]
    with pytest.raises(UserError, match=r"layers\.0 \(residual\).*onnx or safetensors"):
        write(made(layers, shape=shape), Path("x"), Format.KERAS)


def test_features_of_tiny_spread_are_scaled_in_keras(asked):
    came, expected = asked["tiny"]
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
