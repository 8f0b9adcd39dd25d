"""The record of a job that was resolved: made anew by each run, which keeps what still holds of the last."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

from sortal.jobs.planning.resolve import Resolved
from sortal.jobs.running.summary import RunSummary
from sortal.store.records.job_record import (
    InterimEntry,
    JobRecord,
    MemberEntry,
    ProjectionEntry,
    RunEntry,
    SplitEntry,
)

Listed = TypeVar("Listed", bound=MemberEntry)


def job_record(resolved: Resolved, before: JobRecord | None) -> JobRecord:
    """Describe a resolved job; runs of an earlier record of the job are kept.

    So are its ensembles and what was imported, where the data is still divided as it was and
    no classifier of the job has taken their title.
    """
    dataset = resolved.dataset
    record = JobRecord(
        name=resolved.name,
        text=resolved.text,
        updated=datetime.now(UTC).isoformat(timespec="seconds"),
        dataset=dataset.fingerprint,
        data=resolved.job.data,
        splits=tuple(
            SplitEntry(fingerprint=split.fingerprint, fold=split.fold) for split in resolved.splits
        ),
        outputs=dataset.labels.outputs,
        classes=dataset.labels.classes,
        weighted=dataset.weights is not None,
        bootstrap=resolved.job.bootstrap,
        notes=resolved.notes,
        entries=tuple(entry.listed for entry in resolved.entries),
    )
    if before is None:
        return record
    return record.model_copy(
        update={
            "runs": before.runs,
            "ensembles": _kept(before.ensembles, record, before),
            "imported": _kept(before.imported, record, before),
            "interim": _kept_interim(record, before),
            "projections": _kept_projections(record, before),
        }
    )


def _kept(listed: Sequence[Listed], record: JobRecord, before: JobRecord) -> tuple[Listed, ...]:
    """Results beside members, where the data is divided as it was and their titles are free."""
    if not _is_divided_alike(record, before):
        return ()
    taken = {entry.title for entry in record.entries}
    return tuple(entry for entry in listed if entry.title not in taken)


def _kept_interim(record: JobRecord, before: JobRecord) -> tuple[InterimEntry, ...]:
    """Results of unfinished members, where the job still has the finished ones."""
    keys = {entry.key for entry in record.entries}
    return tuple(entry for entry in before.interim if entry.of in keys)


def _kept_projections(record: JobRecord, before: JobRecord) -> tuple[ProjectionEntry, ...]:
    """Projections that the job lists, where its data is divided and prepared as it was."""
    is_alike = _is_divided_alike(record, before) and before.data == record.data
    return before.projections if is_alike else ()


def _is_divided_alike(record: JobRecord, before: JobRecord) -> bool:
    return (before.dataset, before.splits) == (record.dataset, record.splits)


def lost_results(record: JobRecord, before: JobRecord | None) -> list[str]:
    """Phrases for what an earlier record lists beside its members and a new one does not keep."""
    if before is None:
        return []
    beside: dict[str, tuple[Sequence[MemberEntry], Sequence[MemberEntry]]] = {
        "the ensemble": (before.ensembles, record.ensembles),
        "the imported classifier": (before.imported, record.imported),
    }
    phrases = []
    for what, (had, kept) in beside.items():
        lost = {entry.title for entry in had} - {entry.title for entry in kept}
        phrases += [f"{what} {title!r}" for title in sorted(lost)]
    return phrases


def run_entry(summary: RunSummary) -> RunEntry:
    """What a run that ended now came to."""
    return RunEntry(
        ended=datetime.now(UTC).isoformat(timespec="seconds"),
        trained=summary.trained,
        stored=summary.stored,
        failed=len(summary.failed),
        seconds=round(summary.seconds, 3),
        interrupted=summary.interrupted,
    )
