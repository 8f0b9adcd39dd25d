"""Mean and spread over seeds and folds."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.evaluation.aggregate import aggregate, summarise
from sortal.evaluation.scores import MemberMetrics


def scored(**figures: float) -> MemberMetrics:
    return MemberMetrics(figures=figures, per_class={"a": {"f1": figures["x"]}}, examples=10)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_the_spread_is_numpys(values):
    spread = summarise(values)
    assert spread.mean == pytest.approx(np.mean(values), abs=1e-6)
    assert spread.sd == pytest.approx(np.std(values, ddof=1), abs=1e-6)
    assert (spread.smallest, spread.largest) == (min(values), max(values))
    assert (spread.n, spread.missing) == (len(values), 0)


def test_one_value_has_no_spread():
    spread = summarise([0.5])
    assert spread.mean == 0.5
    assert spread.n == 1
    assert math.isnan(spread.sd)


def test_undefined_values_are_counted_and_left_out():
    spread = summarise([math.nan, 1.0, 2.0])
    assert (spread.mean, spread.n, spread.missing) == (1.5, 2, 1)
    nothing = summarise([math.nan])
    assert (nothing.n, nothing.missing) == (0, 1)
    assert math.isnan(nothing.mean)
    assert math.isnan(nothing.largest)
    assert summarise([]).n == 0


def test_a_figure_that_one_member_lacks_is_missing_there():
    spreads = aggregate([scored(x=1.0, y=4.0), scored(x=3.0)])
    assert list(spreads) == ["x", "y"]
    assert spreads["x"].mean == 2.0
    assert (spreads["y"].mean, spreads["y"].n, spreads["y"].missing) == (4.0, 1, 1)
