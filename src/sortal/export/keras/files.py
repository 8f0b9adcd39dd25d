"""Exported networks as files of Keras 3 and of legacy Keras; Keras itself is not needed.

The formats are plain: HDF5 with groups by layer, and for `.keras` a zip of such a file with
two JSON texts. What stock Keras makes of them is tested.
"""

import json
import zipfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from sortal.export.keras.layer import KerasLayer, keras_shape
from sortal.export.keras.layers import keras_layers
from sortal.export.portable import Portable

_KERAS = "3.8.0"
"""The version of Keras whose form is written."""

_LEGACY = "2.15.0"
_NAME = "sortal"
_INPUT = "features"
_ATTRIBUTE = "sortal"
"""Attribute, or name of the file in a zip, that holds the description."""

_DATE = (1980, 1, 1, 0, 0, 0)
"""Of all files in a zip: the same network gives the same bytes."""


def write_keras(portable: Portable, path: Path, *, with_scaler: bool) -> None:
    """Write a whole model for `keras.saving.load_model`, ending `.keras`."""
    layers = keras_layers(portable, with_scaler=with_scaler)
    weights = BytesIO()
    with h5py.File(weights, "w") as file:
        _write_vars(file, layers)
    members = {
        "metadata.json": json.dumps({"keras_version": _KERAS}).encode(),
        "config.json": json.dumps(_serialised(portable, layers)).encode(),
        "model.weights.h5": weights.getvalue(),
        f"{_ATTRIBUTE}.json": portable.json(scaler_inside=with_scaler).encode(),
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, _DATE), content)


def write_keras_weights(portable: Portable, path: Path) -> None:
    """Write weights for `Model.load_weights`, ending `.weights.h5`."""
    with h5py.File(path, "w") as file:
        _write_vars(file, keras_layers(portable, with_scaler=False))
        file.attrs[_ATTRIBUTE] = portable.json(scaler_inside=False)


def write_h5(portable: Portable, path: Path, *, with_scaler: bool) -> None:
    """Write a whole model in the legacy layout, ending `.h5`."""
    layers = keras_layers(portable, with_scaler=with_scaler)
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = _KERAS
        file.attrs["backend"] = "tensorflow"
        file.attrs["model_config"] = json.dumps(_model_config(portable, layers))
        file.attrs[_ATTRIBUTE] = portable.json(scaler_inside=with_scaler)
        _write_groups(file.create_group("model_weights"), layers)


def write_h5_weights(portable: Portable, path: Path) -> None:
    """Write weights in the layout of Keras 2 for `Model.load_weights`, ending `.h5`."""
    with h5py.File(path, "w") as file:
        _write_groups(file, keras_layers(portable, with_scaler=False))
        file.attrs[_ATTRIBUTE] = portable.json(scaler_inside=False)


def _write_vars(file: h5py.File, layers: Sequence[KerasLayer]) -> None:
    """Keras 3: `layers/NAME/vars/NUMBER`."""
    file.create_group("vars").attrs["name"] = _NAME
    for layer in layers:
        own = file.create_group(f"layers/{layer.name}")
        own.create_group("vars").attrs["name"] = layer.name
        group = own.require_group(f"{layer.within}/vars" if layer.within else "vars")
        for number, (_, array) in enumerate(layer.weights):
            group[str(number)] = array


def _write_groups(group: h5py.Group, layers: Sequence[KerasLayer]) -> None:
    """Keras 2: a group a layer, whose attribute `weight_names` says what lies in it."""
    group.attrs["layer_names"] = _texts([layer.name for layer in layers])
    group.attrs["backend"] = "tensorflow"
    group.attrs["keras_version"] = _LEGACY
    for layer in layers:
        own = group.create_group(layer.name)
        named = [(f"{layer.name}/{name}:0", array) for name, array in layer.weights]
        own.attrs["weight_names"] = _texts([name for name, _ in named])
        for name, array in named:
            own[name] = array
    group.create_group("top_level_model_weights").attrs["weight_names"] = _texts([])


def _texts(names: Sequence[str]) -> np.ndarray:
    return np.array([name.encode() for name in names], dtype="S" if names else "S1")


def _model_config(portable: Portable, layers: Sequence[KerasLayer]) -> dict[str, Any]:
    first = {"class_name": "InputLayer", "config": _input_config(portable)}
    later = [{"class_name": one.class_name, "config": _config(one)} for one in layers]
    return {"class_name": "Sequential", "config": {"name": _NAME, "layers": [first, *later]}}


def _serialised(portable: Portable, layers: Sequence[KerasLayer]) -> dict[str, Any]:
    """The model as Keras 3 names its parts, each with the module that it comes from."""
    shape = [None, *keras_shape(portable.network.shape)]
    first = _object("InputLayer", _input_config(portable))
    later = [
        _object(one.class_name, _config(one))
        | {"build_config": {"input_shape": [None, *one.shape]}}
        for one in layers
    ]
    config = {"name": _NAME, "layers": [first, *later], "build_input_shape": shape}
    return _object("Sequential", config, "keras") | {"build_config": {"input_shape": shape}}


def _object(
    class_name: str, config: dict[str, Any], module: str = "keras.layers"
) -> dict[str, Any]:
    return {"module": module, "class_name": class_name, "config": config, "registered_name": None}


def _input_config(portable: Portable) -> dict[str, Any]:
    shape = [None, *keras_shape(portable.network.shape)]
    return {"batch_shape": shape, "dtype": "float32", "name": _INPUT}


def _config(layer: KerasLayer) -> dict[str, Any]:
    return {"name": layer.name, "dtype": "float32", **layer.config}
