"""NumPy .npz files: named arrays, each loaded whole when it is first asked for."""

import zipfile
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from sortal.data.readers.sliced import SlicedArrays, refuse_objects
from sortal.errors import DataError


def open_npz(path: Path) -> SlicedArrays:
    """Open a .npz file; only the arrays' headers are read.

    Raises:
        DataError: It is not a .npz file, or holds Python objects.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            headers = {
                name.removesuffix(".npy"): _header(archive, name)
                for name in archive.namelist()
                if name.endswith(".npy")
            }
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: not a readable .npz file ({error}).") from error
    for name, (_, dtype) in headers.items():
        refuse_objects(path, name, dtype)

    # Members are often compressed and cannot be sliced: what was asked for once is kept.
    @cache
    def load(name: str) -> np.ndarray:
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                array: np.ndarray = arrays[name]
        except (zipfile.BadZipFile, zlib.error) as error:
            raise DataError(f"{path}: array {name!r} cannot be read ({error}).") from error
        return array

    shapes = {name: shape for name, (shape, _) in headers.items()}
    return SlicedArrays(path, shapes, lambda name, rows: load(name)[rows])


def _header(archive: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    with archive.open(name) as member:
        version = np.lib.format.read_magic(member)
        read = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read(member)
    return shape, dtype
