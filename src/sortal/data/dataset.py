"""Examples with everything known about them: frozen, fingerprinted, saved as plain arrays."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from sortal.data.axes import Order
from sortal.data.inputs import Array, Inputs, Ragged
from sortal.data.labels import Labels, Outputs
from sortal.data.split import Part
from sortal.data.storage.stored_files import map_array, raise_damaged
from sortal.data.weighting.target import weights_for
from sortal.errors import DataError

ABOUT = "dataset.json"
_INPUT, _OFFSETS = "input.", "offsets."
_LENGTHS = "lengths."
_BLOCK_BYTES = 1 << 24


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Dataset:
    """A table, a set of signals or of stamps, with labels, weights, groups and given divisions."""

    name: str
    inputs: Inputs
    labels: Labels
    names: Mapping[str, tuple[str, ...]]
    """Names of the columns of each flat input, in order; empty for signals and stamps."""

    weights: np.ndarray | None = field(default=None, repr=False)
    """Physics weight of each example, sign kept, float64, shape (examples,); or (examples, targets)
    where independent targets have their own."""

    groups: np.ndarray | None = field(default=None, repr=False)
    """Group of each example, shape (examples,), int64 codes: a group is never divided."""

    folds: np.ndarray | None = field(default=None, repr=False)
    """Given fold number of each example, shape (examples,), int64."""

    parts: np.ndarray | None = field(default=None, repr=False)
    """Given `Part` code of each example, shape (examples,), int8."""

    axes: Mapping[str, Order] = field(default_factory=dict)
    """Order of the axes in the files, of inputs that reading brought into another."""

    padding_matters: bool = False
    """Whether preparation looks at the padding of signals, so that where they end is stored and
    part of the fingerprint."""

    notes: tuple[str, ...] = ()
    """What reading changed or noticed, in sentences for the user."""

    fingerprint: str = ""
    """Hash of everything above but `name` and `notes`, and of padding if it matters; filled in when
    left empty."""

    def __post_init__(self) -> None:
        for what in ("labels", "weights", "groups", "folds", "parts"):
            values = getattr(self, what)
            if values is not None and len(values) != len(self.inputs):
                raise DataError(f"{len(values)} {what} for {len(self.inputs)} examples.")
        if not self.fingerprint:
            object.__setattr__(self, "fingerprint", _fingerprint(self))

    def __len__(self) -> int:
        return len(self.inputs)

    def weights_for(self, target: str | None) -> np.ndarray | None:
        """Weights of all examples for one target, or for all outputs, shape (examples,).

        Raises:
            DataError: Targets have weights of their own, and none is named.
        """
        return weights_for(self.weights, self.labels, target)

    @property
    def part_codes(self) -> dict[Part, int]:
        """The code that `parts` uses for each part."""
        return {part: code for code, part in enumerate(Part)}

    def stored_arrays(self) -> Iterable[np.ndarray]:
        """All arrays of which `save` writes a file each."""
        return _arrays(self).values()

    def is_intact(self) -> bool:
        """Whether the arrays are still those that the fingerprint was made of; all are read."""
        return _fingerprint(self) == self.fingerprint

    def save(self, folder: Path) -> None:
        """Write one .npy per array and a dataset.json into an existing folder."""
        for name, array in _arrays(self).items():
            np.save(_file(folder, name), array, allow_pickle=False)
        described = {
            "name": self.name,
            "fingerprint": self.fingerprint,
            "classes": self.labels.classes,
            "outputs": self.labels.outputs,
            "inputs": {
                name: {"ragged": isinstance(array, Ragged), "names": self.names.get(name, ())}
                | ({"padded": True} if self.padding_matters and name in self.inputs.lengths else {})
                | ({"axes": self.axes[name]} if name in self.axes else {})
                for name, array in self.inputs.arrays.items()
            },
            "notes": self.notes,
        }
        (folder / ABOUT).write_text(json.dumps(described, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, *, inputs: bool = True) -> "Dataset":
        """Open a saved dataset; its arrays are memory maps, shared by all who open them.

        Args:
            folder: Where it was saved.
            inputs: Whether the inputs are opened; without them examples have ids and labels.

        Raises:
            Damaged: A file of the folder is missing or cut short.
        """
        with raise_damaged(folder, "a readable dataset"):
            described = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
            listed = described["inputs"].items() if inputs else ()
            padded = [name for name, about in listed if about.get("padded")]
            arrays: dict[str, Array] = {}
            for name, about in listed:
                values = _map(folder, f"{_INPUT}{name}")
                arrays[name] = (
                    Ragged(values, _map(folder, f"{_OFFSETS}{name}")) if about["ragged"] else values
                )
            optional = {
                name: _map(folder, name) if _file(folder, name).exists() else None
                for name in ("weights", "groups", "folds", "parts")
            }
            return cls(
                name=described["name"],
                inputs=Inputs(
                    arrays,
                    _map(folder, "ids"),
                    {name: _map(folder, f"{_LENGTHS}{name}") for name in padded},
                ),
                labels=Labels(
                    _map(folder, "labels"),
                    tuple(described["classes"]),
                    Outputs(described["outputs"]),
                ),
                names={n: tuple(about["names"]) for n, about in described["inputs"].items()},
                axes={
                    name: about["axes"]
                    for name, about in described["inputs"].items()
                    if "axes" in about
                },
                padding_matters=bool(padded),
                notes=tuple(described["notes"]),
                fingerprint=described["fingerprint"],
                **optional,
            )


def is_of_inputs(file: str) -> bool:
    """Whether a file of a saved dataset holds inputs, rather than what is known of the examples."""
    return file.startswith((_INPUT, _OFFSETS, _LENGTHS))


def _map(folder: Path, name: str) -> np.ndarray:
    return map_array(_file(folder, name))


def _file(folder: Path, name: str) -> Path:
    # Inputs are named by users' files: an HDF5 dataset `survey/flux` must not become a folder.
    return folder / f"{quote(name, safe=' ')}.npy"


def _arrays(dataset: Dataset) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {"ids": dataset.inputs.ids, "labels": dataset.labels.codes}
    for name, array in dataset.inputs.arrays.items():
        if isinstance(array, Ragged):
            arrays[f"{_INPUT}{name}"] = array.values
            arrays[f"{_OFFSETS}{name}"] = array.offsets
        else:
            arrays[f"{_INPUT}{name}"] = array
    if dataset.padding_matters:
        for name, points in dataset.inputs.lengths.items():
            arrays[f"{_LENGTHS}{name}"] = points
    for name in ("weights", "groups", "folds", "parts"):
        values = getattr(dataset, name)
        if values is not None:
            arrays[name] = values
    return arrays


def _fingerprint(dataset: Dataset) -> str:
    """Hash names, types, shapes and bytes, block by block so that memory maps stay on disk."""
    digest = hashlib.blake2b(digest_size=16)
    names = {name: dataset.names.get(name, ()) for name in dataset.inputs.arrays}
    about: list[Any] = [names, dataset.labels.classes, dataset.labels.outputs]
    if dataset.axes:  # a later field, left out where it changes nothing
        about.append(dict(dataset.axes))
    digest.update(json.dumps(about).encode("utf-8"))
    for name, array in sorted(_arrays(dataset).items()):
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        row_bytes = max(1, array.nbytes // max(1, len(array)))
        step = max(1, _BLOCK_BYTES // row_bytes)
        for start in range(0, len(array), step):
            digest.update(np.ascontiguousarray(array[start : start + step]).tobytes())
    return digest.hexdigest()
