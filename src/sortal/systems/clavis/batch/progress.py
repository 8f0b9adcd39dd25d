"""What a batch prints while classifiers train: a line for each as it is done."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev

from sortal.events import (
    Event,
    JobPlanned,
    MemberFailed,
    MemberTrained,
    Printed,
    TaskProgressed,
    Waiting,
    Warned,
)
from sortal.systems.clavis.batch.outcome import BatchFailure
from sortal.systems.clavis.builtin.epochs import epoch_lines
from sortal.tracking import progress as books
from sortal.views.progress import QuietTimes, counted, duration, running_line, waiting_line
from sortal.views.tables import format_bytes

Print = Callable[[str], None]

_QUIET_SECONDS = 15.0
"""How long nothing may be printed while something trains."""


def say(echo: Print, *notes: str) -> None:
    """Print notes, a line each."""
    for note in notes:
        echo(f"note: {note}")


class BatchStopped(Exception):
    """The first failure of a batch that is to stop there; carries what failed."""

    def __init__(self, fault: BatchFailure) -> None:
        self.fault = fault
        super().__init__(str(fault))


@dataclass(slots=True)
class BatchProgress:
    """A listener that prints what happens, and keeps what failed."""

    echo: Print
    """Takes a line."""

    titles: Mapping[str, Sequence[str]]
    """All titles that share a result, by the first of them."""

    methods: Mapping[str, str]
    """What the job calls the method of each title."""

    verbose: Mapping[str, int]
    """How much of its training each title wants printed."""

    history: Callable[[str], Sequence[Mapping[str, float | None]]]
    """Gives the course of training of a member that is stored, by its key."""

    folds: int = 1
    """Folds that each classifier is tested on."""

    stop: bool = False
    """Whether the first failure ends everything."""

    show_printed: bool = False
    """Whether what classifiers print is shown while they train."""

    faults: list[BatchFailure] = field(default_factory=list)
    started: float = field(default_factory=time.perf_counter)
    _told: float = field(default_factory=time.perf_counter)
    _total: int = 0
    _left: int = 0
    """Results that are still to come; several titles may share one."""

    _trained: dict[str, list[MemberTrained]] = field(
        default_factory=lambda: defaultdict[str, list[MemberTrained]](list)
    )
    _failed: set[str] = field(default_factory=set)
    _books: books.RunProgress = field(default_factory=books.RunProgress)
    _quiet_times: QuietTimes = field(default_factory=lambda: QuietTimes(_QUIET_SECONDS))
    _interrupted: bool = False

    def __call__(self, event: Event) -> None:
        """Print one event.

        Raises:
            Broken: A classifier failed, and that is to end everything.
        """
        self._books(event)
        match event:
            case Printed(title=title, lines=lines):
                for line in lines if self.show_printed else ():
                    self.echo(f"{title} | {line}")
            case Waiting():
                self._wait(event)
            case JobPlanned():
                self._plan(event)
            case MemberTrained():
                self._train(event)
            case MemberFailed():
                self._fail(event)
            case TaskProgressed():
                self._reassure(event)
            case Warned(text=text):
                self.echo(f"note: {text}")

    def _plan(self, event: JobPlanned) -> None:
        self._total = sum(map(len, self.titles.values()))
        results = len(self.titles)
        missing = min(results, -(-(event.members - event.stored) // self.folds))
        self._left = missing
        told = counted(self._total, "classifier")
        if stored := results - missing:
            which = "of them" if results == self._total else f"of their {results} results"
            told += f", {stored} {which} in the store"
        if event.stored < event.members:
            told += (
                f"; about {format_bytes(event.memory_bytes)} of memory on "
                f"{counted(event.workers, 'worker')}"
            )
        self.echo(told)

    def _train(self, event: MemberTrained) -> None:
        members = self._trained[event.title]
        members.append(event)
        if len(members) < self.folds or event.title in self._failed:
            return
        seconds = sum(one.fit_seconds for one in members)
        self._line(event.title, f"{_accuracy(members)}, {seconds:.3f} s")
        if wanted := self.verbose.get(event.title, 0):
            for line in epoch_lines(self.history(event.key), wanted):
                self.echo(f"    {line}")

    def _fail(self, event: MemberFailed) -> None:
        if event.title in self._failed:
            return
        self._failed.add(event.title)
        for title in self.titles.get(event.title, (event.title,)):
            what = f"classifier {title!r}"
            self.faults.append(
                BatchFailure(what=what, reason=event.reason, traceback=event.traceback)
            )
        self._line(event.title, f"ERROR: {event.reason}")
        if self.stop:
            raise BatchStopped(self.faults[-1])

    def _wait(self, event: Waiting) -> None:
        """Say once what an end waits for; else now and then which classifiers take long."""
        now = time.monotonic()
        if event.interrupted and not self._interrupted:
            self._interrupted = True
            self.echo(waiting_line(self._books.state, now))
        elif self._quiet_times.is_over(self._told, time.perf_counter()):
            self._quiet_times.lengthen()
            self._say(f"training {running_line(self._books.state, now)}")

    def _reassure(self, event: TaskProgressed) -> None:
        """Say how far a long training is, where nothing has been said for a while."""
        if event.text and time.perf_counter() - self._told >= _QUIET_SECONDS:
            self._say(f"training {running_line(self._books.state, time.monotonic())}")

    def _line(self, title: str, text: str) -> None:
        self._quiet_times.begin()
        self._left = max(0, self._left - 1)
        named = " = ".join(self.titles.get(title, (title,)))
        self._say(f"{named} ({self.methods.get(title, '')}): {text}")

    def _say(self, text: str) -> None:
        """Print with how many are done, and how long it has taken."""
        self._told = time.perf_counter()
        done = self._total - self._left
        place = f"[{done:>{len(str(self._total))}}/{self._total}]"
        self.echo(f"{place} {duration(self._told - self.started):>8}  {text}")


def _accuracy(members: Sequence[MemberTrained]) -> str:
    """Accuracy in training and test; of folds the mean, and the spread of the test."""
    values = [one.accuracy for one in members if one.accuracy is not None]
    learnt = [one.training_accuracy for one in members if one.training_accuracy is not None]
    trained = f"train accuracy {fmean(learnt):.4f}, " if learnt else ""
    if not values:
        return f"{trained}no test examples"
    spread = f" ± {stdev(values):.4f} over {len(values)} folds" if len(values) > 1 else ""
    return f"{trained}test accuracy {fmean(values):.4f}{spread}"
