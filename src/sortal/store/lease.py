"""Who works on a job: a lease file that lives as long as its process.

A lease is stale, and may be taken over, when its process is gone. Processes of other
machines cannot be asked; there a lease is stale when its file was not touched for
STALE_S, while every holder touches it each BEAT_S.

Own code, because `filelock` neither says who holds a lock nor lets go of one whose machine is gone.
"""

import json
import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from sortal.errors import StoreBusy
from sortal.store.files import atomic, process
from sortal.store.files.names import check_name

BEAT_S = 20.0
"""Between two touches of a lease [s]."""

STALE_S = 120.0
"""Age since the last touch at which a lease of another machine is given up [s]."""

_MAINTENANCE = ".maintenance"
_TAKEOVER_TRIES, _TAKEOVER_PAUSE_S = 100, 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Which process holds a lease."""

    host: str
    """Machine and, on Linux, process namespace."""

    pid: int
    started: float
    """When the process started [s since 1970]: numbers of processes are used again."""

    since: float
    """When it took the lease [s since 1970]."""

    token: str

    @classmethod
    def myself(cls) -> "Holder":
        """This process, now."""
        return cls(
            host=process.here(),
            pid=os.getpid(),
            started=process.started(),
            since=time.time(),
            token=secrets.token_hex(8),
        )

    def __str__(self) -> str:
        if not self.pid:
            return "another process is just taking it"
        held = _duration(time.time() - self.since)
        return f"process {self.pid} on {self.host.partition(' ')[0]} has held it for {held}"


@dataclass(frozen=True, slots=True)
class Leases:
    """The leases of a store."""

    folder: Path

    @contextmanager
    def take(self, name: str) -> Iterator[None]:
        """Hold the lease of a job while the body runs.

        Raises:
            StoreBusy: A live process holds it, or is tidying the store.
        """
        path = self.folder / f"{check_name('job', name)}.json"
        with _held(path, f"job {name!r} is running in {self.folder.parent}"):
            # Each side creates its file before it looks for the other's: both may
            # refuse, but never do both go on.
            if holder := _live_holder(self.folder / _MAINTENANCE):
                raise StoreBusy(f"{self.folder.parent} is being tidied: {holder}.")
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep all drivers out while the body runs.

        Raises:
            StoreBusy: A job is running, or another process keeps drivers out already.
        """
        with _held(self.folder / _MAINTENANCE, f"{self.folder.parent} is being tidied"):
            self.refuse_running()
            yield

    def refuse_running(self) -> None:
        """Raise StoreBusy if any job is running in this store."""
        for name, holder in self.live().items():
            raise StoreBusy(f"job {name!r} is running in {self.folder.parent}: {holder}.")

    def live(self) -> dict[str, Holder]:
        """Holders of all live leases by job."""
        if not self.folder.is_dir():
            return {}
        found = {
            path.stem: _live_holder(path)
            for path in sorted(self.folder.iterdir())
            if path.suffix == ".json" and not path.name.startswith(".")
        }
        return {name: holder for name, holder in found.items() if holder}


@contextmanager
def _held(path: Path, busy: str) -> Iterator[None]:
    mine = Holder.myself()
    path.parent.mkdir(parents=True, exist_ok=True)
    _acquire(path, mine, busy)
    ended = threading.Event()
    beat = threading.Thread(target=_beat, args=(path, mine, ended), daemon=True)
    beat.start()
    try:
        yield
    finally:
        ended.set()
        beat.join()
        if _read(path) == mine:
            path.unlink()


def _acquire(path: Path, mine: Holder, busy: str) -> None:
    for _ in range(_TAKEOVER_TRIES):
        if _create(path, json.dumps(asdict(mine))):
            return
        if holder := _live_holder(path):
            raise StoreBusy(f"{busy}: {holder}.")
        _remove_stale(path)
    raise StoreBusy(f"{busy}: other processes are taking its lease over; try again.")


def _create(path: Path, text: str) -> bool:
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return True


def _remove_stale(path: Path) -> None:
    """Remove a stale lease; one process at a time, or it could remove its successor's."""
    guard = path.with_name(f".{path.name}.takeover")
    if not _create(guard, ""):
        if not _is_fresh(guard):
            guard.unlink(missing_ok=True)
        time.sleep(_TAKEOVER_PAUSE_S)
        return
    try:
        if not _live_holder(path):
            path.unlink(missing_ok=True)
    finally:
        guard.unlink(missing_ok=True)


def _live_holder(path: Path) -> Holder | None:
    """Who holds a lease now; None if it is free or stale."""
    if not path.exists():
        return None
    holder = _read(path)
    if holder is None:
        # Either this instant created and not yet written, or its maker was killed in between.
        unknown = Holder(host="", pid=0, started=0.0, since=time.time(), token="")
        return unknown if _is_fresh(path) else None
    if holder.host != process.here():
        return holder if _is_fresh(path) else None
    if process.has_ended(holder.pid):
        return None
    if process.is_same(holder.pid, holder.started):
        return holder
    # The number was used again, or the clock was set: the heartbeat tells which.
    return holder if _is_fresh(path) else None


def _read(path: Path) -> Holder | None:
    try:
        stored = json.loads(path.read_bytes())
        return Holder(
            host=str(stored["host"]),
            pid=int(stored["pid"]),
            started=float(stored["started"]),
            since=float(stored["since"]),
            token=str(stored["token"]),
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _is_fresh(path: Path) -> bool:
    """Whether a file was touched in the last STALE_S, by the clock of the disk that keeps it."""
    try:
        touched = path.stat().st_mtime
    except FileNotFoundError:
        return False
    return _disk_time(path.parent) - touched < STALE_S


def _disk_time(folder: Path) -> float:
    probe = atomic.temporary(folder)
    try:
        probe.touch()
        return probe.stat().st_mtime
    except OSError:
        return time.time()  # the folder is read-only; the clocks can only be hoped to agree
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)


def _beat(path: Path, mine: Holder, ended: threading.Event) -> None:
    while not ended.wait(BEAT_S):
        if _read(path) == mine:
            # One touch that fails is made up for by the next, long before STALE_S.
            with suppress(OSError):
                os.utime(path)


def _duration(seconds: float) -> str:
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{max(seconds, 0):.0f} s"
