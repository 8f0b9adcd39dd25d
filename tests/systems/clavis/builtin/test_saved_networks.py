"""Networks that were saved, by one of our configurations or by Keras, and loaded again."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sortal.plugins.declaration import resolve_arguments
from sortal.systems.clavis.builtin import datasets
from sortal.systems.clavis.builtin.classifiers import find

HERE = Path(__file__).parent
IRIS = datasets.find("sklearn_iris").read(None)


def test_a_saved_perceptron_says_the_same_again(learn, saved):
    first = learn("mlpc_keras", IRIS, {"hidden_layer_sizes": [9, 7], "epochs": 4})
    again = learn("mlpc_keras_pretrained", IRIS, {"model_file": saved(first, IRIS)})
    np.testing.assert_allclose(again.scores, first.scores, atol=1e-5)


def test_a_network_of_other_classes_is_refused_by_name(learn, saved):
    first = learn("mlpc_keras", IRIS, {"epochs": 1})
    wine = replace(IRIS, class_names=("x", "y", "z"))
    with pytest.raises(AssertionError, match="Iris Setosa"):
        learn("mlpc_keras_pretrained", wine, {"model_file": saved(first, IRIS)})


def test_a_relative_file_is_seen_from_the_working_directory(monkeypatch, tmp_path, learn, saved):
    first = learn("mlpc_keras", IRIS, {"epochs": 1})
    saved(first, IRIS)
    monkeypatch.chdir(tmp_path)
    built_in = find("mlpc_keras_pretrained")
    translated = built_in.translated(
        resolve_arguments({"model_file": "./model.h5"}, built_in.declaration), IRIS
    )
    assert translated.parameters["start_from"] == str(tmp_path / "model.h5")


@pytest.fixture(scope="module")
def of_keras(tmp_path_factory, halves, squares):
    """Networks that stock Keras saved, and what it predicts for the test halves."""
    folder = tmp_path_factory.mktemp("keras")
    _, images = halves(squares)
    _, rows = halves(IRIS)
    np.save(folder / "images.npy", squares.X_train[images].reshape(-1, 16, 16, 1) / 255)
    np.save(folder / "rows.npy", IRIS.X_train[rows])
    subprocess.run(
        [sys.executable, "-W", "ignore", HERE / "save_with_keras.py", folder],
        check=True,
        capture_output=True,
        env={**os.environ, "KERAS_BACKEND": "torch", "OMP_NUM_THREADS": "1"},
    )
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["h5", "keras"])
def test_networks_of_keras_predict_as_in_keras(of_keras, learn, squares, ending):
    cnn, mlp = (str(of_keras / f"{name}.{ending}") for name in ("cnn", "mlp"))
    images = learn("cifar10_cnn_pretrained", squares, {"model_file": cnn})
    np.testing.assert_allclose(images.scores, np.load(of_keras / "cnn.npy"), atol=1e-5)
    rows = learn("mlpc_keras_pretrained", IRIS, {"model_file": mlp})
    np.testing.assert_allclose(rows.scores, np.load(of_keras / "mlp.npy"), atol=1e-5)
