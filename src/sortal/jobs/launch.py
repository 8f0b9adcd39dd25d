"""From a job, as a file or as a mapping, to its results in one call."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from sortal.data.dataset import Dataset
from sortal.engines.base import Engines
from sortal.engines.warm_engines import WarmEngines
from sortal.errors import OptionError
from sortal.events import UNLOGGED, Listener, Warned, silent
from sortal.job.models import Job
from sortal.job.read import JobFile, read_job, read_mapping
from sortal.jobs.planning.plan import Plan, plan
from sortal.jobs.planning.resolve import Resolved, resolve
from sortal.jobs.results.results import JobResults
from sortal.jobs.running.interrupt import leaves_on_second_interrupt
from sortal.jobs.running.run import run
from sortal.jobs.running.run_options import DEFAULT_OPTIONS, RunOptions
from sortal.jobs.running.summary import RunSummary
from sortal.jobs.searching.search import SearchSummary, search
from sortal.jobs.searching.searched_classifiers import SearchedClassifiers
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
    summary: RunSummary
    results: JobResults
    """Of a search that was interrupted: its candidates on the validation examples."""

    searched: SearchSummary | None = None
    """What the search came to, where the job has `tuning`."""


def read_job_or_mapping(job: JobLike) -> JobFile:
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
    options: RunOptions = DEFAULT_OPTIONS,
    store: Store | None = None,
    dataset: Dataset | None = None,
    metrics: Sequence[Any] = (),
) -> tuple[Resolved, Plan]:
    """Resolve and plan a job without running or writing anything.

    Args:
        job: A path, a mapping as in a job file, or a `Job`.
        options: How it is to be run; the plan depends on the cores.
        store: Where an unchanged source may have been read before.
        dataset: See `launch`.
        metrics: See `launch`.
    """
    file = knowing_metrics(read_job_or_mapping(job), metrics)
    resolved = resolve(file, store, given=dataset, metrics=metrics)
    return resolved, plan(resolved.entries, resolved.shape, cores=options.cores_to_use)


def launch(
    job: JobLike,
    *,
    store: Path = DEFAULT_STORE,
    options: RunOptions = DEFAULT_OPTIONS,
    listener: Listener = silent,
    dataset: Dataset | None = None,
    contest: Callable[[Resolved], SearchedClassifiers] = SearchedClassifiers.of,
    engines: Engines | None = None,
    metrics: Sequence[Any] = (),
) -> Launched:
    """Run a job: compute what the store lacks and read all its results.

    Args:
        job: A path, a mapping as in a job file, or a `Job`.
        store: Folder of the store, made if need be.
        options: How to run it.
        listener: Told what happens as it happens.
        dataset: Examples that a system read from files of its own; `data.source` of the
            job then only names them.
        contest: What competes in a search, where a system makes candidates in a way of its own.
        engines: What to train on; they are left open. Processes of this machine that end with
            the run if not given.
        metrics: Functions that compute user-defined metrics, or what `sortal.metric` made of
            them, beside those that the job names.

    Raises:
        OptionError: `as_is` is asked of a search.
        JobError: The job cannot run; the store is not touched.
        StoreBusy: Another process runs this job in this store.
    """
    with leaves_on_second_interrupt():
        existing = Store.existing(store)
        resolved, planned = prepare(
            job, options=options, store=existing, dataset=dataset, metrics=metrics
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
            if options.as_is:
                raise OptionError("as_is", options.as_is, "a job without `tuning`")
            return _search(contest(resolved), opened, options, tell, engines)
        with _opened(engines) as workers:
            summary = run(
                resolved, planned, opened, engines=workers, options=options, listener=tell
            )
        results = JobResults.read(opened, resolved.name)
    return Launched(resolved=resolved, plan=planned, summary=summary, results=results)


def _opened(engines: Engines | None) -> AbstractContextManager[Engines]:
    """The engines that were given, left open at the end; else processes that end with the context."""
    return WarmEngines() if engines is None else nullcontext(engines)


def _search(
    contest: SearchedClassifiers,
    store: Store,
    options: RunOptions,
    listener: Listener,
    engines: Engines | None,
) -> Launched:
    """Search, then train the best as the job says and judge it on the test examples."""
    with _opened(engines) as workers:
        searched = search(contest, store, engines=workers, options=options, listener=listener)
        chosen = [entry for _, candidate in searched.best for entry in contest.final(candidate)]
        resolved = replace(contest.resolved, entries=(*contest.references(), *chosen))
        planned = plan(resolved.entries, resolved.shape, cores=options.cores_to_use)
        summary, name = searched.summary, contest.search_job.name
        if chosen and not summary.interrupted:
            name = resolved.name
            summary = run(
                resolved,
                planned,
                store,
                engines=workers,
                options=options,
                listener=listener,
            )
    return Launched(
        resolved=resolved,
        plan=planned,
        summary=summary,
        results=JobResults.read(store, name),
        searched=searched,
    )
