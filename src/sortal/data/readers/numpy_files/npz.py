"""NumPy .npz files: named arrays, each loaded whole when it is first asked for, or mapped."""

import math
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

import numpy as np

from sortal.data.readers.damaged import explain_damage, refuse_inflated
from sortal.data.readers.sliced import SlicedArrays, refuse_objects
from sortal.data.storage import spill
from sortal.errors import DataError

_LOCAL_HEADER = 30
"""Bytes of a member's header without its name and extra field, whose lengths are its last two
numbers (APPNOTE 4.3.7)."""


def open_npz(path: Path) -> SlicedArrays:
    """Open a .npz file; only the arrays' headers are read.

    Raises:
        DataError: It is not a .npz file, or holds Python objects.
    """
    with explain_damage(path, ".npz"), zipfile.ZipFile(path) as archive:
        headers = {
            name.removesuffix(".npy"): _header(archive, name)
            for name in archive.namelist()
            if name.endswith(".npy")
        }
    size = path.stat().st_size
    for name, header in headers.items():
        refuse_objects(path, name, header.dtype)
        if min(header.shape, default=0) < 0:
            raise DataError(f"{path}: array {name!r} declares the shape {header.shape}.")
        if header.shape:
            row_bytes = math.prod(header.shape[1:]) * header.dtype.itemsize
            refuse_inflated(path, f"array {name!r}", header.shape[0], row_bytes, size)

    # Members are often compressed and cannot be sliced: what was asked for once is kept.
    @cache
    def load(name: str) -> np.ndarray:
        large = headers[name].nbytes > spill.SPILL_BYTES
        with explain_damage(path, ".npz", f"array {name!r}"):
            return _large(path, name) if large else _small(path, name)

    shapes = {name: header.shape for name, header in headers.items()}
    return SlicedArrays(path, shapes, lambda name, rows: load(name)[rows])


@dataclass(frozen=True, slots=True)
class _Header:
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool
    length: int
    """Bytes before the numbers."""

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def _header(archive: zipfile.ZipFile, name: str) -> _Header:
    with archive.open(name) as member:
        return _read_header(member)


def _read_header(member: IO[bytes]) -> _Header:
    version = np.lib.format.read_magic(member)
    read = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, fortran, dtype = read(member)
    return _Header(shape, dtype, fortran, member.tell())


def _small(path: Path, name: str) -> np.ndarray:
    """Read a member into memory; its checksum is compared."""
    with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as member:
        array: np.ndarray = np.lib.format.read_array(member, allow_pickle=False)
        member.read(1)  # at its end the checksum is compared
    return array


def _large(path: Path, name: str) -> np.ndarray:
    """Map a member that lies in the file as it is; its checksum is not looked at. Unpack others."""
    with zipfile.ZipFile(path) as archive:
        about = archive.getinfo(f"{name}.npy")
        with archive.open(about) as member:
            header = _read_header(member)
            shape = header.shape[::-1] if header.fortran else header.shape
            if about.compress_type == zipfile.ZIP_STORED:
                offset = _data_offset(path, about) + header.length
                array: np.ndarray = np.memmap(path, header.dtype, "r", offset, shape)
            else:
                array = spill.allocate(shape, header.dtype)
                _fill(array, member)
    return array.T if header.fortran else array


def _data_offset(path: Path, about: zipfile.ZipInfo) -> int:
    with path.open("rb") as file:
        file.seek(about.header_offset + _LOCAL_HEADER - 4)
        lengths = file.read(4)
    name, extra = (int.from_bytes(lengths[at : at + 2], "little") for at in (0, 2))
    return about.header_offset + _LOCAL_HEADER + name + extra


def _fill(array: np.ndarray, member: IO[bytes]) -> None:
    room, filled = array.reshape(-1).view(np.uint8), 0
    while filled < len(room):
        piece = member.read(min(1 << 20, len(room) - filled))
        if not piece:
            raise EOFError("it breaks off")
        room[filled : filled + len(piece)] = np.frombuffer(piece, dtype=np.uint8)
        filled += len(piece)
    member.read(1)  # at its end the checksum is compared
