"""A dataset divided and prepared: what a method trains on."""

from dataclasses import dataclass, field

import numpy as np

from sortal.data.dataset import Dataset
from sortal.data.inputs import Array, Inputs, Ragged, Rows
from sortal.data.labels import Labels
from sortal.data.lanes import row_blocks
from sortal.data.preparer import Preparation, Preparer
from sortal.data.split import Part, Split

RESIDENT_BYTES = 1 << 29
"""Datasets that, prepared, are above this size [bytes] are prepared block by block for each use."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Dataset + split + what was fitted on the split's training examples.

    The split holds only rows whose label is known (`rows_known`) for the targets that
    are trained; labels of other targets may still be unknown.
    """

    dataset: Dataset
    split: Split
    preparer: Preparer
    target: str | None = None
    """The one independent target that members predict; None for all outputs."""

    _parts: dict[Part, Inputs] = field(default_factory=dict, repr=False)

    @classmethod
    def fit(
        cls, dataset: Dataset, split: Split, preparation: Preparation, target: str | None = None
    ) -> "Prepared":
        """Fit imputer and scaler on the training examples of `split` alone."""
        preparer = Preparer.fit(dataset.inputs, dataset.names, split.train, preparation)
        return cls(dataset, split, preparer, target)

    def inputs(self, part: Part) -> Inputs:
        """Prepared inputs of one part; made once and kept, in memory whatever their size."""
        if part not in self._parts:
            self._parts[part] = self.preparer.apply(self.dataset.inputs.take(self.split.rows(part)))
        return self._parts[part]

    def block(self, part: Part, rows: Rows) -> Inputs:
        """Some prepared examples of one part.

        Args:
            part: The part; of large data what is returned is prepared now and not kept.
            rows: Positions within the part.
        """
        if part in self._parts or not self.is_large:
            return self.inputs(part).take(rows)
        return self.preparer.apply(self.dataset.inputs.take(self.split.rows(part)[rows]))

    @property
    def is_large(self) -> bool:
        """Whether the dataset is too large to be held in memory, prepared."""
        return self.row_bytes * len(self.dataset) > RESIDENT_BYTES

    @property
    def row_bytes(self) -> int:
        """Size of a prepared example [bytes]; the mean where signals differ in length."""
        size = 0
        for array in self.dataset.inputs.arrays.values():
            values = array.values if isinstance(array, Ragged) else array
            size += values.size * (4 if values.dtype == np.float32 else 8)
        return size // max(1, len(self.dataset))

    def is_finite(self, part: Part, rows: Rows) -> bool:
        """Whether preparation leaves nothing missing or infinite among some examples of a part.

        It leaves finite what is, so that only blocks with other values are prepared.
        """
        rows = self.split.rows(part)[rows]
        for name, array in self.dataset.inputs.arrays.items():
            for block in row_blocks(array, rows):
                if _is_finite(block):
                    continue
                if not _is_finite(self.preparer.fitted[name].apply(block)):
                    return False
        return True

    def labels(self, part: Part) -> Labels:
        """Labels of one part: of `target` alone if there is one, else of all outputs."""
        return self.dataset.labels.for_target(self.target).take(self.split.rows(part))

    def weights(self, part: Part, target: str | None = None) -> np.ndarray | None:
        """Physics weights of one part, shape (examples,), None where the data has none.

        Args:
            part: The part.
            target: Whose weights, where targets have their own; `self.target` if not given.
        """
        weights = self.dataset.weights_for(target or self.target)
        return None if weights is None else np.asarray(weights[self.split.rows(part)])

    def with_split(self, split: Split) -> "Prepared":
        """Divide the same dataset otherwise; everything is fitted anew."""
        return Prepared.fit(self.dataset, split, self.preparer.preparation, self.target)


def _is_finite(array: Array) -> bool:
    values = array.values if isinstance(array, Ragged) else array
    return bool(np.isfinite(values).all())


def rows_known(labels: Labels, split: Split, target: str | None) -> Split:
    """Drop the rows that cannot train or be judged: their label, or any of their labels, is unknown."""
    known = labels.for_target(target).known
    if known.all():
        return split
    train, validation, test = (rows[known[rows]] for rows in map(split.rows, Part))
    return Split(train=train, validation=validation, test=test, fold=split.fold)
