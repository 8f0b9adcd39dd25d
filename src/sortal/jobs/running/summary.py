"""What a run came to, in members and as an exit code."""

from collections.abc import Mapping
from dataclasses import dataclass

from sortal.jobs.running.interrupt import EXIT_INTERRUPTED, EXIT_REQUEUE
from sortal.store.records.job_record import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """What a run came to, in members."""

    trained: int
    stored: int
    """Found in the store and not computed again."""

    failed: Mapping[str, Failure]
    """Reason and traceback by key."""

    paused: int
    """Unfinished, with a snapshot from which the next run goes on."""

    interrupted: bool
    requeue: bool
    """Whether it was a batch system that asked for an end."""

    seconds: float

    @property
    def exit_code(self) -> int:
        """0 all well, 1 some member failed, 130 interrupted, 75 to be run again by a batch system."""
        if self.interrupted:
            return EXIT_REQUEUE if self.requeue else EXIT_INTERRUPTED
        return 1 if self.failed else 0
