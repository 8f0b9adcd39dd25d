"""Engines of this machine that stay warm, one for each way to divide the cores."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Self

from sortal.engines.local import LocalEngine


@dataclass(slots=True)
class WarmEngines:
    """The `Engines` of processes on this machine, which a run uses unless it is given others.

    Workers start when there is a task for them, stay warm from one `map` to the next, and end
    with the context.
    """

    _engines: dict[tuple[int, int], LocalEngine] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)
    _stopped: bool = False

    def get(self, workers: int, threads: int) -> LocalEngine:
        """Return the engine of so many workers with so many threads each."""
        if (workers, threads) not in self._engines:
            engine = self._stack.enter_context(LocalEngine(workers, threads))
            if self._stopped:
                engine.stop()
            self._engines[workers, threads] = engine
        return self._engines[workers, threads]

    def stop(self) -> None:
        """Ask all running functions to end and start no further task; safe from a signal handler."""
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

    def __exit__(self, *raised: object) -> None:
        self._stack.close()
