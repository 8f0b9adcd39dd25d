"""The list of a folder's files with their sizes and digests, by which damage is found."""

import json
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from sortal.errors import Damaged
from sortal.store.files.atomic import files_below
from sortal.store.files.digests import Stamp, digest_once, fresh_digest, is_settled, stamp_of

FILE = "manifest.json"

Fault: TypeAlias = tuple[str, str]
"""A file, and what is wrong with it."""

Compare: TypeAlias = Callable[[Path, str], bool]
"""A function that finds out whether the content of a file has a digest."""

_LEFT_BEHIND = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini"})
"""Files that Windows puts into folders that somebody looks at, in small letters."""

_HELD = 4096
"""Manifests whose content a process remembers."""


@dataclass(frozen=True, slots=True, eq=False)
class _Listing:
    """The content of a manifest."""

    files: Mapping[str, tuple[int, str]]
    """Size [bytes] and digest of each file, by name."""

    names: tuple[str, ...]
    """Names of the files, ascending."""

    def of(self, place: str) -> tuple[str, ...]:
        """The names of the files in a folder, whose name ends with `/`; of a file its own."""
        if not place.endswith("/"):
            return (place,) if place in self.files else ()
        after = place[:-1] + chr(ord("/") + 1)
        return self.names[bisect_left(self.names, place) : bisect_left(self.names, after)]


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
        What is wrong, nothing if the folder is sound. Hidden files, and others that file
        browsers and network file systems leave behind, are no fault.
    """
    try:
        listing = _read(folder / FILE)
    except Damaged as error:
        return [(FILE, str(error))]
    found = {name for name, _ in _files(folder) if name.split("/")[0] not in apart}
    return [*_faults(folder, listing, listing.files, compare), *_extra(found, listing)]


def check_some(folder: Path, places: Collection[str]) -> list[Fault]:
    """Compare some files of a folder with its manifest, and look at no others.

    Each of them is read once a process, unless it changes, and so is the manifest.

    Args:
        folder: The folder that has the manifest.
        places: Names of files, and of folders, which end with `/`, inside it.
    """
    try:
        listing = _read_once(folder / FILE)
    except Damaged as error:
        return [(FILE, str(error))]
    faults = list[Fault]()
    for place in places:
        if place.endswith("/"):
            found = {place + name for name, _ in _files(folder / place)}
        else:
            found = {place} - listing.files.keys()
            found = {name for name in found if (folder / name).exists()}
        faults += _faults(folder, listing, listing.of(place), read_once)
        faults += _extra(found, listing)
    return faults


def _faults(
    folder: Path, listing: _Listing, names: Collection[str], compare: Compare | None
) -> Iterator[Fault]:
    """What is wrong with files that a manifest lists."""
    for name in names:
        if fault := _fault(folder / name, *listing.files[name], compare):
            yield name, fault


def _extra(found: Collection[str], listing: _Listing) -> Iterator[Fault]:
    """A fault for each file that a manifest should list."""
    for name in sorted({*found} - listing.files.keys() - {FILE}):
        if not _is_left_behind(name.rpartition("/")[2]):
            yield name, "does not belong there"


def _is_left_behind(name: str) -> bool:
    """True for names of files that file browsers and network file systems make."""
    return name.startswith(".") or name.lower() in _LEFT_BEHIND


def _read_once(path: Path) -> _Listing:
    """Read a manifest, once a process unless it changes.

    Raises:
        Damaged: It is not what was written.
    """
    try:
        stamp = stamp_of(path)
    except OSError:
        return _read(path)  # which says what is wrong
    return _read_of(path, stamp) if is_settled(stamp) else _read(path)


@lru_cache(maxsize=_HELD)
def _read_of(path: Path, _: Stamp) -> _Listing:
    return _read(path)


def _read(path: Path) -> _Listing:
    """Read a manifest.

    Raises:
        Damaged: It is not what was written; the text does not name it.
    """
    try:
        # Opening a pipe would wait for ever.
        if not path.is_file() and path.exists():
            raise Damaged("is no file")
        content = path.read_bytes()
        listed = json.loads(content)["files"]
        files = {
            str(name): (int(about["bytes"]), str(about["blake2b"]))
            for name, about in listed.items()
        }
        unchanged = content.replace(b"\r\n", b"\n") == _text(listed)
    except FileNotFoundError as error:
        raise Damaged("is missing") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Damaged(f"is unreadable ({error})") from error
    if not unchanged:
        raise Damaged("has changed since it was written")
    return _Listing(files, tuple(sorted(files)))


def sizes(folder: Path) -> dict[str, int]:
    """Size of each file that a sound folder's manifest lists [bytes]."""
    listed = json.loads((folder / FILE).read_bytes())["files"]
    return {name: about["bytes"] for name, about in listed.items()}


def _text(files: Mapping[str, Any]) -> bytes:
    """The bytes of a manifest; a file with other bytes counts as changed.

    Windows ends the lines of older manifests in its own way. Not `json.dumps` with `indent`, which
    leaves the quick encoder: a store of thousands of segments is read in this way.
    """
    if not files:
        return b'{\n "files": {}\n}'
    text = json.dumps
    listed = (
        f'  {text(name)}: {{\n   "bytes": {text(about["bytes"])},\n'
        f'   "blake2b": {text(about["blake2b"])}\n  }}'
        for name, about in files.items()
    )
    return ('{\n "files": {\n' + ",\n".join(listed) + "\n }\n}").encode()


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
