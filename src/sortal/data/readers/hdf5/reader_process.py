"""The process that reads HDF5 files for this one: started when it is needed, replaced when it ended."""

import atexit
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

from sortal.errors import DataError

_SCRIPT = Path(__file__).with_name("process.py")
_WALL_S = 600.0
"""Longest wait for an answer [s]; processor time is limited much closer by the process itself."""

_PIPE_BYTES = 1 << 20
_lock = threading.Lock()
_children: list["_Child"] = []
"""At most one; a process that was forked off this one must not use it."""


def ask(path: Path, room: memoryview | None = None, **request: Any) -> tuple[dict[str, Any], bytes]:
    """Let the process answer one request about a file.

    Args:
        path: The file.
        room: Where the answer's bytes go, if they fit; else they are returned.
        **request: The request, in the form that `hdf5_process` reads.

    Returns:
        The answer, and its bytes where they did not go into `room`.

    Raises:
        DataError: The file is damaged: libhdf5 refused it, crashed, or took too long.
    """
    with _lock:
        child = _living()
        try:
            about, content = child.answer({**request, "path": str(path.absolute())}, room)
        except BaseException as error:
            # An interrupted answer would be taken for that to the next request.
            _children.clear()
            ended = child.end()
            if not isinstance(error, _Ended):
                raise
            raise DataError(f"{path}: not a readable HDF5 file ({_why(ended)}).") from error
    if "error" in about:
        raise DataError(f"{path}: not a readable HDF5 file ({about['error']}).")
    return about, content


class _Ended(Exception):
    """The process is no more; never leaves this module."""


class _Child:
    """A process and the pipes to it."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        # -P: an h5py.py beside the user's script must not stand in for the library.
        self._process = subprocess.Popen(  # noqa: S603 (our own interpreter and file)
            [sys.executable, "-P", str(_SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # Nothing is computed there, and threads of a linear algebra library reserve memory.
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            # The terminal's Ctrl-C is for this process, which then ends that one.
            start_new_session=True,
        )

    def answer(
        self, request: dict[str, Any], room: memoryview | None
    ) -> tuple[dict[str, Any], bytes]:
        """Send a request and take its answer.

        Raises:
            _Ended: The process ended, or had to be.
        """
        guard = threading.Timer(_WALL_S, self._process.kill)
        guard.daemon = True
        guard.start()
        try:
            return self._exchange(request, room)
        except (BrokenPipeError, EOFError, ValueError) as error:
            raise _Ended from error
        finally:
            guard.cancel()

    def _exchange(
        self, request: dict[str, Any], room: memoryview | None
    ) -> tuple[dict[str, Any], bytes]:
        sent: IO[bytes] | None = self._process.stdin
        received: Any = self._process.stdout  # typeshed has no readinto
        if sent is None or received is None:
            raise EOFError
        sent.write(json.dumps(request).encode() + b"\n")
        sent.flush()
        line = received.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        about: dict[str, Any] = json.loads(line)
        size = int(about["bytes"])
        if room is None or len(room) < size:
            content = received.read(size)
            if len(content) < size:
                raise EOFError
            return about, content
        filled = 0
        while filled < size:
            got = received.readinto(room[filled : min(size, filled + _PIPE_BYTES)])
            if not got:
                raise EOFError
            filled += got
        return about, b""

    def end(self) -> int:
        """End the process; returns its exit status, negative for a signal."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                _close(pipe)
        try:
            return self._process.wait(0.2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return 0

    def lives(self) -> bool:
        """Whether it can be asked, and is this process's own."""
        return self.owner == os.getpid() and self._process.poll() is None


def _close(pipe: Any) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        # What was to be sent has no reader any more.
        return


def _living() -> _Child:
    if _children and not _children[0].lives():
        left = _children.pop()
        if left.owner == os.getpid():
            left.end()
    if not _children:
        _children.append(_Child())
    return _children[0]


def _why(status: int) -> str:
    """What the end of the process says of the file."""
    import signal

    if status == -getattr(signal, "SIGXCPU", 0):
        return "libhdf5 did not come to an end: it took all of the processor time that a file of this size may take"
    if status < 0:
        return f"libhdf5 crashed with signal {-status}"
    return "the process that read it ended"


@atexit.register
def close() -> None:
    """End the process, if there is one."""
    with _lock:
        while _children:
            child = _children.pop()
            if child.owner == os.getpid():
                child.end()
