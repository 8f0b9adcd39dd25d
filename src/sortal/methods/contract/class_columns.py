"""Which classes each output saw in training, and so where its probabilities go."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sortal.data.labels import Labels, Outputs
from sortal.data.prepared import Prepared
from sortal.data.split import Part
from sortal.errors import Damaged
from sortal.methods.contract.base import Member


def training_labels(data: Prepared, member: Member) -> Labels:
    """Labels of the training examples: of the member's own target if it has one."""
    return data.dataset.labels.for_target(member.target).take(data.split.train)


def training_weights(data: Prepared, member: Member) -> np.ndarray | None:
    """Training weights of the training examples, None for a member that sees none."""
    return data.training_weights(Part.TRAIN, member.target) if member.weights else None


def target_columns(labels: Labels) -> list[np.ndarray]:
    """Columns of codes to learn: one for EXCLUSIVE labels, one a target for INDEPENDENT ones."""
    codes = np.asarray(labels.codes)
    return [codes] if codes.ndim == 1 else list(codes.T)


@dataclass(frozen=True, slots=True)
class ClassColumns:
    """Codes that occur in training, by truth that is learnt.

    Libraries return columns only for classes that they saw; scores have a column for every
    class of the data (EXCLUSIVE) or the probability that each target is true (INDEPENDENT).
    """

    codes: tuple[tuple[int, ...], ...]
    """Ascending codes: one entry for EXCLUSIVE labels, one a target for INDEPENDENT ones."""

    columns: int
    """Width of scores."""

    outputs: Outputs

    @classmethod
    def among(cls, labels: Labels) -> "ClassColumns":
        """Look at the labels of all training examples."""
        columns = target_columns(labels)
        codes = tuple(tuple(int(code) for code in np.unique(column)) for column in columns)
        return cls(codes, len(labels.classes), labels.outputs)

    def place(self, parts: Sequence[np.ndarray], into: np.ndarray) -> None:
        """Write probabilities of seen classes, (examples, seen) a part, to (examples, columns).

        A class that training never saw gets 0.
        """
        into[...] = 0
        if self.outputs is Outputs.EXCLUSIVE:
            into[:, list(self.codes[0])] = parts[0]
            return
        for column, (codes, part) in enumerate(zip(self.codes, parts, strict=True)):
            if 1 in codes:
                into[:, column] = part[:, codes.index(1)]

    def describe(self) -> dict[str, Any]:
        """As plain JSON."""
        return {"codes": self.codes, "columns": self.columns, "outputs": self.outputs.value}

    @classmethod
    def read(cls, described: dict[str, Any]) -> "ClassColumns":
        """From what `describe` gave.

        Raises:
            Damaged: The codes do not fit the columns.
        """
        outputs = Outputs(described["outputs"])
        codes = tuple(tuple(map(int, part)) for part in described["codes"])
        columns = int(described["columns"])
        exclusive = outputs is Outputs.EXCLUSIVE
        highest = columns if exclusive else 2
        fits = len(codes) == (1 if exclusive else columns)
        if not fits or any(not part or min(part) < 0 or max(part) >= highest for part in codes):
            raise Damaged(f"stored model: classes {codes} do not fit {columns} columns.")
        return cls(codes, columns, outputs)
