"""The parts of a store folder, each with its own file of code."""

from dataclasses import dataclass
from pathlib import Path

from sortal.store.artifacts import Artifacts
from sortal.store.datasets.datasets import Datasets
from sortal.store.lease import Leases
from sortal.store.records.job_files import Jobs
from sortal.store.segments.index import Index
from sortal.store.segments.segment import Place, Segments
from sortal.store.segments.tombstones import Tombstones
from sortal.store.snapshots import Snapshots


@dataclass(frozen=True, slots=True)
class Parts:
    """What a store consists of; nothing is read or created before it is used."""

    folder: Path
    segments: Segments
    index: Index
    tombstones: Tombstones
    datasets: Datasets
    jobs: Jobs
    artifacts: Artifacts
    snapshots: Snapshots
    leases: Leases

    @classmethod
    def of(cls, folder: Path) -> "Parts":
        """The parts of the store in `folder`."""
        quarantine = folder / "quarantine"
        segments = Segments(folder / "segments", quarantine)
        return cls(
            folder=folder,
            segments=segments,
            index=Index(folder / "index.jsonl", segments),
            tombstones=Tombstones(folder / "tombstones"),
            datasets=Datasets(folder / "data", quarantine, folder / "sources.json"),
            jobs=Jobs(folder / "jobs"),
            artifacts=Artifacts(folder / "artifacts"),
            snapshots=Snapshots(folder / "snapshots"),
            leases=Leases(folder / "leases"),
        )

    def live(self) -> dict[str, Place]:
        """Places of all members that are stored and not deleted."""
        dead = self.tombstones.keys()
        return {key: place for key, place in self.index.places().items() if key not in dead}


@dataclass(frozen=True, slots=True)
class Opened:
    """A store that was opened; what can be done with it is said by its heirs."""

    parts: Parts

    @property
    def folder(self) -> Path:
        """Where the store is, absolute."""
        return self.parts.folder
