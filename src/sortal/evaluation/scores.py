"""The figures of each member on one part of the data, as values that can be stored."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from pydantic import BeforeValidator

from sortal.data.labels import Labels, Outputs
from sortal.errors import DataError
from sortal.evaluation import exclusive, independent
from sortal.evaluation.measured_metrics import MeasuredMetrics
from sortal.metrics.probability_check import can_be_probabilities, why_not_probabilities
from sortal.metrics.registry import metrics_of

Stored = Annotated[float, BeforeValidator(lambda value: math.nan if value is None else value)]
"""A number that is NaN where JSON has null."""

_BLOCK_NUMBERS = 1 << 21
_BLOCK_SUMS = 1 << 22


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberMetrics:
    """All figures of one member on one part; NaN where a figure is undefined.

    Weighted where the data has weights. A member with a NaN score has NaN for everything.
    """

    figures: dict[str, Stored]
    """Figures by name: those that `metrics.registry.metrics_of` lists for the labels. Those of
    probabilities are NaN where the scores are none."""

    per_class: dict[str, dict[str, Stored]]
    """For each class or target its precision, recall, f1, support, roc_auc and average_precision."""

    confusion: list[list[Stored]] = field(default_factory=list)
    """Weight by true (rows) and predicted class; empty for independent targets."""

    intervals: dict[str, tuple[Stored, Stored]] = field(default_factory=dict)
    """95 % bootstrap intervals over examples of some figures; empty without resamples."""

    examples: int
    """Number of examples."""

    def values(self) -> dict[str, float]:
        """Flatten for a table: `f1[setosa]` of a class, `accuracy.low` and `accuracy.high`."""
        flat = dict(self.figures)
        for name, (low, high) in self.intervals.items():
            flat |= {f"{name}.low": low, f"{name}.high": high}
        for one, figures in self.per_class.items():
            flat |= {f"{name}[{one}]": value for name, value in figures.items()}
        return flat


def usual_threshold(probabilities: bool) -> float:
    """The number that a score must exceed for an independent target to be true."""
    return 0.5 if probabilities else 0.0


def predict_labels(scores: np.ndarray, outputs: Outputs, *, probabilities: bool) -> np.ndarray:
    """Decide by scores, with the usual threshold: 0.5 for probabilities, 0 for decision values.

    Args:
        scores: Shape (members, examples, outputs).
        outputs: How outputs relate.
        probabilities: Whether scores are meant as probabilities.

    Returns:
        The decisions, see `decide`.
    """
    return decide(scores, outputs, threshold=usual_threshold(probabilities))


def decide(scores: np.ndarray, outputs: Outputs, *, threshold: float) -> np.ndarray:
    """Decide by scores.

    EXCLUSIVE: the class with the largest score, the first of equals; NaN loses against
    any number. INDEPENDENT: yes where a score is above the threshold; a score on it, or NaN,
    means no.

    Args:
        scores: Shape (members, examples, outputs).
        outputs: How outputs relate.
        threshold: Threshold of independent targets.

    Returns:
        EXCLUSIVE: class codes, shape (members, examples), in the smallest unsigned type
        that holds every class. INDEPENDENT: 0 or 1, shape of `scores`, uint8.
    """
    if outputs is Outputs.INDEPENDENT:
        return (scores > threshold).astype(np.uint8)
    smallest = np.min_scalar_type(max(0, scores.shape[-1] - 1))
    codes = np.empty(scores.shape[:-1], dtype=smallest)
    for place in _blocks(scores, _BLOCK_NUMBERS // max(1, scores[:1].size)):
        block = scores[place]
        missing = np.isnan(block)
        if missing.any():
            block = np.where(missing, -np.inf, block)
        codes[place] = block.argmax(axis=-1)
    return codes


def evaluate(
    scores: np.ndarray,
    labels: Labels,
    weights: np.ndarray | None,
    *,
    probabilities: bool,
    resamples: int,
    seed: int,
    sound: np.ndarray | None = None,
) -> list[MemberMetrics]:
    """Compute all figures of each member on the same examples.

    Works through the members block by block. Intervals of all members, and of calls with
    the same labels, seed and number of resamples, come from the same resamples.

    Args:
        scores: Shape (members, examples, outputs).
        labels: Truth of the same examples, none of them unknown.
        weights: Physics weight of each example, sign kept, shape (examples,).
        probabilities: Whether scores are meant as probabilities; if not, log loss, Brier score
            and calibration error are NaN.
        resamples: Bootstrap resamples behind each interval; 0 for none.
        seed: Seed of the resamples, not negative.
        sound: Whether each member's scores can be probabilities as they are meant, shape (members,);
            found by `are_probabilities` if not given. Of others the figures of probabilities are NaN.

    Returns:
        One value a member, in order.

    Raises:
        DataError: Scores, labels and weights do not belong together, or a label is unknown.
    """
    _check(scores, labels, weights)
    if sound is None or not probabilities:
        sound = are_probabilities(scores, labels.outputs, meant=probabilities)
    measure = exclusive.measure if labels.outputs is Outputs.EXCLUSIVE else independent.measure
    outputs, examples = len(labels.classes), len(labels)
    block = min(
        _BLOCK_NUMBERS // max(1, examples * outputs), _BLOCK_SUMS // max(1, outputs * resamples)
    )
    judged: list[MemberMetrics] = []
    for place in _blocks(scores, block):
        part = np.asarray(scores[place])
        missing = np.isnan(part)
        if missing.any():
            part = np.where(missing, 0.0, part)
        measured = measure(
            part,
            predict_labels(part, labels.outputs, probabilities=probabilities),
            labels.codes,
            weights,
            probabilities=bool(sound[place].any()),
            resamples=resamples if examples else 0,
            seed=seed,
        ).without_probabilities(~sound[place])
        broken = missing.any(axis=(1, 2))
        judged += _values(measured.without(broken), labels.classes, [examples] * len(part))
    return judged


def are_probabilities(scores: np.ndarray, outputs: Outputs, *, meant: bool = True) -> np.ndarray:
    """Whether the scores of each member are probabilities: meant so, and such that they can be.

    Args:
        scores: Shape (members, examples, outputs).
        outputs: How outputs relate.
        meant: Whether the method gives probabilities.

    Returns:
        Shape (members,), bool.
    """
    if not meant:
        return np.zeros(len(scores), dtype=bool)
    exclusive, sound = outputs is Outputs.EXCLUSIVE, np.empty(len(scores), dtype=bool)
    for place in _blocks(scores, _BLOCK_NUMBERS // max(1, scores[:1].size)):
        sound[place] = can_be_probabilities(np.asarray(scores[place]), exclusive=exclusive)
    return sound


def no_probabilities_note(scores: np.ndarray, outputs: Outputs) -> str:
    """The note on a member whose scores are meant as probabilities and cannot be.

    Args:
        scores: Shape (examples, outputs).
        outputs: How outputs relate.
    """
    exclusive = outputs is Outputs.EXCLUSIVE
    *titles, last = (m.title for m in metrics_of(outputs) if m.needs_probabilities)
    left_out = f"{', '.join(titles)} and {last}"
    why = why_not_probabilities(scores, exclusive=exclusive)
    return (
        f"its scores are no probabilities: {why}. {left_out[0].upper()}{left_out[1:]} are left out."
    )


def evaluate_counts(
    matrices: np.ndarray, classes: Sequence[str], *, resamples: int, seed: int
) -> list[MemberMetrics]:
    """Compute what follows from confusion matrices of exclusive classes alone, all else is NaN.

    Intervals are those of resampled examples, as by `evaluate`, but of other resamples.

    Args:
        matrices: Counts of examples, shape (members, classes, classes), rows are the truth.
        classes: Names in the matrices' order.
        resamples: Bootstrap resamples behind each interval, for which counts must be whole; 0
            for none.
        seed: Seed of the resamples, not negative.
    """
    measured = exclusive.measure_counts(matrices, resamples=resamples, seed=seed)
    examples = np.rint(matrices.sum(axis=(1, 2))).astype(int).tolist()
    return _values(measured, classes, examples)


def metrics_of_targets(figures: Mapping[str, float]) -> MemberMetrics:
    """Figures of independent targets that were computed elsewhere, NaN for those that were not."""
    every = dict.fromkeys(independent.FIGURES, math.nan)
    return MemberMetrics(figures={**every, **figures}, per_class={}, examples=0)


def _check(scores: np.ndarray, labels: Labels, weights: np.ndarray | None) -> None:
    expected = (len(labels), len(labels.classes))
    if scores.ndim != 3 or scores.shape[1:] != expected:
        raise DataError(
            f"scores: expected shape (members, {expected[0]}, {expected[1]}), got {scores.shape}."
        )
    if weights is not None and weights.shape != (len(labels),):
        raise DataError(f"weights: expected shape ({len(labels)},), got {weights.shape}.")
    unknown = int(np.count_nonzero(~labels.known))
    if unknown:
        raise DataError(f"labels: expected all to be known, got {unknown} unknown ones.")


def _blocks(scores: np.ndarray, size: int) -> Iterator[slice]:
    step = max(1, size)
    for start in range(0, len(scores), step):
        yield slice(start, min(len(scores), start + step))


def _values(
    measured: MeasuredMetrics, classes: Sequence[str], examples: Sequence[int]
) -> list[MemberMetrics]:
    """Turn arrays over members into one value a member, each of so many examples."""
    figures = {name: values.tolist() for name, values in measured.figures.items()}
    per_class = {name: values.tolist() for name, values in measured.per_class.items()}
    intervals = {name: values.tolist() for name, values in measured.intervals.items()}
    members = len(next(iter(figures.values())))
    confusion = [[]] * members if measured.confusion is None else measured.confusion.tolist()
    return [
        MemberMetrics(
            figures={name: values[member] for name, values in figures.items()},
            per_class={
                one: {name: values[member][code] for name, values in per_class.items()}
                for code, one in enumerate(classes)
            },
            confusion=confusion[member],
            intervals={name: tuple(values[member]) for name, values in intervals.items()},
            examples=examples[member],
        )
        for member in range(members)
    ]
