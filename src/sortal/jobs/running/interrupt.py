"""What Ctrl-C and a batch system's signals mean to a driver.

First SIGINT, SIGTERM or SIGUSR1: stop cleanly and keep all. SIGINT after that: leave at
once; the store stays sound because segments appear whole or not at all.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Protocol

EXIT_INTERRUPTED = 130
EXIT_REQUEUE = 75
"""A batch system asked for an end, and running again goes on: EX_TEMPFAIL of sysexits.h."""

_CLEAN = (signal.SIGINT, signal.SIGTERM, *([signal.SIGUSR1] if hasattr(signal, "SIGUSR1") else []))
_WATCHDOG = Path(__file__).with_name("watchdog.py")


@dataclass(slots=True)
class Interruption:
    """Whether the run was asked to end, and by which signal first."""

    by: signal.Signals | None = None

    @property
    def asked(self) -> bool:
        """Whether any signal came."""
        return self.by is not None

    @property
    def by_batch_system(self) -> bool:
        """Whether it was a signal that no keyboard sends."""
        return self.by not in (None, signal.SIGINT)


class Stoppable(Protocol):
    """What signals are passed to: an engine, or several."""

    def stop(self) -> None:
        """Ask for a clean end; safe from a signal handler."""
        ...

    def kill(self) -> None:
        """End everything at once; safe from a signal handler."""
        ...


@contextmanager
def stops_cleanly(engine: Stoppable) -> Iterator[Interruption]:
    """Pass signals to the engine while the body runs.

    Outside the main thread Python delivers no signals, and nothing is installed.
    """
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return

    def on_signal(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (signal's signature)
        if interruption.asked and number == signal.SIGINT:
            engine.kill()
            os._exit(EXIT_INTERRUPTED)
        interruption.by = interruption.by or signal.Signals(number)
        engine.stop()

    before = {number: signal.signal(number, on_signal) for number in _CLEAN}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def leaves_on_second_interrupt() -> Iterator[None]:
    """Have a second Ctrl-C end this process within two seconds, whatever native code does in it.

    Does nothing outside the main thread, and on Windows, where a signal cannot be seen from
    another process.
    """
    if threading.current_thread() is not threading.main_thread() or sys.platform == "win32":
        yield
        return
    theirs, ours = os.pipe()
    os.set_blocking(ours, False)
    command = [sys.executable, "-P", str(_WATCHDOG), str(os.getpid())]
    try:
        watchdog = subprocess.Popen(  # noqa: S603 (our own interpreter and file)
            command,
            stdin=theirs,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )
    finally:
        os.close(theirs)
    before = signal.set_wakeup_fd(ours, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(ours)
        watchdog.kill()
        watchdog.wait()
