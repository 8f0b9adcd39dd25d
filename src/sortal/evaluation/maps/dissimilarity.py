"""How unlike classifiers are, pair by pair, from what they said of the same examples.

Everything comes down to products of matrices with a row a classifier, summed over blocks of
examples: nothing larger than a block and a square of the classifiers is held.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from sortal.data.labels import Outputs

_SHOWN = 5
_LOOKED_AT = 5_000
_SUREST = 1e-3
"""Smallest scale in units of the values' size, and one over the largest."""

_HALVINGS = 40


class ComparedBy(StrEnum):
    """What classifiers are compared by."""

    ERRORS = "errors"
    """Which examples they have wrong: distance is the share of examples that one of the two has
    right and the other wrong, so that the distance from Optimal is the error rate."""

    PROBABILITIES = "probabilities"
    """Their probabilities of every class: root mean square of the differences, between 0 and 1."""

    AGREEMENT = "agreement"
    """Their answers, right or wrong: 1 - Cohen's kappa, 0 for equal answers and 1 for answers that
    agree as often as chance makes them."""

    SCORES = "scores"
    """Their figures, each scaled to standard deviation 1: root mean square of the differences."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Dissimilarity:
    """All pairs of some classifiers."""

    by: ComparedBy

    distances: np.ndarray = field(repr=False)
    """Shape (classifiers, classifiers), float64, symmetric, zeros on the diagonal."""

    euclidean: np.ndarray = field(repr=False)
    """Distances between the vectors whose principal components a map by PCA shows, same shape."""

    notes: tuple[str, ...] = ()
    """What was left out or changed, in sentences."""


def by_errors(blocks: Iterable[np.ndarray]) -> Dissimilarity:
    """Compare by who is wrong where.

    The vectors are those of right and wrong; the root of a share of examples is their distance.

    Args:
        blocks: Whether each classifier is right, shape (classifiers, examples), bool, a block of
            examples at a time.
    """
    share = 1.0 - _agreement(blocks)
    _clean(share)
    return Dissimilarity(by=ComparedBy.ERRORS, distances=share, euclidean=np.sqrt(share))


def _agreement(blocks: Iterable[np.ndarray]) -> np.ndarray:
    """Share of the entries at which two rows of zeros and ones are equal, shape (rows, rows)."""
    total, count = np.zeros((0, 0)), 0
    for block in blocks:
        # With -1 and 1 one product counts equal ones and equal zeros; exact in float32.
        signs = block.reshape(len(block), -1).astype(np.float32)
        signs *= 2.0
        signs -= 1.0
        total = _add(total, signs @ signs.T)
        count += signs.shape[1]
    total /= max(1, count)
    total += 1.0
    total /= 2.0
    return total


def _add(total: np.ndarray, product: np.ndarray) -> np.ndarray:
    if not total.size:
        return product.astype(np.float64)
    total += product
    return total


def _clean(distances: np.ndarray) -> None:
    """Take away what rounding left below zero and on the diagonal."""
    np.maximum(distances, 0.0, out=distances)
    np.fill_diagonal(distances, 0.0)


def by_probabilities(blocks: Iterable[np.ndarray], outputs: Outputs) -> Dissimilarity:
    """Compare by probabilities.

    Args:
        blocks: Shape (classifiers, examples, outputs), a block of examples at a time; see
            `as_probabilities` for decision values.
        outputs: How outputs relate. Of exclusive classes an example differs by half the sum of
            squares, of independent targets by the mean, so that opposite certainties differ by 1.
    """
    total, count = np.zeros((0, 0)), 0
    for block in blocks:
        flat = block.reshape(len(block), -1).astype(np.float32)
        # Distances do not change, and products lose less to rounding.
        flat -= flat.mean(axis=0)
        total = _add(total, flat @ flat.T)
        count += block.shape[1] * (2 if outputs is Outputs.EXCLUSIVE else block.shape[2])
    distances = _from_products(total / max(1, count))
    return Dissimilarity(by=ComparedBy.PROBABILITIES, distances=distances, euclidean=distances)


def _from_products(products: np.ndarray) -> np.ndarray:
    """Euclidean distances of vectors from their products with each other."""
    own = np.diagonal(products).copy()
    squared = own[:, None] + own
    squared -= 2.0 * products
    # A float32 product of two equal vectors may miss their length in the last digits.
    squared[squared < 1e-6 * float(own.max(initial=0.0))] = 0.0
    _clean(squared)
    return np.asarray(np.sqrt(squared, out=squared))


def as_probabilities(scores: np.ndarray, scale: float, outputs: Outputs) -> np.ndarray:
    """Squash a classifier's decision values so that they compare with probabilities.

    Softmax over the classes, or the logistic function of each target, of values in units of
    `scale`. Order is kept example by example: a larger value never becomes a smaller probability,
    in whatever number of classes, and no value changes the probabilities of another example.

    Args:
        scores: Decision values, one a class or target, shape (..., outputs).
        scale: From `scale_of`; infinity makes everything equally probable.
        outputs: How outputs relate.
    """
    values = np.asarray(scores, dtype=np.float64) / scale
    if outputs is Outputs.INDEPENDENT:
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * values)))
    grown = np.exp(values - values.max(axis=-1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=-1, keepdims=True))


def scale_of(scores: np.ndarray, accuracy: float, outputs: Outputs) -> float:
    """Find the scale with which a classifier is as sure of its answers as it is right.

    One number a classifier: the mean probability of its answers becomes its accuracy, as far as
    that is possible. Of many examples every so manieth is looked at.

    Args:
        scores: Decision values, one a class or target, shape (examples, outputs).
        accuracy: Share of its answers that are right.
        outputs: How outputs relate.

    Returns:
        Above zero; infinity for a classifier that is right no more often than a guess.
    """
    values = np.asarray(scores[:: max(1, len(scores) // _LOOKED_AT)], dtype=np.float64)
    if outputs is Outputs.EXCLUSIVE:
        values = values - values.mean(axis=-1, keepdims=True)
    size = float(np.sqrt(np.square(values).mean())) if values.size else 0.0
    guess = 0.5 if outputs is Outputs.INDEPENDENT else 1.0 / values.shape[-1]
    if not size or accuracy <= guess:
        return float("inf")
    low, high = size * _SUREST, size / _SUREST
    for _ in range(_HALVINGS):
        middle = float(np.sqrt(low * high))
        low, high = (
            (low, middle) if _sureness(values, middle, outputs) < accuracy else (middle, high)
        )
    return high


def _sureness(values: np.ndarray, scale: float, outputs: Outputs) -> float:
    """Mean probability of the answers."""
    probable = as_probabilities(values, scale, outputs)
    if outputs is Outputs.INDEPENDENT:
        return float(np.maximum(probable, 1.0 - probable).mean())
    return float(probable.max(axis=-1).mean())


def by_agreement(blocks: Iterable[np.ndarray], outputs: Outputs, classes: int) -> Dissimilarity:
    """Compare by answers, corrected for chance: 1 - kappa (Cohen 1960, doi:10.1177/001316446002000104).

    Two classifiers that always give one and the same answer are equal: kappa is 1. Of several
    targets, observed agreement and that of chance are averaged over the targets. The vectors of
    PCA are each classifier's kappas with all others.

    Args:
        blocks: Decisions, a block of examples at a time: class codes (classifiers, examples), or
            0 and 1 (classifiers, examples, targets).
        outputs: How outputs relate.
        classes: How many classes there are.
    """
    if outputs is Outputs.INDEPENDENT:
        observed, chance = _of_targets(blocks)
    else:
        observed, chance = _of_classes(blocks, classes)
    room = 1.0 - chance
    distances = np.divide(1.0 - observed, room, out=np.zeros_like(observed), where=room > 1e-12)
    _clean(distances)
    rows = distances - distances.mean(axis=0)
    euclidean = _from_products(rows @ rows.T / max(1, len(rows)))
    return Dissimilarity(by=ComparedBy.AGREEMENT, distances=distances, euclidean=euclidean)


def _of_classes(blocks: Iterable[np.ndarray], classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Observed agreement and that of chance, of class codes."""
    total, given, count = np.zeros((0, 0)), np.zeros((0, classes)), 0
    for block in blocks:
        given = given if len(given) else np.zeros((len(block), classes))
        both = np.zeros((len(block), len(block)), dtype=np.float32)
        for code in np.unique(block):
            answered = (block == code).astype(np.float32)
            given[:, code] += answered.sum(axis=1, dtype=np.float64)
            both += answered @ answered.T
        total = _add(total, both)
        count += block.shape[1]
    shares = given / max(1, count)
    return total / max(1, count), shares @ shares.T


