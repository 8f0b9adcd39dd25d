"""Figures of merit of histograms."""

import numpy as np
import pytest

from sortal.errors import DataError
from sortal.evaluation.physics.binned import binned_merit
from sortal.evaluation.physics.significance import FigureOfMerit, asimov
from sortal.metrics.histogram import Histogram

EDGES = np.array([0.0, 1.0, 2.0, 3.0])


def histogram(sums, each=0.1):
    sums = np.array(sums, dtype=np.float64)
    return Histogram(edges=EDGES, sums=sums, squares=np.abs(sums) * each)


def test_bins_are_judged_apart_and_added_in_quadrature():
    found = binned_merit(histogram([1, 2, 6]), histogram([90, 20, 3]), uncertainty=0.1)
    expected = asimov([1, 2, 6], [90, 20, 3], 0.1)
    assert found.merit == pytest.approx(expected)
    assert found.combined == pytest.approx(np.sqrt((expected**2).sum()))
    assert not found.guarded.any()


def test_bins_tell_more_than_their_sum():
    whole = asimov(9.0, 113.0)
    found = binned_merit(histogram([1, 2, 6]), histogram([90, 20, 3]))
    assert found.combined > whole


@pytest.mark.parametrize(
    "guard", [{"minimum_background": 4.0}, {"minimum_effective_background": 31.0}]
)
def test_a_guarded_bin_adds_nothing(guard):
    found = binned_merit(histogram([1, 2, 6]), histogram([90, 20, 3]), **guard)
    assert found.guarded.tolist() == [False, False, True]
    assert found.combined == pytest.approx(np.hypot(*found.merit[:2]))
    assert (found.merit[2], found.errors[2]) == (0.0, 0.0)


def test_bins_without_background_are_always_guarded():
    found = binned_merit(histogram([1, 2, 6]), histogram([90, 0, -3]))
    assert found.guarded.tolist() == [False, True, True]
    assert np.isfinite(found.error)


def test_the_error_is_the_spread_of_simulated_histograms():
    rng = np.random.default_rng(2)
    signal, background = np.array([400, 500, 900]), np.array([2500, 900, 400])
    drawn = [
        binned_merit(
            histogram(rng.poisson(signal) * 0.01),
            histogram(rng.poisson(background) * 0.05),
            uncertainty=0.05,
        ).combined
        for _ in range(3000)
    ]
    found = binned_merit(
        Histogram(edges=EDGES, sums=signal * 0.01, squares=signal * 0.01**2),
        Histogram(edges=EDGES, sums=background * 0.05, squares=background * 0.05**2),
        uncertainty=0.05,
    )
    assert found.error == pytest.approx(np.std(drawn), rel=0.06)


def test_no_signal_in_any_bin_gives_no_merit_and_no_error():
    found = binned_merit(histogram([0, 0, 0]), histogram([5, 5, 5]))
    assert found.combined == 0
    assert np.isnan(found.error)


def test_other_figures_are_combined_alike():
    found = binned_merit(
        histogram([3, 4, 0]), histogram([1, 1, 1]), figure=FigureOfMerit.S_OVER_SQRT_B
    )
    assert found.combined == 5.0


def test_histograms_of_different_edges_are_refused():
    other = Histogram(edges=EDGES + 1, sums=np.ones(3), squares=np.ones(3))
    with pytest.raises(DataError, match="same edges"):
        binned_merit(histogram([1, 1, 1]), other)
