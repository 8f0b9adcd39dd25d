"""Ends a driver that was asked to leave at once while it runs native code.

Python runs signal handlers between two of its own instructions, and so not during a long native
call. What the operating system calls is the interpreter's own handler, which writes the
signal's number into a pipe even then; this process reads it. Started by `interrupt.py` as a
script, never imported by the driver.
"""

import os
import select
import signal
import sys
import time
from contextlib import suppress

GRACE_S = 1.0
"""Time for the driver to leave by itself after a second interrupt [s]."""

_COUNTED = {getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGUSR1")}


def wait_for_second_interrupt() -> bool:
    """Follow the signals that the driver gets; False if it ended without a second interrupt."""
    asked = False
    while numbers := os.read(0, 64):
        for number in numbers:
            if asked and number == signal.SIGINT:
                return True
            asked = asked or number in _COUNTED
        if asked:
            import psutil  # noqa: F401 (loaded while there is time)
    return False


def ends_by_itself() -> bool:
    """Whether the driver ends within the grace."""
    deadline = time.monotonic() + GRACE_S
    while (left := deadline - time.monotonic()) > 0:
        if select.select([0], [], [], left)[0] and not os.read(0, 64):
            return True
    return False


def kill_driver(driver: int) -> None:
    """Kill the driver and all that it started."""
    import psutil

    with suppress(psutil.NoSuchProcess):
        found = psutil.Process(driver)
        started = [one for one in found.children(recursive=True) if one.pid != os.getpid()]
        for process in (found, *started):
            with suppress(psutil.NoSuchProcess):
                process.kill()


def main() -> None:
    """Watch the driver that is named on the command line, by its process number."""
    for number in _COUNTED:  # batch systems signal every process
        signal.signal(number, lambda *_: None)
    driver = int(sys.argv[1])
    if wait_for_second_interrupt() and not ends_by_itself() and os.getppid() == driver:
        kill_driver(driver)


if __name__ == "__main__":
    main()
