"""What a saved network of Keras is made of, as parameters of our networks."""

import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from sortal.errors import UserError
from sortal.networks.names import ActivationName

_NOTHING = frozenset({"InputLayer", "Flatten", "Reshape", "Rescaling"})
"""Layers that follow from the data, or that we add by ourselves."""

_POOLING = {"MaxPooling2D": "max", "AveragePooling2D": "average"}
_ENDS = ("softmax", "sigmoid")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layer:
    """A layer that counts, with the activation and dropout behind it."""

    kind: str
    size: int
    """Units, filters, or points of a window."""

    activation: str = "linear"
    dropout: float = 0.0
    kernel: int = 1
    padding: str = "valid"


def dense_network(path: Path) -> dict[str, Any]:
    """Parameters of `mlp` that make the layers of a file.

    Raises:
        UserError: It is not readable, or holds other layers than a perceptron has.
    """
    layers = _layers(path)
    strange = next((one.kind for one in layers if one.kind != "Dense"), None)
    if strange is not None:
        raise _unusable(path, f"a {strange}", "dense layers alone")
    return _hidden(layers, path)


def convolutional_network(path: Path) -> dict[str, Any]:
    """Parameters of `cnn` that make the layers of a file.

    Raises:
        UserError: It is not readable, or holds layers that `cnn` cannot have.
    """
    layers = _layers(path)
    first = next((number for number, one in enumerate(layers) if one.kind == "Dense"), len(layers))
    before, behind = layers[:first], layers[first:]
    if any(one.kind != "Dense" for one in behind):
        raise _unusable(path, "convolutions behind dense layers", "convolutions first")
    if not before or before[0].kind != "Conv2D":
        raise _unusable(path, "no convolutions", "convolutions first")
    hidden = _hidden(behind, path)
    blocks = list(_blocks(before, path))
    convolutions = [one for block, _ in blocks for one in block]
    _same_activation([*convolutions, *behind[:-1]], path)
    return {
        **hidden,
        "activation": convolutions[0].activation,
        "filters": [one.size for one in convolutions],
        "kernel_size": [one.kernel for one in convolutions],
        "padding": [one.padding for one in convolutions],
        "convolutions": [len(block) for block, _ in blocks],
        **_pooled([pool for _, pool in blocks], path),
        "block_dropout": [pool.dropout for _, pool in blocks],
    }


def _pooled(pools: Sequence[_Layer], path: Path) -> dict[str, Any]:
    """What becomes of each block's points; windows of one point pool nothing."""
    kinds = {pool.kind for pool in pools if pool.size > 1}
    if len(kinds) > 1:
        raise _unusable(path, "poolings of two kinds", "one")
    if not kinds:
        return {"pooling": "none"}
    return {"pooling": _POOLING[kinds.pop()], "pool_size": [pool.size for pool in pools]}


def _hidden(layers: Sequence[_Layer], path: Path) -> dict[str, Any]:
    """Dense layers, of which the last one answers."""
    if not layers or layers[-1].activation not in _ENDS:
        raise _unusable(path, "another last layer", f"a dense one with {' or '.join(_ENDS)}")
    hidden = layers[:-1]
    _same_activation(hidden, path)
    if len({one.dropout for one in hidden}) > 1:
        raise _unusable(path, "different dropouts behind dense layers", "one")
    return {
        "hidden_layer_sizes": [one.size for one in hidden],
        "activation": hidden[0].activation if hidden else "linear",
        "dropout": hidden[0].dropout if hidden else 0.0,
    }


def _same_activation(layers: Sequence[_Layer], path: Path) -> None:
    names = {one.activation for one in layers}
    if len(names) > 1:
        raise _unusable(path, f"the activations {', '.join(sorted(names))}", "one for all")
    for name in names - set(get_args(ActivationName)):
        raise _unusable(path, f"the activation {name}", ", ".join(get_args(ActivationName)))


def _blocks(layers: Sequence[_Layer], path: Path) -> Iterator[tuple[list[_Layer], _Layer]]:
    """Convolutions up to each pooling; where none ends the last block, a window of one point."""
    block: list[_Layer] = []
    for layer in layers:
        if layer.kind == "Conv2D":
            block.append(layer)
        elif not block:
            raise _unusable(path, "poolings in a row", "convolutions between them")
        else:
            yield block, layer
            block = []
    if block:
        yield block, _Layer(kind="MaxPooling2D", size=1, dropout=block[-1].dropout)


