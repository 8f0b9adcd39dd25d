"""How far a run is: the books that every display of progress shows."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sortal.events import (
    Event,
    JobEnded,
    JobPlanned,
    MemberFailed,
    MemberTrained,
    TaskEnded,
    TaskProgressed,
    TaskStarted,
)

_TELLING_SHARE = 0.02
"""Share of the work below which the time that remains is anybody's guess."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningPopulation:
    """A population at work."""

    task: str
    method: str
    members: int
    done: float = 0.0
    """Share of its work, in [0, 1]."""

    text: str = ""

    title: str = ""
    """Title of the member that trains now; of several that train together, of the first."""

    since: float = 0.0
    """When it began, on the clock of `RunProgress`."""

    in_turn: bool = False
    """Whether members train one after another."""

    @property
    def named(self) -> str:
        """The classifiers that it trains now, in words."""
        more = 0 if self.in_turn else self.members - 1
        return f"{self.title!r}{f' and {more} more' if more > 0 else ''}" if self.title else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """Where a run is at one moment."""

    job: str = ""
    total: int = 0
    """Members of the job."""

    stored: int = 0
    """Members found in the store."""

    trained: int = 0
    failed: int = 0
    running: tuple[RunningPopulation, ...] = ()
    """In the order in which they were taken up."""

    since: float = 0.0
    """When the work started, on the clock of `RunProgress`."""

    ended: bool = False

    @property
    def done(self) -> int:
        """Members with an outcome, from the store or new."""
        return min(self.total, self.stored + self.trained + self.failed)

    @property
    def share(self) -> float:
        """Share of the work of this run that is done, running populations included, in [0, 1]."""
        missing = self.total - self.stored
        if missing <= 0 or self.ended:
            return 1.0
        partly = sum(population.members * population.done for population in self.running)
        return min(1.0, (self.trained + self.failed + partly) / missing)

    def elapsed(self, now: float) -> float:
        """Time since the work started [s]."""
        return max(0.0, now - self.since)

    def remaining(self, now: float) -> float | None:
        """Time that the rest takes [s] if members cost the same; None if it is too early to say."""
        share = self.share
        if share < _TELLING_SHARE:
            return None
        return self.elapsed(now) * (1.0 - share) / share


@dataclass(slots=True)
class RunProgress:
    """A listener that keeps count. `state` is replaced, never changed: any thread may read it."""

    clock: Callable[[], float] = time.monotonic
    state: RunState = field(default_factory=RunState)

    def __call__(self, event: Event) -> None:
        """Enter one event in the books."""
        state = self.state
        match event:
            case JobPlanned(job=job, members=total, stored=stored):
                self.state = RunState(job=job, total=total, stored=stored, since=self.clock())
            case TaskStarted(task=task, method=method, members=members, title=title):
                new = RunningPopulation(
                    task=task, method=method, members=members, title=title, since=self.clock()
                )
                self.state = replace(state, running=(*_without(state, task), new))
            case TaskProgressed(task=task):
                self._progress(event)
            case TaskEnded(task=task):
                self.state = replace(state, running=_without(state, task))
            case MemberTrained():
                self.state = replace(state, trained=state.trained + 1)
            case MemberFailed():
                self.state = replace(state, failed=state.failed + 1)
            case JobEnded():
                self.state = replace(state, running=(), ended=True)

    def _progress(self, event: TaskProgressed) -> None:
        running = (
            self._moved_on(of, event) if of.task == event.task else of for of in self.state.running
        )
        self.state = replace(self.state, running=tuple(running))

    def _moved_on(self, population: RunningPopulation, event: TaskProgressed) -> RunningPopulation:
        new = replace(population, done=min(1.0, max(0.0, event.done)), text=event.text)
        if not event.title:
            return new
        since = new.since if event.title == new.title else self.clock()
        return replace(new, title=event.title, since=since, in_turn=True)


def _without(state: RunState, task: str) -> tuple[RunningPopulation, ...]:
    return tuple(of for of in state.running if of.task != task)
