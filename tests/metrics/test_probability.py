"""Log loss, Brier score and calibration, against scikit-learn and by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as peer

from sortal.metrics import probability
from sortal.metrics.ratio import average


def log_loss(truth, probabilities, weights=None):
    return average(probability.log_losses(truth, probabilities), weights)


def drawn(classes, examples=120, members=1):
    stream = np.random.default_rng(classes)
    probabilities = stream.dirichlet(np.ones(classes), (members, examples))
    truth = np.concatenate([np.arange(classes), stream.integers(0, classes, examples - classes)])
    return truth, probabilities, stream.random(examples)


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("weighted", [False, True])
def test_losses_agree_with_scikit_learn(classes, weighted):
    truth, probabilities, weights = drawn(classes)
    used = weights if weighted else None
    labels = list(range(classes))
    assert float(log_loss(truth, probabilities[0], used)) == pytest.approx(
        peer.log_loss(truth, probabilities[0], sample_weight=used, labels=labels), abs=1e-10
    )
    assert float(probability.brier_score(truth, probabilities[0], used)) == pytest.approx(
        peer.brier_score_loss(truth, probabilities[0], sample_weight=used, labels=labels),
        abs=1e-10,
    )


def test_two_classes_have_the_binary_brier_score():
    truth, probabilities, _ = drawn(2)
    assert float(probability.brier_score(truth, probabilities[0])) == pytest.approx(
        peer.brier_score_loss(truth, probabilities[0, :, 1]), abs=1e-10
    )


def test_a_certain_mistake_costs_the_same_in_single_precision():
    certain = np.array([[1.0, 0.0]])
    for precision in (np.float32, np.float64):
        loss = log_loss(np.array([1]), certain.astype(precision))
        assert loss == pytest.approx(-np.log(np.finfo(np.float64).eps))
    assert float(loss) == pytest.approx(peer.log_loss([1], certain, labels=[0, 1]), abs=1e-10)


def test_members_have_their_own_losses():
    truth, probabilities, weights = drawn(3, members=4)
    for figure in (
        log_loss,
        probability.brier_score,
        probability.expected_calibration_error,
    ):
        alone = [float(figure(truth, member, weights)) for member in probabilities]
        assert figure(truth, probabilities, weights) == pytest.approx(alone, abs=1e-12)


@given(st.integers(0, 1000))
def test_whole_weights_are_repetitions(seed):
    stream = np.random.default_rng(seed)
    weights = stream.integers(0, 4, 20)
    weights[0] += 1
    truth, probabilities = stream.integers(0, 3, 20), stream.dirichlet(np.ones(3), 20)
    many = np.repeat(truth, weights), np.repeat(probabilities, weights, axis=0)
    for figure in (
        log_loss,
        probability.brier_score,
        probability.expected_calibration_error,
    ):
        assert figure(truth, probabilities, weights) == pytest.approx(figure(*many), abs=1e-12)


@given(st.integers(0, 1000), st.integers(2, 5))
def test_scores_keep_their_bounds(seed, classes):
    stream = np.random.default_rng(seed)
    truth = stream.integers(0, classes, 15)
    probabilities = stream.dirichlet(np.full(classes, 0.2), 15)
    assert 0 <= probability.brier_score(truth, probabilities) <= (1 if classes == 2 else 2)
    assert 0 <= probability.expected_calibration_error(truth, probabilities) <= 1
    assert log_loss(truth, probabilities) >= 0


def test_calibration_error_is_the_mean_gap_of_the_bins():
    probabilities = np.array([[0.95, 0.05], [0.95, 0.05], [0.95, 0.05], [0.45, 0.55]])
    error = probability.expected_calibration_error(np.array([0, 0, 1, 1]), probabilities)
    assert error == pytest.approx(0.75 * abs(0.95 - 2 / 3) + 0.25 * abs(0.55 - 1.0))


def test_a_bin_holds_its_upper_bound():
    for other, error in ((0.6, 0.1), (0.61, (0.4 + 0.61) / 2)):
        confidence = np.array([0.6, other])
        probabilities = np.stack([confidence, 1 - confidence], axis=1)
        found = probability.expected_calibration_error(np.array([0, 1]), probabilities)
        assert found == pytest.approx(error)


def test_a_figure_of_weights_that_cancel_is_undefined():
    truth, probabilities, weights = np.array([0, 1]), np.full((2, 2), 0.5), np.array([1.0, -1.0])
    for figure in (
        log_loss,
        probability.brier_score,
        probability.expected_calibration_error,
    ):
        assert np.isnan(figure(truth, probabilities, weights))
