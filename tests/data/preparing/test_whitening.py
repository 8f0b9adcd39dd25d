"""Whitened features are uncorrelated, keep their names, and are the same in any block."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.data.inputs import Inputs, Ragged
from sortal.data.preparing import channels as lanes
from sortal.data.preparing import fitted
from sortal.data.preparing.preparer import Preparation, Preparer
from sortal.errors import DataError


def correlated(seed: int = 0, examples: int = 400, columns: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mixing = np.eye(columns) + rng.uniform(-1, 1, size=(columns, columns)) / 2
    return rng.normal(size=(examples, columns)) @ mixing * rng.uniform(0.01, 100, columns) + 5


def fit(table, imputation="none", rows=None, name="features") -> Preparer:
    rows = np.arange(len(table)) if rows is None else rows
    recipe = Preparation(scaling="whiten", imputation=imputation)
    return Preparer.fit(inputs_of(table, name), {}, rows, recipe)


def inputs_of(table, name="features") -> Inputs:
    return Inputs({name: table}, np.arange(len(table)))


def whitened(preparer: Preparer, table) -> np.ndarray:
    return preparer.apply(inputs_of(table)).arrays["features"]


@given(st.integers(0, 10_000), st.integers(1, 8), st.sampled_from([np.float32, np.float64]))
def test_training_examples_are_centred_with_unit_covariance(seed, columns, kind):
    table = correlated(seed, 60 + 10 * columns, columns).astype(kind)
    made = whitened(fit(table), table)
    assert made.dtype == kind
    tolerance = 1e-8 if kind is np.float64 else 1e-3
    np.testing.assert_allclose(made.mean(axis=0), 0, atol=tolerance)
    covariance = np.atleast_2d(np.cov(made.T, bias=True))
    np.testing.assert_allclose(covariance, np.eye(columns), atol=tolerance)


def test_a_whitened_feature_is_closest_to_its_namesake():
    table = correlated()
    made = whitened(fit(table), table)
    between = np.corrcoef(table.T, made.T)[:5, 5:]
    np.testing.assert_array_equal(between.argmax(axis=0), np.arange(5))
    np.testing.assert_allclose(between, between.T, atol=1e-8)


def test_only_training_examples_have_a_say():
    table = correlated()
    rows = np.arange(0, 400, 2)
    one = fit(table, rows=rows)
    table[1::2] *= 3
    other = fit(table, rows=rows)
    for what in ("center", "scale", "rotation"):
        ours, theirs = (getattr(p.fitted["features"], what) for p in (one, other))
        np.testing.assert_array_equal(ours, theirs)


def test_blocks_of_any_size_give_the_same_bits(monkeypatch):
    table = correlated(columns=30)
    whole = whitened(fit(table), table)
    monkeypatch.setattr(fitted, "_PIECE_BYTES", 300)
    np.testing.assert_array_equal(whitened(fit(table), table), whole)
    alone = np.concatenate([whitened(fit(table), table[row : row + 1]) for row in range(20)])
    np.testing.assert_array_equal(alone, whole[:20])
    monkeypatch.setattr(lanes, "_BLOCK_BYTES", 1000)
    np.testing.assert_allclose(whitened(fit(table), table), whole, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_constant_and_collinear_features_are_dropped_and_named(kind):
    table = correlated(columns=3)
    copies = [table, 2 * table[:, :1] - 1, np.full((400, 1), 1e6 / 3)]
    table = np.concatenate(copies, axis=1).astype(kind)
    preparer = fit(table)
    assert preparer.fitted["features"].collinear == ("features[0]", "features[3]")
    assert preparer.constant == ("features[4]",)
    assert "'features[0]', 'features[3]'" in preparer.remarks[0]
    made = whitened(preparer, table)
    np.testing.assert_array_equal(made[:, 4], 0)
    np.testing.assert_allclose(made[:, 0], made[:, 3], atol=1e-2)
    sizes = np.linalg.eigvalsh(np.cov(made.T, bias=True))
    np.testing.assert_allclose(sizes, [0, 0, 1, 1, 1], atol=1e-2)


def test_features_that_are_not_collinear_are_not_remarked_on():
    assert fit(correlated()).remarks == ()


def test_unseen_values_stay_finite_and_a_gap_empties_its_row():
    table = correlated()
    preparer = fit(table)
    far = np.tile(table[:1], (3, 1))
    far[0, 1], far[1, 2] = 1e300, np.nan
    made = whitened(preparer, far)
    assert np.isfinite(made[0]).all()
    assert np.isnan(made[1]).all()
    np.testing.assert_array_equal(made[2], whitened(preparer, table)[0])
    made = whitened(preparer, far.clip(-1e38, 1e38).astype(np.float32))
    assert np.isfinite(made[0]).all()


def test_missing_values_are_filled_first():
    table = correlated()
    table[::7, 2] = np.nan
    preparer = fit(table, "mean")
    made = whitened(preparer, table)
    np.testing.assert_allclose(np.cov(made.T, bias=True), np.eye(5), atol=1e-8)
    with pytest.raises(DataError, match=r"some are missing; set data\.imputation"):
        fit(table)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("stamp", np.zeros((4, 2, 3, 3))),
        ("signal", np.zeros((4, 9))),
        ("reads", Ragged(np.arange(8.0), np.array([0, 2, 4, 6, 8]))),
    ],
)
def test_signals_and_stamps_are_refused_in_one_sentence(name, array):
    with pytest.raises(DataError, match=f"input '{name}': scaling: whiten is for tables"):
        fit(array, name=name)


def test_what_is_stored_whitens_as_before(tmp_path):
    table = np.concatenate([correlated(), correlated()[:, :1]], axis=1)
    preparer = fit(table)
    preparer.save(tmp_path)
    loaded = Preparer.load(tmp_path)
    np.testing.assert_array_equal(whitened(loaded, table), whitened(preparer, table))
    assert loaded.remarks == preparer.remarks
