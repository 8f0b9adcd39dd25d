"""A run as it is seen while it runs: a live display on a terminal, now and then a line elsewhere."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from sortal.events import (
    Event,
    JobEnded,
    JobPlanned,
    MemberFailed,
    Printed,
    RoundEnded,
    Waiting,
    Warned,
)
from sortal.methods.contract.user_methods import plain_name
from sortal.tracking.progress import RunningPopulation, RunProgress, RunState

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

_LONG_S = 10.0
"""Training time after which a classifier is named in the progress line [s]."""

_SHOWN = 8
"""Populations that the live display lists; the rest are counted."""


class Display:
    """A listener that shows a run's progress on stderr.

    On a terminal: a bar, the time, and a line for each running population, redrawn
    in place. Elsewhere (a batch job's log): a plain line at most every `every_s` seconds.
    Failures and warnings are printed as they happen, also when quiet.
    """

    def __init__(
        self,
        *,
        quiet: bool = False,
        verbose: bool = False,
        console: "Console | None" = None,
        every_s: float = 5.0,
    ) -> None:
        """Set up; nothing is shown before the first event.

        Args:
            quiet: Show failures and warnings only.
            verbose: Also show what classifiers print while they train.
            console: Where to print; stderr if not given.
            every_s: Least time between two plain lines [s].
        """
        self._quiet, self._verbose = quiet, verbose
        self._console, self._every_s = console, every_s
        self._quiet_times = QuietTimes()
        self._interrupted = False
        self._progress = RunProgress()
        self._live: Live | None = None
        self._spoken = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._stop()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        self._progress(event)
        match event:
            case Warned(text=text):
                self._say(f"note: {text}", "yellow")
            case MemberFailed(title=title, reason=reason):
                self._say(f"failed: {title}: {reason}", "red")
            case Printed(title=title, lines=lines):
                for line in lines if self._verbose else ():
                    self._say(f"{title} | {line}")
            case Waiting():
                self._wait(event)
            case _ if self._quiet:
                pass
            case _:
                self._show(event)

    def _show(self, event: Event) -> None:
        """Show what is left out when quiet."""
        match event:
            case JobPlanned():
                self._say(plan_line(event))
                self._start()
            case JobEnded():
                self._stop()
                self._say(end_line(event))
            case RoundEnded():
                self._say(round_line(event))
            case _:
                self._tick()

    def _wait(self, event: Waiting) -> None:
        """Say once what an end waits for, also when quiet; else now and then what takes long."""
        if event.interrupted and not self._interrupted:
            self._interrupted = True
            self._say(waiting_line(self._progress.state, time.monotonic()), "yellow")
        elif (
            not self._quiet
            and self._live is None
            and self._quiet_times.is_over(self._spoken, time.monotonic())
        ):
            self._quiet_times.lengthen()
            self._say_progress()

    def _start(self) -> None:
        from rich.live import Live

        console = self._out()
        self._spoken = time.monotonic()
        if not console.is_terminal or self._live:
            return
        self._live = Live(
            get_renderable=self._drawn, console=console, refresh_per_second=4, transient=True
        )
        self._live.start()
        # A second Ctrl-C leaves at once and could not bring a hidden cursor back.
        console.show_cursor(True)

    def _stop(self) -> None:
        if self._live:
            self._live.stop()
            self._live = None

    def _tick(self) -> None:
        """Say a plain line if the last one is long enough ago."""
        self._quiet_times.begin()
        if self._live is None and time.monotonic() - self._spoken >= self._every_s:
            self._say_progress()

    def _say_progress(self) -> None:
        self._spoken = time.monotonic()
        self._say(progress_line(self._progress.state, self._spoken))

    def _drawn(self) -> "RenderableType":
        return live_lines(self._progress.state, time.monotonic())

    def _say(self, text: str, style: str = "") -> None:
        from rich.text import Text

        self._out().print(Text(text, style=style), soft_wrap=True)

    def _out(self) -> "Console":
        if self._console is None:
            from rich.console import Console

            self._console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        return self._console


def plan_line(event: JobPlanned) -> str:
    """What is about to happen."""
    return (
        f"{event.job}: {counted(event.members, 'member')}, {event.stored} found in the store; "
        f"{counted(event.tasks, 'task')} on {counted(event.workers, 'worker')} "
        f"with {counted(event.threads, 'thread')} each"
    )


def end_line(event: JobEnded) -> str:
    """What the run came to."""
    how = "interrupted after" if event.interrupted else "done in"
    return (
        f"{event.job}: {how} {duration(event.seconds)}: {event.trained} trained, "
        f"{event.stored} found in the store, {event.failed} failed"
    )


def round_line(event: RoundEnded) -> str:
    """What a round of a search came to."""
    odd = [
        f", {count} {what}"
        for count, what in ((event.pruned, "given up early"), (event.failed, "failed"))
        if count
    ]
    best = "nothing could be judged"
    if event.best is not None:
        best = f"best {event.metric} {event.best:.4f} of {event.best_title}"
    ended = ", interrupted" if event.interrupted else ""
    return (
        f"{event.job}: round {event.round}/{event.rounds}, "
        f"{counted(event.candidates, 'candidate')}{''.join(odd)}{ended}; {best}"
    )


def progress_line(state: RunState, now: float) -> str:
    """Where a run is, on one line."""
    running = running_line(state, now)
    return f"{state.job}: {_counts(state)}, {_times(state, now)}; running: {running}"


def running_line(state: RunState, now: float) -> str:
    """What trains now: methods, how far they are, and the classifiers that take long."""
    return ", ".join(_running(of, now) for of in state.running[:_SHOWN]) or "nothing"


def waiting_line(state: RunState, now: float) -> str:
    """What a run that was asked to end waits for, and how to leave at once."""
    named = [
        f"{of.named or plain_name(of.method)} ({duration(now - of.since)} so far)"
        for of in state.running[:_SHOWN]
    ]
    more = len(state.running) - len(named)
    what = ", ".join(named) + (f" and {more} more" if more > 0 else "") or "what is running"
    return (
        f"{state.job}: asked to end; waiting for {what} to stop. Press Ctrl-C again to leave at "
        "once; what is finished is kept either way."
    )


@dataclass(slots=True)
class QuietTimes:
    """Pause before the next message about one training; it grows with each message."""

    first_s: float = 15.0
    """The first pause [s]; each is twice the one before."""

    most_s: float = 300.0
    """The longest pause [s]."""

    _next_s: float = 0.0

    def begin(self) -> None:
        """Begin with the first pause again, because something happened."""
        self._next_s = 0.0

    def is_over(self, last: float, now: float) -> bool:
        """True if the pause has lasted long enough.

        Args:
            last: When the last message was printed, in seconds of some clock.
            now: The present time on the same clock.
        """
        return now - last >= self._pause_s

    def lengthen(self) -> None:
        """Make the next pause longer, because a message is printed now."""
        self._next_s = min(self.most_s, 2 * self._pause_s)

    @property
    def _pause_s(self) -> float:
        return self._next_s or self.first_s


def live_lines(state: RunState, now: float) -> "RenderableType":
    """Where a run is, as the live display shows it: at most as many lines as it has workers."""
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    head = Table.grid(padding=(0, 1))
    head.add_row(
        ProgressBar(total=1.0, completed=state.share, width=24),
        Text(f"{_counts(state)}, {_times(state, now)}", overflow="ellipsis", no_wrap=True),
    )
    lines = [
        Text(f"  {_running(of, now)}", overflow="ellipsis", no_wrap=True)
        for of in state.running[:_SHOWN]
    ]
    more = len(state.running) - len(lines)
    if more > 0:
        lines.append(Text(f"  and {counted(more, 'more population')}"))
    return Group(head, *lines)


def duration(seconds: float) -> str:
    """A time in words that fit its size.

    >>> [duration(s) for s in (3.21, 75, 3700, 100_000)]
    ['3.2 s', '1 min 15 s', '1 h 1 min', '27 h 46 min']
    """
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    return f"{hours} h {minutes_left} min" if hours else f"{minutes} min {rest} s"


def counted(count: int, noun: str) -> str:
    """A number with its noun in the right form."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def listed(names: Sequence[str]) -> str:
    """Names as a sentence has them.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _counts(state: RunState) -> str:
    failed = f", {state.failed} failed" if state.failed else ""
    return f"{state.done}/{state.total} members{failed}"


def _times(state: RunState, now: float) -> str:
    remaining = state.remaining(now)
    left = "" if remaining is None else f", about {duration(remaining)} left"
    return f"{duration(state.elapsed(now))}{left}"


def _running(population: RunningPopulation, now: float) -> str:
    members = f" x{population.members}" if population.members > 1 else ""
    text = f" {population.text}" if population.text else ""
    seconds = now - population.since
    named = f" {population.named}" if population.named else ""
    since = f" for {duration(seconds)}" if named and seconds >= _LONG_S else ""
    return f"{plain_name(population.method)}{members} {population.done:.0%}{text}{named}{since}"
