"""How true a picture is: against scikit-learn, and on pictures whose truth is known."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.manifold import trustworthiness as by_scikit_learn

from sortal.metrics.embedding import stress, trustworthiness, trustworthiness_of_examples


def _cloud(seed, count=60, features=7):
    return np.random.default_rng(seed).normal(size=(count, features))


@given(seed=st.integers(0, 10_000), count=st.integers(12, 80), neighbours=st.integers(1, 5))
@settings(max_examples=40)
def test_trustworthiness_is_that_of_scikit_learn_without_ties(seed, count, neighbours):
    matrix = _cloud(seed, count)
    picture = np.random.default_rng(seed + 1).normal(size=(count, 2))
    expected = by_scikit_learn(matrix, picture, n_neighbors=neighbours)
    found = trustworthiness(cdist(matrix, matrix), picture, neighbours=neighbours)
    assert found == pytest.approx(expected, abs=1e-12)
    same = trustworthiness_of_examples(matrix, picture, neighbours=neighbours)
    assert same == pytest.approx(expected, abs=1e-12)


@given(seed=st.integers(0, 10_000), count=st.integers(3, 40), copies=st.integers(1, 3))
@settings(max_examples=30)
def test_a_true_picture_is_trusted_wholly_despite_equal_points(seed, count, copies):
    plane = np.repeat(np.random.default_rng(seed).normal(size=(count, 2)), copies, axis=0)
    assert trustworthiness(cdist(plane, plane), plane) == pytest.approx(1.0)
    assert trustworthiness_of_examples(plane, plane) == pytest.approx(1.0)
    assert stress(cdist(plane, plane), plane) == pytest.approx(0.0, abs=1e-6)


def test_trustworthiness_of_a_sample_is_near_that_of_all():
    matrix = _cloud(3, 1500)
    picture = matrix[:, :2] + 0.3 * _cloud(4, 1500, 2)
    every = trustworthiness_of_examples(matrix, picture)
    assert trustworthiness_of_examples(matrix, picture, asked=500) == pytest.approx(every, abs=0.01)


def test_a_random_picture_has_a_trustworthiness_of_one_half():
    matrix, picture = _cloud(0, 900), _cloud(1, 900, 2)
    assert trustworthiness_of_examples(matrix, picture) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("offset", [-1e4, 1e3, 1e5, 1e6])
def test_where_zero_lies_does_not_matter_to_trustworthiness(offset):
    matrix, picture = _cloud(0, 300, 10), _cloud(1, 300, 2)
    expected = trustworthiness_of_examples(matrix, picture)
    moved = trustworthiness_of_examples(matrix + offset, picture)
    assert moved == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_points_have_no_trustworthiness(count):
    plane = np.zeros((count, 2))
    assert math.isnan(trustworthiness(np.zeros((count, count)), plane))


@given(seed=st.integers(0, 10_000), factor=st.floats(0.01, 100))
@settings(max_examples=30)
def test_stress_is_that_of_the_best_scale_and_no_other(seed, factor):
    true, plane = cdist(*2 * [_cloud(seed, 20)]), _cloud(seed + 1, 20, 2)
    drawn = cdist(plane, plane)
    best = (drawn * true).sum() / (true**2).sum()
    expected = math.sqrt(((drawn - best * true) ** 2).sum() / (drawn**2).sum())
    assert stress(true, plane) == pytest.approx(expected)
    assert stress(true, factor * plane) == pytest.approx(expected)
    worse = math.sqrt(((drawn - 1.1 * best * true) ** 2).sum() / (drawn**2).sum())
    assert stress(true, plane) <= worse


def test_stress_of_equal_points_is_0_only_if_they_are_equal():
    here = np.zeros((4, 2))
    assert stress(np.zeros((4, 4)), here) == 0.0
    assert math.isnan(stress(np.ones((4, 4)), here))
