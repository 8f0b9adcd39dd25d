"""Checks of the contract between a metric of a user and Sortal, for every author of a metric.

Each check takes a `MetricSubject`, returns if all is well, and raises `ContractBroken` with a
sentence if not. `sortal run` makes all of them before it trains anything. With pytest:

    @pytest.mark.parametrize("check", all_metric_checks(), ids=lambda check: check.__name__)
    def test_my_metric_keeps_the_contract(check):
        check(MetricSubject(metric=gmean))
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from sortal.data.labels import Outputs
from sortal.errors import DataError
from sortal.metrics.block import ExclusiveBlock, IndependentBlock, MetricBlock
from sortal.metrics.user_metric import UserMetric, as_metric
from sortal.testing.training import ContractBroken, require

_EXAMPLES = 60
_ROUNDING = 1e-9
"""Slack of values that should be equal: sums round by the order of their terms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSubject:
    """A metric under test, and the labels that it is tested on."""

    metric: Any
    """A function of labels, scores and weights, or what `sortal.metric` made of one."""

    outputs: Outputs = Outputs.EXCLUSIVE
    """The kind of labels."""

    columns: int = 3
    """Number of classes or targets."""

    @property
    def user_metric(self) -> UserMetric:
        """The metric as Sortal uses it."""
        return as_metric(self.metric)

    def block(self) -> MetricBlock:
        """One member on 60 examples of every class, of unequal weights; scores are probabilities."""
        rng = np.random.default_rng(11)
        scores = rng.random((1, _EXAMPLES, self.columns))
        weights = rng.uniform(0.5, 2.0, _EXAMPLES)
        if self.outputs is Outputs.INDEPENDENT:
            truth = (rng.random((_EXAMPLES, self.columns)) < scores[0]).astype(np.int64)
            decided = (scores > 0.5).astype(np.uint8)
            return IndependentBlock(scores=scores, decided=decided, truth=truth, weights=weights)
        truth = np.arange(_EXAMPLES) % self.columns
        scores[0, np.arange(_EXAMPLES), truth] += 0.4
        scores /= scores.sum(axis=-1, keepdims=True)
        decided = scores.argmax(axis=-1)
        return ExclusiveBlock(scores=scores, decided=decided, truth=truth, weights=weights)

    def value(self, block: MetricBlock) -> float:
        """The metric of the one member of a block.

        Raises:
            ContractBroken: The function raised something, or did not return a number.
        """
        try:
            return float(self.user_metric.compute(block)[0])
        except DataError as error:
            raise ContractBroken(str(error)) from error


MetricCheck: TypeAlias = Callable[[MetricSubject], None]


def all_metric_checks() -> tuple[MetricCheck, ...]:
    """Every check of this file, in its order."""
    return tuple(value for name, value in globals().items() if name.startswith("check_"))


def check_it_returns_a_number(subject: MetricSubject) -> None:
    """Every class occurs and every score is a probability: there the metric is a finite number."""
    value = subject.value(subject.block())
    require(
        not np.isnan(value), f"{_named(subject)}: expected a number for ordinary scores, got NaN."
    )


def check_it_is_a_number_or_nan_for_other_scores(subject: MetricSubject) -> None:
    """Decision values of either sign raise nothing, unless the metric needs probabilities."""
    if not subject.user_metric.needs_probabilities:
        block = subject.block()
        subject.value(replace(block, scores=8.0 * block.scores - 4.0))


def check_it_is_a_number_or_nan_for_one_class(subject: MetricSubject) -> None:
    """Examples of one class alone, as a fold may have them, raise nothing."""
    block = subject.block()
    subject.value(replace(block, truth=np.zeros_like(block.truth)))


def check_the_scale_of_weights_does_not_matter(subject: MetricSubject) -> None:
    """Weights of 2 for all examples give what weights of 1 give."""
    block = subject.block()
    one, two = (
        subject.value(replace(block, weights=np.full(_EXAMPLES, size))) for size in (1.0, 2.0)
    )
    require(
        _is_equal(one, two),
        f"{_named(subject)}: expected one value whatever the scale of the weights, got {one:.6g} "
        f"where all weights are 1 and {two:.6g} where all are 2: divide by their sum.",
    )


def check_the_order_of_examples_does_not_matter(subject: MetricSubject) -> None:
    """Examples in another order, with their weights, have the same value."""
    block = subject.block()
    order = np.random.default_rng(5).permutation(_EXAMPLES)
    other = replace(
        block,
        scores=block.scores[:, order],
        decided=block.decided[:, order],
        truth=block.truth[order],
        weights=None if block.weights is None else block.weights[order],
    )
    first, second = subject.value(block), subject.value(other)
    require(
        _is_equal(first, second),
        f"{_named(subject)}: expected one value whatever the order of the examples, got "
        f"{first:.6g} and {second:.6g}.",
    )


def _named(subject: MetricSubject) -> str:
    return f"metric {subject.user_metric.name}"


def _is_equal(first: float, second: float) -> bool:
    return bool(np.isclose(first, second, rtol=_ROUNDING, atol=_ROUNDING, equal_nan=True))
