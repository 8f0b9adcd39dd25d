"""The far end of a local worker: runs one task after another until the driver is gone.

Started by `spawned.py` as a script, never imported by the driver. It speaks JSON over an
inherited connection, imports what a task's function needs and nothing else, and leaves
interrupts to the driver. One thread listens to the driver all the time, so a worker whose
driver was killed ends within a second or so, whatever its task is doing (a native call that never
releases the interpreter delays this until it returns).
"""

import json
import mmap
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from multiprocessing import connection
from pathlib import Path
from typing import Any, Never

_GRACE_S = 1.0
"""Time for an idle worker to leave in good order once the driver is gone [s]."""

_LOOK_S = 0.5
"""How often a worker looks whether its driver still lives [s]; usually it hears of it at once."""


class _Line:
    """The connection to the driver."""

    def __init__(self, handle: int, flag: Path) -> None:
        kind: Any = getattr(
            connection, "PipeConnection", connection.Connection
        )  # Windows has its own
        self._connection = kind(handle)
        self._lock = threading.Lock()
        with flag.open("rb") as file:
            self.flag = mmap.mmap(file.fileno(), 1, access=mmap.ACCESS_READ)

    def tell(self, frame: Mapping[str, Any]) -> None:
        """Send one frame whole; any thread may."""
        data = json.dumps(frame).encode()
        with self._lock:
            self._connection.send_bytes(data)

    def hear(self) -> Any:
        """Wait for the next frame."""
        return json.loads(self._connection.recv_bytes())

    def is_waiting(self, seconds: float) -> bool:
        """Whether a frame, or the end, comes within so many seconds."""
        return bool(self._connection.poll(seconds))


class _WorkerChannel:
    """What one task may use to speak with the driver."""

    def __init__(self, line: _Line, name: str) -> None:
        self._line, self._name, self._flag = line, name, line.flag

    def send(self, body: Mapping[str, Any]) -> None:
        """Report something."""
        self._line.tell({"name": self._name, "message": body})

    def stopping(self) -> bool:
        """Whether the driver asked for an end."""
        return self._flag[0] != 0


def _listen(line: _Line, driver: int, frames: "queue.SimpleQueue[Any]") -> None:
    """Queue what the driver sends; end the process when the driver is gone."""
    try:
        with suppress(EOFError, OSError):  # both mean that the driver is gone
            while os.getppid() == driver or sys.platform == "win32":
                if line.is_waiting(_LOOK_S):
                    frames.put(line.hear())
    finally:  # a frame too large for memory must not leave a worker that hears nothing
        frames.put(None)
        time.sleep(_GRACE_S)
        _leave_at_once()


def _leave_at_once() -> Never:
    """End this process and all that it started."""
    if sys.platform != "win32" and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _find(path: str, prelude: str | None) -> Callable[..., Any]:
    """Import `package.module:name`, and before it the prelude."""
    if prelude:
        import_module(prelude)
    module, _, name = path.partition(":")
    found: Any = import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found  # type: ignore[no-any-return]  # whatever it is, calling it tells


def _answer(line: _Line, frame: Mapping[str, Any], prelude: str | None) -> None:
    """Run one task and tell how it ended; nothing that it raises ends the worker."""
    name: str = frame["name"]
    started = time.perf_counter()

    def end(**how: Any) -> None:
        line.tell({"name": name, "seconds": time.perf_counter() - started, **how})

    try:
        function = _find(frame["function"], prelude)
        end(finished=function(frame["task"], _WorkerChannel(line, name)))
    except (Exception, SystemExit, KeyboardInterrupt) as error:  # noqa: BLE001 (the driver is told)
        end(raised=_reason(error), traceback=traceback.format_exc())


def _reason(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "out of memory"
    if isinstance(error, SystemExit):
        return f"the task called sys.exit({error.code!r})"
    return f"{type(error).__name__}: {error}".rstrip(": ")


def _leave_interrupts_to_the_driver() -> None:
    """Batch systems and terminals signal every process; only the driver knows what it means.

    A handler that does nothing, where ignoring would be inherited by programs that a task starts.
    """
    for name in ("SIGINT", "SIGTERM", "SIGUSR1"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: None)


def main() -> None:
    """Serve the driver named on the command line: handle, its process number, stop flag."""
    _leave_interrupts_to_the_driver()
    handle, driver, flag = sys.argv[1:]
    if sys.platform != "win32":
        os.set_inheritable(int(handle), False)
    line = _Line(int(handle), Path(flag))
    frames: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(line, int(driver), frames), daemon=True).start()
    settings = frames.get()
    if settings is None:
        return
    sys.argv = ["sortal-worker"]
    sys.path[:] = settings["path"]
    while (frame := frames.get()) is not None:
        _answer(line, frame, settings["prelude"])


if __name__ == "__main__":
    main()
