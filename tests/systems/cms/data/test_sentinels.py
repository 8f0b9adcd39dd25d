"""Numbers that stand for a missing value are noticed, and nothing else is."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.systems.cms.data.blanks import are_blank
from sortal.systems.cms.data.sentinels import find_sentinels, missing_remarks

ROWS = 400
RANDOM = np.random.default_rng(0)
SPOILT = np.arange(ROWS) % 10 == 0
"""One event of ten."""

MEASURED = {
    "momentum": RANDOM.exponential(60, ROWS) + 20,
    "component": RANDOM.normal(0, 400, ROWS),
    "angle": RANDOM.uniform(-np.pi, np.pi, ROWS),
    "share": RANDOM.random(ROWS),
    "single precision": RANDOM.exponential(60, ROWS).astype(np.float32),
}
COUNTED = {
    "multiplicity": RANDOM.poisson(4, ROWS).astype(float),
    "charge": RANDOM.choice([-1.0, 1.0], ROWS),
    "kind": RANDOM.choice([-13.0, -11.0, 11.0, 13.0], ROWS),
    "flag": RANDOM.choice([0.0, 1.0], ROWS),
    "constant": np.full(ROWS, -999.0),
    "clipped": np.minimum(RANDOM.exponential(500, ROWS), 1000.0),
    "steps": np.round(RANDOM.normal(0, 400, ROWS) / 100) * 100,
    "binned percent": RANDOM.integers(0, 100, ROWS).astype(float),
}


@pytest.fixture
def noticed(events):
    """Values that are noticed in a column, half of whose events are signal."""

    def found(column):
        made = events(["S", "B"] * (len(column) // 2))
        return find_sentinels(replace(made, features=np.asarray(column)[:, np.newaxis]))

    return found


@pytest.mark.parametrize("value", [-999.0, -9999.0, -99999.0, 99999.0, 1e30, 9999.9])
@pytest.mark.parametrize("name", MEASURED)
def test_usual_stand_ins_among_measured_values_are_noticed(noticed, name, value):
    column = np.where(SPOILT, value, MEASURED[name]).astype(MEASURED[name].dtype)
    (one,) = noticed(column)
    assert one.value == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("value", [-1.0, -2.0, -10.0])
@pytest.mark.parametrize("name", ["momentum", "share", "single precision"])
def test_one_negative_number_among_positive_ones_is_noticed(noticed, name, value):
    column = np.where(SPOILT, value, MEASURED[name]).astype(MEASURED[name].dtype)
    (one,) = noticed(column)
    assert one.value == value


@pytest.mark.parametrize("value", [-999.0, -99.0, 99999.0])
def test_stand_ins_among_counts_are_noticed(noticed, value):
    (one,) = noticed(np.where(SPOILT, value, COUNTED["multiplicity"]))
    assert one.value == value


def test_two_stand_ins_of_one_variable_are_both_noticed(noticed):
    column = MEASURED["momentum"].copy()
    column[::10], column[1::10] = -999, -9999
    assert [one.value for one in noticed(column)] == [-9999, -999]


@pytest.mark.parametrize("name", [*MEASURED, *COUNTED])
def test_numbers_that_are_measured_or_counted_are_not(noticed, name):
    assert noticed({**MEASURED, **COUNTED}[name]) == []


def test_one_value_alone_means_nothing(noticed):
    column = MEASURED["momentum"].copy()
    column[0] = -999
    assert noticed(column) == []


def test_shares_are_of_signal_and_of_background(noticed):
    column = MEASURED["momentum"].copy()
    column[:100:2] = -999
    column[1:21:2] = -999
    (one,) = noticed(column)
    assert one.signal == 50 / 200
    assert one.background == 10 / 200
    assert "'x' is -999 in 25 % of signal and 5 % of background" in one.sentence()


def test_missing_values_are_told_by_kind(events):
    made = events(["S", "B"] * 10)
    column = np.where(np.arange(20) < 5, np.nan, 1.0)
    (told,) = missing_remarks(replace(made, features=column[:, np.newaxis]), "median")
    assert "missing in 30 % of signal and 20 % of background: imputation median" in told


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=60), st.sampled_from([-999.0, 99999.0]))
def test_nothing_is_noticed_twice_or_out_of_nothing(values, stand_in):
    from sortal.systems.cms.data.sentinels import _candidates

    found = list(_candidates(np.array([*values, *[stand_in] * 5])))
    assert len(found) == len(set(found))
    assert set(found) <= {*values, stand_in}
    assert all([*values, *[stand_in] * 5].count(one) >= 3 for one in found)


def test_a_huge_missing_value_leaves_infinity_alone():
    found = are_blank(np.array([1e300, np.inf, 1.0]), [1e300])
    assert found.tolist() == [True, False, False]
