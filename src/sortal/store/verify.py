"""Find what is damaged in a store, and put it aside so that a run computes it again."""

from collections.abc import Iterable
from pathlib import Path

from sortal.errors import Damaged
from sortal.store import atomic
from sortal.store.damage import Damage
from sortal.store.parts import Parts


def segment_damages(parts: Parts, names: Iterable[str] | None = None) -> list[Damage]:
    """Damages of some segments, or of all; every byte is read."""
    chosen = parts.segments.names() if names is None else names
    return [
        Damage("segment", name, file, what)
        for name in sorted(chosen)
        for file, what in parts.segments.faults(name)
    ]


def damages(parts: Parts) -> list[Damage]:
    """Damages of everything in a store; every byte is read.

    Job records carry no digest: a changed one is found only if it is no JSON object any more.
    """
    return [
        *segment_damages(parts),
        *_dataset_damages(parts),
        *_job_damages(parts),
        *_artifact_damages(parts),
    ]


def put_aside(parts: Parts, damage: Damage) -> Path | None:
    """Move what is damaged to the quarantine; None where it is gone already."""
    match damage.kind:
        case "segment":
            return parts.segments.put_aside(damage.name)
        case "data":
            return parts.datasets.put_aside(damage.name)
        case "split":
            path = parts.datasets.split_path(*damage.name.split("/"))
        case "job":
            path = parts.jobs.path(damage.name)
        case "artifact":
            path = parts.artifacts.path(*damage.name.split("/"))
    suffix = atomic.temporary(path.parent).name.removeprefix(atomic.PREFIX)
    moved = parts.folder / "quarantine" / f"{damage.kind}-{path.name}-{suffix}"
    return moved if atomic.move_away(path, moved) else None


def _dataset_damages(parts: Parts) -> list[Damage]:
    found = []
    for name in parts.datasets.names():
        found += [Damage("data", name, file, what) for file, what in parts.datasets.faults(name)]
        for split in parts.datasets.split_names(name):
            if what := parts.datasets.split_fault(name, split):
                found.append(Damage("split", f"{name}/{split}", f"{split}.npz", what))
    return found


def _job_damages(parts: Parts) -> list[Damage]:
    found = []
    for name in parts.jobs.names():
        try:
            parts.jobs.read(name)
        except Damaged as error:
            found.append(Damage("job", name, f"{name}.json", f"is unreadable ({error})"))
    return found


def _artifact_damages(parts: Parts) -> list[Damage]:
    return [
        Damage("artifact", f"{kind}/{name}", file, what)
        for kind in parts.artifacts.kinds()
        for name in parts.artifacts.names(kind)
        for file, what in parts.artifacts.faults(kind, name)
    ]
