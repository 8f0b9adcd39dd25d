"""Examples of one part; their features lie in the dataset until they are read."""

from dataclasses import dataclass

import numpy as np

from sortal.data.labels import Labels
from sortal.data.prepared import Prepared
from sortal.data.split import Part

_PIECE_BYTES = 1 << 20
"""Features that are prepared at once: so much stays in the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class PartRows:
    """Some or all examples of one part."""

    data: Prepared
    part: Part
    chosen: np.ndarray
    """Ascending positions within the part, shape (examples,)."""

    @classmethod
    def of(cls, data: Prepared, part: Part) -> "PartRows":
        """All examples of a part."""
        return cls(data, part, np.arange(len(data.split.rows(part))))

    def __len__(self) -> int:
        return len(self.chosen)

    @property
    def labels(self) -> Labels:
        """Labels of all outputs that the data has."""
        return self.data.dataset.labels.take(self.data.split.rows(self.part)[self.chosen])

    @property
    def weights(self) -> np.ndarray | None:
        """Training weights as `Prepared.training_columns` has them, None where nothing weighs."""
        weights = self.data.training_columns(self.part)
        return None if weights is None else weights[self.chosen]

    @property
    def width(self) -> int:
        """Features of one example."""
        return self.data.dataset.inputs.width

    def take(self, marked: np.ndarray) -> "PartRows":
        """Those examples that are marked, shape (examples,), bool."""
        return PartRows(self.data, self.part, self.chosen[marked])

    def read(self, rows: np.ndarray, dtype: np.dtype[np.floating]) -> np.ndarray:
        """Prepare the features of some examples.

        Args:
            rows: Positions among these examples, in any order.
            dtype: Type to give them.

        Returns:
            A new array of shape (rows, features).
        """
        width = self.width
        matrix = np.empty((len(rows), width), dtype=dtype)
        step = max(1, _PIECE_BYTES // (8 * max(1, width)))
        for start in range(0, len(rows), step):
            # Sorted reads would ask for scattered writes, which take longer than scattered reads.
            here = self.chosen[rows[start : start + step]]
            matrix[start : start + step] = self.data.block(self.part, here).matrix()
        return matrix
