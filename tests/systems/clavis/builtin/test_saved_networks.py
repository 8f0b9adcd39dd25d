"""Perceptrons saved by one configuration and loaded by another."""

from dataclasses import replace

import numpy as np
import pytest

from sortal.systems.clavis.builtin import datasets
from sortal.systems.clavis.builtin.classifiers import find
from sortal.systems.clavis.declaration import check

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
        check({"model_file": "./model.h5"}, built_in.declaration), IRIS
    )
    assert translated.parameters["start_from"] == str(tmp_path / "model.h5")
