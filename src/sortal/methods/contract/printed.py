"""What training prints, kept member by member: by Python, by native libraries, by processes it starts.

A local worker's standard output and standard error are one file. While a member trains and is
scored, this module follows that file, and keeps a bounded text of what a terminal would show.
"""

import codecs
import ctypes
import os
import re
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

OUTPUT = "SORTAL_WORKER_OUTPUT"
"""Environment variable of a worker: the path of the file that it prints to."""

KEPT = 32_000
"""Characters that are kept of the beginning, and again of the end."""

_LONGEST = 2_000
"""Characters of one line."""

_MOST_LINES = 2_000
"""Lines that are reported at once: the last ones, where there are more."""

_LOOK_S = 0.25
"""How often the file is read while a member trains [s]."""

_LARGE = 8 << 20
"""Size from which the file is emptied once it is read [bytes]: whoever prints without end must not
fill the disk."""

_BLOCK = 1 << 20
_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-Z\\-_]|\x1b"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(slots=True)
class PrintedText:
    """A bounded text: its beginning, its end, and how many lines were left out between them."""

    _head: list[str] = field(default_factory=list)
    _tail: deque[str] = field(default_factory=deque)
    _sizes: list[int] = field(default_factory=lambda: [0, 0])
    _left_out: int = 0
    _pending: str = ""
    _decoder: codecs.IncrementalDecoder = field(
        default_factory=lambda: codecs.getincrementaldecoder("utf-8")("replace")
    )

    @property
    def text(self) -> str:
        """What a terminal would show in the end, line by line; empty if nothing was printed."""
        between = [f"... {self._left_out} lines are left out ..."] if self._left_out else []
        last = [shown_line(self._pending)] if shown_line(self._pending) else []
        return "\n".join([*self._head, *between, *self._tail, *last]).strip("\n")

    def feed(self, data: bytes) -> list[str]:
        """Take what was printed; returns the lines that it completed."""
        *whole, pending = (self._pending + self._decoder.decode(data)).split("\n")
        if len(pending) > 2 * KEPT:  # a bar that is drawn over and over on one line
            pending = pending[-KEPT:]
        self._pending = pending
        lines = [shown_line(line) for line in whole]
        for line in lines:
            self._keep(line)
        return lines

    def _keep(self, line: str) -> None:
        size = len(line) + 1
        if not self._tail and self._sizes[0] + size <= KEPT:
            self._head.append(line)
            self._sizes[0] += size
            return
        self._tail.append(line)
        self._sizes[1] += size
        while self._sizes[1] > KEPT:
            self._sizes[1] -= len(self._tail.popleft()) + 1
            self._left_out += 1


def shown_line(line: str) -> str:
    r"""One line as a terminal shows it in the end: what was drawn last, without colours.

    >>> shown("50 %\r\x1b[32m100 %\x1b[0m\r")
    '100 %'
    """
    drawn = re.split(r"\r|\x08+", _ESCAPES.sub("", line))
    last = next((part for part in reversed(drawn) if part.strip()), "")
    return _CONTROLS.sub("", last)[:_LONGEST].rstrip()


@contextmanager
def keeping_output(tell: Callable[[list[str]], None] | None = None) -> Iterator[PrintedText]:
    """Keep what is printed while a block runs; nothing is kept outside a local worker.

    Args:
        tell: Given lines as they come, by a thread of its own.

    Yields:
        What is filled until the block has ended.
    """
    printed = PrintedText()
    path = _output()
    if path is None:
        yield printed
        return
    with path.open("rb") as file:
        follower = _Follower(file.fileno(), printed, tell)
        follower.begin()
        thread = threading.Thread(target=follower.run, daemon=True)
        thread.start()
        try:
            yield printed
        finally:
            _flush()
            follower.ended.set()
            thread.join()
            follower.read()


@dataclass(slots=True)
class _Follower:
    """Reads what is added to the file."""

    descriptor: int
    printed: PrintedText
    tell: Callable[[list[str]], None] | None
    place: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    def begin(self) -> None:
        """Pass over what was printed before."""
        _flush()
        self.place = os.fstat(self.descriptor).st_size
        self._empty_if_large()

    def run(self) -> None:
        """Read now and then until the block has ended."""
        while not self.ended.wait(_LOOK_S):
            self.read()

    def read(self) -> None:
        """Take all that is new."""
        lines: list[str] = []
        while data := os.pread(self.descriptor, _BLOCK, self.place):
            self.place += len(data)
            lines = [*lines, *self.printed.feed(data)][-_MOST_LINES:]
        self._empty_if_large()
        if lines and self.tell is not None:
            self.tell(lines)

    def _empty_if_large(self) -> None:
        if self.place > _LARGE:
            os.ftruncate(sys.__stdout__.fileno() if sys.__stdout__ else 1, 0)
            self.place = 0


def _output() -> Path | None:
    """The file that this process prints to, if it is a local worker and this was not changed."""
    given = os.environ.get(OUTPUT)
    if not given or not hasattr(os, "pread"):
        return None
    with suppress(OSError):
        about = Path(given).stat()
        if all(os.path.samestat(about, os.fstat(stream)) for stream in (1, 2)):
            return Path(given)
    return None


def _flush() -> None:
    """Empty the buffers of Python and of the C library."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).fflush(None)
