"""Workers on this machine: spawned processes that stay warm from task to task.

How it works: the driver starts at most `workers` plain Python processes (`worker.py`),
each when there is a task for it, and hands every free one the next task. Tasks, messages and
results cross a socket as JSON; nothing is pickled, nothing is forked. A worker that dies costs
the task it held and is replaced when there is more to do.

- Libraries in a worker find their thread count in the environment from the start.
- `stop` flips a byte of a shared file that `channel.stopping()` reads in well under a
  microsecond; running functions end as they see fit.
- Ctrl-C reaches the driver only. When the driver vanishes, however it ended, its workers follow
  within about a second, and so does what they started.
- What workers print is kept in a temporary file; when one crashes, the last lines that it printed
  become part of the reason.
- A worker never runs the user's script again, so the script needs no `if __name__ == "__main__"`.
  The mapped function lives in a module that is found on the driver's `sys.path` without the folder
  of the script: workers do not look there, see `import_path.py`.
"""

import mmap
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping
from itertools import count
from multiprocessing.connection import wait
from pathlib import Path
from typing import Self

from sortal.engines.base import Idle, Json, Report, Started
from sortal.engines.worker_process import WorkerProcess
from sortal.errors import OptionError

_LOOK_S = 0.2
"""How often busy workers are asked whether they live [s]: the line alone does not tell
when something that a task started still holds it open."""


class LocalEngine:
    """An `Engine` of processes on this machine.

    Use it as a context manager, or call `close`. One `map` at a time; workers stay warm
    between maps.
    """

    def __init__(self, workers: int, threads: int, *, prelude: str | None = None) -> None:
        """Set up; no process is started before there is a task for it.

        Args:
            workers: Largest number of processes.
            threads: Threads that the libraries in each may use.
            prelude: Module that every worker imports before its first task.

        Raises:
            OptionError: `workers` or `threads` is below 1.
        """
        for name, value in (("workers", workers), ("threads", threads)):
            if value < 1:
                raise OptionError(name, value, "1 or more")
        self._most, self._threads, self._prelude = workers, threads, prelude
        self._folder = tempfile.TemporaryDirectory(
            prefix="sortal-workers-", ignore_cleanup_errors=True
        )
        self._flag_path = Path(self._folder.name) / "stop"
        self._flag_path.write_bytes(b"\0")
        with self._flag_path.open("r+b") as file:
            self._flag = mmap.mmap(file.fileno(), 1)
        self._workers: list[WorkerProcess] = []
        self._waiting: deque[tuple[str, Json]] = deque()
        self._numbers = count()
        self._mapping = self._stopping = self._killed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def map(self, function: str, tasks: Mapping[str, Json]) -> Iterator[Report]:
        """Run `function` once per task; see `Engine.map`.

        Leaving the iteration early ends the workers that are still at work and forgets
        the tasks that wait. After `stop`, what runs is followed to its end and what waits
        is never reported.

        Raises:
            RuntimeError: Another `map` of this engine is not finished.
        """
        if self._mapping:
            raise RuntimeError("this engine is already mapping; use add() for more tasks")
        self._mapping = True
        self._waiting.extend(tasks.items())
        try:
            yield from self._hand_out(function)
            while any(worker.held is not None for worker in self._workers):
                collected = list(self._collect())
                yield from collected or (Idle(),)
                yield from self._hand_out(function)
        finally:
            self._mapping = False
            self._waiting.clear()
            for worker in [worker for worker in self._workers if worker.held is not None]:
                self._dismiss(worker)

    def add(self, name: str, task: Json) -> None:
        """Queue one more task; the running `map` reports it, or the next if none runs."""
        self._waiting.append((name, task))

    def stop(self) -> None:
        """Ask running functions to end and start no further task, now or later."""
        self._stopping = True
        self._flag[0] = 1

    def kill(self) -> None:
        """End all workers at once; the running `map` reports their tasks as died."""
        self._killed = True
        self.stop()
        for worker in tuple(self._workers):
            worker.kill()

    def close(self) -> None:
        """End all workers: idle ones leave, busy ones are ended; nothing runs afterwards."""
        self._stopping = True
        for worker in self._workers:
            worker.release()  # all leave at the same time, and only then are waited for
        while self._workers:
            self._dismiss(self._workers[-1])
        self._folder.cleanup()

    def _hand_out(self, function: str) -> Iterator[Report]:
        """Give every free worker a task, while there are tasks."""
        while self._waiting and not self._stopping and (worker := self._free()):
            name, task = self._waiting.popleft()
            if worker.take(function, name, task):
                yield Started(name)
            else:
                self._waiting.appendleft((name, task))
                self._dismiss(worker)

    def _free(self) -> WorkerProcess | None:
        """An idle worker, a new one where there is room, or None."""
        for worker in [worker for worker in self._workers if worker.held is None]:
            if not worker.has_ended():
                return worker
            self._dismiss(worker)
        return self._start() if len(self._workers) < self._most else None

    def _start(self) -> WorkerProcess:
        worker = WorkerProcess(
            Path(self._folder.name) / f"worker-{next(self._numbers)}.txt",
            self._flag_path,
            threads=self._threads,
            prelude=self._prelude,
        )
        self._workers.append(worker)
        if self._killed:  # a signal came while the process was started
            worker.kill()
        return worker

    def _collect(self) -> Iterator[Report]:
        """Wait a moment for busy workers and pass on what they say."""
        busy = [worker for worker in self._workers if worker.held is not None]
        ready = set(map(id, wait([worker.line for worker in busy], timeout=_LOOK_S)))
        for worker in busy:
            if id(worker.line) in ready:
                yield from self._hear(worker)
            elif worker.has_ended():
                yield from self._bury(worker)

    def _hear(self, worker: WorkerProcess) -> list[Report]:
        try:
            return worker.hear()
        except (EOFError, OSError):
            return self._bury(worker)

    def _bury(self, worker: WorkerProcess) -> list[Report]:
        self._workers.remove(worker)
        return worker.bury()

    def _dismiss(self, worker: WorkerProcess) -> None:
        worker.close()
        self._workers.remove(worker)
