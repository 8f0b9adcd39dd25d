"""Descriptions of networks as several versions of Keras wrote them."""

import json
import zipfile

import h5py
import pytest

from sortal.errors import UserError
from sortal.methods.neural.cnn import CNNParameters
from sortal.systems.clavis.builtin.stored_layers import convolutional_network, dense_network


def _layer(kind, **config):
    return {"class_name": kind, "config": config}


def _dense(units, activation="linear", **config):
    return _layer("Dense", units=units, activation=activation, use_bias=True, **config)


def _convolution(filters, activation="linear", **config):
    return _layer(
        "Conv2D",
        **{
            "filters": filters,
            "kernel_size": [3, 3],
            "strides": [1, 1],
            "padding": "valid",
            "data_format": "channels_last",
            "activation": activation,
            **config,
        },
    )


def _pool(size=2, kind="MaxPooling2D", **config):
    return _layer(kind, **{"pool_size": [size, size], "strides": [size, size], **config})


PERCEPTRON = [
    _layer("InputLayer", batch_shape=[None, 4]),
    _dense(20, "relu"),
    _layer("Dropout", rate=0.3),
    _dense(10, "relu"),
    _layer("Dropout", rate=0.3),
    _dense(3, "softmax"),
]
CIFAR = [
    _convolution(32, padding="same"),
    _layer("Activation", activation="relu"),
    _convolution(32),
    _layer("Activation", activation="relu"),
    _pool(),
    _layer("Dropout", rate=0.25),
    _convolution(64, padding="same"),
    _layer("Activation", activation="relu"),
    _convolution(64),
    _layer("Activation", activation="relu"),
    _pool(),
    _layer("Dropout", rate=0.25),
    _layer("Flatten"),
    _dense(512),
    _layer("Activation", activation="relu"),
    _layer("Dropout", rate=0.5),
    _dense(10),
    _layer("Activation", activation="softmax"),
]


def _model(layers, kind="Sequential"):
    return {"class_name": kind, "config": {"name": "made", "layers": layers}}


@pytest.fixture
def saved(tmp_path):
    def saved(layers, **how):
        path = tmp_path / "model.h5"
        with h5py.File(path, "w") as file:
            file.attrs["model_config"] = json.dumps(how.get("model") or _model(layers))
        return path

    return saved


def test_a_perceptron_is_read_layer_by_layer(saved):
    assert dense_network(saved(PERCEPTRON)) == {
        "hidden_layer_sizes": [20, 10],
        "activation": "relu",
        "dropout": 0.3,
    }


def test_older_files_hold_layers_in_a_bare_list_and_as_bytes(tmp_path):
    path = tmp_path / "old.h5"
    model = {"class_name": "Sequential", "config": PERCEPTRON}
    with h5py.File(path, "w") as file:
        file.attrs.create("model_config", json.dumps(model).encode())
    assert dense_network(path)["hidden_layer_sizes"] == [20, 10]


def test_files_of_keras_3_are_read_too(tmp_path):
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(_model(PERCEPTRON)))
    assert dense_network(path)["hidden_layer_sizes"] == [20, 10]


def test_no_hidden_layer_is_a_perceptron_too(saved):
    assert dense_network(saved([_dense(2, "sigmoid")]))["hidden_layer_sizes"] == []


def test_the_network_of_the_original_is_read_back(saved):
    assert convolutional_network(saved(CIFAR)) == {
        "hidden_layer_sizes": [512],
        "activation": "relu",
        "dropout": 0.5,
        "filters": [32, 32, 64, 64],
        "kernel_size": [3, 3, 3, 3],
        "padding": ["same", "valid", "same", "valid"],
        "convolutions": [2, 2],
        "pooling": "max",
        "pool_size": [2, 2],
        "block_dropout": [0.25, 0.25],
    }


def test_convolutions_without_pooling_are_a_block_of_their_own(saved):
    layers = [_convolution(8, "relu"), _pool(kind="AveragePooling2D"), _convolution(4, "relu")]
    found = convolutional_network(saved([*layers, _layer("Flatten"), _dense(2, "softmax")]))
    assert found["convolutions"] == [1, 1]
    assert found["pool_size"] == [2, 1]
    assert found["pooling"] == "average"


def test_no_pooling_at_all_is_none(saved):
    found = convolutional_network(saved([_convolution(8, "relu"), _dense(2, "softmax")]))
    assert found["pooling"] == "none"
    assert CNNParameters(**found).pooling == "none"


END = [_layer("Flatten"), _dense(2, "softmax")]


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ([_layer("GRU", units=3), *END], "found a GRU"),
        ([_convolution(8, strides=[2, 2]), *END], "with steps"),
        ([_convolution(8, groups=2), *END], "groups"),
        ([_convolution(8, use_bias=False), *END], "no biases"),
        ([_convolution(8, kernel_size=[3, 5]), *END], r"kernel_size \[3, 5\]"),
        ([_convolution(8, "relu"), _pool(strides=[1, 1]), *END], "windows overlap"),
        ([_convolution(8, "relu"), _convolution(8, "tanh"), *END], "activations relu, tanh"),
        ([_convolution(8, "swoosh"), *END], "the activation swoosh"),
        ([_convolution(8, "relu"), _dense(3), _convolution(8), *END], "behind dense layers"),
        ([_convolution(8, "relu")], "another last layer"),
        ([_convolution(8, "relu"), _dense(3, "relu")], "another last layer"),
        (
            [_convolution(8), _pool(), _convolution(8), _pool(kind="AveragePooling2D"), *END],
            "poolings of two kinds",
        ),
        ([_convolution(8), _pool(), _pool(), *END], "poolings in a row"),
        (PERCEPTRON, "found no convolutions"),
    ],
)
def test_what_our_network_cannot_be_is_refused_by_layer(saved, layers, said):
    with pytest.raises(UserError, match=said) as refused:
        convolutional_network(saved(layers))
    assert "model.h5" in str(refused.value)


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        (CIFAR, "found a Conv2D"),
        ([_layer("Dense", units=3, use_bias=False), _dense(2, "softmax")], "without biases"),
        (
            [
                _dense(3, "relu"),
                _layer("Dropout", rate=0.1),
                _dense(3, "relu"),
                _dense(2, "softmax"),
            ],
            "different dropouts",
        ),
    ],
)
def test_what_is_no_perceptron_is_refused(saved, layers, said):
    with pytest.raises(UserError, match=said):
        dense_network(saved(layers))


def test_models_of_other_kinds_and_other_files_are_refused(saved, tmp_path):
    with pytest.raises(UserError, match="found a Functional model"):
        dense_network(saved([], model=_model([], "Functional")))
    other = tmp_path / "text.h5"
    other.write_text("no network", encoding="utf-8")
    with pytest.raises(UserError, match="expected a network saved by Keras"):
        dense_network(other)
    with h5py.File(tmp_path / "bare.h5", "w"):
        pass
    with pytest.raises(UserError, match="expected a network saved by Keras"):
        dense_network(tmp_path / "bare.h5")
    with pytest.raises(UserError, match="there is no file"):
        dense_network(tmp_path / "absent.h5")
