"""Tests of two weighted samples: against scipy, by their properties, and by simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import kolmogorov

from sortal.errors import DataError
from sortal.metrics.two_sample import (
    WeightedSample,
    effective_number,
    ks_asymptotic,
    ks_limit,
    ks_permutation,
)


def samples():
    """Tied values and whole-number weights that sum to more than zero."""
    pair = st.tuples(st.integers(-3, 3), st.integers(0, 3))
    return st.lists(pair, max_size=12).map(lambda more: np.array([(0, 1), *more]).T)


def unit(values):
    return WeightedSample(values=np.asarray(values, dtype=np.float64))


def growing(stream, size):
    """Uniform values with weights that vary, and grow 150-fold over them."""
    values = stream.random(size)
    return WeightedSample(values=values, weights=stream.exponential(size=size) * np.exp(5 * values))


def signed(stream, size):
    values = stream.random(size)
    return WeightedSample(
        values=values, weights=np.where(stream.random(size) < 0.2 * values, -1.0, 1.0)
    )


@given(samples(), samples())
def test_the_distance_is_the_largest_between_cumulative_shares(first, second):
    found = ks_asymptotic(
        *(WeightedSample(values=one[0], weights=one[1]) for one in (first, second))
    )
    shares = [
        [one[1][one[0] <= value].sum() / one[1].sum() for value in range(-4, 5)]
        for one in (first, second)
    ]
    assert found.statistic == pytest.approx(np.abs(np.subtract(*shares)).max(), abs=1e-12)


def test_the_asymptotic_p_of_unweighted_samples_is_kolmogorovs():
    stream = np.random.default_rng(3)
    first, second = stream.normal(size=700), stream.normal(size=400) + 0.1
    found = ks_asymptotic(unit(first), unit(second))
    reach = np.sqrt(700 * 400 / 1100) * stats.ks_2samp(first, second).statistic
    assert found.p == pytest.approx(kolmogorov(reach), abs=1e-12)
    assert found.p == pytest.approx(stats.ks_2samp(first, second).pvalue, abs=0.02)
    assert found.approximate
    assert found.n_eff == (700, 400)


@given(samples(), samples())
def test_whole_weights_are_repetitions_and_their_scale_is_free(first, second):
    weighted = [WeightedSample(values=one[0], weights=one[1]) for one in (first, second)]
    repeated = [unit(np.repeat(*one)) for one in (first, second)]
    scaled = WeightedSample(values=first[0], weights=0.37 * first[1])
    distance = ks_asymptotic(*repeated).statistic
    assert ks_asymptotic(*weighted).statistic == pytest.approx(distance, abs=1e-12)
    assert ks_asymptotic(scaled, weighted[1]).statistic == pytest.approx(distance, abs=1e-12)


@settings(max_examples=20)
@given(samples(), samples())
def test_the_tests_do_not_ask_which_sample_comes_first(first, second):
    one, two = (WeightedSample(values=each[0] / 4, weights=each[1]) for each in (first, second))
    for test in (ks_asymptotic, ks_limit):
        assert test(one, two).statistic == pytest.approx(test(two, one).statistic, abs=1e-12)


def test_equal_samples_agree_wholly():
    sample = growing(np.random.default_rng(0), 300)
    assert ks_permutation(sample, sample, permutations=50).p == 1.0
    assert ks_limit(sample, sample, draws=50).p == 1.0


def test_few_examples_are_permuted_as_counting_all_deals_has_it():
    first, second = [0.1, 0.2, 0.3, 0.4], [0.35, 0.5, 0.6, 0.7]
    exact = stats.ks_2samp(first, second, method="exact").pvalue
    found = ks_permutation(unit(first), unit(second), permutations=20_000)
    assert found.p == pytest.approx(exact, abs=0.015)
    assert not found.approximate


def test_p_from_draws_is_positive_and_depends_only_on_the_seed():
    one, two = unit(np.arange(50.0)), unit(np.arange(50.0) + 100)
    assert ks_permutation(one, two, permutations=99).p == 0.01
    assert ks_limit(one, two, draws=99).p == 0.01
    near = unit(np.arange(50.0) + 5)
    for test in (ks_permutation, ks_limit):
        assert test(one, near, seed=1).p == test(one, near, seed=1).p


def test_the_limit_of_unweighted_samples_is_kolmogorovs_law():
    stream = np.random.default_rng(5)
    one, two = unit(stream.random(20_000)), unit(stream.random(9_000) ** 1.02)
    assert ks_limit(one, two).p == pytest.approx(ks_asymptotic(one, two).p, abs=0.015)


@pytest.mark.parametrize("drawn", [growing, signed])
def test_the_limit_agrees_with_permutation_for_uneven_weights(drawn):
    stream = np.random.default_rng(8)
    for _ in range(4):
        one, two = drawn(stream, 3000), drawn(stream, 2000)
        exact = ks_permutation(one, two, permutations=1000)
        assert ks_limit(one, two).p == pytest.approx(exact.p, abs=0.06)


def uniform(p_values, *, tolerance=0.001):
    """Whether p-values pass for uniform: their own Kolmogorov-Smirnov test does not reject."""
    return stats.kstest(p_values, "uniform").pvalue > tolerance


@pytest.mark.parametrize("drawn", [growing, signed, lambda stream, n: unit(stream.random(n))])
def test_p_is_uniform_for_two_samples_of_one_distribution(drawn):
    stream = np.random.default_rng(21)
    found = {name: [] for name in ("permutation", "limit")}
    for seed in range(200):
        one, two = drawn(stream, 900), drawn(stream, 400)
        found["permutation"].append(ks_permutation(one, two, permutations=79, seed=seed).p)
        found["limit"].append(ks_limit(one, two, draws=400, seed=seed).p)
    for name, p_values in found.items():
        assert uniform(p_values), name


@pytest.mark.parametrize("drawn", [growing, signed])
def test_p_is_small_where_the_distributions_differ(drawn):
    stream = np.random.default_rng(2)
    one, two = drawn(stream, 4000), drawn(stream, 4000)
    two = WeightedSample(values=two.values**1.4, weights=two.weights)
    assert ks_permutation(one, two, permutations=999).p == 0.001
    assert ks_limit(one, two).p < 0.002


def test_negative_weights_are_flagged_and_may_exceed_distance_1():
    one = WeightedSample(values=np.array([0.0, 1.0, 2.0]), weights=np.array([2.0, -1.5, 0.5]))
    found = ks_permutation(one, unit([1.5, 2.5]), permutations=20)
    assert found.signed
    assert found.statistic == pytest.approx(2.0)
    assert not ks_asymptotic(unit([1.0]), unit([2.0])).signed


@pytest.mark.parametrize("empty", [[], [-1.0, 1.0], [-2.0, 1.0]])
def test_samples_without_weight_above_zero_are_not_tested(empty):
    nothing = WeightedSample(values=np.arange(float(len(empty))), weights=np.array(empty))
    for test in (ks_asymptotic, ks_limit, ks_permutation):
        found = test(nothing, unit([1.0, 2.0]))
        assert np.isnan(found.p)
        assert np.isnan(found.statistic)


def test_values_that_are_no_number_are_refused():
    with pytest.raises(DataError, match="expected numbers, got 1 NaN"):
        ks_limit(unit([np.nan, 1.0]), unit([1.0]))


@given(st.floats(0.01, 100.0), st.integers(1, 30))
def test_equal_weights_count_as_many_examples_as_there_are(weight, size):
    assert effective_number(np.full(size, weight)) == pytest.approx(size)
