"""Which examples train, which validate, which test."""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from sortal.errors import DataError


class Part(StrEnum):
    """A role of examples."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


SCORED = (Part.VALIDATION, Part.TEST)
"""Parts whose scores are stored, one after the other along the examples axis."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Split:
    """Ascending row numbers of each part; the parts do not overlap, and need not cover all rows."""

    train: np.ndarray = field(repr=False)
    validation: np.ndarray = field(repr=False)
    test: np.ndarray = field(repr=False)
    fold: int | None = None
    """Number of the fold that is tested, None outside cross-validation."""

    trained_elsewhere: bool = False
    """Whether what is judged was trained on other examples, so that there need be none to train on."""

    fingerprint: str = ""
    """Hash of the row numbers; filled in when left empty."""

    def __post_init__(self) -> None:
        if len(self.train) == 0 and not self.trained_elsewhere:
            raise DataError("the split leaves no example to train on.")
        if not self.fingerprint:
            digest = hashlib.blake2b(digest_size=16)
            for part in Part:
                rows = self.rows(part)
                digest.update(f"{part} {len(rows)}".encode())
                digest.update(np.ascontiguousarray(rows, dtype=np.int64).tobytes())
            object.__setattr__(self, "fingerprint", digest.hexdigest())

    def rows(self, part: Part) -> np.ndarray:
        """Row numbers of one part, int64, ascending."""
        rows: np.ndarray = getattr(self, part.value)
        return rows

    @property
    def reported(self) -> Part:
        """The part that reports look at: test, or validation where nothing is left to test.

        Where nothing was trained on either, figures may be known without examples: those of tests.
        """
        return Part.TEST if len(self.test) or not len(self.train) else Part.VALIDATION
