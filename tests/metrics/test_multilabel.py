"""Figures of independent targets, against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as peer

from sortal.metrics import multilabel
from sortal.metrics.probability import binary_log_losses
from sortal.metrics.ratio import average


def log_loss(truth, probabilities, weights):
    losses = binary_log_losses(truth, probabilities)
    return average(np.swapaxes(losses, -1, -2), weights)


@pytest.fixture
def tagged():
    """Truth, decisions of two members, their probabilities, and weights."""
    stream = np.random.default_rng(2)
    truth = (stream.random((150, 3)) < [0.5, 0.2, 0.1]).astype(np.int8)
    probabilities = np.clip(stream.random((2, 150, 3)) * 0.7 + 0.3 * truth, 0, 1)
    return truth, (probabilities > 0.5).astype(np.uint8), probabilities, stream.random(150)


@pytest.mark.parametrize("weighted", [False, True])
def test_decisions_are_judged_as_scikit_learn_does(tagged, weighted):
    truth, decided, _, weights = tagged
    used = weights if weighted else None
    tally = multilabel.target_totals(truth, decided, used)
    for member, one in enumerate(decided):
        assert multilabel.subset_accuracy(truth, decided, used)[member] == pytest.approx(
            peer.accuracy_score(truth, one, sample_weight=used), abs=1e-10
        )
        assert multilabel.hamming_loss(truth, decided, used)[member] == pytest.approx(
            peer.hamming_loss(truth, one, sample_weight=used), abs=1e-10
        )
        expected = peer.precision_recall_fscore_support(truth, one, sample_weight=used)
        ours = (tally.precision, tally.recall, tally.f1, tally.support)
        for mine, theirs in zip(ours, expected, strict=True):
            assert mine[member] == pytest.approx(theirs, abs=1e-10)


@pytest.mark.parametrize("average", ["macro", "weighted", "micro"])
def test_averages_agree_with_scikit_learn(tagged, average):
    truth, decided, _, weights = tagged
    tally = multilabel.target_totals(truth, decided[0], weights)
    expected = peer.precision_recall_fscore_support(
        truth, decided[0], average=average, sample_weight=weights
    )
    figures = (tally.precision, tally.recall, tally.f1)
    if average == "micro":
        pooled = tally.micro()
        ours = [pooled.precision[0], pooled.recall[0], pooled.f1[0]]
    else:
        ours = [getattr(tally, average)(figure) for figure in figures]
    assert ours == pytest.approx(expected[:3], abs=1e-10)


def test_each_target_is_scored_as_scikit_learn_does(tagged):
    truth, _, probabilities, weights = tagged
    pairs = [
        (lambda *case: multilabel.ranking_steps(*case).roc_auc(), peer.roc_auc_score),
        (
            lambda *case: multilabel.ranking_steps(*case).average_precision(),
            peer.average_precision_score,
        ),
        (log_loss, peer.log_loss),
        (multilabel.brier_score, peer.brier_score_loss),
    ]
    for ours, theirs in pairs:
        figures = ours(truth, probabilities, weights)
        assert figures.shape == (2, 3)
        expected = [
            [theirs(truth[:, t], member[:, t], sample_weight=weights) for t in range(3)]
            for member in probabilities
        ]
        assert figures == pytest.approx(np.array(expected), abs=1e-10)


def test_a_target_neither_true_nor_predicted_is_left_out():
    truth = np.array([[1, 0], [0, 0]])
    tally = multilabel.target_totals(truth, truth)
    assert np.isnan(tally.f1[1])
    assert tally.macro(tally.f1) == 1.0


@given(st.integers(0, 1000))
def test_whole_weights_are_repetitions(seed):
    stream = np.random.default_rng(seed)
    truth, decided = stream.integers(0, 2, (12, 2)), stream.integers(0, 2, (12, 2))
    weights = stream.integers(0, 3, 12)
    weights[0] += 1
    many = np.repeat(truth, weights, axis=0), np.repeat(decided, weights, axis=0)
    for figure in (multilabel.subset_accuracy, multilabel.hamming_loss):
        assert figure(truth, decided, weights) == pytest.approx(figure(*many), abs=1e-12)
    ours, repeated = (
        multilabel.target_totals(truth, decided, weights),
        multilabel.target_totals(*many),
    )
    assert np.array_equal(ours.hits, repeated.hits)
    assert np.array_equal(ours.predicted, repeated.predicted)
    assert np.array_equal(ours.actual, repeated.actual)
