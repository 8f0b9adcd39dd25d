"""Datasets and their splits, each stored once under its fingerprint."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sortal.data.dataset import Dataset
from sortal.data.split import Part, Split
from sortal.data.undamaged import undamaged
from sortal.errors import Damaged, NotFound
from sortal.store import atomic, manifest
from sortal.store.names import check_name

SPLITS = "splits"
_NO_FOLD = -1


@dataclass(frozen=True, slots=True)
class Datasets:
    """All datasets of a store."""

    folder: Path
    quarantine: Path
    sources: Path
    """Cache of which source became which dataset."""

    def names(self) -> list[str]:
        """Fingerprints of the stored datasets."""
        if not self.folder.is_dir():
            return []
        return sorted(
            path.name
            for path in self.folder.iterdir()
            if path.is_dir() and not path.name.startswith(atomic.PREFIX)
        )

    def path(self, fingerprint: str) -> Path:
        """Where a dataset is or would be."""
        return self.folder / check_name("dataset", fingerprint)

    def save(self, dataset: Dataset) -> Path:
        """Store a dataset, unless it is there with all its files at full length."""
        target = self.path(dataset.fingerprint)
        if not target.is_dir() or self._shallow_faults(target):
            built = atomic.temporary_folder(self.folder)
            try:
                dataset.save(built)
                manifest.write(built)
                if (target / SPLITS).is_dir():
                    shutil.copytree(target / SPLITS, built / SPLITS)
                self.install(built, dataset.fingerprint)
            finally:
                atomic.discard(built)
        return target

    def install(self, built: Path, fingerprint: str) -> None:
        """Move a finished folder to its place, or discard it where a whole one is."""
        target = self.path(fingerprint)
        while not atomic.place(built, target):
            if not self._shallow_faults(target):
                atomic.discard(built)
                return
            self.put_aside(fingerprint)

    def get(self, fingerprint: str) -> Dataset:
        """Open a dataset; its arrays are memory maps.

        Raises:
            NotFound: There is none of that fingerprint.
            Damaged: Its files are.
        """
        folder = self.path(fingerprint)
        if not folder.is_dir():
            raise NotFound("dataset", fingerprint, self.names(), where=str(self.folder.parent))
        return Dataset.load(folder)

    def split_path(self, dataset: str, split: str) -> Path:
        """Where a split is or would be."""
        return self.path(dataset) / SPLITS / f"{check_name('split', split)}.npz"

    def split_names(self, dataset: str) -> list[str]:
        """Fingerprints of a dataset's splits."""
        folder = self.path(dataset) / SPLITS
        return sorted(path.stem for path in folder.glob("[!.]*.npz"))

    def save_split(self, dataset: str, split: Split) -> Path:
        """Store a split beside its dataset, unless it is there and readable.

        Raises:
            NotFound: The dataset is not stored.
        """
        if not self.path(dataset).is_dir():
            raise NotFound("dataset", dataset, self.names(), where=str(self.folder.parent))
        target = self.split_path(dataset, split.fingerprint)
        if not target.exists() or self.split_fault(dataset, split.fingerprint):
            _write_split(target, split)
        return target

    def split(self, dataset: str, split: str) -> Split:
        """Read a split.

        Raises:
            NotFound: There is none of that fingerprint.
            Damaged: Its file is.
        """
        path = self.split_path(dataset, split)
        if not path.exists():
            known = self.split_names(dataset)
            raise NotFound("split", split, known, where=f"dataset {dataset}")
        return _read_split(path)

    def split_fault(self, dataset: str, split: str) -> str:
        """What is wrong with a split, empty if nothing."""
        try:
            _read_split(self.split_path(dataset, split))
        except Damaged as error:
            return f"is unreadable ({error})"
        return ""

    def faults(self, fingerprint: str) -> list[manifest.Fault]:
        """What is wrong with a dataset, file by file; its splits apart."""
        return manifest.check(self.path(fingerprint), apart=(SPLITS,))

    def put_aside(self, fingerprint: str) -> Path | None:
        """Move a dataset and its splits to the quarantine; None where it is gone already."""
        suffix = atomic.temporary(self.quarantine).name.removeprefix(atomic.PREFIX)
        moved = self.quarantine / f"data-{fingerprint}-{suffix}"
        return moved if atomic.move_away(self.path(fingerprint), moved) else None

    def remember_source(self, signature: str, fingerprint: str) -> None:
        """Note which dataset a source was read into; another process may undo this."""
        known = {**self._sources(), signature: fingerprint}
        atomic.write_text(self.sources, json.dumps(known, indent=1))

    def known_source(self, signature: str) -> str | None:
        """Fingerprint of the stored dataset that a source was read into, None if not known."""
        fingerprint = self._sources().get(signature)
        if fingerprint is None or not self.path(fingerprint).is_dir():
            return None
        return fingerprint

    def _shallow_faults(self, folder: Path) -> list[manifest.Fault]:
        return manifest.check(folder, deep=False, apart=(SPLITS,))

    def _sources(self) -> dict[str, str]:
        try:
            known = json.loads(self.sources.read_bytes())
        except (OSError, ValueError):
            return {}  # a cache: what it does not say is read again
        return {str(k): str(v) for k, v in known.items()} if isinstance(known, dict) else {}


def _write_split(target: Path, split: Split) -> None:
    target.parent.mkdir(exist_ok=True)
    built = atomic.temporary(target.parent)
    fold = _NO_FOLD if split.fold is None else split.fold
    train, validation, test = (np.asarray(split.rows(part), dtype=np.int64) for part in Part)
    try:
        with built.open("wb") as file:
            np.savez(file, train=train, validation=validation, test=test, fold=np.int64(fold))
        built.replace(target)
    finally:
        built.unlink(missing_ok=True)


def _read_split(path: Path) -> Split:
    with (
        undamaged(path, "a readable split"),
        # Opened here because numpy leaves a file open that is no zip archive.
        path.open("rb") as file,
        np.load(file, allow_pickle=False) as stored,
    ):
        fold = int(stored["fold"])
        rows = {part.value: stored[part.value] for part in Part}
    split = Split(
        **rows,
        fold=None if fold == _NO_FOLD else fold,
        # Any other without training examples was refused before it was stored.
        trained_elsewhere=not len(rows[Part.TRAIN.value]),
    )
    if split.fingerprint != path.stem:
        raise Damaged(f"{path}: holds the split {split.fingerprint}.")
    return split
