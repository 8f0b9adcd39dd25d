"""What members learn: the truth of one target or of all outputs, and what its rows weigh."""

from dataclasses import dataclass

import numpy as np

from sortal.data.labels import UNKNOWN, Labels, Outputs
from sortal.data.weighting.target import weights_for
from sortal.training.examples.class_weights import given_factors

_CERTAIN = 1e3
"""Distance in logits at which a probability is 0 or 1 in any precision."""


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """What one or more members learn: one independent target, or all outputs."""

    target: str | None
    weighted: bool
    """Whether the examples' own weights count."""

    balanced: bool
    """Whether every class (of each target) gets the same total of absolute weights."""

    factors: tuple[tuple[str, float], ...] = ()
    """Factors on the weights of classes by name; of independent targets on their presence."""

    scaled: bool = True
    """Whether absolute weights are scaled to a mean of 1, before factors; else they keep the sum
    that they come with."""


@dataclass(frozen=True, slots=True, eq=False)
class TargetWeights:
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
    def fit(
        cls, every: Labels, weights: np.ndarray | None, lesson: TargetSpec, narrowed: str | None
    ) -> "TargetWeights":
        """Balance and scale weights.

        Args:
            every: Labels of the training examples, of all outputs.
            weights: Their physics weights, if there are any, shape (examples,), or (examples,
                targets) where targets have their own.
            lesson: What is learned.
            narrowed: The one target that the data is reduced to, if it is.
        """
        target = lesson.target or narrowed
        labels = every.for_target(target)
        sizes = np.abs(_importance(every, weights, target, weighted=lesson.weighted))
        if labels.outputs is Outputs.EXCLUSIVE:
            factors = _factors(labels.codes, sizes, len(labels.classes), lesson)
        else:
            columns = [_factors(column, sizes, 2, lesson) for column in labels.codes.T]
            factors = np.stack(columns)
        given = {name: factor for name, factor in lesson.factors if name in labels.classes}
        own = given_factors(given, labels.classes, labels.outputs)
        return cls(target, lesson.weighted, factors * own, factors > 0)

    def apply(self, every: Labels, weights: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Truth and weights of examples of any part; shapes as in `Examples`, without lessons."""
        labels = every.for_target(self.target)
        codes = np.asarray(labels.codes)
        known = codes != UNKNOWN
        truth = np.where(known, codes, 0)
        importance = _importance(every, weights, self.target, weighted=self.weighted)
        if labels.outputs is Outputs.EXCLUSIVE:
            return truth, importance * self.factors[truth] * known
        factors = np.take_along_axis(self.factors, truth.T.astype(np.intp), axis=1).T
        return truth, importance[:, np.newaxis] * factors * known


def _importance(
    every: Labels, weights: np.ndarray | None, target: str | None, *, weighted: bool
) -> np.ndarray:
    own = weights_for(weights, every, target) if weighted else None
    return np.ones(len(every)) if own is None else own.astype(np.float64)


def _factors(codes: np.ndarray, sizes: np.ndarray, classes: int, lesson: TargetSpec) -> np.ndarray:
    """What weights of each class are multiplied with; absent classes have no say.

    Args:
        codes: Class of each example or UNKNOWN, shape (examples,).
        sizes: Absolute weights, shape (examples,).
        classes: Number of classes.
        lesson: Whether classes are balanced, and weights scaled.
    """
    known = codes != UNKNOWN
    totals = np.bincount(codes[known], weights=sizes[known], minlength=classes)
    present = totals > 0
    if not present.any():
        return np.zeros(classes)
    whole = known.sum() if lesson.scaled else totals.sum()
    share = whole / (present.sum() if lesson.balanced else totals.sum())
    each = totals if lesson.balanced else np.ones(classes)
    factors: np.ndarray = np.divide(share, each, out=np.zeros(classes), where=present)
    return factors
