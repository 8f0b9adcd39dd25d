"""What the store keeps of classifiers that were trained elsewhere: a job's record, entries, member records."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sortal.data.dataset import Dataset
from sortal.data.reading.new_examples import InputSpec
from sortal.data.split import Part, Split
from sortal.evaluation.scores import MemberMetrics
from sortal.job.models import DataBlock
from sortal.store.records.job_record import ImportedEntry, JobRecord, SplitEntry
from sortal.store.records.member_record import MemberRecord


def new_record(
    name: str,
    *,
    text: str,
    dataset: Dataset,
    splits: Sequence[Split],
    block: DataBlock,
    notes: Sequence[str] = (),
    asked: Mapping[str, Any] | None = None,
    figures_alone: bool = False,
) -> JobRecord:
    """Record of a job that trained nothing, with no classifier yet.

    Args:
        name: Of the job.
        text: What stands in place of its file.
        dataset: Its examples.
        splits: How they are divided.
        block: What stands in place of its data block.
        notes: What the user should know of it.
        asked: What else is kept with it, in names of its own.
        figures_alone: Whether no example of it is known.
    """
    return JobRecord(
        name=name,
        text=text,
        updated="",
        dataset=dataset.fingerprint,
        data=block,
        splits=tuple(
            SplitEntry(fingerprint=split.fingerprint, fold=split.fold) for split in splits
        ),
        outputs=dataset.labels.outputs,
        classes=dataset.labels.classes,
        notes=tuple(notes),
        entries=(),
        asked=asked or {},
        figures_alone=figures_alone,
    )


def with_entries(record: JobRecord, entries: Iterable[ImportedEntry]) -> JobRecord:
    """A job's record that lists more imported classifiers, behind those that it has."""
    updated = datetime.now(UTC).isoformat(timespec="seconds")
    imported = (*record.imported, *entries)
    return record.model_copy(update={"updated": updated, "imported": imported})


def imported_record(
    key: str,
    dataset: Dataset,
    split: Split,
    *,
    source: str,
    method: str,
    parameters: Mapping[str, Any],
    figures: Mapping[Part, MemberMetrics],
    not_savable: str,
    notes: Sequence[str],
    probabilities: bool = False,
    fold: int | None = None,
    classes: tuple[str, ...] | None = None,
    fit_seconds: float | None = None,
    score_seconds: float | None = None,
) -> MemberRecord:
    """Record of a member that was trained elsewhere; of its training nothing else is known.

    Args:
        key: Its key.
        dataset: Of the job.
        split: That it is judged by.
        source: Where it comes from, as a data block's `source`.
        method: What stands for its method.
        parameters: What tables show of it.
        figures: Its metrics by part.
        not_savable: Why it has no model.
        notes: Remarks on it.
        probabilities: Whether its scores are probabilities.
        fold: Number of its fold.
        classes: Names of the rows of its confusion matrix, where they are not the dataset's classes.
        fit_seconds: Time of its training [s], if known.
        score_seconds: Time of its scoring [s], if known.
    """
    return MemberRecord(
        key=key,
        method=method,
        parameters=parameters,
        rows=split.fingerprint,
        figures=figures,
        probabilities=probabilities,
        fit_seconds=fit_seconds,
        score_seconds=score_seconds,
        notes=tuple(notes),
        model=None,
        model_row=0,
        not_savable=not_savable,
        dataset=dataset.fingerprint,
        split=split.fingerprint,
        fold=fold,
        outputs=dataset.labels.outputs,
        classes=dataset.labels.classes if classes is None else classes,
        inputs=InputSpec.of(dataset, DataBlock(source=source)),
        threads=None,
        library="",
        host="",
        device="",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
