"""Negative weights cancel against their nearest neighbours and nothing is lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.data.weighting import cancellation as pairing
from sortal.data.weighting.cancellation import cancel_negatives, standardised

WEIGHTS = st.lists(
    st.floats(-100, 100, allow_subnormal=False).filter(lambda w: w == 0 or abs(w) > 1e-6),
    min_size=1,
    max_size=40,
)


def drawn(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, 3)).astype(np.float32)


@given(WEIGHTS)
def test_negative_weights_remain_only_where_the_sum_is_negative(weights):
    given_ = np.array(weights)
    after = cancel_negatives(given_, drawn(len(given_)))
    size = np.abs(given_).sum() + 1e-300
    assert abs(after.sum() - given_.sum()) <= 1e-12 * size
    assert (after >= 0).all() or given_.sum() <= 1e-12 * size
    assert (after <= 0).all() or given_.sum() >= -1e-12 * size


@given(WEIGHTS)
def test_no_weight_grows_and_none_changes_its_sign(weights):
    given_ = np.array(weights)
    after = cancel_negatives(given_, drawn(len(given_)))
    assert (np.abs(after) <= np.abs(given_)).all()
    assert (after * given_ >= 0).all()


@pytest.fixture
def small_cells(monkeypatch):
    monkeypatch.setattr(pairing, "_CELL", 16)
    monkeypatch.setattr(pairing, "_NEIGHBOURS", 2)


@pytest.mark.usefixtures("small_cells")
@pytest.mark.parametrize("seed", range(5))
def test_cells_and_scarce_neighbours_keep_sum_and_sign(seed):
    rng = np.random.default_rng(seed)
    features = standardised(rng.normal(size=(500, 4)))
    weights = rng.gamma(1.0, size=500) * np.where(rng.random(500) < 0.45, -1, 1)
    weights += max(0.0, 0.01 - weights.mean())
    after = cancel_negatives(weights, features)
    assert (after >= 0).all()
    assert after.sum() == pytest.approx(weights.sum(), rel=1e-9)


def test_a_negative_weight_is_taken_from_the_nearest_positive():
    features = np.array([[0.0], [0.4], [1.0], [5.0]], dtype=np.float32)
    after = cancel_negatives(np.array([-2.0, 0.5, 1.0, 4.0]), features)
    np.testing.assert_allclose(after, [0, 0, 0, 3.5])


def test_negative_weights_far_from_positive_ones_are_cancelled(monkeypatch):
    monkeypatch.setattr(pairing, "_NEIGHBOURS", 1)
    features = np.concatenate([np.zeros((30, 1)), np.arange(1.0, 41)[:, np.newaxis]])
    weights = np.concatenate([-np.ones(30), np.ones(40)])
    after = cancel_negatives(weights, features.astype(np.float32))
    np.testing.assert_array_equal(after, [0.0] * 60 + [1.0] * 10)


def test_examples_far_away_keep_their_weights():
    rng = np.random.default_rng(1)
    features = np.concatenate([rng.normal(size=(200, 2)), rng.normal(50, 1, size=(100, 2))])
    weights = np.ones(300)
    weights[:50] = -1
    after = cancel_negatives(weights, standardised(features))
    np.testing.assert_array_equal(after[200:], 1)


def test_equal_examples_are_cancelled_though_no_cut_splits_them(monkeypatch):
    monkeypatch.setattr(pairing, "_CELL", 4)
    weights = np.array([-1.0, 1] * 10 + [1.0])
    after = cancel_negatives(weights, np.zeros((21, 2), dtype=np.float32))
    assert after.sum() == 1
    assert (after >= 0).all()


def test_distances_are_in_columns_of_unit_variance_despite_gaps():
    table = np.random.default_rng(0).normal(5, [1, 1000, 0], size=(300, 3))
    table[:7, 1] = np.nan
    made = standardised(table)
    assert np.isfinite(made).all()
    np.testing.assert_allclose(np.nanstd(made[7:], axis=0), [1, 1, 0], atol=0.05)
    np.testing.assert_array_equal(made[:7, 1], 0)
