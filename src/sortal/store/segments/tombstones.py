"""Which members are deleted: one empty file a key, until `gc` frees their segments."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sortal.store.files.names import check_name


@dataclass(frozen=True, slots=True)
class Tombstones:
    """Deleted members of a store."""

    folder: Path

    def keys(self) -> frozenset[str]:
        """Keys of all deleted members."""
        if not self.folder.is_dir():
            return frozenset()
        return frozenset(path.name for path in self.folder.iterdir())

    def add(self, keys: Iterable[str]) -> None:
        """Mark members as deleted."""
        for key in keys:
            self.folder.mkdir(exist_ok=True)
            (self.folder / check_name("member key", key)).touch()

    def clear(self, keys: Iterable[str]) -> None:
        """Mark members as not deleted."""
        for key in keys:
            (self.folder / check_name("member key", key)).unlink(missing_ok=True)
