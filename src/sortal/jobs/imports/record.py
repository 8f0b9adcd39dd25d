"""What the store keeps of classifiers that were trained elsewhere: a job's record, entries, provenance."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sortal.data.dataset import Dataset
from sortal.data.split import Split
from sortal.data.unseen import InputSpec
from sortal.job.models import DataBlock
from sortal.jobs.record import FORMAT

RESAMPLES = 1000
"""Bootstrap resamples of a new job, and of records that do not tell: what a job asks for by default."""


def new_record(
    name: str,
    *,
    text: str,
    dataset: Dataset,
    splits: Sequence[Split],
    block: DataBlock,
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """Record of a job that trained nothing, with no classifier yet.

    Args:
        name: Of the job.
        text: What stands in place of its file.
        dataset: Its examples.
        splits: How they are divided.
        block: What stands in place of its data block.
        notes: What the user should know of it.
    """
    return {
        "format": FORMAT,
        "name": name,
        "text": text,
        "updated": "",
        "dataset": dataset.fingerprint,
        "data": block.model_dump(mode="json"),
        "splits": [{"fingerprint": split.fingerprint, "fold": split.fold} for split in splits],
        "outputs": dataset.labels.outputs.value,
        "classes": list(dataset.labels.classes),
        "weighted": False,
        "bootstrap": RESAMPLES,
        "notes": list(notes),
        "entries": [],
        "failures": {},
        "runs": [],
        "ensembles": [],
        "interim": [],
        "imported": [],
    }


def with_entries(record: Mapping[str, Any], entries: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A job's record that lists more imported classifiers, behind those that it has."""
    updated = datetime.now(UTC).isoformat(timespec="seconds")
    return {**record, "updated": updated, "imported": [*record.get("imported", ()), *entries]}


def imported_entry(
    title: str, key: str, *, method: str, parameters: Mapping[str, Any], fold: int | None
) -> dict[str, Any]:
    """What a job's record says of one member that was trained elsewhere."""
    return {
        "title": title,
        "key": key,
        "method": method,
        "calibration": "",
        "parameters": dict(parameters),
        "varied": [],
        "seed": None,
        "fold": fold,
        "target": None,
        "reference": False,
    }


def provenance(dataset: Dataset, split: Split, *, source: str) -> dict[str, Any]:
    """What a segment says of every such member; of its training nothing is known.

    Args:
        dataset: Of the job.
        split: That it is judged by.
        source: Where it comes from, as a data block's `source`.
    """
    return {
        "seed": None,
        "target": None,
        "weights": "",
        "rows": split.fingerprint,
        "preparation": "",
        "calibration": "",
        "fit_seconds": None,
        "score_seconds": None,
        "model": None,
        "model_row": 0,
        "dataset": dataset.fingerprint,
        "split": split.fingerprint,
        "fold": split.fold,
        "outputs": dataset.labels.outputs.value,
        "classes": list(dataset.labels.classes),
        "inputs": InputSpec.of(dataset, DataBlock(source=source)).described(),
        "threads": None,
        "library": "",
        "device": "",
        "host": "",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
