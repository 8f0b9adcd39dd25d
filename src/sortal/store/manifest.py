"""The list of a folder's files with their sizes and digests, by which damage is found."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from sortal.store.atomic import files_below
from sortal.store.digests import digest_once, fresh_digest

FILE = "manifest.json"

Fault: TypeAlias = tuple[str, str]
"""A file, and what is wrong with it."""

Compare: TypeAlias = Callable[[Path, str], bool]
"""Tells whether the content of a file has a digest."""


def read_anew(path: Path, digest: str) -> bool:
    """Compare a file with its digest; every byte of it is read."""
    return fresh_digest(path) == digest


def read_once(path: Path, digest: str) -> bool:
    """Compare a file with its digest; it is read once a process, unless it changes."""
    return digest_once(path) == digest


def write(folder: Path) -> None:
    """List all files below a finished folder; it may not change afterwards."""
    files = {
        name: {"bytes": path.stat().st_size, "blake2b": digest_once(path)}
        for name, path in sorted(_files(folder))
        if name != FILE
    }
    (folder / FILE).write_bytes(_text(files))


def check(
    folder: Path, *, compare: Compare | None = read_anew, apart: Collection[str] = ()
) -> list[Fault]:
    """Compare a folder with its manifest.

    Args:
        folder: What to check.
        compare: How contents are compared with their digests; None to compare sizes only.
        apart: Folders directly inside it that the manifest does not list.

    Returns:
        What is wrong, nothing if the folder is sound. Hidden files that file browsers
        and network file systems leave behind are no fault.
    """
    try:
        # Opening a pipe would wait for ever.
        if (folder / FILE).exists() and not (folder / FILE).is_file():
            return [(FILE, "is no file")]
        content = (folder / FILE).read_bytes()
        listed = json.loads(content)["files"]
        expected = {
            str(name): (int(about["bytes"]), str(about["blake2b"]))
            for name, about in listed.items()
        }
        unchanged = content.replace(b"\r\n", b"\n") == _text(listed)
    except FileNotFoundError:
        return [(FILE, "is missing")]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return [(FILE, f"is unreadable ({error})")]
    if not unchanged:
        return [(FILE, "has changed since it was written")]
    faults = [
        (name, fault)
        for name, (size, digest) in expected.items()
        if (fault := _fault(folder / name, size, digest, compare))
    ]
    extra = {
        name
        for name, path in _files(folder)
        if not path.name.startswith(".") and name.split("/")[0] not in apart
    }
    return faults + [(name, "does not belong there") for name in sorted(extra - {*expected, FILE})]


def sizes(folder: Path) -> dict[str, int]:
    """Size of each file that a sound folder's manifest lists [bytes]."""
    listed = json.loads((folder / FILE).read_bytes())["files"]
    return {name: about["bytes"] for name, about in listed.items()}


def _text(files: Mapping[str, Any]) -> bytes:
    """The bytes of a manifest; a file with other bytes counts as changed.

    Windows ends the lines of older manifests in its own way.
    """
    return json.dumps({"files": files}, indent=1).encode("utf-8")


def _fault(path: Path, size: int, digest: str, compare: Compare | None) -> str:
    try:
        found = path.stat().st_size
        if found != size:
            return f"has {found} bytes instead of {size}"
        changed = compare is not None and not compare(path, digest)
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"is unreadable ({error.strerror})"
    return "has changed since it was written" if changed else ""


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in files_below(folder):
        yield path.relative_to(folder).as_posix(), path
