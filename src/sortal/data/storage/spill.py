"""Arrays too large for memory, kept in mapped files that have no name and vanish with them.

The files lie where temporary files do (`TMPDIR`), and their pages are the system's to drop.
"""

import errno
import math
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike

from sortal.data.inputs import Array, Ragged
from sortal.errors import DataError

SPILL_BYTES = 1 << 29
"""Arrays above this size [bytes] are kept in files."""

_PIECE_BYTES = 1 << 24


def allocate(shape: Sequence[int], dtype: DTypeLike, *, limit: int | None = None) -> np.ndarray:
    """Make an array to be filled: in memory, or in a file if it is large.

    Args:
        shape: Of the array.
        dtype: Of its numbers.
        limit: Largest size that is kept in memory [bytes]; `SPILL_BYTES` if not given.

    Raises:
        DataError: There is no room for it where temporary files are kept.
    """
    kind = np.dtype(dtype)
    size = math.prod(shape) * kind.itemsize
    if size <= (SPILL_BYTES if limit is None else limit):
        return np.empty(shape, dtype=kind)
    with _spilling(size), _file() as file:
        if hasattr(os, "posix_fallocate"):
            # A write into a mapped file on a full disk would kill the process.
            os.posix_fallocate(file.fileno(), 0, size)
        return np.memmap(file, dtype=kind, mode="w+", shape=tuple(shape))


def copy_rows(array: Array, rows: np.ndarray) -> Array:
    """Copy some examples, into a file if they are large."""
    if isinstance(array, Ragged) or not len(rows):
        return array[rows]
    chosen = allocate((len(rows), *array.shape[1:]), array.dtype)
    step = max(1, _PIECE_BYTES * len(array) // max(1, array.nbytes))
    for start in range(0, len(rows), step):
        chosen[start : start + step] = array[rows[start : start + step]]
    return chosen


class Spool:
    """Blocks of rows that come one after another and end as one array; close it at the end."""

    def __init__(self) -> None:
        self._blocks: list[np.ndarray] = []
        self._held, self._written = 0, 0
        self._dtype: np.dtype[Any] | None = None
        self._file: IO[bytes] | None = None

    def add(self, block: np.ndarray) -> None:
        """Take the next rows; they are not copied while little has come."""
        self._blocks.append(block)
        self._held += block.nbytes
        if self._held > SPILL_BYTES or self._file is not None:
            self._write()

    def array(self) -> np.ndarray:
        """All rows in the type that holds every block; add no more afterwards."""
        if self._file is None:
            return _joined(self._blocks)
        self._file.flush()
        shape = (self._written, *self._blocks[0].shape[1:])
        return np.memmap(self._file, np.dtype(self._dtype), mode="r+", shape=shape)

    def close(self) -> None:
        """Let go of the file; the array keeps it."""
        if self._file is not None:
            self._file.close()

    def _write(self) -> None:
        wanted = np.result_type(*self._blocks, *([] if self._dtype is None else [self._dtype]))
        if self._file is not None and wanted != self._dtype:
            self._widen(wanted)
        with _spilling(self._held):
            self._file = self._file or _file()
            for block in self._blocks:
                self._file.write(np.ascontiguousarray(block, dtype=wanted).data)
                self._written += len(block)
        # An empty block remembers the shape of a row.
        self._dtype, self._held, self._blocks = wanted, 0, [self._blocks[-1][:0]]

    def _widen(self, wanted: np.dtype[Any]) -> None:
        """Write everything again in another type."""
        narrow = self.array()
        self.close()
        step = max(1, _PIECE_BYTES * len(narrow) // max(1, narrow.nbytes))
        with _spilling(narrow.size * wanted.itemsize):
            self._file = _file()
            for start in range(0, len(narrow), step):
                self._file.write(narrow[start : start + step].astype(wanted).data)


def _file() -> IO[bytes]:
    return tempfile.TemporaryFile(prefix="sortal-")


@contextmanager
def _spilling(size: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        raise DataError(
            f"the data is larger than memory should hold, and {tempfile.gettempdir()} has no "
            f"room for {size / 1e9:.1f} GB of it; set TMPDIR to a folder with more."
        ) from error


def _joined(blocks: list[np.ndarray]) -> np.ndarray:
    """Join blocks of rows; the list is emptied, so that memory holds everything about once."""
    if len(blocks) == 1:
        return blocks.pop()
    rows = sum(map(len, blocks))
    whole = np.empty((rows, *blocks[0].shape[1:]), dtype=np.result_type(*blocks))
    while blocks:
        block = blocks.pop()
        whole[rows - len(block) : rows] = block
        rows -= len(block)
    return whole
