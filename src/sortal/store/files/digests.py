"""Digests of stored files, each computed once a process as long as the file stays as it is."""

import hashlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

LARGE_BYTES = 64 << 20
"""Size from which only the driver of a run reads a whole file; its workers compare size and time."""

Seals: TypeAlias = Mapping[str, tuple[int, int]]
"""Size [bytes] and time of change [ns] of files that were compared with their digests, by name."""

Stamp: TypeAlias = tuple[int, int, int, int, int]
"""Device, inode, size, and the times of the last change of content and of anything else [ns]."""

_BLOCK_BYTES = 1 << 20
_SECOND_NS = 1_000_000_000
_TICK_NS = 100_000_000
"""The clocks of file systems are at least this fine [ns], unless they tell whole seconds."""

_known: dict[Stamp, str] = {}
"""Digests that this process has computed. A file that changes gets another stamp."""


def fresh_digest(path: Path) -> str:
    """Hash a file; every byte of it is read."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def digest_once(path: Path) -> str:
    """The digest of a file, which is read only if it may have changed since this process read it."""
    stamp = stamp_of(path)
    if stamp in _known:
        return _known[stamp]
    digest = fresh_digest(path)
    if stamp == stamp_of(path) and is_settled(stamp):
        _known[stamp] = digest
    return digest


def seal_of(path: Path) -> tuple[int, int]:
    """Size [bytes] and time of change [ns] of a file."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def stamp_of(path: Path) -> Stamp:
    """What a file is distinguished by from what it was before a change."""
    found = path.stat()
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def is_settled(stamp: Stamp) -> bool:
    """True if a change from now on is sure to give the file another stamp.

    Two changes within one tick of the file system's clock leave the same time.
    """
    changed = max(stamp[-2:])
    tick = 2 * _SECOND_NS if changed % _SECOND_NS == 0 else _TICK_NS
    return time.time_ns() - changed > tick
