"""The list of a folder's files with their sizes and digests, by which damage is found."""

import hashlib
import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TypeAlias

from sortal.store.atomic import files_below

FILE = "manifest.json"
_BLOCK_BYTES = 1 << 20

Fault: TypeAlias = tuple[str, str]
"""A file, and what is wrong with it."""


def write(folder: Path) -> None:
    """List all files below a finished folder; it may not change afterwards."""
    files = {
        name: {"bytes": path.stat().st_size, "blake2b": _digest(path)}
        for name, path in sorted(_files(folder))
        if name != FILE
    }
    (folder / FILE).write_text(json.dumps({"files": files}, indent=1), encoding="utf-8")


def check(folder: Path, *, deep: bool = True, apart: Collection[str] = ()) -> list[Fault]:
    """Compare a folder with its manifest.

    Args:
        folder: What to check.
        deep: Whether contents are compared, or sizes only.
        apart: Folders directly inside it that the manifest does not speak of.

    Returns:
        What is wrong, nothing if the folder is sound. Hidden files that file browsers
        and network file systems leave behind are no fault.
    """
    try:
        listed = json.loads((folder / FILE).read_bytes())["files"]
        expected = {
            str(name): (int(about["bytes"]), str(about["blake2b"]))
            for name, about in listed.items()
        }
    except FileNotFoundError:
        return [(FILE, "is missing")]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return [(FILE, f"is unreadable ({error})")]
    faults = [
        (name, fault)
        for name, (size, digest) in expected.items()
        if (fault := _fault(folder / name, size, digest if deep else None))
    ]
    extra = {
        name
        for name, path in _files(folder)
        if not path.name.startswith(".") and name.split("/")[0] not in apart
    }
    return faults + [(name, "does not belong there") for name in sorted(extra - {*expected, FILE})]


def _fault(path: Path, size: int, digest: str | None) -> str:
    try:
        found = path.stat().st_size
        if found != size:
            return f"has {found} bytes instead of {size}"
        changed = digest is not None and _digest(path) != digest
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"is unreadable ({error.strerror})"
    return "has changed since it was written" if changed else ""


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in files_below(folder):
        yield path.relative_to(folder).as_posix(), path


def _digest(path: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
