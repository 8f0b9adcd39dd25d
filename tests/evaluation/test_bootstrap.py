"""Resampled sums and their intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.evaluation import bootstrap
from sortal.evaluation.bootstrap import interval, resampled_sums


def counts(examples, resamples, seed, strata=None):
    """How often each example was drawn: sums of one column per example."""
    sums = resampled_sums(np.eye(examples), resamples=resamples, seed=seed, strata=strata)
    return sums.sum(axis=0)


@given(st.integers(1, 40), st.integers(0, 2**31 - 1))
def test_a_resample_has_as_many_examples_as_the_part(examples, seed):
    assert np.array_equal(counts(examples, 7, seed).sum(axis=1), np.full(7, examples))


def test_bootstrap_counts_have_mean_one_and_the_right_spread():
    drawn = counts(50, 4000, 0)
    assert drawn.mean(axis=0) == pytest.approx(np.ones(50), abs=0.08)
    assert drawn.var() == pytest.approx(1 - 1 / 50, rel=0.02)


def test_strata_divide_the_sums_and_not_the_draws():
    strata = np.array([1, 0, 2, 1, 0])
    sums = resampled_sums(np.eye(5), resamples=20, seed=4, strata=strata)
    assert sums.shape == (3, 20, 5)
    for stratum in range(3):
        assert not sums[stratum][:, strata != stratum].any()
    assert np.array_equal(sums.sum(axis=(0, 2)), np.full(20, 5))
    assert len(np.unique(sums[1].sum(axis=1))) > 1


def test_equal_seeds_draw_equal_resamples_whatever_is_summed():
    columns = np.random.default_rng(0).random((30, 3))
    sums = resampled_sums(columns, resamples=50, seed=9)[0]
    assert sums == pytest.approx(counts(30, 50, 9) @ columns, rel=1e-5)
    assert not np.array_equal(counts(30, 50, 9), counts(30, 50, 10))


def test_drawing_in_tiles_changes_nothing_but_the_memory_used(monkeypatch):
    whole = counts(30, 50, 9)
    monkeypatch.setattr(bootstrap, "_TILE", 200)
    assert np.array_equal(counts(30, 50, 9), whole)


def test_poisson_counts_of_many_examples_give_the_same_interval(monkeypatch):
    values = np.random.default_rng(1).random((2000, 1))
    columns = np.concatenate([np.ones((2000, 1)), values], axis=1)

    def spread():
        sums = resampled_sums(columns, resamples=4000, seed=3)[0]
        return interval(sums[:, [1]] / sums[:, [0]])[0]

    exact = spread()
    monkeypatch.setattr(bootstrap, "LARGE", 100)
    monkeypatch.setattr(bootstrap, "_TILE", 1 << 16)
    approximate = spread()
    error = values.std() / np.sqrt(2000)
    assert approximate == pytest.approx(exact, abs=0.15 * error)
    expected = values.mean() + 1.96 * error * np.array([-1, 1])
    assert exact == pytest.approx(expected, abs=0.15 * error)


def test_poisson_counts_have_mean_and_variance_one(monkeypatch):
    monkeypatch.setattr(bootstrap, "LARGE", 10)
    drawn = counts(400, 1000, 0)
    assert drawn.mean() == pytest.approx(1.0, abs=0.01)
    assert drawn.var() == pytest.approx(1.0, abs=0.02)


def test_the_interval_is_of_percentiles():
    figures = np.random.default_rng(0).random((501, 3))
    assert interval(figures) == pytest.approx(np.quantile(figures, [0.025, 0.975], axis=0).T)
    assert interval(figures, level=0.5) == pytest.approx(
        np.quantile(figures, [0.25, 0.75], axis=0).T
    )


def test_resamples_with_an_undefined_metric_are_left_out():
    figures = np.array([[np.nan, np.nan], [0.2, np.nan], [0.4, np.nan], [np.nan, np.nan]])
    bounds = interval(figures)
    assert bounds[0] == pytest.approx(np.quantile([0.2, 0.4], [0.025, 0.975]))
    assert np.isnan(bounds[1]).all()
