"""The truth about examples: classes that exclude each other, or independent targets."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from sortal.errors import NotFound

UNKNOWN = -1
"""Code of an example whose label is not known."""


class Outputs(StrEnum):
    """How a classifier's outputs relate to each other."""

    EXCLUSIVE = "exclusive"
    """One of the classes is true: softmax, scores sum to one."""

    INDEPENDENT = "independent"
    """Each target is true or not on its own: one sigmoid a target."""


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Labels of examples as codes.

    EXCLUSIVE: `codes` has shape (examples,), each the index of a class, or UNKNOWN.
    INDEPENDENT: shape (examples, targets), each 0, 1 or UNKNOWN; `classes` names the targets.
    """

    codes: np.ndarray
    classes: tuple[str, ...]
    outputs: Outputs = Outputs.EXCLUSIVE

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: np.ndarray | slice) -> "Labels":
        """Select examples."""
        return Labels(self.codes[rows], self.classes, self.outputs)

    def for_target(self, target: str | None) -> "Labels":
        """Keep one independent target, as codes of shape (examples, 1); None keeps all."""
        if target is None:
            return self
        if target not in self.classes:
            raise NotFound("target", target, self.classes)
        column = self.classes.index(target)
        return Labels(self.codes[:, [column]], (target,), self.outputs)

    @property
    def known(self) -> np.ndarray:
        """Examples of which every label is known, shape (examples,), bool."""
        known = np.asarray(self.codes != UNKNOWN)
        if known.ndim == 1:
            return known
        return np.asarray(known.all(axis=1))
