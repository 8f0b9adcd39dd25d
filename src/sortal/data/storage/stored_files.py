"""Reading what Sortal itself wrote: whatever changed bytes raise becomes `Damaged`."""

import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from sortal.errors import Damaged, OptionError

_RAISED = (
    *(OSError, ValueError, TypeError, KeyError, IndexError, AttributeError),
    *(EOFError, RuntimeError, MemoryError, OverflowError, OptionError),
    *(zipfile.BadZipFile, zlib.error, struct.error),
    *(SyntaxError, tokenize.TokenError),  # the header of an .npy file is a Python literal
)
"""What numpy, json and zipfile raise over bytes that are not what was written."""


@contextmanager
def raise_damaged(path: Path, what: str) -> Iterator[None]:
    """Read a stored file or folder in the body.

    Args:
        path: For the error's text.
        what: Likewise: `a readable dataset`.

    Raises:
        Damaged: The body could not make sense of what it read.
    """
    try:
        yield
    except _RAISED as error:
        raise Damaged(f"{path}: not {what} ({error}).") from error


def map_array(path: Path) -> np.ndarray:
    """Open a stored array as a read-only memory map.

    Raises:
        Damaged: The file is missing, short, or no array.
    """
    with raise_damaged(path, "a readable array"):
        array: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
        return array
