"""Which member is in which segment: a cache beside the segments, rebuilt from them at need.

A line of the index is believed only if its keys hash to its segment's name, so no
damage to the file can lead to a wrong member.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from sortal.errors import Damaged
from sortal.store.files import atomic
from sortal.store.files import json_lines as records
from sortal.store.files.names import segment_name
from sortal.store.segments.segment import Place, Segment, Segments

Contents: TypeAlias = dict[str, tuple[str, ...]]
"""Keys of each segment."""


class Index:
    """Finds members; kept up to date with what other processes commit and remove."""

    def __init__(self, path: Path, segments: Segments) -> None:
        self._path, self._segments = path, segments
        self._contents: Contents = {}
        self._places: Mapping[str, Place] = {}
        self._lock = threading.Lock()

    def places(self) -> Mapping[str, Place]:
        """Place of every stored member, deleted ones too.

        A member that is in several segments is taken from the one whose name sorts
        first. Members of a segment with unreadable records are left out.
        """
        with self._lock:
            names = self._segments.names()
            if names != self._contents.keys():
                self._contents = self._refreshed(names)
                self._places = _places(self._contents)
            return self._places

    def contents(self) -> Contents:
        """Keys of every readable segment."""
        self.places()
        return self._contents

    def _refreshed(self, names: set[str]) -> Contents:
        contents = {name: keys for name, keys in self._contents.items() if name in names}
        if not names - contents.keys():
            return contents
        cached, is_clean = self._cached()
        contents.update((name, keys) for name, keys in cached.items() if name in names)
        read = dict(self._read(names - contents.keys()))
        contents.update(read)
        self._store(contents, read, append=is_clean and len(cached) <= 2 * len(names))
        return contents

    def _cached(self) -> tuple[Contents, bool]:
        """Lines of the index that are true, and whether all are."""
        try:
            lines = self._path.read_bytes().split(b"\n")
        except OSError:
            return {}, False
        contents: Contents = {}
        is_clean = lines.pop() == b""
        for text in lines:
            entry = _entry(text)
            is_clean &= entry is not None
            if entry:
                contents[entry[0]] = entry[1]
        return contents, is_clean

    def _read(self, names: set[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
        for name in sorted(names):
            try:
                yield name, Segment(name, self._segments.path(name)).keys
            except Damaged:
                # `verify` names it; to whoever looks for its members it is not there.
                continue

    def _store(self, contents: Contents, read: Contents, *, append: bool) -> None:
        """Add what was read, or write the whole file anew if it had wrong or many old lines."""
        if append and not read:
            return
        text = "".join(_line(name, keys) for name, keys in (read if append else contents).items())
        try:
            if append:
                with self._path.open("a", encoding="utf-8", newline="\n") as file:
                    file.write(text)
            else:
                atomic.write_text(self._path, text)
        except OSError:
            # A store that cannot be written to can still be read, only slower.
            return


def _line(name: str, keys: tuple[str, ...]) -> str:
    return records.line({"segment": name, "keys": keys})


def _entry(text: bytes) -> tuple[str, tuple[str, ...]] | None:
    try:
        entry = json.loads(text)
        name, keys = entry["segment"], tuple(map(str, entry["keys"]))
        return (name, keys) if segment_name(keys) == name else None
    except (ValueError, KeyError, TypeError):
        return None


def _places(contents: Contents) -> dict[str, Place]:
    places: dict[str, Place] = {}
    for name in sorted(contents, reverse=True):
        places.update((key, Place(name, row)) for row, key in enumerate(contents[name]))
    return places
