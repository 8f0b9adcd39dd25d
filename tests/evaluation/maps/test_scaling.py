"""Points from distances: exact where that is possible, no worse than scikit-learn where not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.decomposition import PCA
from sklearn.manifold import smacof as by_scikit_learn

from sortal.evaluation.maps.scaling import classical_scaling, smacof


@given(seed=st.integers(0, 10_000), count=st.integers(1, 40))
@settings(max_examples=40)
def test_distances_of_points_on_a_plane_are_found_again(seed, count):
    plane = np.random.default_rng(seed).normal(size=(count, 2))
    distances = cdist(plane, plane)
    found = classical_scaling(distances)
    np.testing.assert_allclose(cdist(found, found), distances, atol=1e-6)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-8)


@pytest.mark.parametrize("count", [50, 400])
def test_classical_scaling_of_euclidean_distances_is_pca(count):
    matrix = np.random.default_rng(0).normal(size=(count, 6)) * [5, 3, 1, 1, 1, 1]
    found = classical_scaling(cdist(matrix, matrix))
    expected = PCA(2).fit_transform(matrix)
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-6)


def test_the_order_of_points_does_not_matter_beyond_their_order():
    matrix = np.random.default_rng(2).normal(size=(300, 5)) * [4, 2, 1, 1, 1]
    order = np.random.default_rng(3).permutation(300)
    first, second = (classical_scaling(cdist(m, m)) for m in (matrix, matrix[order]))
    np.testing.assert_allclose(second, first[order], atol=1e-6)


def test_points_on_a_line_have_an_empty_second_axis():
    line = np.arange(5.0)[:, None] * [1.0, 2.0]
    assert (classical_scaling(cdist(line, line))[:, 1] == 0).all()
    assert (classical_scaling(np.zeros((4, 4))) == 0).all()


def test_many_points_in_one_place_stay_there():
    assert (classical_scaling(np.zeros((300, 300))) == 0).all()


@given(seed=st.integers(0, 1000))
@settings(max_examples=10)
def test_smacof_is_no_worse_than_its_start_and_scikit_learn(seed):
    matrix = np.random.default_rng(seed).normal(size=(60, 8))
    distances = cdist(matrix, matrix)
    start = classical_scaling(distances)
    found = smacof(distances, start)

    def errors(points):
        return ((cdist(points, points) - distances) ** 2).sum()

    assert errors(found) < errors(start)
    theirs, _ = by_scikit_learn(distances, init=start, n_init=1, eps=1e-4, normalized_stress=False)
    assert errors(found) < 1.01 * errors(theirs)


def test_smacof_copes_with_points_in_one_place():
    matrix = np.repeat(np.random.default_rng(0).normal(size=(10, 4)), 3, axis=0)
    distances = cdist(matrix, matrix)
    assert np.isfinite(smacof(distances, np.zeros((30, 2)))).all()
    assert np.isfinite(smacof(distances, classical_scaling(distances))).all()