def _of_targets(blocks: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Observed agreement and that of chance, of yes and no for every target; means over targets."""
    yes, count, targets = np.zeros((0, 0)), 0, 1

    def counted() -> Iterable[np.ndarray]:
        nonlocal yes, count, targets
        for block in blocks:
            yes = _add(yes, block.sum(axis=1, dtype=np.float64))
            count, targets = count + block.shape[1], block.shape[2]
            yield block

    observed = _agreement(counted())
    shares = yes / max(1, count)
    chance = (shares @ shares.T + (1.0 - shares) @ (1.0 - shares).T) / targets
    return observed, chance


def by_scores(figures: np.ndarray, names: Sequence[str]) -> Dissimilarity:
    """Compare by figures.

    Args:
        figures: Shape (classifiers, figures). Figures that a classifier lacks (NaN), or that are
            the same for all, are left out.
        names: Of the figures, for the notes.
    """
    values = np.asarray(figures, dtype=np.float64)
    finite = np.asarray(np.isfinite(values).all(axis=0))
    lacking = [name for name, known in zip(names, finite, strict=True) if not known]
    values = values[:, finite]
    spread = values.std(axis=0) if len(values) else np.zeros(values.shape[1])
    varied = spread > 1e-12 * np.maximum(1.0, np.abs(values).max(axis=0, initial=0.0))
    scaled = (values[:, varied] - values[:, varied].mean(axis=0)) / spread[varied]
    distances = _from_products(scaled @ scaled.T / max(1, scaled.shape[1]))
    notes = []
    if lacking:
        more = ", ..." if len(lacking) > _SHOWN else ""
        notes.append(
            f"Left out, for some classifiers have no such figure: "
            f"{', '.join(lacking[:_SHOWN])}{more}."
        )
    return Dissimilarity(
        by=ComparedBy.SCORES, distances=distances, euclidean=distances, notes=tuple(notes)
    )
