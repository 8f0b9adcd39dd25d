"""Questions about processes of this machine."""

import os
import platform
from pathlib import Path

_CLOCK_SLACK_S = 5.0
"""Start times of one process, asked twice, differ by so much when the clock is adjusted [s]."""


def here() -> str:
    """The machine's name, and on Linux the process namespace: containers may share a name."""
    namespace = Path("/proc/self/ns/pid")
    return f"{platform.node()} {namespace.readlink() if namespace.is_symlink() else ''}".strip()


def started(pid: int | None = None) -> float:
    """When a process started [s since 1970]; this one if no `pid` is given."""
    import psutil  # late: opening a store must not pay for it

    return float(psutil.Process(pid or os.getpid()).create_time())


def has_ended(pid: int) -> bool:
    """Whether no process has this number; one that only waits to be reaped has ended."""
    import psutil

    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False


def is_same(pid: int, since: float) -> bool:
    """Whether a running process is the one that started at `since` [s since 1970]."""
    import psutil

    try:
        return abs(started(pid) - since) < _CLOCK_SLACK_S
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
