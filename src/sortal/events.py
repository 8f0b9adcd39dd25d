"""What happened, as small frozen values: a run emits them; console, log and web listen.

A listener is a callable of one event. Listeners never change what a run does.
"""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened in a job."""

    job: str
    """Name of the job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPlanned(Event):
    """The job was resolved; work is about to start."""

    members: int
    stored: int
    """Members whose results were found in the store and are not computed again."""

    tasks: int
    workers: int
    threads: int
    """Threads that each worker may use."""

    memory_bytes: float = 0.0
    """Estimate of what all workers together take, right within a factor of a few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStarted(Event):
    """A worker took up a population."""

    task: str
    method: str
    members: int

    title: str = ""
    """Title of its first member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskProgressed(Event):
    """A population moved on."""

    task: str
    done: float
    """Share of the population's work that is done, in [0, 1]."""

    text: str = ""

    title: str = ""
    """Title of the member that trains now, where they train one after another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed(Event):
    """A classifier printed something while it trained. Logs of runs leave this out: it is stored."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting(Event):
    """Nothing has ended for a moment; what trains goes on. Logs of runs leave this out."""

    interrupted: bool = False
    """Whether the run was asked to end, and waits for what it cannot stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberTrained(Event):
    """A member is trained, scored and stored."""

    key: str
    title: str
    fit_seconds: float
    score_seconds: float
    headline: float | None
    """Balanced accuracy (exclusive) or macro F1 (independent) on the reported part."""

    accuracy: float | None = None
    """Share of the reported examples that are right, in every target where these are independent."""

    training_accuracy: float | None = None
    """The same of the training examples; None if they were not judged."""

    fold: int | None = None
    """Number of the fold that was tested; None outside cross-validation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFailed(Event):
    """A member could not be trained or scored."""

    key: str
    title: str
    reason: str
    traceback: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEnded(Event):
    """A worker finished, paused or lost a population."""

    task: str
    seconds: float
    paused: bool = False
    lost: bool = False
    """The worker died; the population is tried again or its members failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundEnded(Event):
    """A search trained and ranked the candidates of a round."""

    round: int
    """From 1."""

    rounds: int
    """Rounds in all."""

    candidates: int
    pruned: int
    """Of them given up at a rung."""

    failed: int
    metric: str
    best_title: str
    """The best of all rounds so far; empty if none could be judged."""

    best: float | None
    """Its value on the validation examples."""

    interrupted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned(Event):
    """Something the user should know, which stops nothing."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEnded(Event):
    """The run is over."""

    trained: int
    failed: int
    stored: int
    seconds: float
    interrupted: bool


Listener = Callable[[Event], None]


UNLOGGED = (Printed, Waiting)
"""Events that say nothing which anybody would look for later."""


def silent(event: Event) -> None:
    """Listen to nothing."""
