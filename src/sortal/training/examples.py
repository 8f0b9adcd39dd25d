"""Examples as tensors: features that all members see, truths and weights by lesson."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sortal.data.labels import UNKNOWN, Labels, Outputs
from sortal.data.prepared import Prepared
from sortal.data.split import Part
from sortal.data.weighing import weights_for
from sortal.errors import NotFound
from sortal.training.class_weights import given_factors
from sortal.training.holdout import hold_out

_BLOCK_BYTES = 1 << 26
"""Size of the copies that shuffling makes."""

_CERTAIN = 1e3
"""Distance in logits at which a probability is 0 or 1 in any precision."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one or more members learn: one independent target, or all outputs."""

    target: str | None
    weighted: bool
    """Whether the examples' own weights count."""

    balanced: bool
    """Whether every class (of each target) gets the same total of absolute weights."""

    factors: tuple[tuple[str, float], ...] = ()
    """Factors on the weights of classes by name; of independent targets on their presence."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Examples of one part.

    Weights are scaled so that their absolute values average 1 over the training
    examples: a sum of losses over rows divided by the number of rows is then the
    weighted mean, also when it is taken minibatch by minibatch.
    """

    features: Tensor
    """Shape (rows, features)."""

    truth: Tensor
    """Class numbers (lessons, rows), or 0 and 1 of shape (lessons, rows, targets)."""

    weights: Tensor
    """Shape as `truth`; 0 where the label is unknown, or is one that no training example has."""

    offsets: Tensor | None
    """Added to outputs, shape (lessons, outputs): 0, or far below (or above) where training
    cannot teach anything else than that the class never (or always) occurs. None for 0."""

    def __len__(self) -> int:
        return len(self.features)

    def blocks(self, order: Tensor | None, batch_size: int) -> Iterator["Examples"]:
        """Give the examples block by block.

        Args:
            order: Rows in the order they are wanted in; None for all as they lie.
            batch_size: What the length of every block but the last is a multiple of.

        Yields:
            Examples that may be cut, copies if an order was asked for.
        """
        if order is None:
            yield self
            return
        row_bytes = self.features[:1].nbytes + self.truth[:, :1].nbytes + self.weights[:, :1].nbytes
        rows = batch_size * max(1, _BLOCK_BYTES // (batch_size * row_bytes))
        for start in range(0, len(order), rows):
            taken = order[start : start + rows].to(self.features.device)
            truth, weights = self.truth[:, taken], self.weights[:, taken]
            yield Examples(self.features[taken], truth, weights, self.offsets)

    def cut(self, rows: slice) -> "Examples":
        """View neighbouring rows, uncopied."""
        truth, weights = self.truth[:, rows], self.weights[:, rows]
        return Examples(self.features[rows], truth, weights, self.offsets)

    def weights_of(self, lessons: Tensor) -> Tensor:
        """Weights of each member's lesson; of length 1 when there is one lesson."""
        return self.weights if len(self.weights) == 1 else self.weights[lessons]

    def shifted(self, outputs: Tensor, lessons: Tensor) -> Tensor:
        """Add each lesson's offsets to outputs of shape (members, rows, outputs)."""
        if self.offsets is None:
            return outputs
        return outputs + self.offsets[lessons].unsqueeze(1)

    def answers(self, lessons: Tensor) -> tuple[Tensor, Tensor]:
        """Truth and weights of each member's lesson; of length 1 when there is one lesson."""
        if len(self.truth) == 1:
            return self.truth, self.weights
        return self.truth[lessons], self.weights[lessons]


def gather(
    data: Prepared,
    lessons: Sequence[Lesson],
    *,
    validated: bool,
    precision: torch.dtype,
    device: torch.device,
) -> tuple[Examples, Examples | None]:
    """Lay out training and validation examples.

    Args:
        data: Prepared examples.
        lessons: Truths that members learn; all have the same number of outputs.
        validated: Whether a validation loss is needed: without a validation part, a
            tenth of the training examples then serves for it (`holdout.hold_out`).
        precision: Type of features and weights.
        device: Where the tensors live.

    Returns:
        Validation examples are None where there are none.
    """
    train = _Arrays.of(data, Part.TRAIN)
    validation = _Arrays.of(data, Part.VALIDATION) if len(data.split.validation) else None
    if validation is None and validated:
        held = hold_out(data)
        train, validation = train.take(~held), (train.take(held) if held.any() else None)
    scales = [_Scale.fit(train, lesson, data.target) for lesson in lessons]
    seen = train.tensors(scales, precision, device)
    if validation is None:
        return seen, None
    return seen, validation.tensors(scales, precision, device)


@dataclass(frozen=True, slots=True, eq=False)
class _Arrays:
    """One part before it becomes tensors."""

    features: np.ndarray
    labels: Labels
    weights: np.ndarray | None
    """Shape (rows,), or (rows, targets) where targets have their own."""

    @classmethod
    def of(cls, data: Prepared, part: Part) -> "_Arrays":
        rows, weights = data.split.rows(part), data.dataset.weights
        labels = data.dataset.labels.take(rows)
        return cls(data.inputs(part).matrix(), labels, None if weights is None else weights[rows])

    def take(self, rows: np.ndarray) -> "_Arrays":
        weights = None if self.weights is None else self.weights[rows]
        return _Arrays(self.features[rows], self.labels.take(rows), weights)

    def importance(self, target: str | None, *, weighted: bool) -> np.ndarray:
        weights = weights_for(self.weights, self.labels, target) if weighted else None
        return np.ones(len(self.labels)) if weights is None else weights.astype(np.float64)

    def tensors(
        self, scales: Sequence["_Scale"], precision: torch.dtype, device: torch.device
    ) -> Examples:
        exclusive = self.labels.outputs is Outputs.EXCLUSIVE
        truths, weights = zip(*(scale.apply(self) for scale in scales), strict=True)
        offsets = np.stack([scale.offsets for scale in scales])
        return Examples(
            torch.tensor(self.features, dtype=precision, device=device),
            torch.tensor(
                np.stack(truths), dtype=torch.int64 if exclusive else precision, device=device
            ),
            torch.tensor(np.stack(weights), dtype=precision, device=device),
            torch.tensor(offsets, dtype=precision, device=device) if offsets.any() else None,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Scale:
    """A lesson with the factors that its weights take, known from the training examples."""

    target: str | None
    weighted: bool
    factors: np.ndarray
    """By class: shape (classes,), or (targets, 2) for absent and present; 0 where training
    has no such example."""

    seen: np.ndarray
    """Which classes training has, shape as `factors`, bool."""

    @property
    def offsets(self) -> np.ndarray:
        """What `Examples.offsets` holds for this lesson."""
        seen = self.seen.astype(np.float64)
        return _CERTAIN * (seen - 1 if seen.ndim == 1 else seen[:, 1] - seen[:, 0])

    @classmethod
    def fit(cls, train: _Arrays, lesson: Lesson, narrowed: str | None) -> "_Scale":
        target = lesson.target or narrowed
        labels = train.labels.for_target(target)
        sizes = np.abs(train.importance(target, weighted=lesson.weighted))
        if labels.outputs is Outputs.EXCLUSIVE:
            factors = _factors(labels.codes, sizes, len(labels.classes), lesson)
        else:
            columns = [_factors(column, sizes, 2, lesson) for column in labels.codes.T]
            factors = np.stack(columns)
        given = {name: factor for name, factor in lesson.factors if name in labels.classes}
        _check_classes(lesson, train.labels.classes)
        own = given_factors(given, labels.classes, labels.outputs)
        return cls(target, lesson.weighted, factors * own, factors > 0)

    def apply(self, part: _Arrays) -> tuple[np.ndarray, np.ndarray]:
        labels = part.labels.for_target(self.target)
        codes = np.asarray(labels.codes)
        known = codes != UNKNOWN
        truth = np.where(known, codes, 0)
        weights = part.importance(self.target, weighted=self.weighted)
        if labels.outputs is Outputs.EXCLUSIVE:
            return truth, weights * self.factors[truth] * known
        factors = np.take_along_axis(self.factors, truth.T.astype(np.intp), axis=1).T
        return truth, weights[:, np.newaxis] * factors * known


def _check_classes(lesson: Lesson, classes: Sequence[str]) -> None:
    """Names of classes are looked up among all, also by members that learn one target."""
    for name, _ in lesson.factors:
        if name not in classes:
            raise NotFound("class", name, classes, where="class_weight")


def _factors(codes: np.ndarray, sizes: np.ndarray, classes: int, lesson: Lesson) -> np.ndarray:
    """What weights of each class are multiplied with; absent classes have no say.

    Args:
        codes: Class of each example or UNKNOWN, shape (examples,).
        sizes: Absolute weights, shape (examples,).
        classes: Number of classes.
        lesson: Whether classes are balanced.
    """
    known = codes != UNKNOWN
    totals = np.bincount(codes[known], weights=sizes[known], minlength=classes)
    present = totals > 0
    if not present.any():
        return np.zeros(classes)
    share = known.sum() / (present.sum() if lesson.balanced else totals.sum())
    each = totals if lesson.balanced else np.ones(classes)
    factors: np.ndarray = np.divide(share, each, out=np.zeros(classes), where=present)
    return factors
