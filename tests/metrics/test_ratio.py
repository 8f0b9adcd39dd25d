"""Divisions and means say when they are undefined."""

import numpy as np
import pytest

from sortal.metrics.ratio import average, mean_defined, ratio


def test_dividing_by_zero_or_less_is_undefined():
    assert np.array_equal(
        ratio(np.array([1.0, 0.0, 1.0]), np.array([2.0, 0.0, -1.0])),
        [0.5, np.nan, np.nan],
        equal_nan=True,
    )


def test_the_mean_leaves_undefined_values_out():
    values = np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, np.nan]])
    assert np.array_equal(mean_defined(values), [2.0, np.nan], equal_nan=True)


def test_negative_weights_keep_their_sign():
    assert average(np.array([1.0, 2.0]), np.array([2.0, -1.0])) == pytest.approx(0.0)


def test_the_average_of_nothing_is_undefined():
    assert np.isnan(average(np.zeros(0)))
    assert np.isnan(average(np.zeros(0), np.zeros(0)))
