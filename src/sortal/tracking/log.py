"""Our own log of a run: one JSON line per event, in a file that only ever grows."""

import json
import os
import weakref
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from sortal.events import Event
from sortal.store.files.json_lines import plain

_RESUMED = "LogResumed"
"""Line written after one that a killed process left half-written."""


class RunLog:
    """A listener that appends every event to a file.

    A line is `{"time": ..., "event": "TaskStarted", ...}` with the event's own fields; NaN
    and infinity become null. Each line is written at once and whole, so a killed process can
    spoil the last line at most, and several processes may append to one file.
    """

    def __init__(self, path: Path) -> None:
        """Open the log, or go on with an existing one; folders are made.

        Raises:
            OSError: The file cannot be written.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        self._close = weakref.finalize(self, os.close, self._descriptor)
        if _ends_within_a_line(self._descriptor):
            self._write("\n" + _line(_RESUMED, {}))

    def __call__(self, event: Event) -> None:
        """Append one event."""
        about = {field.name: getattr(event, field.name) for field in fields(event)}
        self._write(_line(type(event).__name__, plain(about)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; a log that is dropped closes itself."""
        self._close()

    def _write(self, text: str) -> None:
        data = text.encode()
        while data:
            data = data[os.write(self._descriptor, data) :]


def read_from(path: Path, place: int = 0, *, most: int = 1000) -> list[tuple[int, dict[str, Any]]]:
    """Read the whole lines of a log behind a place, such as one where reading ended before.

    Args:
        path: The log.
        place: Bytes to leave out.
        most: Events to return.

    Returns:
        The events, each with the place behind it. What is no event is left out, and so is a
        last line that is not finished.
    """
    found: list[tuple[int, dict[str, Any]]] = []
    with path.open("rb") as lines:
        lines.seek(place)
        while len(found) < most and (raw := lines.readline()):
            place += len(raw)
            line = _parse(raw.decode(errors="replace")) if raw.endswith(b"\n") else None
            if line is not None and line["event"] != _RESUMED:
                found.append((place, line))
    return found


def _ends_within_a_line(descriptor: int) -> bool:
    size = os.lseek(descriptor, 0, os.SEEK_END)
    if size == 0:
        return False
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1) != b"\n"


def _line(event: str, about: dict[str, Any]) -> str:
    time = datetime.now(UTC).isoformat(timespec="milliseconds")
    return json.dumps({"time": time, "event": event, **about}, allow_nan=False) + "\n"


def _parse(text: str) -> dict[str, Any] | None:
    """What a line says, None if it is not a logged event."""
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) and "event" in line else None
