"""A batch job while it is run: what was asked for, and what has become of it so far."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from sortal.engines.base import Engines
from sortal.errors import SortalError
from sortal.jobs.launch import Launched
from sortal.jobs.running.run_options import DEFAULT_OPTIONS, RunOptions
from sortal.systems.clavis.batch.classifiers import ResolvedClassifier
from sortal.systems.clavis.batch.jobfile import BatchJob, read_batch_job
from sortal.systems.clavis.batch.outcome import BatchFailure, Outcome
from sortal.systems.clavis.batch.progress import BatchStopped, Print


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOptions:
    """What the command was told."""

    store: Path
    plugins: tuple[Path, ...] = ()
    downloads: Path | None = None
    options: RunOptions = DEFAULT_OPTIONS
    engines: Engines | None = None
    """What to train on; processes of this machine if None."""

    stop: bool = False
    """Whether the first failure ends everything."""

    verbose: bool = False
    """Whether what classifiers print is shown while they train."""


@dataclass(slots=True, kw_only=True)
class RunningBatchJob:
    """A job that is being run, as far as it has come."""

    path: Path
    wishes: BatchOptions
    echo: Print
    """Takes what is printed, line by line."""

    job: BatchJob
    started: float
    faults: list[BatchFailure] = field(default_factory=list)
    listed: list[ResolvedClassifier] = field(default_factory=list)
    """The classifiers that can be trained."""

    launched: Launched | None = None
    pictures: int = 0
    """Projections that the store has."""

    def fault(self, what: str, error: Exception) -> None:
        """Note a failure that does not end the job.

        Raises:
            Broken: The first failure is to end everything.
        """
        fault = BatchFailure(what=what, reason=reason_of(error))
        self.faults.append(fault)
        if self.wishes.stop:
            raise BatchStopped(fault) from error
        self.echo(f"ERROR: {fault}")

    def outcome(self) -> Outcome:
        """What has become of it."""
        code = self.launched.summary.exit_code if self.launched else 0
        results = self.launched.results.results if self.launched else ()
        have = {result.title for result in results}
        return Outcome(
            path=self.path,
            title=self.job.data.title,
            dataset=self.job.data.dataset,
            classifiers=sum(one.title in have for one in self.listed),
            projections=self.pictures,
            faults=tuple(self.faults),
            seconds=time.perf_counter() - self.started,
            exit_code=code if code > 1 else 0,
            name=self.launched.resolved.name if self.launched else "",
        )


def start_batch_job(path: Path, wishes: BatchOptions, echo: Print) -> RunningBatchJob:
    """Read a job file.

    Raises:
        JobError: It is no batch job.
    """
    started = time.perf_counter()
    return RunningBatchJob(
        path=path, wishes=wishes, echo=echo, job=read_batch_job(path), started=started
    )


def reason_of(error: Exception) -> str:
    """What went wrong, in words; of what Sortal does not raise itself with its kind."""
    return str(error) if isinstance(error, SortalError) else f"{type(error).__name__}: {error}"
