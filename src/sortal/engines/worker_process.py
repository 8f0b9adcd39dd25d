"""One local worker as the driver sees it: its process, its line, and how it ended."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sortal.engines.base import Died, Finished, Json, Message, Raised, Report
from sortal.engines.import_path import import_path
from sortal.methods.contract.printed import OUTPUT

_WORKER = Path(__file__).with_name("worker.py")

_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "LOKY_MAX_CPU_COUNT",
)
"""What libraries read once, when they are loaded; so it must be there before the process starts."""

_TUNING = {
    "GOMP_SPINCOUNT": "10000",
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
}
"""How workers wait and allocate, unless the user's environment says otherwise.

OpenMP threads that spin for long while they wait slow down whatever shares their cores, many
times over; those that sleep at once make the small steps of networks four times as long. So they
spin for some 20 microseconds, the gap between two products. And memory of a step stays with the
process until the next: giving it back and taking it again was a fifth of the time of a step."""

_REAP_S = 2.0
"""Longest wait for a process that closed its line to be gone [s]."""

_WORDS = 4
_WORDS_LENGTH = 400


class WorkerProcess:
    """A worker process, and the task it holds."""

    def __init__(self, output: Path, flag: Path, *, threads: int, prelude: str | None) -> None:
        """Start the process; it boots while the caller goes on.

        Args:
            output: File for what it prints: native libraries write what they like, and
                must not garble the driver's display.
            flag: File whose first byte turns non-zero when tasks should stop.
            threads: Threads that its libraries may use.
            prelude: Module to import before the first task.
        """
        self.held: str | None = None
        """Name of the task it works on."""

        self._since = time.perf_counter()
        self.line, theirs = Pipe()
        with theirs:
            self.process = _spawn(theirs, output, flag, threads)
        self._output = output
        with suppress(OSError):  # it is dead already; whoever hands it a task will see
            self._tell({"path": import_path(), "prelude": prelude})

    def take(self, function: str, name: str, task: Json) -> bool:
        """Hand over a task; False if the worker has ended meanwhile.

        Raises:
            TypeError: The task is not plain JSON.
        """
        frame = {"name": name, "function": function, "task": task}
        data = json.dumps(frame).encode()
        with suppress(OSError):
            os.truncate(self._output, 0)
        try:
            self.line.send_bytes(data)
        except OSError:
            return False
        self.held, self._since = name, time.perf_counter()
        return True

    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self.process.poll() is not None

    def hear(self) -> list[Report]:
        """Read the frame that has arrived.

        Raises:
            EOFError: The worker has ended.
            OSError: Likewise.
        """
        return self._reports(json.loads(self.line.recv_bytes()))

    def bury(self) -> list[Report]:
        """Reap an ended worker with all it started, read its last frames, report its task."""
        self._reap()
        reports: list[Report] = []
        with suppress(EOFError, OSError):
            while self.line.poll():
                reports += self.hear()
        self.line.close()
        if self.held is not None:
            reports.append(Died(self.held, self._obituary(), time.perf_counter() - self._since))
            self.held = None
        self._output.unlink(missing_ok=True)
        return reports

    def kill(self) -> None:
        """End the process and all it started, at once; safe from a signal handler."""
        if self.process.returncode is None:
            self._signal_group()

    def release(self) -> None:
        """Tell an idle worker to leave, end a busy one; returns at once."""
        if self.held is not None:
            self.kill()
        self.line.close()

    def close(self) -> None:
        """Release the worker and wait until it is gone."""
        self.release()
        self._reap()
        self._output.unlink(missing_ok=True)

    def _tell(self, frame: Mapping[str, Any]) -> None:
        self.line.send_bytes(json.dumps(frame).encode())

    def _reports(self, frame: Mapping[str, Any]) -> list[Report]:
        name: str = frame["name"]
        if name != self.held:
            return []  # a thread that an earlier task left behind still talks
        if "message" in frame:
            return [Message(name, frame["message"])]
        self.held = None
        if "finished" in frame:
            return [Finished(name, frame["finished"], frame["seconds"])]
        return [Raised(name, frame["raised"], frame["traceback"], frame["seconds"])]

    def _reap(self) -> None:
        try:
            self.process.wait(_REAP_S)
        except subprocess.TimeoutExpired:
            self._signal_group()
            self.process.wait()
        # What a task started may outlive the worker and hold its end of the line open.
        self._signal_group()

    def _signal_group(self) -> None:
        if sys.platform == "win32":
            self.process.kill()
        else:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def _obituary(self) -> str:
        code = self.process.returncode
        if code >= 0:
            return f"exit code {code}{self._last_words()}"
        name = signal.Signals(-code).name if -code in set(signal.Signals) else "unnamed"
        # These come from outside: what the worker wrote before does not explain them.
        words = "" if name in {"SIGKILL", "SIGTERM"} else self._last_words()
        return f"killed by signal {-code} ({name}){words}"

    def _last_words(self) -> str:
        try:
            text = self._output.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        words = " | ".join(_telling(lines))[:_WORDS_LENGTH]
        return f"; its last words: {words}" if words else ""


def _telling(lines: list[str]) -> list[str]:
    """The lines that tell most of an end: of a crash its kind and place, else the last ones."""
    for crash, line in enumerate(lines):
        if line.startswith("Fatal Python error"):
            rest = lines[crash + 1 :]
            at = next((i for i, of in enumerate(rest) if of.startswith("Current thread")), 0)
            return [*lines[max(0, crash - 1) : crash + 1], *rest[at + 1 : at + 2]]
    return lines[-_WORDS:]


def _spawn(
    theirs: "Connection[Any, Any]", output: Path, flag: Path, threads: int
) -> "subprocess.Popen[bytes]":
    """Start a Python process that holds the other end of the line.

    A plain process, not `multiprocessing.Process`, which would run the user's script again in
    every worker. Its own process group keeps the terminal's Ctrl-C from it, and lets all
    that a task started be ended with it.
    """
    handle = theirs.fileno()
    # -P: a json.py beside the user's script must not stand in for the library's.
    command = [sys.executable, "-P", "-u", "-X", "faulthandler", str(_WORKER)]
    options: dict[str, Any] = {}
    if sys.platform == "win32":
        os.set_handle_inheritable(handle, True)
        options["startupinfo"] = subprocess.STARTUPINFO(lpAttributeList={"handle_list": [handle]})
        options["creationflags"] = subprocess.CREATE_NEW_PROCESS_GROUP
    else:
        options["pass_fds"] = (handle,)
        options["process_group"] = 0
    with output.open("ab") as printed:
        return subprocess.Popen(  # noqa: S603 (our own interpreter and file)
            [*command, str(handle), str(os.getpid()), str(flag)],
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=printed,
            env=_TUNING
            | os.environ
            | dict.fromkeys(_THREAD_VARIABLES, str(threads))
            | {OUTPUT: str(output)},
            **options,
        )
