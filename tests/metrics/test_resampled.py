"""Sums over resamples: metrics of them are those of the examples they sum over."""

import numpy as np
import pytest

from sortal.metrics import registry
from sortal.metrics.block import ExclusiveBlock, IndependentBlock
from sortal.metrics.class_totals import ClassTotals
from sortal.metrics.resampled import ExclusiveSums, IndependentSums


def intervals(sums, outputs, *, single=False):
    metrics = registry.metrics_of(outputs, single=single)
    kept = [one for one in metrics if one.interval and one.interval.outputs in (outputs, "both")]
    return {one.name: one.interval.compute(sums)[0] for one in kept}, kept


def test_sums_of_classes_give_the_metrics_of_their_examples():
    rng = np.random.default_rng(5)
    scores, truth = rng.dirichlet(np.ones(3), size=(2, 40)), rng.integers(0, 3, 40)
    block = ExclusiveBlock(scores=scores, decided=scores.argmax(axis=-1), truth=truth, weights=None)
    right = block.decided == truth
    recalls = np.stack([right[:, truth == k].mean(axis=1) for k in range(3)], axis=-1)
    sums = ExclusiveSums(
        weight=np.full((1, 1), 40.0),
        right=right.sum(axis=1)[None],
        loss=block.log_losses.sum(axis=1)[None],
        recalls=recalls[None],
    )
    values, kept = intervals(sums, "exclusive")
    for metric in kept:
        assert values[metric.name] == pytest.approx(metric.compute(block))


@pytest.mark.parametrize("targets", [1, 2])
def test_sums_of_targets_give_the_metrics_of_their_examples(targets):
    rng = np.random.default_rng(6)
    scores, truth = rng.random((2, 40, targets)), rng.integers(0, 2, (40, targets))
    decided = (scores > 0.5).astype(int)
    block = IndependentBlock(scores=scores, decided=decided, truth=truth, weights=None)
    tally = ClassTotals(
        hits=(decided * truth).sum(axis=1)[None],
        predicted=decided.sum(axis=1)[None],
        actual=np.broadcast_to(truth.sum(axis=0), (1, 2, targets)),
    )
    sums = IndependentSums(
        weight=np.full((1, 1), 40.0),
        right=(decided == truth).all(axis=2).sum(axis=1)[None],
        loss=block.log_losses.sum(axis=1)[None],
        tally=tally,
    )
    values, kept = intervals(sums, "independent", single=targets == 1)
    for metric in kept:
        assert values[metric.name] == pytest.approx(metric.compute(block))
