"""The panel of ratios below a histogram, also of weights of both signs."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from sortal.evaluation.plots.drawing.lower_panel import LowerPanel, draw_lower, find_cancelled_bins
from sortal.metrics.histogram import Histogram

EDGES = np.linspace(0.0, 1.0, 5)
PLACES = np.array([0.1, 0.3, 0.6, 0.6, 0.9])
"""One event in each bin, and two in the third."""


def of(*weights):
    return Histogram.of(PLACES, np.array(weights, dtype=float), EDGES)


def painted(panel):
    """Draw the panel, with every warning an error, and give its axes."""
    figure = Figure()
    axes = figure.subplots()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw_lower(axes, panel, EDGES)
        figure.draw_without_rendering()
    return axes


@pytest.mark.parametrize(
    ("first", "second"),
    [(0.5, -0.5), (0.5, -0.7), (0.1, -0.1), (0.3, -(0.1 + 0.2))],
    ids=["cancel", "sum below zero", "tenths", "cancel but for rounding"],
)
def test_a_bin_that_cancels_is_left_out_of_the_ratio(first, second):
    below = of(1.0, 2.0, first, second, 4.0)
    panel = LowerPanel.ratio(of(1, 1, 1, 1, 1), below, label="ratio")
    np.testing.assert_allclose(panel.values, [1.0, 0.5, np.nan, 0.25])
    np.testing.assert_array_equal(np.isnan(panel.errors), [False, False, True, False])
    np.testing.assert_array_equal(np.isnan(panel.band), [False, False, True, False])
    np.testing.assert_array_equal(find_cancelled_bins(below), [False, False, True, False])
    axes = painted(panel)
    (drawn,) = axes.containers
    np.testing.assert_allclose(drawn.lines[0].get_ydata(), panel.values)


def test_a_bin_without_events_has_no_ratio_and_cancels_nothing():
    below = of(1, 0, 1, 1, 1)
    assert np.isnan(LowerPanel.ratio(of(1, 1, 1, 1, 1), below, label="r").values[1])
    assert not find_cancelled_bins(below).any()


def test_a_numerator_below_zero_has_its_ratio():
    panel = LowerPanel.ratio(of(-1, 1, 1, 1, 1), of(2, 1, 1, 1, 1), label="r")
    assert panel.values[0] == -0.5
    assert panel.errors[0] == 0.5


@pytest.mark.parametrize("limits", [None, (0.5, 1.5)])
@pytest.mark.parametrize("odd", [np.inf, np.nan, 1e308])
def test_errors_and_bands_that_are_not_finite_are_not_drawn(odd, limits):
    values = np.array([1.0, 1.1, 0.9, 1.0])
    errors, band = np.full(4, 0.1), np.full(4, 0.1)
    errors[1] = band[2] = odd
    axes = painted(LowerPanel(label="r", values=values, errors=errors, band=band, limits=limits))
    assert np.isfinite(axes.get_ylim()).all()


size = st.floats(1e-6, 1e9)
signed = st.one_of(st.sampled_from([0.0, 1.0, -1.0, 0.1, -0.1]), size, size.map(lambda w: -w))


@given(st.tuples(*[signed] * 5), st.tuples(*[signed] * 5))
def test_a_ratio_is_finite_where_its_denominator_is_positive(above, below):
    denominator = of(*below)
    panel = LowerPanel.ratio(of(*above), denominator, label="r")
    left_out = np.isnan(panel.values)
    assert not left_out[denominator.sums > 1e-3 * denominator.errors].any()
    assert left_out[denominator.sums <= 0].all()
    known = ~left_out
    assert np.isfinite(panel.values[known]).all()
    np.testing.assert_allclose(
        panel.values[known] * denominator.sums[known], of(*above).sums[known], rtol=1e-12
    )
