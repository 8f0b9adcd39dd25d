"""One thing of a store that is not what was written."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["segment", "data", "split", "job", "artifact"]


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

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.file} {self.what}"
