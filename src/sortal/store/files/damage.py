"""One thing of a store that is not what was written."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["segment", "data", "split", "job", "artifact"]

ITS_FOLDER = "its folder"
"""Stands for the file where all of a dataset is missing."""

MISSING = "is missing"


@dataclass(frozen=True, slots=True)
class Damage:
    """A file that is missing, too many, or has changed."""

    kind: Kind
    name: str
    """Segment, fingerprint of the data, `data/split`, job, or `kind/name` of the artifact."""

    file: str
    """Path of the file inside it; `its folder` where all of it is missing."""

    what: str
    """Such as `is missing`."""

    @property
    def is_absence(self) -> bool:
        """Whether all of it is missing: it was deleted, or was never stored."""
        return self.what == MISSING and (self.file == ITS_FOLDER or self.kind == "split")

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.file} {self.what}"
