"""`sortal clavis batch`: jobs one after the other, and what they came to."""

import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sortal.errors import UserError
from sortal.systems.clavis.batch.jobfile import BatchJob
from sortal.systems.clavis.batch.outcome import (
    COLUMNS,
    BatchFailure,
    Outcome,
    error_lines,
    exit_code,
    summary_rows,
)
from sortal.systems.clavis.batch.progress import BatchStopped
from sortal.systems.clavis.batch.running_job import BatchOptions, reason_of, start_batch_job
from sortal.systems.clavis.batch.titles import numbered, visible
from sortal.systems.clavis.batch.training import run
from sortal.views.console import echo, print_rows

_INTERRUPTED = 130


def batch(paths: Sequence[Path], wishes: BatchOptions) -> int:
    """Run jobs one after the other; what fails in one does not stop the next.

    Args:
        paths: Their files.
        wishes: What the command was told.

    Returns:
        The exit code: 0 all well, 1 something failed, 130 interrupted.
    """
    outcomes: list[Outcome] = []
    taken: dict[str, Path] = {}
    for number, path in enumerate(paths, start=1):
        echo(f"{'' if number == 1 else chr(10)}job {number}/{len(paths)}: {path}")
        outcome = _one(path, wishes, taken)
        outcomes.append(outcome)
        if outcome.exit_code or (wishes.stop and outcome.faults):
            break
    echo()
    print_rows(summary_rows(outcomes), COLUMNS, title="SUMMARY")
    for line in error_lines(outcomes):
        echo(line)
    for one in outcomes:
        if one.name:
            echo(f"show it: sortal show {one.name!r}{_store_option(wishes)}")
    code = exit_code(outcomes)
    if code == _INTERRUPTED:
        echo("interrupted: what is finished is kept, and the same command goes on from there.")
    return code


def _one(path: Path, wishes: BatchOptions, taken: dict[str, Path]) -> Outcome:
    """Run one job; whatever it runs into, the next one can go on.

    Args:
        path: Its file.
        wishes: What the command was told.
        taken: Files of the jobs before, by their titles; this one is added.
    """
    try:
        work = start_batch_job(path, wishes, echo)
    except UserError as error:  # of the file and not of any code: a traceback would tell nothing
        echo(f"ERROR: {error}")
        fault = BatchFailure(what="", reason=str(error))
        return Outcome(path=path, title=path.name, faults=(fault,))
    work.job = _with_own_title(work.job, taken)
    for warning in work.job.warnings:
        echo(f"warning: {warning}")
    try:
        run(work)
    except KeyboardInterrupt:
        return replace(work.outcome(), exit_code=_INTERRUPTED)
    except BatchStopped as broken:
        echo(broken.fault.traceback.rstrip() or _trace(broken.__cause__ or broken))
    except Exception as error:  # noqa: BLE001 - told with the job, and the next one goes on
        work.faults.append(_told(error, wishes))
    return work.outcome()


def _with_own_title(job: BatchJob, taken: dict[str, Path]) -> BatchJob:
    """The job, under a numbered title if another file of this batch has its title."""
    title, path = job.data.title, job.path.resolve()
    if taken.setdefault(visible(title), path) == path:
        return job
    before = next((known for known, file in taken.items() if file == path), None)
    new = before or numbered(title, taken.__contains__)[0]
    taken[visible(new)] = path
    warning = (
        f"{taken[visible(title)]} has the title {title!r} too, and is the first of them: this job is "
        f"stored as {new!r}."
    )
    data = job.data.model_copy(update={"title": new})
    return replace(job, data=data, warnings=(warning, *job.warnings))


def _told(error: Exception, wishes: BatchOptions) -> BatchFailure:
    """Print an error that ends a job."""
    reason = reason_of(error)
    echo(_trace(error) if wishes.stop else f"ERROR: {reason}")
    return BatchFailure(what="", reason=reason)


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)).rstrip()


def _store_option(wishes: BatchOptions) -> str:
    return "" if wishes.store == Path(".sortal") else f" --store {wishes.store}"
