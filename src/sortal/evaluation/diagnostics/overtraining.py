"""Does a model score the examples that it learnt from as it scores others?

Of two parts, such as training and validation, or validation and test, the distributions of
scores are compared class by class, and the areas under the ROC curves with each other.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sortal.errors import DataError, OptionError
from sortal.metrics.chi_square import chi_square_homogeneity
from sortal.metrics.histogram import Histogram
from sortal.metrics.two_sample import TwoSampleTest, WeightedSample, ks_limit, ks_permutation
from sortal.metrics.uncertainty import Area, Estimate, area

BINS = 20
"""Bins of the two histograms unless told otherwise."""

PERMUTED = 5_000
"""Up to so many examples of a class p of Kolmogorov-Smirnov is counted from permutations."""

Binning = Literal["width", "yield"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ScoredPart:
    """What one output says of one part of the examples."""

    name: str
    """Such as `train`, `validation` or `test`."""

    scores: np.ndarray
    """Score of each example for the class of this output, shape (examples,)."""

    positive: np.ndarray
    """Whether each example is of that class, shape (examples,), bool."""

    weights: np.ndarray | None = None
    """Shape (examples,), sign kept; None for 1 each. Their scale may differ between parts."""

    def __post_init__(self) -> None:
        lengths = {len(self.scores), len(self.positive)}
        if self.weights is not None:
            lengths.add(len(self.weights))
        if len(lengths) > 1:
            raise DataError(
                f"part {self.name}: expected as many scores as classes and weights, got "
                f"{' and '.join(str(length) for length in sorted(lengths))}."
            )
        if self.positive.dtype != bool:
            raise DataError(f"part {self.name}: expected true or false as classes, got numbers.")
        if np.isnan(self.scores).any():
            raise DataError(f"part {self.name}: expected numbers as scores, got NaN.")

    @classmethod
    def of_node(
        cls,
        name: str,
        scores: np.ndarray,
        truth: np.ndarray,
        node: int,
        weights: np.ndarray | None = None,
    ) -> "ScoredPart":
        """One output of several: its class against the rest.

        Args:
            name: Of the part.
            scores: Shape (examples, classes).
            truth: Class codes, shape (examples,).
            node: Code of the class.
            weights: Shape (examples,).
        """
        return cls(name=name, scores=scores[:, node], positive=truth == node, weights=weights)

    def sample(self, *, positive: bool) -> WeightedSample:
        """Scores and weights of one class."""
        chosen = self.positive if positive else ~self.positive
        weights = None if self.weights is None else np.asarray(self.weights)[chosen]
        return WeightedSample(values=self.scores[chosen], weights=weights)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ClassAgreement:
    """One class in two parts."""

    name: str
    """Such as `signal`."""

    first: Histogram
    """Weights of the first part by score, errors from squared weights; `shares()` to overlay."""

    second: Histogram
    """Likewise of the second part, on the same edges."""

    ks: TwoSampleTest
    """Kolmogorov-Smirnov on the scores themselves."""

    chi_square: TwoSampleTest
    """Homogeneity of the two histograms."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Agreement:
    """One output in two parts."""

    node: str
    """The output: the class that it scores."""

    parts: tuple[str, str]
    """Names of the first and the second part."""

    classes: tuple[ClassAgreement, ClassAgreement]
    """The class of the output, then the rest; signal, then background."""

    areas: tuple[Area, Area]
    """Area under the ROC curve in the first and the second part."""

    gap: Estimate
    """First area less the second. The parts are independent, so errors add in squares."""

    gap_p: float
    """Chance of a gap this far from 0, either way, if there is none; NaN where undefined."""

    @property
    def tests(self) -> tuple[tuple[str, float], ...]:
        """What was tested, and p; NaN for tests that could not be made."""
        made = [
            (f"{kind} of {one.name}", test.p)
            for one in self.classes
            for kind, test in (("KS", one.ks), ("chi2", one.chi_square))
        ]
        return (*made, ("AUC gap", self.gap_p))


