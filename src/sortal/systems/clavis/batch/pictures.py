"""Projections of a job's examples: checked at the start, computed once, listed with the job."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sortal.errors import SortalError
from sortal.evaluation.maps.parameters import ProjectionMethod, parse
from sortal.job.problems import JobError
from sortal.jobs.pictures.projections import ProjectedExamples, projected_examples
from sortal.jobs.results.results import JobResults
from sortal.store.records.job_record import ProjectionEntry
from sortal.systems.clavis.batch.jobfile import Configuration
from sortal.systems.clavis.batch.running_job import RunningBatchJob


@dataclass(frozen=True, slots=True)
class RequestedProjection:
    """A projection that can be computed."""

    configuration: Configuration
    projection: ProjectionMethod


def check_pictures(work: RunningBatchJob) -> list[RequestedProjection]:
    """Read the projections of a job; those that are wrong are faults."""
    pictures = []
    for one in work.job.projections:
        try:
            pictures.append(
                RequestedProjection(one, parse(one.method, one.arguments, path=one.place))
            )
        except JobError as error:
            told = " ".join(map(str, error.problems))
            work.fault(_named(one), SortalError(f"line {one.line}: {told}"))
    return pictures


def make_pictures(
    work: RunningBatchJob, results: JobResults, pictures: Sequence[RequestedProjection]
) -> None:
    """Compute what the store lacks of some projections, and list them with the job.

    Raises:
        Broken: One failed, and the first failure is to end everything.
    """
    listed: list[ProjectionEntry] = []
    for number, picture in enumerate(pictures, start=1):
        one, started = picture.configuration, time.perf_counter()
        try:
            made = projected_examples(results, picture.projection)
        except Exception as error:  # noqa: BLE001 - told with the job, and the others go on
            work.fault(_named(one), error)
            continue
        seconds = time.perf_counter() - started
        place = f"[projection {number}/{len(pictures)}]"
        work.echo(f"{place} {one.title} ({one.method}): {_told(made, seconds)}")
        for note in made.projected.notes:
            work.echo(f"note: {one.title}: {note}")
        listed.append(
            ProjectionEntry(
                title=one.title,
                method=one.method,
                parameters=picture.projection.meaning(),
                artifact=made.name,
            )
        )
    work.pictures = len(listed)
    _list_with_job(results, listed)


def _list_with_job(results: JobResults, listed: Sequence[ProjectionEntry]) -> None:
    """Keep titles with the job's record, from which views take them."""
    store = results.store
    if results.record.projections == tuple(listed):
        return
    with store.leases.take(results.name):
        record = store.jobs.read(results.name)
        store.jobs.write(record.model_copy(update={"projections": tuple(listed)}))


def _told(made: ProjectedExamples, seconds: float) -> str:
    trust = f"trustworthiness {made.projected.trustworthiness:.3f}"
    return f"{trust}, {'in the store' if made.found else f'{seconds:.2f} s'}"


def _named(configuration: Configuration) -> str:
    return f"projection {configuration.title!r}"
