"""Distances between classifiers: against slow definitions and scikit-learn, in blocks or whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from sortal.data.labels import Outputs
from sortal.evaluation.maps.dissimilarity import (
    as_probabilities,
    by_agreement,
    by_errors,
    by_probabilities,
    by_scores,
    scale_of,
)

EXCLUSIVE, INDEPENDENT = Outputs.EXCLUSIVE, Outputs.INDEPENDENT


def _blocks(array, size):
    return [array[:, begin : begin + size] for begin in range(0, array.shape[1], size)]


@given(
    seed=st.integers(0, 10_000),
    members=st.integers(1, 8),
    examples=st.integers(1, 60),
    size=st.integers(1, 60),
)
@settings(max_examples=60)
def test_distance_by_errors_is_the_share_one_alone_has_right(seed, members, examples, size):
    right = np.random.default_rng(seed).random((members, examples)) < 0.6
    found = by_errors(_blocks(right, size))
    expected = (right[:, None] != right).mean(axis=2)
    np.testing.assert_allclose(found.distances, expected, atol=1e-12)
    np.testing.assert_allclose(found.euclidean**2, expected, atol=1e-12)


def test_the_distance_from_perfection_is_the_error_rate():
    right = np.random.default_rng(0).random((4, 50)) < 0.7
    right[2] = True
    assert by_errors([right]).distances[2] == pytest.approx(1 - right.mean(axis=1))


@given(
    seed=st.integers(0, 10_000),
    members=st.integers(2, 6),
    classes=st.integers(1, 5),
    size=st.integers(1, 50),
)
@settings(max_examples=60)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_distance_by_agreement_is_1_minus_scikit_learn_s_kappa(seed, members, classes, size):
    codes = np.random.default_rng(seed).integers(0, classes, (members, 40)).astype(np.uint8)
    codes[0] = 0
    found = by_agreement(_blocks(codes, size), EXCLUSIVE, classes).distances
    for i in range(members):
        for j in range(i):
            kappa = cohen_kappa_score(codes[i], codes[j])
            expected = 0.0 if np.array_equal(codes[i], codes[j]) else 1 - kappa
            assert found[i, j] == found[j, i] == pytest.approx(expected, abs=1e-9)


def test_a_constant_classifier_agrees_with_others_by_chance():
    codes = np.random.default_rng(1).integers(0, 3, (3, 200))
    codes[0] = 1
    np.testing.assert_allclose(by_agreement([codes], EXCLUSIVE, 3).distances[0, 1:], 1.0)


@given(seed=st.integers(0, 10_000), targets=st.integers(1, 4), size=st.integers(1, 30))
@settings(max_examples=40)
def test_agreement_on_targets_averages_observed_and_chance(seed, targets, size):
    answers = np.random.default_rng(seed).integers(0, 2, (3, 30, targets)).astype(np.uint8)
    found = by_agreement(_blocks(answers, size), INDEPENDENT, targets).distances
    seen = np.mean(answers[0] == answers[1])
    p, q = answers[0].mean(axis=0), answers[1].mean(axis=0)
    chance = np.mean(p * q + (1 - p) * (1 - q))
    assert found[0, 1] == pytest.approx((1 - seen) / (1 - chance), abs=1e-9)


@given(seed=st.integers(0, 10_000), outputs=st.sampled_from(list(Outputs)), size=st.integers(1, 40))
@settings(max_examples=40)
def test_distance_by_probabilities_is_the_root_mean_square(seed, outputs, size):
    scores = np.random.default_rng(seed).dirichlet(np.ones(4), (5, 30)).astype(np.float32)
    found = by_probabilities(_blocks(scores, size), outputs).distances
    half = 2 if outputs is EXCLUSIVE else 4
    expected = np.sqrt(((scores[:, None] - scores) ** 2).sum(axis=3).mean(axis=2) / half)
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_opposite_certainties_have_distance_1_and_equal_ones_0():
    sure = np.eye(2)[[[0, 1, 0], [1, 0, 1], [0, 1, 0]]]
    found = by_probabilities([sure], EXCLUSIVE).distances
    np.testing.assert_allclose(found, [[0, 1, 0], [1, 0, 1], [0, 1, 0]], atol=1e-6)


@given(
    seed=st.integers(0, 10_000),
    classes=st.integers(2, 5),
    accuracy=st.floats(0.0, 1.0),
    outputs=st.sampled_from(list(Outputs)),
)
@settings(max_examples=80)
def test_decision_values_are_never_turned_around(seed, classes, accuracy, outputs):
    values = np.random.default_rng(seed).normal(scale=5, size=(50, classes))
    if classes == 2 and outputs is EXCLUSIVE:
        values[:, 0] = -values[:, 1]
    scale = scale_of(values, accuracy, outputs)
    found = as_probabilities(values, scale, outputs)
    assert (found >= 0).all()
    assert (found <= 1).all()
    if outputs is EXCLUSIVE:
        np.testing.assert_allclose(found.sum(axis=1), 1.0)
        order = np.argsort(values, axis=1)
        assert (np.diff(np.take_along_axis(found, order, axis=1), axis=1) >= 0).all()
    else:
        assert ((found > 0.5) <= (values > 0)).all()
        assert ((found < 0.5) <= (values < 0)).all()


@given(seed=st.integers(0, 10_000), accuracy=st.floats(0.6, 0.95))
@settings(max_examples=30)
def test_a_classifier_becomes_as_sure_as_it_is_right(seed, accuracy):
    values = np.random.default_rng(seed).normal(size=(300, 3)) * 1e-4
    found = as_probabilities(values, scale_of(values, accuracy, EXCLUSIVE), EXCLUSIVE)
    assert found.max(axis=1).mean() == pytest.approx(accuracy, abs=1e-3)


def test_one_who_only_guesses_is_sure_of_nothing():
    values = np.random.default_rng(0).normal(size=(30, 4))
    for scale in (scale_of(values, 0.25, EXCLUSIVE), scale_of(np.zeros((5, 4)), 1.0, EXCLUSIVE)):
        assert (as_probabilities(values, scale, EXCLUSIVE) == 0.25).all()


def test_figures_that_are_lacking_or_all_the_same_do_not_count():
    figures = np.array([[0.9, 5.0, 1.0, 0.1], [0.8, np.nan, 1.0, 0.2], [0.7, 5.0, 1.0, 0.3]])
    found = by_scores(figures, ["a", "b", "c", "d"])
    scaled = (figures[:, [0, 3]] - figures[:, [0, 3]].mean(0)) / figures[:, [0, 3]].std(0)
    expected = np.sqrt(((scaled[:, None] - scaled) ** 2).mean(axis=2))
    np.testing.assert_allclose(found.distances, expected, atol=1e-9)
    assert found.notes == ("Left out, for some classifiers have no such figure: b.",)


def test_equal_classifiers_are_at_no_distance_by_anything():
    same = np.zeros((3, 10), dtype=np.uint8)
    for found in (
        by_errors([same == 0]),
        by_agreement([same], EXCLUSIVE, 2),
        by_probabilities([np.full((3, 10, 2), 0.5)], EXCLUSIVE),
        by_scores(np.ones((3, 2)), ["a", "b"]),
    ):
        assert not found.distances.any()
        assert not found.euclidean.any()