def compare_parts(
    first: ScoredPart,
    second: ScoredPart,
    *,
    node: str = "output",
    names: tuple[str, str] = ("signal", "background"),
    bins: int | np.ndarray = BINS,
    binning: Binning = "width",
    seed: int = 0,
) -> Agreement:
    """Compare what one output says of two parts that share no example.

    With up to `PERMUTED` examples of a class p of Kolmogorov-Smirnov is exact; beyond, it
    is that of the limit of many examples.

    Args:
        first: The part that was learnt from, or the one nearer to learning.
        second: The other one.
        node: What the output is called.
        names: What its class and the rest are called.
        bins: How many, over the range of scores of all classes of both parts; or the edges.
        binning: Bins of equal width, or of about equal absolute weight.
        seed: Of permutations and draws, not negative.

    Raises:
        OptionError: `bins` are no bins.
    """
    edges = _edges(bins, binning, first, second)
    classes = tuple(
        _compare_class(
            name, (first.sample(positive=kind), second.sample(positive=kind)), edges, seed
        )
        for name, kind in zip(names, (True, False), strict=True)
    )
    areas = tuple(area(part.positive, part.scores, part.weights) for part in (first, second))
    gap = _gap(areas[0].auc, areas[1].auc)
    return Agreement(
        node=node,
        parts=(first.name, second.name),
        classes=(classes[0], classes[1]),
        areas=(areas[0], areas[1]),
        gap=gap,
        gap_p=_p_of_gap(gap),
    )


def compare_outputs(
    first: Sequence[ScoredPart],
    second: Sequence[ScoredPart],
    classes: Sequence[str],
    *,
    seed: int = 0,
) -> tuple[Agreement, ...]:
    """Compare two parts output by output, each class against the rest.

    Args:
        first: One part, as each output sees it: `ScoredPart.of_node`.
        second: The other one, in the same order.
        classes: Names of the outputs.
        seed: See `compare_parts`.
    """
    return tuple(
        compare_parts(one, two, node=name, names=(name, f"not {name}"), seed=seed)
        for one, two, name in zip(first, second, classes, strict=True)
    )


def _edges(
    bins: int | np.ndarray, binning: Binning, first: ScoredPart, second: ScoredPart
) -> np.ndarray:
    """Edges that both parts and both classes share."""
    if isinstance(bins, np.ndarray):
        if bins.ndim != 1 or len(bins) < 2 or not (np.diff(bins) > 0).all():
            raise OptionError("bins", bins.tolist(), "two or more ascending edges")
        return bins.astype(np.float64)
    if bins < 1:
        raise OptionError("bins", bins, "1 or more bins")
    scores = np.concatenate([first.scores, second.scores]).astype(np.float64)
    finite = np.isfinite(scores)
    if not finite.any():
        raise DataError(f"parts {first.name} and {second.name}: expected finite scores, got none.")
    low, high = float(scores[finite].min()), float(scores[finite].max())
    if low == high:
        low, high = low - 0.5, high + 0.5
    even = np.linspace(low, high, bins + 1)
    if binning == "width":
        return even
    shares = np.concatenate([_shares(first), _shares(second)])
    inner = np.unique(_equal_yield(scores[finite], shares[finite], bins))
    return np.concatenate([[low], inner[(inner > low) & (inner < high)], [high]])


def _shares(part: ScoredPart) -> np.ndarray:
    """Absolute weight of each example as a share of its part."""
    sample = WeightedSample(values=part.scores, weights=part.weights)
    absolute = np.abs(sample.each)
    shares: np.ndarray = absolute / max(float(absolute.sum()), np.finfo(np.float64).tiny)
    return shares


def _equal_yield(scores: np.ndarray, shares: np.ndarray, bins: int) -> np.ndarray:
    """Scores that divide the weight into equal parts, shape (bins - 1,)."""
    order = np.argsort(scores)
    cumulated = np.cumsum(shares[order])
    places = np.searchsorted(cumulated, cumulated[-1] * np.arange(1, bins) / bins)
    cuts: np.ndarray = scores[order[np.minimum(places, len(order) - 1)]]
    return cuts


def _compare_class(
    name: str, samples: tuple[WeightedSample, WeightedSample], edges: np.ndarray, seed: int
) -> ClassAgreement:
    drawn = [Histogram.of(sample.values, sample.weights, edges) for sample in samples]
    few = sum(len(sample.values) for sample in samples) <= PERMUTED
    return ClassAgreement(
        name=name,
        first=drawn[0],
        second=drawn[1],
        ks=(ks_permutation if few else ks_limit)(samples[0], samples[1], seed=seed),
        chi_square=chi_square_homogeneity(drawn[0], drawn[1]),
    )


def _gap(first: Estimate, second: Estimate) -> Estimate:
    return Estimate(
        value=first.value - second.value,
        error=math.hypot(first.error, second.error),
        n_eff=min(first.n_eff, second.n_eff),
        signed=first.signed or second.signed,
    )


def _p_of_gap(gap: Estimate) -> float:
    if not (math.isfinite(gap.value) and gap.error > 0):
        return math.nan
    return math.erfc(abs(gap.value) / gap.error / math.sqrt(2.0))
