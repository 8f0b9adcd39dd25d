"""The correction for the number of tests."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.evaluation.verdict import holm

P_VALUES = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=12)


@given(P_VALUES)
def test_corrected_p_values_keep_their_order_and_lie_between_p_and_bonferroni(p_values):
    corrected = holm(p_values)
    for p, value in zip(p_values, corrected, strict=True):
        assert p <= value <= min(1.0, p * len(p_values)) + 1e-12
    assert min(corrected) == pytest.approx(min(1.0, min(p_values) * len(p_values)))
    by_p = [corrected[place] for place in np.argsort(p_values, kind="stable")]
    assert by_p == sorted(by_p)


@given(P_VALUES)
def test_tests_that_were_not_made_do_not_count(p_values):
    with_gaps = holm([math.nan, *p_values, math.nan])
    assert with_gaps[1:-1] == holm(p_values)
    assert math.isnan(with_gaps[0])


def test_one_false_alarm_among_many_independent_tests_is_as_rare_as_promised():
    p_values = np.random.default_rng(0).random((4000, 10))
    alarms = [min(holm(list(row))) < 0.05 for row in p_values]
    assert np.mean(alarms) == pytest.approx(1 - (1 - 0.005) ** 10, abs=0.012)
