"""Which plugins of a folder a job needs: found in their text, so that the others are not run."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from sortal.plugins.source_files import claimed_names, written_name

_METHOD = re.compile(r"""\bmethod["']?\s*:\s*(\S)["']?([A-Za-z0-9_-]*)""")
"""The key `method` of a native job in YAML or JSON, the first character behind it, and the name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NeededPlugins:
    """Names that a job has for data sets and classifiers."""

    datasets: frozenset[str] = frozenset()

    classifiers: frozenset[str] = frozenset()

    @classmethod
    def in_text(cls, text: str) -> "NeededPlugins | None":
        """The methods that the text of a native job names; None where an alias stands for one.

        >>> sorted(Named.in_text("{method: svm}, {'method': 'my_knn', k: 3}").classifiers)
        ['my_knn', 'svm']
        """
        found = _METHOD.findall(text)
        if any(first in "*&!|>{[#" for first, _ in found):
            return None
        return cls(classifiers=frozenset(first.strip("\"'") + rest for first, rest in found))

    def of_kind(self, kind: str) -> frozenset[str]:
        """The names of one kind: data sets or classifiers.

        Args:
            kind: Name of the folder: `datasets` or `classifiers`.
        """
        return self.datasets if kind == "datasets" else self.classifiers

    def chosen(self, folders: Iterable[Path]) -> list[Path]:
        """Plugins that have, or may have, one of the names: the first that are to be loaded.

        Where a name of the job stands in no text, those whose text holds no name are among them.
        """
        every = list(folders)
        claimed = {folder: self._claimed(folder) for folder in every}
        found = {folder for folder, names in claimed.items() if names}
        open_kinds = {
            kind
            for kind in ("datasets", "classifiers")
            if self.left(
                kind, {name for one in found if one.parent.name == kind for name in claimed[one]}
            )
        }
        found |= {
            folder
            for folder in every
            if folder.parent.name in open_kinds and written_name(folder) is None
        }
        return [folder for folder in every if folder in found]

    def left(self, kind: str, known: Collection[str]) -> frozenset[str]:
        """Names of one kind that are not among some."""
        return self.of_kind(kind) - frozenset(known)

    def _claimed(self, folder: Path) -> frozenset[str]:
        """Names of the job that a plugin has; a name in its text counts before that of its folder."""
        wanted = self.of_kind(folder.parent.name)
        said = written_name(folder)
        return wanted & (claimed_names(folder) if said is None else {said, folder.name})
