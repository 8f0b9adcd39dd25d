"""How well scores rank positives above negatives: ROC and precision-recall, with ties and weights.

Functions take many rankings at once: leading axes are members or classes, the last
axis is the examples. Scores may be on any scale and may be infinite; a ranking with a
NaN score has NaN figures.

Own code, because scikit-learn ranks one member and one class a call.
"""

from dataclasses import dataclass

import numpy as np

from sortal.metrics.ratio import mean_defined, ratio

_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Steps:
    """Weight above each distinct score, from the highest score to the lowest.

    The steps of all rankings lie end to end; those of one are consecutive.
    """

    shape: tuple[int, ...]
    """Shape of the rankings: that of the scores without their last axis."""

    ranking: np.ndarray
    """Which ranking each step belongs to, shape (steps,)."""

    scores: np.ndarray
    """Score at each step, shape (steps,)."""

    positives: np.ndarray
    """Weight of the positives with this score or more, shape (steps,)."""

    negatives: np.ndarray
    """Likewise of the negatives."""

    broken: np.ndarray
    """Rankings with a NaN score, shape (rankings,), bool."""

    signed: bool
    """Whether a weight is negative."""

    @classmethod
    def of(
        cls, positive: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None
    ) -> "Steps":
        """Sort the examples once; see `roc_auc` for the arguments."""
        shape, examples = scores.shape[:-1], scores.shape[-1]
        lines = int(np.prod(shape, dtype=np.int64))
        flat = np.asarray(scores).reshape(lines, examples)
        if not np.issubdtype(flat.dtype, np.floating):
            flat = flat.astype(np.float64)
        order = np.argsort(-flat, axis=1)
        descending = np.take_along_axis(flat, order, axis=1)
        flags = np.broadcast_to(positive, scores.shape).reshape(lines, examples)
        flags = np.take_along_axis(flags.astype(bool, copy=False), order, axis=1)
        last_of_tie = np.ones(descending.shape, dtype=bool)
        np.not_equal(descending[:, 1:], descending[:, :-1], out=last_of_tie[:, :-1])
        at = np.flatnonzero(last_of_tie)
        above = [_weight_above(chosen, weights, order, at) for chosen in (flags, ~flags)]
        return cls(
            shape=shape,
            ranking=at // max(1, examples),
            scores=descending.ravel()[at],
            positives=above[0],
            negatives=above[1],
            broken=np.isnan(flat).any(axis=1),
            signed=weights is not None and bool((np.asarray(weights) < 0).any()),
        )

    def roc_auc(self) -> np.ndarray:
        """Area under each ROC curve, shape `shape`; see the function of that name."""
        before, rise = self._gains(self.positives)
        _, run = self._gains(self.negatives)
        area = self._per_ranking(run * (before + 0.5 * rise))
        ups, downs = self._per_ranking(rise), self._per_ranking(run)
        possible = np.where((ups > 0) & (downs > 0) & ~self.broken, ups * downs, 0.0)
        return ratio(area, possible).reshape(self.shape)

    def average_precision(self) -> np.ndarray:
        """Average precision of each ranking, shape `shape`; see the function of that name."""
        _, rise = self._gains(self.positives)
        precision = np.nan_to_num(ratio(self.positives, self.positives + self.negatives))
        defined = ~self.broken & (not self.signed)
        total = np.where(defined, self._per_ranking(rise), 0.0)
        return ratio(self._per_ranking(rise * precision), total).reshape(self.shape)

    def _gains(self, above: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Weight before each step, and the weight that the step adds."""
        first = np.diff(self.ranking, prepend=-1) != 0
        before = np.where(first, 0.0, np.concatenate([[0.0], above])[:-1])
        return before, above - before

    def _per_ranking(self, values: np.ndarray) -> np.ndarray:
        sums: np.ndarray = np.bincount(self.ranking, values, minlength=len(self.broken))
        return sums


def _weight_above(
    chosen: np.ndarray, weights: np.ndarray | None, order: np.ndarray, at: np.ndarray
) -> np.ndarray:
    """Cumulate the weight of chosen examples along each line, read off at some places."""
    terms = chosen if weights is None else np.asarray(weights, dtype=np.float64)[order] * chosen
    above: np.ndarray = np.cumsum(terms, axis=1, dtype=np.float64).ravel()[at]
    return above


def roc_auc(
    positive: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Area under the ROC curve: how often a positive outranks a negative, ties counting half.

    Each pair of a positive and a negative counts with the product of its weights
    (Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747). Negative weights keep
    their sign in that sum, which is the signed area under a curve that may then run
    backwards; the result can leave [0, 1].

    Args:
        positive: Whether an example is positive, shape (examples,) or any that
            broadcasts to that of `scores`.
        scores: Shape (..., examples).
        weights: Shape (examples,).

    Returns:
        Shape (...). NaN where positives or negatives do not weigh more than zero, or a
        score is NaN.
    """
    return Steps.of(positive, scores, weights).roc_auc()


def average_precision(
    positive: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Mean of the precision at each distinct score, weighted by the gain in recall there.

    No interpolation (Davis and Goadrich 2006, doi:10.1145/1143844.1143874). Arguments
    and shapes as in `roc_auc`. NaN where there are no positives, a score is NaN, or any
    weight is negative: precision has no bounds then.
    """
    return Steps.of(positive, scores, weights).average_precision()


def one_vs_rest(truth: np.ndarray, classes: int) -> np.ndarray:
    """Whether each example is of each class, shape (classes, examples), bool."""
    positive: np.ndarray = truth[None, :] == np.arange(classes)[:, None]
    return positive


def macro(figures: np.ndarray) -> np.ndarray:
    """Plain mean over the last axis, the classes, of those where the figure is defined.

    For ROC AUC these are the classes with both positives and negatives, for average
    precision those with positives.
    """
    return mean_defined(figures)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RocCurve:
    """One ROC curve, from (0, 0) at an infinite threshold to (1, 1); all of shape (points,)."""

    fpr: np.ndarray
    """Share of the negatives scored at or above the threshold; NaN without negatives."""

    tpr: np.ndarray
    """Share of the positives scored at or above the threshold; NaN without positives."""

    thresholds: np.ndarray
    """Descending."""

    @property
    def leaves_unit_square(self) -> bool:
        """Whether a rate is below 0 or above 1, as negative weights may have it."""
        rates = np.concatenate([self.fpr, self.tpr])
        return bool(((rates < -_ROUNDING) | (rates > 1.0 + _ROUNDING)).any())


def roc_curve(
    positive: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None
) -> RocCurve:
    """Trace one ROC curve with a point per distinct score; all arguments of shape (examples,).

    With negative weights it may run backwards and leave the unit square.
    """
    steps = Steps.of(positive, scores, weights)
    positives = np.concatenate([[0.0], steps.positives])
    negatives = np.concatenate([[0.0], steps.negatives])
    return RocCurve(
        fpr=ratio(negatives, negatives[-1]),
        tpr=ratio(positives, positives[-1]),
        thresholds=np.concatenate([[np.inf], steps.scores.astype(np.float64)]),
    )
