"""What Ctrl-C and a batch system's signals mean to a driver.

First SIGINT, SIGTERM or SIGUSR1: stop cleanly and keep all. Second SIGINT: leave at
once; the store stays sound because segments appear whole or not at all.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from sortal.engines.base import Engine

EXIT_INTERRUPTED = 130
_CLEAN = (signal.SIGINT, signal.SIGTERM, *([signal.SIGUSR1] if hasattr(signal, "SIGUSR1") else []))


@dataclass(slots=True)
class Interruption:
    """Whether the run was asked to end."""

    asked: bool = False


@contextmanager
def stops_cleanly(engine: Engine) -> Iterator[Interruption]:
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
        interruption.asked = True
        engine.stop()

    before = {number: signal.signal(number, on_signal) for number in _CLEAN}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
