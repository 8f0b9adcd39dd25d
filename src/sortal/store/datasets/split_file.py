"""A split as a file: an .npz archive whose comment is the digest of all bytes before it.

The name of the file is the split's fingerprint, a digest of the row numbers alone. Files that were
written before there was a comment are as sound as their row numbers and the checksums of the archive.
"""

import hashlib
import io
import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np

from sortal.data.split import Part, Split
from sortal.data.storage.stored_files import raise_damaged
from sortal.errors import Damaged
from sortal.store.files import atomic

_NO_FOLD = -1
_MARK = b"blake2b "
_COMMENT_BYTES = len(_MARK) + 32
_END = b"PK\x05\x06"
_END_BYTES = 22
"""Length of the last record of a zip archive, whose last two bytes are the length of the comment."""

_BLOCK_BYTES = 1 << 20


def write_split(target: Path, split: Split) -> None:
    """Write or replace the file of a split at once; its folder is created if need be."""
    fold = _NO_FOLD if split.fold is None else split.fold
    train, validation, test = (np.asarray(split.rows(part), dtype=np.int64) for part in Part)
    target.parent.mkdir(exist_ok=True)
    with atomic.replacing(target) as built, built.open("w+b") as file:
        np.savez(file, train=train, validation=validation, test=test, fold=np.int64(fold))
        file.seek(-2, io.SEEK_END)
        file.write(struct.pack("<H", _COMMENT_BYTES))
        digest = _digest(file, file.tell())
        file.write(_MARK + digest.encode())


def read_split(path: Path) -> Split:
    """Read the file of a split.

    Raises:
        Damaged: The file is missing or not what was written, or holds another split.
    """
    if path.exists() and not path.is_file():
        raise Damaged(f"{path}: no file.")  # opening a pipe would wait for ever
    with (
        raise_damaged(path, "a readable split"),
        # Opened here because numpy leaves a file open that is no zip archive.
        path.open("rb") as file,
    ):
        length = file.seek(0, io.SEEK_END) - _COMMENT_BYTES
        if (digest := _stored_digest(file)) and digest != _digest(file, length):
            raise Damaged(f"{path}: has changed since it was written.")
        file.seek(0)
        with np.load(file, allow_pickle=False) as stored:
            fold = int(stored["fold"])
            rows = {part.value: stored[part.value] for part in Part}
    split = Split(
        **rows,
        fold=None if fold == _NO_FOLD else fold,
        # Any other without training examples was refused before it was stored.
        trained_elsewhere=not len(rows[Part.TRAIN.value]),
    )
    if split.fingerprint != path.stem:
        raise Damaged(f"{path}: not this split, but the split {split.fingerprint}.")
    return split


def has_digest(path: Path) -> bool:
    """Whether a sound file of a split carries its digest; older versions wrote none."""
    with path.open("rb") as file:
        return bool(_stored_digest(file))


def _stored_digest(file: BinaryIO) -> str:
    """The digest that a file carries, empty where it was written without.

    Raises:
        ValueError: The file ends in neither way.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - _END_BYTES - _COMMENT_BYTES))
    tail = file.read()
    comment, end = tail[-_COMMENT_BYTES:], tail[-_END_BYTES:]
    if comment.startswith(_MARK):
        return comment.removeprefix(_MARK).decode("ascii")
    if end.startswith(_END) and end.endswith(b"\0\0"):
        return ""
    raise ValueError("its end is missing or has changed")


def _digest(file: BinaryIO, length: int) -> str:
    """Hash the first bytes of a file, and leave it where they end."""
    file.seek(0)
    digest = hashlib.blake2b(digest_size=16)
    while length > 0 and (block := file.read(min(length, _BLOCK_BYTES))):
        digest.update(block)
        length -= len(block)
    return digest.hexdigest()
