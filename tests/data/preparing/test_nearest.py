"""Imputation by nearest neighbours, beside scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.impute import KNNImputer

from sortal.data.preparing.nearest import NearestNeighbours


def examples(seed, count, columns=5, lost=0.2):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(count, columns)) @ rng.normal(size=(columns, columns)) + 3
    values[rng.random(values.shape) < lost] = np.nan
    values[0] = np.arange(columns)
    return values


def filled(donors, values, neighbours=5, measured=None):
    columns = tuple(range(donors.shape[1]))
    made = values.copy()
    NearestNeighbours(donors, neighbours, measured or columns, columns).fill(made)
    return made


@given(seed=st.integers(0, 10_000), neighbours=st.integers(1, 12), lost=st.floats(0.01, 0.4))
@settings(deadline=None, max_examples=40)
def test_it_fills_as_scikit_learn_does(seed, neighbours, lost):
    donors, values = examples(seed, 80, lost=lost), examples(seed + 1, 40, lost=lost)
    theirs = KNNImputer(n_neighbors=neighbours).fit(donors).transform(values)
    ours = filled(donors, values, neighbours)
    alone = np.isnan(ours)
    assert (np.isnan(values).all(axis=1)[:, None] == alone).all()
    np.testing.assert_allclose(ours[~alone], theirs[~alone], rtol=0, atol=1e-6)


def test_blocks_are_filled_as_the_whole(monkeypatch):
    donors, values = examples(1, 60), examples(2, 50)
    whole = filled(donors, values)
    monkeypatch.setattr("sortal.data.preparing.nearest._DISTANCES_BYTES", 60 * 8 * 3)
    np.testing.assert_array_equal(filled(donors, values), whole)


def test_large_offsets_do_not_hide_distances():
    donors, values = examples(3, 60), examples(4, 20)
    moved = filled(donors + 1e7, values + 1e7) - 1e7
    np.testing.assert_allclose(moved, filled(donors, values), atol=1e-6)


def test_only_measured_columns_decide_who_is_near():
    donors = np.array([[0.0, 9.0, 1.0], [5.0, 0.0, 2.0]])
    values = np.array([[0.0, 0.0, np.nan]])
    assert filled(donors, values, 1, (0,))[0, 2] == 1.0
    assert filled(donors, values, 1, (1,))[0, 2] == 2.0


@pytest.mark.parametrize("neighbours", [1, 5])
def test_who_shares_no_column_gives_nothing(neighbours):
    donors = np.array([[np.nan, 7.0], [1.0, 3.0]])
    assert filled(donors, np.array([[1.0, np.nan]]), neighbours)[0, 1] == 3.0
    assert np.isnan(filled(donors[:1], np.array([[1.0, np.nan]]), neighbours)[0, 1])
