"""What an engine is: it maps one function over tasks that are plain JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self, TypeAlias

Json: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Started:
    """A worker took the task up."""

    task: str


@dataclass(frozen=True, slots=True)
class Message:
    """Something the function reported while it ran; plain JSON."""

    task: str
    body: Json


@dataclass(frozen=True, slots=True)
class Finished:
    """The function returned."""

    task: str
    result: Json
    seconds: float


@dataclass(frozen=True, slots=True)
class Raised:
    """The function raised: a fault of ours, or memory ran out."""

    task: str
    reason: str
    traceback: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Died:
    """The worker's process ended before the function returned (killed, out of memory, crash)."""

    task: str
    reason: str
    """Such as `killed by signal 9 (SIGKILL)`."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing was reported for a moment; an engine may say so, and need not."""


Report: TypeAlias = Started | Message | Finished | Raised | Died | Idle


class Channel(Protocol):
    """What the mapped function may use to speak with the driver."""

    def send(self, body: Json) -> None:
        """Report something."""
        ...

    def stopping(self) -> bool:
        """Whether the driver asked for an end; cheap enough for every minibatch."""
        ...


class Engine(Protocol):
    """Runs tasks somewhere. Reports arrive in any order between tasks, in order within one."""

    def map(self, function: str, tasks: Mapping[str, Json]) -> Iterator[Report]:
        """Run `function` once per task; yields until every task finished, raised or died.

        Args:
            function: Import path `package.module:name` of a callable `(task: Json, channel: Channel) -> Json`.
            tasks: Tasks by name, taken up in this order.

        More tasks may be added with `add` while iterating.
        """
        ...

    def add(self, name: str, task: Json) -> None:
        """Queue one more task; the running `map` will report it."""
        ...

    def stop(self) -> None:
        """Ask all running functions to end and start no further task; safe from a signal handler."""
        ...

    def kill(self) -> None:
        """End all workers at once; safe from a signal handler."""
        ...


class Engines(Protocol):
    """The engines of a run, one for each way to divide the cores; a context manager.

    Whoever makes them ends them, so that workers stay warm for as long as they are wanted.
    Engines that were asked to stop start nothing any more.
    """

    def get(self, workers: int, threads: int) -> Engine:
        """Return the engine of so many workers with so many threads each; the same for the same numbers."""
        ...

    def stop(self) -> None:
        """Ask all running functions to end and start no further task; safe from a signal handler."""
        ...

    def kill(self) -> None:
        """End all workers at once; safe from a signal handler."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
