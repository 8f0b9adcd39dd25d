"""HDF5 files: named datasets at the top or one group deep, sliced block by block."""

from pathlib import Path

import h5py
import numpy as np

from sortal.data.readers.sliced import SlicedArrays, refuse_objects
from sortal.data.spill import room
from sortal.errors import DataError


def open_hdf5(path: Path) -> SlicedArrays:
    """Open an HDF5 file; a dataset `x` in a group `g` is named `g/x`.

    Raises:
        DataError: It is not an HDF5 file.
    """
    try:
        with h5py.File(path, "r") as file:
            found = _datasets(file)
            shapes = {name: tuple(dataset.shape or ()) for name, dataset in found.items()}
            for name, dataset in found.items():
                if h5py.check_string_dtype(dataset.dtype) is None:
                    refuse_objects(path, name, dataset.dtype)
    except OSError as error:
        raise DataError(f"{path}: not a readable HDF5 file ({error}).") from error

    def cut(name: str, rows: slice) -> np.ndarray:
        with h5py.File(path, "r") as file:
            dataset = file[name]
            if h5py.check_string_dtype(dataset.dtype) is not None:
                return np.asarray(dataset.asstr()[rows], dtype=str)
            rows = slice(*rows.indices(len(dataset)))
            array = room((len(range(len(dataset))[rows]), *dataset.shape[1:]), dataset.dtype)
            if array.size:
                dataset.read_direct(array, rows)
            return array

    return SlicedArrays(path, shapes, cut)


def _datasets(file: h5py.File) -> dict[str, h5py.Dataset]:
    found: dict[str, h5py.Dataset] = {}
    for name, item in file.items():
        if isinstance(item, h5py.Dataset):
            found[name] = item
        elif isinstance(item, h5py.Group):
            for inner, dataset in item.items():
                if isinstance(dataset, h5py.Dataset):
                    found[f"{name}/{inner}"] = dataset
    return found
