"""An engine without processes: it runs every task in the caller's own process, one after another.

Tests use it because no process has to start, and debuggers because breakpoints and exceptions
are in the process that they look at:

    launch(job, engines=InlineEngine())

It differs from other engines in three ways. An exception of a task is not caught: it ends the
run where it was raised. What a task reports arrives when the task has ended. Libraries keep the
number of threads that this process has.
"""

import pkgutil
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Self

from sortal.engines.base import Finished, Json, Message, Report, Started


class InlineEngine:
    """An `Engine` in this process, and the `Engines` that give it for any number of workers."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, Json]] = deque()
        self._stopped = False

    def get(self, workers: int, threads: int) -> Self:  # noqa: ARG002 (there is one process)
        """Return this engine."""
        return self

    def map(self, function: str, tasks: Mapping[str, Json]) -> Iterator[Report]:
        """Run `function` once per task; see `Engine.map`.

        Raises:
            Exception: Whatever the function raised.
        """
        run = pkgutil.resolve_name(function)
        self._waiting.extend(tasks.items())
        try:
            while self._waiting and not self._stopped:
                name, task = self._waiting.popleft()
                yield Started(name)
                started, channel = time.perf_counter(), _InlineChannel(self)
                result = run(task, channel)
                yield from (Message(name, body) for body in channel.sent)
                yield Finished(name, result, time.perf_counter() - started)
        finally:
            self._waiting.clear()

    def add(self, name: str, task: Json) -> None:
        """Queue one more task; the running `map` reports it, or the next if none runs."""
        self._waiting.append((name, task))

    def is_stopping(self) -> bool:
        """True once `stop` was called."""
        return self._stopped

    def stop(self) -> None:
        """Ask the running function to end and start no further task, now or later."""
        self._stopped = True

    def kill(self) -> None:
        """Do as `stop` does: a process cannot end one of its own functions."""
        self.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()


@dataclass(slots=True)
class _InlineChannel:
    """The channel of one task: it keeps what the task reports."""

    engine: InlineEngine
    sent: list[Json] = field(default_factory=list)

    def send(self, body: Json) -> None:
        self.sent.append(body)

    def stopping(self) -> bool:
        return self.engine.is_stopping()
