"""Resumable state of populations in training: never results, and worthless once they are done."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sortal.store.files import atomic
from sortal.store.files.names import check_name


@dataclass(frozen=True, slots=True)
class Snapshots:
    """All snapshots of a store; what is in one is the method's own affair."""

    folder: Path

    def take(self, task: str) -> Path:
        """The folder of a task's snapshots, created if need be."""
        folder = self.folder / check_name("task", task)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def drop(self, task: str) -> None:
        """Delete a task's snapshots at once; nothing happens if there are none."""
        atomic.discard(self.folder / check_name("task", task))

    def folders(self) -> list[Path]:
        """Folders of all tasks that have any, by name."""
        return sorted(path for path in self.folder.glob("[!.]*") if path.is_dir())

    def old(self, days: float) -> Iterator[Path]:
        """Snapshots that are empty, or that nobody wrote to for so many days."""
        if not self.folder.is_dir():
            return
        for folder in self.folder.iterdir():
            if folder.name.startswith("."):
                continue
            touched = [path.stat().st_mtime for path in atomic.files_below(folder)]
            newest = max(touched, default=0.0)
            if time.time() - newest > days * 86400:
                yield folder
