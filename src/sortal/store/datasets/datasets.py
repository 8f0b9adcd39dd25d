"""Datasets, each stored once under its fingerprint."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from sortal.data.dataset import ABOUT, Dataset, is_of_inputs
from sortal.data.storage.stored_files import raise_damaged
from sortal.errors import Damaged, NotFound
from sortal.store.datasets.faults import UNSEALED, dataset_faults, every, is_same_once
from sortal.store.datasets.splits import Splits
from sortal.store.files import atomic, manifest
from sortal.store.files.digests import Seals, seal_of
from sortal.store.files.names import check_name


@dataclass(frozen=True, slots=True)
class Datasets:
    """All datasets of a store."""

    folder: Path
    quarantine: Path
    sources: Path
    """Cache of which source became which dataset."""

    @property
    def splits(self) -> Splits:
        """The splits of these datasets."""
        return Splits(self.folder, self.quarantine)

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
        """Store a dataset, unless it is there and sound; a damaged one is put aside.

        Sound splits of a damaged one are kept.

        Raises:
            Damaged: The dataset was opened in this store, and its files have changed since.
        """
        target = self.path(dataset.fingerprint)
        if self.faults(dataset.fingerprint, compare=manifest.read_once):
            built = atomic.temporary_folder(self.folder)
            try:
                dataset.save(built)
                self._refuse_changed(dataset)
                manifest.write(built)
                self.splits.copy_sound(dataset.fingerprint, built)
                self.install(built, dataset.fingerprint)
            finally:
                atomic.discard(built)
        return target

    def install(self, built: Path, fingerprint: str) -> None:
        """Move a finished folder to its place, or discard it where a sound one is."""
        target = self.path(fingerprint)
        while True:
            free = target.is_dir() or not os.path.lexists(target)
            if free and atomic.place(built, target):
                return
            judged = _identity(target)
            if not self.faults(fingerprint, compare=manifest.read_once):
                atomic.discard(built)
                return
            self.put_aside(fingerprint, judged)

    def get(self, fingerprint: str, seals: Seals | None = None) -> Dataset:
        """Open a dataset whose files are what was written; its arrays are memory maps.

        Every file is read once a process for this, unless it changes.

        Args:
            fingerprint: Fingerprint of the dataset.
            seals: Large files that the driver of a run has compared with their digests: as long
                as they have the size and the time that they had then, they are not read again.

        Raises:
            NotFound: There is none of that fingerprint.
            Damaged: A file of it is missing or has changed, or there is one too many.
        """
        return Dataset.load(self._sound(fingerprint, seals=seals or UNSEALED))

    def truth(self, fingerprint: str) -> Dataset:
        """Open what is known of the examples: labels, ids, weights, groups, folds; no inputs.

        The contents of inputs, which may be large, are not read.

        Raises:
            NotFound: There is none of that fingerprint.
            Damaged: A file is missing or has changed, or there is one too many.
        """
        folder = self._sound(fingerprint, lambda file: not is_of_inputs(file))
        return Dataset.load(folder, inputs=False)

    def name_of(self, fingerprint: str) -> str:
        """What a dataset is called, whatever became of its examples.

        Raises:
            NotFound: There is none of that fingerprint.
            Damaged: Its description is.
        """
        folder = self._sound(fingerprint, lambda file: file in (ABOUT, manifest.FILE))
        return str(json.loads((folder / ABOUT).read_bytes())["name"])

    def seals(self, fingerprint: str) -> dict[str, tuple[int, int]]:
        """Size [bytes] and time of change [ns] of each file of a sound dataset, by name.

        Raises:
            Damaged: The dataset is not sound.
        """
        folder = self.path(fingerprint)
        with raise_damaged(folder, "a sound dataset"):
            return {name: seal_of(folder / name) for name in sorted(manifest.sizes(folder))}

    def faults(
        self, fingerprint: str, *, compare: manifest.Compare | None = manifest.read_anew
    ) -> list[manifest.Fault]:
        """Faults of a dataset, file by file; the contents of its splits are left out.

        Args:
            fingerprint: Fingerprint of the dataset.
            compare: How files are compared with their digests; None to compare sizes only.
        """
        return dataset_faults(self.path(fingerprint), compare)

    def put_aside(self, fingerprint: str, judged: tuple[int, int] | None = None) -> Path | None:
        """Move a dataset and its splits to the quarantine; None where it is gone already.

        Args:
            fingerprint: Fingerprint of the dataset.
            judged: Identity of the folder that was found damaged. One that another process has
                put in its place meanwhile is moved back.
        """
        moved = atomic.unused(self.quarantine, f"data-{fingerprint}")
        if not atomic.move_away(self.path(fingerprint), moved):
            return None
        if judged and _identity(moved) != judged and atomic.place(moved, self.path(fingerprint)):
            return None
        return moved

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

    def _sound(
        self, fingerprint: str, counts: Callable[[str], bool] = every, seals: Seals = UNSEALED
    ) -> Path:
        """The folder of a dataset of which the files that count are what was written."""
        folder = self.path(fingerprint)
        if not folder.is_dir():
            raise NotFound("dataset", fingerprint, self.names(), where=str(self.folder.parent))
        compare = partial(is_same_once, seals=seals, counts=counts)
        faults = [one for one in dataset_faults(folder, compare) if counts(one[0])]
        if faults:
            listed = ", ".join(f"{file} {what}" for file, what in faults)
            raise Damaged(f"{folder}: {listed}; the dataset is not used.")
        return folder

    def _refuse_changed(self, dataset: Dataset) -> None:
        """Refuse to store what was read from files of this store that have changed since."""
        is_ours = any(_lies_in(array, self.folder) for array in dataset.stored_arrays())
        if is_ours and not dataset.is_intact():
            raise Damaged(
                f"{self.path(dataset.fingerprint)}: the dataset has changed while it was in use; "
                "it is not stored again."
            )

    def _sources(self) -> dict[str, str]:
        try:
            known = json.loads(self.sources.read_bytes())
        except (OSError, ValueError):
            return {}  # a cache: what it does not say is read again
        return {str(k): str(v) for k, v in known.items()} if isinstance(known, dict) else {}


def _identity(path: Path) -> tuple[int, int]:
    """Identity of a folder, by which it is distinguished from another one of the same name."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return (0, 0)
    return (found.st_dev, found.st_ino)


def _lies_in(array: np.ndarray, folder: Path) -> bool:
    """Whether an array is a map of a file in a folder."""
    name = array.filename if isinstance(array, np.memmap) else None
    return name is not None and Path(name).is_relative_to(folder)
