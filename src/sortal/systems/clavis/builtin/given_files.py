"""Files of well-known data sets, as their makers give them; none is unpickled."""

import gzip
import math
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from sortal.errors import DataError

_KEYS = ("x_train", "y_train", "x_test", "y_test")
_PARTS = ("train", "t10k")
_PIXELS = 3 * 32 * 32
_BYTES = 0x08
"""Code of unsigned bytes in the header of an IDX file."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TrainTestArrays:
    """Training and test examples, flattened."""

    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    specs: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def flattened(
        cls, x_train: np.ndarray, y_train: np.ndarray, x_test: np.ndarray, y_test: np.ndarray
    ) -> "TrainTestArrays":
        """Flatten images, (examples, height, width) or with channels, and remember their shape."""
        return cls(
            X_train=x_train.reshape(len(x_train), -1),
            y_train=y_train.ravel(),
            X_test=x_test.reshape(len(x_test), -1),
            y_test=y_test.ravel(),
            specs={"original_shape": x_train.shape},
        )


Reader: TypeAlias = Callable[[Path], TrainTestArrays]


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenFile:
    """Where a data set may lie in the user's folder, and how it is read from there."""

    places: tuple[tuple[str, Reader], ...]
    """File or folder names, the first that is there counts."""

    source: str
    """Where to get it, in words that end a sentence."""

    refused: Mapping[str, str] = field(default_factory=dict)
    """Names that Keras gives to pickled files, and why they are not read."""

    def read(self, name: str, folder: Path | None) -> TrainTestArrays:
        """Read the first file that is there.

        Raises:
            DataError: None is there, or it is not what it should be.
        """
        wanted = " or ".join(place for place, _ in self.places)
        if folder is None:
            raise DataError(
                f"data set {name} is read from a file: put {wanted} into a folder and name the "
                f"folder with --datasets, or in the environment as SORTAL_DATASETS; {self.source}."
            )
        for place, reader in self.places:
            if (folder / place).exists():
                with _readable(folder / place):
                    return reader(folder / place)
        for place, reason in self.refused.items():
            if (folder / place).exists():
                raise DataError(f"{folder / place}: {reason}; {self.source}.")
        raise DataError(f"data set {name}: expected {wanted} in {folder}; {self.source}.")


def read_images(path: Path) -> TrainTestArrays:
    """Images from an archive of arrays x_train, y_train, x_test and y_test, as `mnist.npz` is."""
    return TrainTestArrays.flattened(*_arrays(path))


def read_idx_folder(path: Path) -> TrainTestArrays:
    """Images from four compressed IDX files, as those of Fashion-MNIST are named."""
    found = [
        _idx(path / f"{part}-{what}.gz")
        for part in _PARTS
        for what in ("images-idx3-ubyte", "labels-idx1-ubyte")
    ]
    return TrainTestArrays.flattened(*found)


def read_cifar(path: Path, *, train: tuple[str, ...], test: str, labels: int) -> TrainTestArrays:
    """Images from the archive that its makers call the binary version, suitable for C programs.

    Args:
        path: A .tar.gz of records: label bytes, then 1024 red, green and blue pixels each.
        train: Names of its files of training examples.
        test: Name of its file of test examples.
        labels: Label bytes of a record; the last counts, which of CIFAR-100 is the fine one.
    """
    with tarfile.open(path, "r:gz") as archive:
        parts = [_records(archive, member, labels) for member in (*train, test)]
    x_train = np.concatenate([images for images, _ in parts[:-1]])
    y_train = np.concatenate([codes for _, codes in parts[:-1]])
    return TrainTestArrays.flattened(x_train, y_train, *parts[-1])


def read_words(path: Path, *, num_words: int, length: int) -> TrainTestArrays:
    """Texts as codes of words, shape (texts, words), from an archive as that of `read_images`.

    As Keras does: rarer words become 2, only the last `length` words count, and shorter texts
    begin with zeros.
    """
    x_train, y_train, x_test, y_test = _arrays(path)
    return TrainTestArrays(
        X_train=_fitted(x_train, num_words, length),
        y_train=y_train.ravel(),
        X_test=_fitted(x_test, num_words, length),
        y_test=y_test.ravel(),
        specs={"num_words": num_words},
    )


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what readers raise on cut or foreign files into a sentence."""
    try:
        yield
    except (OSError, EOFError, ValueError, KeyError) as error:
        raise DataError(f"{path}: not what it is named after ({error}).") from error
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path}: not a readable archive ({error}).") from error


def _arrays(path: Path) -> list[np.ndarray]:
    """The four arrays of an archive; one of Python objects would be unpickled, and is refused."""
    with path.open("rb") as file:
        archive = np.load(file, allow_pickle=False)
        if isinstance(archive, np.ndarray):
            raise ValueError("expected an archive of arrays, got a single one")
        missing = [key for key in _KEYS if key not in archive.files]
        if missing:
            raise ValueError(f"expected arrays {', '.join(_KEYS)}; there is no {missing[0]}")
        return [np.asarray(archive[key]) for key in _KEYS]


def _idx(path: Path) -> np.ndarray:
    """Read an IDX file of bytes (its header: 0 0, type, axes, and the length of each axis)."""
    with gzip.open(path) as file:
        data = file.read()
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] != _BYTES:
        raise ValueError(f"{path.name}: expected an IDX file of bytes")
    start = 4 + 4 * data[3]
    shape = tuple(int(size) for size in np.frombuffer(data[4:start], dtype=">u4"))
    if len(data) - start != math.prod(shape):
        raise ValueError(f"{path.name}: expected {math.prod(shape)} bytes, got {len(data) - start}")
    return np.frombuffer(data, dtype=np.uint8, offset=start).reshape(shape)


def _records(archive: tarfile.TarFile, member: str, labels: int) -> tuple[np.ndarray, np.ndarray]:
    """Images (examples, 32, 32, 3) and codes of one file."""
    file = archive.extractfile(member)
    if file is None:
        raise ValueError(f"{member}: expected a file")
    data = np.frombuffer(file.read(), dtype=np.uint8)
    if not len(data) or len(data) % (labels + _PIXELS):
        raise ValueError(f"{member}: expected records of {labels + _PIXELS} bytes")
    rows = data.reshape(-1, labels + _PIXELS)
    planes = rows[:, labels:].reshape(-1, 3, 32, 32)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), rows[:, labels - 1].astype(np.int64)


def _fitted(words: np.ndarray, num_words: int, length: int) -> np.ndarray:
    if words.ndim != 2 or words.dtype.kind not in "iu" or (words < 0).any():
        raise ValueError("expected texts as codes of words, shape (texts, words)")
    fitted = np.zeros((len(words), length), dtype=np.int32)
    last = words[:, -length:]
    fitted[:, length - last.shape[1] :] = np.where(last >= num_words, 2, last)
    return fitted
