"""Named artifacts: projections, ensembles, derived matrices; folders that are replaced whole.

`artifacts/<kind>/<name>/artifact.json` names the folder that counts, so a replacement
is one rename and a killed process leaves the old content or the new.
"""

import json
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sortal.errors import Damaged, NotFound
from sortal.store.files import atomic, manifest
from sortal.store.files.json_lines import Json, Record, parse, plain
from sortal.store.files.names import check_name

FILE = "artifact.json"
_VERSION = "v-"
_REPLACED_S = 3600.0
"""Age at which a folder that does not count is no longer one being put in place [s]."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A stored artifact."""

    kind: str
    name: str
    folder: Path
    """Its files; gone once the artifact is replaced."""

    meta: Record


@dataclass(frozen=True, slots=True)
class Artifacts:
    """All artifacts of a store."""

    folder: Path

    def kinds(self) -> list[str]:
        """Kinds of which there are artifacts."""
        return _folders(self.folder)

    def names(self, kind: str) -> list[str]:
        """Names of the artifacts of a kind."""
        shelf = self.folder / check_name("kind of artifact", kind)
        return [name for name in _folders(shelf) if (shelf / name / FILE).exists()]

    def has(self, kind: str, name: str) -> bool:
        """True if there is an artifact of that kind and name."""
        return (self.path(kind, name) / FILE).exists()

    def path(self, kind: str, name: str) -> Path:
        """Where an artifact is or would be."""
        return self.folder / check_name("kind of artifact", kind) / check_name("artifact", name)

    def save(self, kind: str, name: str, meta: Json, write: Callable[[Path], None]) -> Artifact:
        """Store or replace an artifact.

        Args:
            kind: Such as `projection`.
            name: Its name among its kind.
            meta: Plain JSON about it; NaN becomes null.
            write: Writes its files into the empty folder that it is given.

        Raises:
            Damaged: There is one whose description is unreadable; put it aside first.
        """
        shelf = self.path(kind, name)
        before = self._before(kind, name)
        built = atomic.temporary_folder(shelf)
        try:
            write(built)
            manifest.write(built)
            version = shelf / f"{_VERSION}{secrets.token_hex(8)}"
            built.rename(version)
        finally:
            atomic.discard(built)
        about = {"folder": version.name, "meta": plain(meta)}
        atomic.write_text(shelf / FILE, json.dumps(about, allow_nan=False, indent=1) + "\n")
        if before:
            atomic.discard(before)
        return self.get(kind, name)

    def get(self, kind: str, name: str) -> Artifact:
        """A stored artifact.

        Raises:
            NotFound: There is none of that kind and name.
            Damaged: Its description is unreadable.
        """
        path = self.path(kind, name) / FILE
        try:
            about = parse(path.read_bytes(), path)
            folder = path.parent / check_name("folder", about["folder"])
            return Artifact(kind, name, folder, dict(about["meta"]))
        except FileNotFoundError as error:
            raise NotFound(kind, name, self.names(kind), where=str(self.folder.parent)) from error
        except (KeyError, TypeError, ValueError) as error:
            raise Damaged(f"{path}: does not describe an artifact.") from error

    def faults(self, kind: str, name: str) -> list[manifest.Fault]:
        """What is wrong with an artifact, file by file."""
        try:
            return manifest.check(self.get(kind, name).folder)
        except Damaged as error:
            return [(FILE, f"is unreadable ({error})")]

    def remove(self, kind: str, name: str) -> None:
        """Delete an artifact."""
        self.get(kind, name)
        atomic.discard(self.path(kind, name))

    def replaced(self) -> Iterator[Path]:
        """Folders that no description names any more, left by processes that were killed."""
        for kind in self.kinds():
            for name in _folders(self.folder / kind):
                try:
                    current = self._before(kind, name)
                except Damaged:
                    continue  # which folder counts cannot be told; `verify` names it
                for path in (self.folder / kind / name).glob(f"{_VERSION}*"):
                    age_s = time.time() - path.stat().st_mtime
                    if path != current and age_s > _REPLACED_S:
                        yield path

    def _before(self, kind: str, name: str) -> Path | None:
        """The folder that counts now, None for an artifact that is not there yet."""
        return self.get(kind, name).folder if self.has(kind, name) else None


def _folders(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(
        path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")
    )
