"""Run a resolved job: compute what the store lacks, keep everything that is finished."""

from sortal.engines.base import Engines
from sortal.events import Listener, Warned, silent
from sortal.jobs.planning.plan import Plan
from sortal.jobs.planning.resolve import Resolved
from sortal.jobs.planning.stored_data import describe_repair, stored_damages
from sortal.jobs.results.interim import find_started, rung_key, settled_interim, with_interim
from sortal.jobs.running.driver import RunDriver
from sortal.jobs.running.record import job_record, lost_results, run_entry
from sortal.jobs.running.run_options import DEFAULT_OPTIONS, RunOptions
from sortal.jobs.running.summary import RunSummary
from sortal.jobs.user_metrics.compute import update_metrics
from sortal.store.files.damage import Damage
from sortal.store.records.job_record import Failure, JobRecord
from sortal.store.store import Store
from sortal.store.upkeep.remove import remove_unlisted


def run(
    resolved: Resolved,
    plan: Plan,
    store: Store,
    *,
    engines: Engines,
    options: RunOptions = DEFAULT_OPTIONS,
    listener: Listener = silent,
    budget: float | None = None,
) -> RunSummary:
    """Compute all members of the plan that the store lacks.

    Args:
        resolved: The job, its data and its members.
        plan: Its tasks.
        store: Where results are and go.
        engines: What to run on; they are left open.
        options: How to run. With `as_is`, members in mid-training become results with their
            best weights where these are kept, under titles that end in `(unfinished)`.
        listener: Told what happens as it happens.
        budget: Train to this many units, and store how the members that pause there stand
            (`interim.standing_key`); those that cannot pause are trained whole.

    Raises:
        StoreBusy: Another driver runs this job in this store.
    """
    with store.leases.take(resolved.name):
        before = store.jobs.read_or_none(resolved.name)
        if any(one.kind == "data" and not one.is_absence for one in _damages(resolved, store)):
            _drop_snapshots(plan, store, resolved.name, listener)
        record = store_job(resolved, store, listener)
        for lost in lost_results(record, before):
            text = f"{lost} was of other data or titles, and is let go."
            listener(Warned(job=resolved.name, text=text))
        begun = find_started(store, (e.key for e in record.entries)) if options.as_is else None
        if begun:
            record = with_interim(record, begun)
        driver = RunDriver(resolved, plan, store, listener, record, options, begun, budget)
        summary = driver.run(engines)
        tried = frozenset() if options.as_is else frozenset(driver.planned)
        record = record.model_copy(
            update={
                "failures": {**_kept_failures(record, before, tried), **summary.failed},
                "runs": (*record.runs, run_entry(summary)),
                "interim": settled_interim(record.interim, store),
            }
        )
        store.jobs.write(record)
        remove_unlisted(store, [entry.key for entry in (before.interim if before else ())])
        if not summary.interrupted:
            standing = [] if budget is None else [rung_key(k, budget) for k in driver.planned]
            update_metrics(store, record, resolved.metrics, listener, standing=standing)
    return summary


def store_job(resolved: Resolved, store: Store, listener: Listener = silent) -> JobRecord:
    """Write a job's data and its record, and return the record; damaged data is put aside with a warning."""
    fingerprint = resolved.dataset.fingerprint
    for damage in _damages(resolved, store):
        listener(Warned(job=resolved.name, text=describe_repair(damage)))
    store.datasets.save(resolved.dataset)
    store.datasets.remember_source(resolved.source, fingerprint)
    for split in resolved.splits:
        store.datasets.splits.save(fingerprint, split)
    record = job_record(resolved, store.jobs.read_or_none(resolved.name))
    store.jobs.write(record)
    return record


def _damages(resolved: Resolved, store: Store) -> tuple[Damage, ...]:
    splits = (split.fingerprint for split in resolved.splits)
    return stored_damages(store, resolved.name, resolved.dataset.fingerprint, splits)


def _drop_snapshots(plan: Plan, store: Store, job: str, listener: Listener) -> None:
    """Delete what is unfinished of a plan: it may have been trained on damaged data."""
    names = {task.name for task in plan.tasks}
    # Members of a lost population have tasks of their own: its name, a dot and a number.
    begun = [one.name for one in store.snapshots.folders() if one.name.partition(".")[0] in names]
    for name in begun:
        store.snapshots.drop(name)
    if begun:
        text = "training that was interrupted begins anew: it may have used the damaged data."
        listener(Warned(job=job, text=text))


def _kept_failures(
    record: JobRecord, before: JobRecord | None, tried: frozenset[str]
) -> dict[str, Failure]:
    """Failures of an earlier run, of members that this one did not try."""
    keys = {entry.key for entry in record.entries} - tried
    failures = before.failures if before else {}
    return {key: failure for key, failure in failures.items() if key in keys}
