"""Weights of a stored network for another of the same layers to begin with."""

import json
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Any, TypeAlias

import h5py
import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from sortal.errors import UserError
from sortal.networks.keras_order import keras_name, keras_tensors
from sortal.networks.network import Network

_ATTRIBUTE = "sortal"
"""Where files hold what `sortal export` knows of a network, as JSON."""

Arrays: TypeAlias = tuple[np.ndarray, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Stored:
    """What a file holds."""

    layers: tuple[Arrays, ...]
    """Of every layer that holds something, in order."""

    about: Mapping[str, Any]
    """Its description; empty for files of other programs."""

    as_keras: bool
    """Whether arrays are ordered as Keras orders them."""


def stored_start(path: Path, network: Network, classes: Sequence[str]) -> Tensor:
    """Read parameters and buffers of a network.

    Layers are matched by their order; those that hold nothing (dropout, augmentation) may differ.

    Args:
        path: A file that ends in `.safetensors`, `.keras` or `.h5`.
        network: What begins with them.
        classes: Names of its outputs.

    Returns:
        Shape (network.size,), float64.

    Raises:
        UserError: The file is not readable, or of a network of other layers or outputs.
    """
    stored = _read(path)
    named = stored.about.get("classes")
    if named is not None and list(named) != list(classes):
        raise UserError(
            f"start_from: {path} is of a network with the outputs {', '.join(named)}; "
            f"expected {', '.join(classes)}."
        )
    state = torch.full((network.size,), torch.nan, dtype=torch.float64)
    places = list(_places(network, as_keras=stored.as_keras))
    if len(places) != len(stored.layers):
        raise UserError(
            f"start_from: {path} has {len(stored.layers)} layers of weights; "
            f"expected {len(places)}, as this network has."
        )
    for number, (wanted, arrays) in enumerate(zip(places, stored.layers, strict=True), start=1):
        shapes = [[tuple(one.shape) for one in side] for side in (wanted, arrays)]
        if shapes[0] != shapes[1]:
            raise UserError(
                f"start_from: layer {number} of weights in {path} holds {_listed(shapes[1])}; "
                f"expected {_listed(shapes[0])}, as this network has."
            )
        for place, array in zip(wanted, arrays, strict=True):
            at = torch.from_numpy(np.ascontiguousarray(place)).flatten()
            state[at] = torch.from_numpy(array.astype(np.float64)).flatten()
    return state


def _places(network: Network, *, as_keras: bool) -> Iterator[Arrays]:
    """Where in a state the numbers of each layer lie, in the shapes that a file has them in."""
    everywhere = torch.arange(network.size).unsqueeze(0)
    held = network.held(everywhere)
    for layer, own, shape in zip(network.layers, held, network.shapes, strict=False):
        tensors = {name: view[0].numpy() for name, view in {**own.slots, **own.buffers}.items()}
        if not tensors:
            continue
        if not as_keras:
            yield tuple(tensors[name] for name in sorted(tensors))
        elif ordered := keras_tensors(layer, tensors, shape):
            yield tuple(array for _, array in ordered)
        else:
            raise UserError(f"start_from: Keras has no {layer.kind}; give a .safetensors file.")


def _read(path: Path) -> _Stored:
    readers = {".safetensors": _safetensors, ".keras": _keras, ".h5": _h5, ".hdf5": _h5}
    ending = path.suffix.lower()
    if ending not in readers or path.name.lower().endswith(".weights.h5"):
        raise UserError(
            f"start_from: expected a file that ends in .safetensors, .keras or .h5, a whole "
            f"model, got {path}."
        )
    try:
        return readers[ending](path)
    except (OSError, ValueError, KeyError, SafetensorError, zipfile.BadZipFile) as error:
        raise UserError(f"start_from: {path} is not a readable network ({error}).") from error


def _safetensors(path: Path) -> _Stored:
    """Tensors `layers.NUMBER.NAME`, by number and name."""
    with safe_open(path, framework="numpy") as file:
        about = json.loads((file.metadata() or {}).get(_ATTRIBUTE, "{}"))
        names = sorted((int(name.split(".")[1]), name) for name in file.keys())  # noqa: SIM118
        layers = [
            tuple(file.get_tensor(name) for _, name in own)
            for _, own in groupby(names, key=lambda one: one[0])
        ]
    return _Stored(tuple(layers), about, as_keras=False)


def _keras(path: Path) -> _Stored:
    """A zip of the layers' classes, in order, and of their arrays by names made of those."""
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
        weights = BytesIO(archive.read("model.weights.h5"))
        own = f"{_ATTRIBUTE}.json"
        about = json.loads(archive.read(own)) if own in archive.namelist() else {}
    counted: Counter[str] = Counter()
    layers = []
    with h5py.File(weights) as file:
        for layer in config["config"]["layers"]:
            if layer["class_name"] == "InputLayer":
                continue
            base = keras_name(layer["class_name"])
            name = f"{base}_{counted[base]}" if counted[base] else base
            counted[base] += 1
            layers.append(_numbered(file.get(f"layers/{name}")))
    return _Stored(_unscaled([one for one in layers if one], about), about, as_keras=True)


def _numbered(group: h5py.Group | None) -> Arrays:
    """Arrays of a layer, or of the cell that a recurrent one steps with."""
    if group is None:
        return ()
    own, inner = (group.get(place, {}) for place in ("vars", "cell/vars"))
    found = own if len(own) else inner
    return tuple(found[name][()] for name in sorted(found, key=int))


def _h5(path: Path) -> _Stored:
    """Groups by layer, whose order and arrays stand in attributes."""
    with h5py.File(path) as file:
        about = json.loads(file.attrs.get(_ATTRIBUTE, "{}"))
        groups = file.get("model_weights", file)
        layers = [
            tuple(groups[_text(name)][_text(one)][()] for one in own)
            for name in groups.attrs["layer_names"]
            if len(own := groups[_text(name)].attrs["weight_names"])
        ]
    return _Stored(_unscaled(layers, about), about, as_keras=True)


def _unscaled(layers: Sequence[Arrays], about: Mapping[str, Any]) -> tuple[Arrays, ...]:
    """Without the product that whitens raw examples, if the file itself does."""
    scaler = about.get("scaler", {})
    whitens = scaler.get("inside", False) and "rotation" in scaler
    return tuple(layers[1:] if whitens else layers)


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name


def _listed(shapes: Sequence[tuple[int, ...]]) -> str:
    return " and ".join(map(str, shapes)) or "nothing"
