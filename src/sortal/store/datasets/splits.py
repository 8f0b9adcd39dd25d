"""The splits of stored datasets, each stored once beside its dataset."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sortal.data.split import Split
from sortal.errors import Damaged, NotFound
from sortal.store.datasets.faults import SPLITS
from sortal.store.datasets.split_file import has_digest, read_split, write_split
from sortal.store.files import atomic
from sortal.store.files.damage import MISSING
from sortal.store.files.names import check_name, is_segment_name


@dataclass(frozen=True, slots=True)
class Splits:
    """All splits of all datasets of a store; both go by their fingerprints."""

    folder: Path
    """Where the datasets are."""

    quarantine: Path

    def path(self, dataset: str, split: str) -> Path:
        """Where a split is or would be."""
        folder = self.folder / check_name("dataset", dataset)
        return folder / SPLITS / f"{check_name('split', split)}.npz"

    def names(self, dataset: str) -> list[str]:
        """Fingerprints of a dataset's splits."""
        folder = self.folder / check_name("dataset", dataset) / SPLITS
        return sorted(path.stem for path in folder.glob("[!.]*.npz") if is_segment_name(path.stem))

    def save(self, dataset: str, split: Split) -> Path:
        """Store a split beside its dataset, unless it is there and sound; a damaged one is put aside.

        One that an older version wrote without a digest gets it.

        Raises:
            NotFound: The dataset is not stored.
        """
        target = self.path(dataset, split.fingerprint)
        if not target.parent.parent.is_dir():
            raise NotFound("dataset", dataset, (), where=str(self.folder.parent))
        if not target.exists():
            write_split(target, split)
        elif self.fault(dataset, split.fingerprint):
            self.put_aside(dataset, split.fingerprint)
            write_split(target, split)
        elif not has_digest(target):
            write_split(target, read_split(target))
        return target

    def get(self, dataset: str, split: str) -> Split:
        """Read a split.

        Raises:
            NotFound: There is none of that fingerprint.
            Damaged: Its file is.
        """
        path = self.path(dataset, split)
        if not path.exists():
            raise NotFound("split", split, self.names(dataset), where=f"dataset {dataset}")
        return read_split(path)

    def fault(self, dataset: str, split: str) -> str:
        """The fault of a split; empty if there is none."""
        path = self.path(dataset, split)
        try:
            read_split(path)
        except Damaged as error:
            if not os.path.lexists(path):
                return MISSING
            reason = str(error).removeprefix(f"{path}: ").removesuffix(".")
            return reason if reason.startswith("has") else f"is {reason}"
        return ""

    def put_aside(self, dataset: str, split: str) -> Path | None:
        """Move a split to the quarantine; None where it is gone already."""
        moved = atomic.unused(self.quarantine, f"split-{split}.npz")
        return moved if atomic.move_away(self.path(dataset, split), moved) else None

    def copy_sound(self, dataset: str, built: Path) -> None:
        """Copy the sound splits of a stored dataset into a folder that will take its place."""
        for name in self.names(dataset):
            with suppress(Damaged):  # it stays with the dataset that is put aside
                write_split(built / SPLITS / f"{name}.npz", read_split(self.path(dataset, name)))
