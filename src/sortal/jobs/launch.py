"""From a job, as a file or as a mapping, to its results in one call."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import psutil

from sortal.data.dataset import Dataset
from sortal.errors import OptionError
from sortal.events import UNLOGGED, Listener, Warned, silent
from sortal.job.models import Job
from sortal.job.read import JobFile, read_job, read_mapping
from sortal.jobs.interrupt import leaves_on_second_interrupt
from sortal.jobs.plan import Plan, plan
from sortal.jobs.resolve import Resolved, resolve
from sortal.jobs.results import Results
from sortal.jobs.run import run
from sortal.jobs.searching.contest import Contest
from sortal.jobs.searching.search import Searched, search
from sortal.jobs.searching.warm_engines import WarmEngines
from sortal.jobs.summary import Summary
from sortal.jobs.user_metrics.problems import knowing_metrics
from sortal.store.store import Store
from sortal.tracking.log import RunLog

JobLike: TypeAlias = str | Path | Mapping[str, Any] | Job | JobFile
DEFAULT_STORE = Path(".sortal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """A run that has ended."""

    resolved: Resolved
    plan: Plan
    summary: Summary
    results: Results
    """Of a search that was interrupted: its candidates on the validation examples."""

    searched: Searched | None = None
    """What the search came to, where the job has `tuning`."""


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return psutil.cpu_count(logical=False) or 1


def read(job: JobLike) -> JobFile:
    """Read a job file or a mapping, as far as it is one: `resolve` tells all its problems.

    Raises:
        JobError: Nothing of it can be used.
    """
    if isinstance(job, JobFile):
        return job
    if isinstance(job, Job):
        job = job.model_dump(mode="json", exclude_unset=True)
    if isinstance(job, Mapping):
        return read_mapping(job, partly=True)
    return read_job(Path(job), partly=True)


def prepare(
    job: JobLike,
    *,
    cores: int | None = None,
    store: Store | None = None,
    dataset: Dataset | None = None,
    metrics: Sequence[Any] = (),
) -> tuple[Resolved, Plan]:
    """Resolve and plan a job without running or writing anything.

    Args:
        job: A path, a mapping as in a job file, or a `Job`.
        cores: Cores to plan for; all available if not given.
        store: Where an unchanged source may have been read before.
        dataset: See `launch`.
        metrics: See `launch`.
    """
    file = knowing_metrics(read(job), metrics)
    resolved = resolve(file, store, given=dataset, metrics=metrics)
    return resolved, plan(resolved.entries, resolved.shape, cores=cores or available_cores())


def launch(
    job: JobLike,
    *,
    store: Path = DEFAULT_STORE,
    cores: int | None = None,
    listener: Listener = silent,
    snapshot_seconds: float | None = None,
    as_is: bool = False,
    dataset: Dataset | None = None,
    contest: Callable[[Resolved], Contest] = Contest.of,
    metrics: Sequence[Any] = (),
) -> Launched:
    """Run a job: compute what the store lacks and read all its results.

    Args:
        job: A path, a mapping as in a job file, or a `Job`.
        store: Folder of the store, made if need be.
        cores: Cores to plan for; all available if not given.
        listener: Told what happens as it happens.
        snapshot_seconds: Pause between snapshots of what trains for long [s]; the method's
            own if not given.
        as_is: Train nothing, but make results of members in mid-training as they are.
        dataset: Examples that a system read from files of its own; `data.source` of the
            job then only names them.
        contest: What competes in a search, where a system makes candidates in a way of its own.
        metrics: Functions that compute user-defined metrics, or what `sortal.metric` made of
            them, beside those that the job names.

    Raises:
        OptionError: `snapshot_seconds` is below 0, or `as_is` is asked of a search.
        JobError: The job cannot run; the store is not touched.
        StoreBusy: Another process runs this job in this store.
    """
    if snapshot_seconds is not None and not snapshot_seconds >= 0:
        raise OptionError("snapshot_seconds", snapshot_seconds, "0 or more seconds")
    with leaves_on_second_interrupt():
        existing = Store.existing(store)
        resolved, planned = prepare(
            job, cores=cores, store=existing, dataset=dataset, metrics=metrics
        )
        opened = Store.open(store)
        log = RunLog(opened.log_path(resolved.name))

        def tell(event: Any) -> None:
            if not isinstance(event, UNLOGGED):
                log(event)
            listener(event)

        for note in resolved.notes:
            tell(Warned(job=resolved.name, text=note))
        if resolved.job.tuning is not None:
            if as_is:
                raise OptionError("as_is", as_is, "a job without `tuning`")
            return _search(contest(resolved), opened, cores, tell, snapshot_seconds)
        summary = run(
            resolved, planned, opened, listener=tell, snapshot_seconds=snapshot_seconds, as_is=as_is
        )
        results = Results.read(opened, resolved.name)
    return Launched(resolved=resolved, plan=planned, summary=summary, results=results)


def _search(
    contest: Contest,
    store: Store,
    cores: int | None,
    listener: Listener,
    snapshot_seconds: float | None,
) -> Launched:
    """Search, then train the best as the job says and judge it on the test examples."""
    most = cores or available_cores()
    with WarmEngines() as engines:
        searched = search(
            contest,
            store,
            engines=engines,
            cores=most,
            listener=listener,
            snapshot_seconds=snapshot_seconds,
        )
        chosen = [entry for _, candidate in searched.best for entry in contest.final(candidate)]
        resolved = replace(contest.resolved, entries=(*contest.references(), *chosen))
        planned = plan(resolved.entries, resolved.shape, cores=most)
        summary, name = searched.summary, contest.search_job.name
        if chosen and not summary.interrupted:
            name = resolved.name
            summary = run(
                resolved,
                planned,
                store,
                listener=listener,
                snapshot_seconds=snapshot_seconds,
                engine=engines.get(planned.workers, planned.threads),
            )
    return Launched(
        resolved=resolved,
        plan=planned,
        summary=summary,
        results=Results.read(store, name),
        searched=searched,
    )