def _layers(path: Path) -> list[_Layer]:
    layers: list[_Layer] = []
    for about in _configurations(path):
        kind, config = about["class_name"], about["config"]
        if kind in _READ:
            layers.append(_READ[kind](kind, config, path))
        elif kind == "Activation" and layers and layers[-1].activation == "linear":
            layers[-1] = replace(layers[-1], activation=str(config["activation"]))
        elif kind == "Dropout" and layers:
            layers[-1] = replace(layers[-1], dropout=float(config["rate"]))
        elif kind not in _NOTHING:
            raise _unusable(path, f"a {kind}", f"{', '.join(_READ)}, Activation and Dropout")
    return layers


def _dense(kind: str, config: Mapping[str, Any], path: Path) -> _Layer:
    if not config.get("use_bias", True):
        raise _unusable(path, f"a {kind} without biases", "biases")
    return _Layer(kind=kind, size=int(config["units"]), activation=_activation(config))


def _convolution(kind: str, config: Mapping[str, Any], path: Path) -> _Layer:
    kernel = _square(config, "kernel_size", kind, path)
    plain = (
        all(step == 1 for step in config.get("strides", (1,)))
        and all(step == 1 for step in config.get("dilation_rate", (1,)))
        and config.get("use_bias", True)
        and config.get("data_format", "channels_last") == "channels_last"
        and config.get("groups", 1) == 1
    )
    if not plain:
        raise _unusable(path, f"a {kind} with steps, groups, gaps or no biases", "plain ones")
    return _Layer(
        kind=kind,
        size=int(config["filters"]),
        activation=_activation(config),
        kernel=kernel,
        padding=str(config.get("padding", "valid")),
    )


def _pool(kind: str, config: Mapping[str, Any], path: Path) -> _Layer:
    size = _square(config, "pool_size", kind, path)
    steps = config.get("strides") or [size]
    if any(step != size for step in steps) or config.get("padding", "valid") != "valid":
        raise _unusable(path, f"a {kind} whose windows overlap or are padded", "neither")
    return _Layer(kind=kind, size=size)


_READ: Mapping[str, Callable[[str, Mapping[str, Any], Path], _Layer]] = {
    "Dense": _dense,
    "Conv2D": _convolution,
    "MaxPooling2D": _pool,
    "AveragePooling2D": _pool,
}


def _activation(config: Mapping[str, Any]) -> str:
    given = config.get("activation", "linear")
    # Keras 3 may write a function with its module beside its name.
    return str(given["config"] if isinstance(given, Mapping) else given)


def _square(config: Mapping[str, Any], name: str, kind: str, path: Path) -> int:
    given = config[name]
    sizes = {int(given)} if isinstance(given, int) else {int(size) for size in given}
    if len(sizes) != 1:
        raise _unusable(path, f"a {kind} of {name} {given}", "squares")
    return sizes.pop()


def _configurations(path: Path) -> list[Mapping[str, Any]]:
    """Class and configuration of every layer, in order."""
    try:
        model = json.loads(_described(path))
        inner = model["config"]
        listed = inner if isinstance(inner, list) else inner["layers"]
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise UserError(f"{path}: expected a network saved by Keras ({error}).") from error
    if model["class_name"] != "Sequential":
        raise _unusable(path, f"a {model['class_name']} model", "a Sequential one")
    return list(listed)


def _described(path: Path) -> str | bytes:
    """The description of the layers, as JSON."""
    if not path.is_file():
        raise UserError(f"model_file: there is no file {path}.")
    if path.suffix.lower() == ".keras":
        with zipfile.ZipFile(path) as archive:
            return archive.read("config.json")
    import h5py

    with h5py.File(path) as file:
        described = file.attrs["model_config"]
        return described if isinstance(described, str | bytes) else str(described)


def _unusable(path: Path, found: str, expected: str) -> UserError:
    return UserError(f"{path}: expected {expected}, found {found}.")
