"""The job's record in the store: what its titles mean, and what its runs came to."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sortal.job.models import DataBlock
from sortal.jobs.entries import Entry
from sortal.jobs.resolve import Resolved
from sortal.methods.registry import is_reference

FORMAT = 1

_BESIDE = {"ensembles": "the ensemble", "imported": "the imported classifier"}
"""Lists of results that no run of the job trained, and what one of them is called."""


def job_record(resolved: Resolved, before: Mapping[str, Any] | None) -> dict[str, Any]:
    """Describe a resolved job as JSON; runs of an earlier record of the job are kept.

    So are its ensembles and what was imported, where the data is still divided as it was and
    no classifier of the job has taken their title.
    """
    dataset = resolved.dataset
    record = {
        "format": FORMAT,
        "name": resolved.name,
        "text": resolved.text,
        "updated": datetime.now(UTC).isoformat(timespec="seconds"),
        "dataset": dataset.fingerprint,
        "data": resolved.job.data.model_dump(mode="json"),
        "splits": [
            {"fingerprint": split.fingerprint, "fold": split.fold} for split in resolved.splits
        ],
        "outputs": dataset.labels.outputs.value,
        "classes": list(dataset.labels.classes),
        "weighted": dataset.weights is not None,
        "bootstrap": resolved.job.bootstrap,
        "notes": list(resolved.notes),
        "entries": [_entry(entry) for entry in resolved.entries],
        "failures": {},
        "runs": list(before["runs"]) if before else [],
    }
    return {
        **record,
        **{name: _kept(name, record, before) if before else [] for name in _BESIDE},
        "interim": _kept_interim(record, before) if before else [],
        **({"projections": _kept_projections(record, before)} if before else {}),
    }


def _kept_projections(
    record: Mapping[str, Any], before: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """Projections that the job lists, where its data is divided and prepared as it was."""
    # Options that a record was written before hold their defaults.
    unsaid = DataBlock(source=before["data"]["source"]).model_dump(mode="json")
    same = {**unsaid, **before["data"]} == record["data"] and all(
        before[name] == record[name] for name in ("dataset", "splits")
    )
    return list(before.get("projections", ())) if same else []


def _kept_interim(record: Mapping[str, Any], before: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Results of unfinished members, where the job still has the finished ones."""
    keys = {entry["key"] for entry in record["entries"]}
    return [entry for entry in before.get("interim", ()) if entry["of"] in keys]


def _kept(
    what: str, record: Mapping[str, Any], before: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    if any(before[name] != record[name] for name in ("dataset", "splits")):
        return []
    taken = {entry["title"] for entry in record["entries"]}
    return [entry for entry in before.get(what, ()) if entry["title"] not in taken]


def lost_results(record: Mapping[str, Any], before: Mapping[str, Any] | None) -> list[str]:
    """Phrases for what an earlier record lists beside its members and a new one does not keep."""
    phrases = []
    for name, what in _BESIDE.items():
        kept = {entry["title"] for entry in record[name]}
        had = {entry["title"] for entry in before.get(name, ())} if before else set()
        phrases += [f"{what} {title!r}" for title in sorted(had - kept)]
    return phrases


def _entry(entry: Entry) -> dict[str, Any]:
    member = entry.member
    return {
        "title": entry.title,
        **({"fold_of": entry.fold_of} if entry.fold_of else {}),
        **({"notes": list(entry.notes)} if entry.notes else {}),
        **({"asked": entry.asked} if entry.asked else {}),
        "key": member.key,
        "method": member.method,
        "calibration": member.calibration,
        "parameters": member.parameters.model_dump(mode="json"),
        "varied": list(entry.varied),
        "seed": member.seed,
        "fold": entry.fold,
        "target": member.target,
        "reference": is_reference(member.method),
    }


def run_entry(
    *, trained: int, stored: int, failed: int, seconds: float, interrupted: bool
) -> dict[str, Any]:
    """One line of a record's `runs`."""
    return {
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "trained": trained,
        "stored": stored,
        "failed": failed,
        "seconds": round(seconds, 3),
        "interrupted": interrupted,
    }


def titles(entries: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The first title of every key of a record's entries."""
    first: dict[str, str] = {}
    for entry in entries:
        first.setdefault(entry["key"], entry["title"])
    return first
