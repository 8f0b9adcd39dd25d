"""A dataset divided and prepared: what a method trains on."""

from dataclasses import dataclass, field

import numpy as np

from sortal.data.dataset import Dataset
from sortal.data.inputs import Array, Inputs, Ragged, Rows
from sortal.data.labels import Labels, Outputs
from sortal.data.preparing.channels import row_blocks
from sortal.data.preparing.fitted import prepared_type
from sortal.data.preparing.preparer import Preparation, Preparer
from sortal.data.split import Part, Split
from sortal.data.weighting.rule import FittedWeightRule

RESIDENT_BYTES = 1 << 29
"""Datasets that, prepared, are above this size [bytes] are prepared block by block for each use."""

_LOOKED_AT = 65_536
"""Examples of which features are gathered at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Dataset + split + what was fitted on the split's training examples.

    The split holds only rows whose label is known (`select_known_rows`) for the targets that
    are trained; labels of other targets may still be unknown.
    """

    dataset: Dataset
    split: Split
    preparer: Preparer
    target: str | None = None
    """The one independent target that members predict; None for all outputs."""

    _parts: dict[Part, Inputs] = field(default_factory=dict, repr=False)
    _weighers: dict[str | None, FittedWeightRule] = field(default_factory=dict, repr=False)

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
            kind = prepared_type(values.dtype, single=self.preparer.preparation.single)
            size += values.size * kind.itemsize
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
        return self._labels(part, self.target)

    def weights(self, part: Part, target: str | None = None) -> np.ndarray | None:
        """Physics weights of one part, which scores use; shape (examples,), None where there are none.

        Args:
            part: The part.
            target: Whose weights, where targets have their own; `self.target` if not given.
        """
        weights = self.dataset.weights_for(target or self.target)
        return None if weights is None else np.asarray(weights[self.split.rows(part)])

    def weigher(self, target: str | None = None) -> FittedWeightRule:
        """The rule of training weights, fitted on the training examples once and kept.

        Args:
            target: Whose labels and weights; `self.target` if not given.

        Raises:
            DataError: The rule cannot be applied to these examples.
        """
        target = target or self.target
        if target not in self._weighers:
            self._weighers[target] = FittedWeightRule.fit(
                self.preparer.preparation.weighing,
                self._labels(Part.TRAIN, target),
                self.weights(Part.TRAIN, target),
                self._features,
            )
        return self._weighers[target]

    def training_weights(self, part: Part, target: str | None = None) -> np.ndarray | None:
        """What training sees as weights of one part, shape (examples,), None where nothing weighs.

        Args:
            part: The part; the rule is fitted on the training examples whichever it is.
            target: As in `weigher`.

        Raises:
            DataError: The rule cannot be applied to these examples.
        """
        weigher = self.weigher(target)
        if part is Part.TRAIN:
            return weigher.trained
        return weigher.apply(self._labels(part, target or self.target), self.weights(part, target))

    def training_columns(self, part: Part) -> np.ndarray | None:
        """Training weights of one part for whatever its examples teach, None where nothing weighs.

        Returns:
            Shape (examples,), of all outputs alike or of `self.target`; or (examples, targets)
            where targets that train one at a time have weights of their own.
        """
        every, rule = self.dataset.labels, self.preparer.preparation.weighing
        if rule.is_default:
            weights = self.dataset.weights
            return None if weights is None else np.asarray(weights[self.split.rows(part)])
        if self.target or every.outputs is Outputs.EXCLUSIVE:
            return self.training_weights(part)
        columns = [self.training_weights(part, target) for target in every.classes]
        return np.stack([column for column in columns if column is not None], axis=1)

    def _labels(self, part: Part, target: str | None) -> Labels:
        return self.dataset.labels.for_target(target).take(self.split.rows(part))

    def _features(self) -> np.ndarray:
        """Prepared training examples side by side, float32, shape (examples, features)."""
        count = len(self.split.train)
        starts = range(0, count, _LOOKED_AT)
        blocks = (self.block(Part.TRAIN, slice(start, start + _LOOKED_AT)) for start in starts)
        return np.concatenate([block.matrix().astype(np.float32) for block in blocks])

    def with_split(self, split: Split) -> "Prepared":
        """Divide the same dataset otherwise; everything is fitted anew."""
        return Prepared.fit(self.dataset, split, self.preparer.preparation, self.target)


def _is_finite(array: Array) -> bool:
    values = array.values if isinstance(array, Ragged) else array
    return bool(np.isfinite(values).all())


def select_known_rows(labels: Labels, split: Split, target: str | None) -> Split:
    """Drop the rows that cannot train or be judged: their label, or any of their labels, is unknown."""
    known = labels.for_target(target).known
    if known.all():
        return split
    train, validation, test = (rows[known[rows]] for rows in map(split.rows, Part))
    return Split(train=train, validation=validation, test=test, fold=split.fold)
