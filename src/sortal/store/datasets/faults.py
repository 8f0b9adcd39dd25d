"""Faults of a folder that should hold a dataset and its splits."""

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from sortal.data.dataset import ABOUT
from sortal.store.files import manifest
from sortal.store.files.damage import ITS_FOLDER, MISSING
from sortal.store.files.digests import Seals, seal_of

SPLITS = "splits"
UNSEALED: Seals = {}


def every(_file: str) -> bool:
    """Every file of a dataset counts."""
    return True


def dataset_faults(folder: Path, compare: manifest.Compare | None) -> list[manifest.Fault]:
    """Faults of a dataset, file by file; the contents of its splits are left out.

    Args:
        folder: Folder of the dataset; its name is the fingerprint.
        compare: How files are compared with their digests; None to compare sizes only.
    """
    if not os.path.lexists(folder):
        return [(ITS_FOLDER, MISSING)]
    if not folder.is_dir():
        return [(ITS_FOLDER, "is no folder")]
    faults = manifest.check(folder, compare=compare, apart=(SPLITS,))
    return [*faults, *_misnamed(folder, faults), *_faults_of_splits(folder / SPLITS)]


def is_same_once(
    path: Path, digest: str, *, seals: Seals = UNSEALED, counts: Callable[[str], bool] = every
) -> bool:
    """Compare a file with its digest once a process.

    Args:
        path: The file.
        digest: What its content should have.
        seals: Files that another process has compared, and how they looked then: as long as
            they look so, they are not read again.
        counts: Tells the files whose content matters; others are not read.
    """
    sealed = seals.get(path.name)
    if not counts(path.name) or (sealed is not None and tuple(sealed) == seal_of(path)):
        return True
    return manifest.read_once(path, digest)


def _misnamed(folder: Path, faults: Iterable[manifest.Fault]) -> list[manifest.Fault]:
    """A fault if the description in a folder is that of another dataset; none if it is damaged itself."""
    if any(file in (ABOUT, manifest.FILE) for file, _ in faults):
        return []
    try:
        described = json.loads((folder / ABOUT).read_bytes())["fingerprint"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        return [(ABOUT, f"is unreadable ({error})")]  # a manifest may belong to another folder
    return [] if described == folder.name else [(ABOUT, f"describes the dataset {described}")]


def _faults_of_splits(folder: Path) -> list[manifest.Fault]:
    """A fault if the folder of splits cannot be used; other files in it are never opened."""
    if not os.path.lexists(folder):
        return []
    if not folder.is_dir():
        return [(SPLITS, "is no folder")]
    try:
        next(folder.iterdir(), None)
    except OSError as error:
        return [(SPLITS, f"is unreadable ({error.strerror})")]
    return []
