"""Engines that stay warm from round to round, one for each way to share out the cores."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from sortal.engines.here import Here


@dataclass(slots=True)
class WarmEngines:
    """A context manager; workers start when they are needed and end with it."""

    _engines: dict[tuple[int, int], Here] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)
    _stopped: bool = False

    def get(self, workers: int, threads: int) -> Here:
        """The engine of so many workers with so many threads each."""
        if (workers, threads) not in self._engines:
            engine = self._stack.enter_context(Here(workers, threads))
            if self._stopped:
                engine.stop()
            self._engines[workers, threads] = engine
        return self._engines[workers, threads]

    def stop(self) -> None:
        """Ask all engines for an end; safe from a signal handler."""
        self._stopped = True
        for engine in tuple(self._engines.values()):
            engine.stop()

    def kill(self) -> None:
        """End all workers at once; safe from a signal handler."""
        self._stopped = True
        for engine in tuple(self._engines.values()):
            engine.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()
