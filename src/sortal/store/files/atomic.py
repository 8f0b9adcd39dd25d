"""Files and folders that appear and vanish whole, so that a reader never sees half of one.

Everything is built under a temporary name in the folder where it will be, then
renamed. A killed process leaves temporary names behind, which nobody reads and
`gc` removes.

Own code, because libraries for this replace single files and no folders.
"""

import errno
import os
import platform
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sortal.store.files.process import has_ended

PREFIX = ".tmp-"
_FOREIGN_DAYS = 1.0
"""Age at which a temporary name of another machine, whose processes we cannot ask, is given up."""


def temporary(beside: Path) -> Path:
    """A fresh temporary path in the folder `beside`, which tells who made it."""
    return beside / f"{PREFIX}{_host()}-{os.getpid()}-{secrets.token_hex(4)}"


def unused(folder: Path, name: str) -> Path:
    """A path in a folder that begins with `name` and that nobody uses."""
    return folder / f"{name}-{temporary(folder).name.removeprefix(PREFIX)}"


def temporary_folder(beside: Path) -> Path:
    """Create a fresh temporary folder in `beside`, which is created too if need be."""
    folder = temporary(beside)
    folder.mkdir(parents=True)
    return folder


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path that becomes `path` when the body ends; nothing is left of it if it fails."""
    built = temporary(path.parent)
    try:
        yield built
        built.replace(path)
    finally:
        built.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write or replace a UTF-8 file at once; its folder is created if need be."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write or replace a file at once; its folder is created if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as built:
        built.write_bytes(content)


def place(built: Path, target: Path) -> bool:
    """Rename a finished folder to its place; False, and nothing changed, where one is already."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        built.rename(target)
    except OSError as error:
        # Windows answers EACCES, which can also mean a true refusal.
        taken = error.errno in (errno.ENOTEMPTY, errno.EEXIST) or target.is_dir()
        if taken:
            return False
        raise
    return True


def move_away(path: Path, target: Path) -> bool:
    """Rename a file or folder; False where another process was first."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.rename(target)
    except FileNotFoundError:
        return False
    return True


def discard(path: Path) -> None:
    """Make a file or folder vanish at once, then delete it; nothing happens if it is gone."""
    doomed = temporary(path.parent)
    if not path.parent.is_dir() or not move_away(path, doomed):
        return
    if doomed.is_dir():
        shutil.rmtree(doomed)
    else:
        doomed.unlink()


def is_abandoned(path: Path) -> bool:
    """Whether the process that made a temporary name is gone."""
    maker = re.fullmatch(r"(.*)-(\d+)-[0-9a-f]+", path.name.removeprefix(PREFIX))
    if maker and maker[1] == _host():
        return has_ended(int(maker[2]))
    try:
        return time.time() - path.stat().st_mtime > _FOREIGN_DAYS * 86400
    except FileNotFoundError:
        return False


def files_below(folder: Path) -> Iterator[Path]:
    """All files in a folder and its folders; what vanishes meanwhile is left out."""
    for inner, _, names in os.walk(folder):
        yield from (Path(inner, name) for name in names)


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files below a folder; what vanishes meanwhile counts nothing."""
    total = 0
    for file in files_below(path) if path.is_dir() else (path,):
        with suppress(FileNotFoundError):
            total += file.stat().st_size
    return total


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9.]", "_", platform.node())
