"""The chi-square test of weighted histograms: against scipy and by simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sortal.errors import DataError
from sortal.metrics.chi_square import chi_square_homogeneity
from sortal.metrics.histogram import Histogram

EDGES = np.linspace(0.0, 1.0, 11)


def flat(stream, size, *, power=1.0):
    return Histogram.of(stream.random(size) ** power, None, EDGES)


def growing(stream, size, *, power=1.0):
    """Weights that vary, and grow 150-fold over the values."""
    values = stream.random(size)
    weights = stream.exponential(size=size) * np.exp(5 * values)
    return Histogram.of(values**power, weights, EDGES)


def signed(stream, size, *, power=1.0):
    values = stream.random(size)
    weights = np.where(stream.random(size) < 0.2 * values, -1.0, 1.0)
    return Histogram.of(values**power, weights, EDGES)


KINDS = pytest.mark.parametrize("drawn", [flat, growing, signed])


@KINDS
def test_p_is_uniform_for_two_histograms_of_one_distribution(drawn):
    stream = np.random.default_rng(21)
    p_values = [
        chi_square_homogeneity(drawn(stream, 1800), drawn(stream, 900)).p for _ in range(400)
    ]
    assert stats.kstest(p_values, "uniform").pvalue > 0.001


@KINDS
def test_p_is_small_where_the_shapes_differ(drawn):
    stream = np.random.default_rng(2)
    found = chi_square_homogeneity(drawn(stream, 4000), drawn(stream, 4000, power=1.4))
    assert found.p < 0.001


@given(st.integers(0, 1000), st.floats(0.01, 100.0))
def test_neither_order_nor_scale_of_weights_matters(seed, scale):
    stream = np.random.default_rng(seed)
    one, two = growing(stream, 300), growing(stream, 500)
    scaled = Histogram(edges=EDGES, sums=two.sums * scale, squares=two.squares * scale**2)
    value = chi_square_homogeneity(one, two, least=3).statistic
    for pair in ((two, one), (one, scaled)):
        found = chi_square_homogeneity(*pair, least=3).statistic
        assert found == pytest.approx(value, abs=1e-9)
    assert chi_square_homogeneity(one, one).p == pytest.approx(1.0)


def test_uneven_weights_do_not_mislead_the_test():
    stream = np.random.default_rng(4)
    pairs = [(growing(stream, 2000), growing(stream, 700)) for _ in range(400)]
    assert 0.02 < np.mean([chi_square_homogeneity(*pair).p < 0.05 for pair in pairs]) < 0.08


def test_with_unit_weights_homogeneity_is_pearsons():
    stream = np.random.default_rng(1)
    one, two = flat(stream, 3000), flat(stream, 500)
    peer = stats.chi2_contingency(np.stack([one.sums, two.sums]), correction=False)
    found = chi_square_homogeneity(one, two)
    assert found.statistic == pytest.approx(peer.statistic)
    assert found.p == pytest.approx(peer.pvalue)
    assert (found.ndf, found.merged) == (peer.dof, 0)


def test_bins_of_few_effective_events_are_merged_and_counted():
    counts = np.array([40.0, 3, 4, 5, 30, 2])
    edges = np.arange(7.0)
    histogram = Histogram(edges=edges, sums=counts, squares=counts)
    found = chi_square_homogeneity(histogram, histogram)
    assert (found.ndf, found.merged) == (2, 3)
    heavy = Histogram(edges=edges, sums=counts, squares=counts * 4)
    assert chi_square_homogeneity(heavy, heavy).merged == 4


def test_one_bin_that_is_left_cannot_be_tested():
    lone = Histogram(edges=np.arange(3.0), sums=np.array([3.0, 4.0]), squares=np.array([3.0, 4.0]))
    found = chi_square_homogeneity(lone, lone)
    assert np.isnan(found.p)
    assert found.ndf == 0


def test_histograms_with_different_edges_are_refused():
    one = Histogram.of(np.array([0.5]), None, EDGES)
    with pytest.raises(DataError, match="different edges"):
        chi_square_homogeneity(one, Histogram.of(np.array([0.5]), None, EDGES * 2))
