"""How much of the disk a store takes, by kind."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sortal.store.files import atomic
from sortal.store.store import Store
from sortal.store.submitted import FOLDER


@dataclass(frozen=True, slots=True)
class Usage:
    """Things of one kind."""

    count: int
    bytes: int


def measure_usage(store: Store) -> dict[str, Usage]:
    """Count and bytes of `members` (stored and not deleted; bytes are their segments'), `segments`, `data`, `jobs`, `artifacts`, `snapshots`, `logs`, `submitted`, `quarantine`."""
    segments = _usage(store.members.segments.path(name) for name in store.members.segments.names())
    return {
        "members": Usage(len(store.members.live()), segments.bytes),
        "segments": segments,
        "data": _usage(map(store.datasets.path, store.datasets.names())),
        "jobs": _usage(map(store.jobs.path, store.jobs.names())),
        "artifacts": _usage(
            store.artifacts.path(kind, name)
            for kind in store.artifacts.kinds()
            for name in store.artifacts.names(kind)
        ),
        **{
            kind: _usage(_visible(store.folder / kind))
            for kind in ("snapshots", "logs", FOLDER, "quarantine")
        },
    }


def _usage(paths: Iterable[Path]) -> Usage:
    sizes = [atomic.size_of(path) for path in paths]
    return Usage(len(sizes), sum(sizes))


def _visible(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [path for path in folder.iterdir() if not path.name.startswith(".")]
