import math
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sortal.job.problems import JobError
from sortal.job.ranges import LONGEST, EndlessRange, arithmetic_range, geometric_range
from sortal.job.values import combinations, expand


def values(given_value, *, array=False):
    return expand({"p": given_value}, lambda name: array).values["p"]


def refused(given_value, *, array=False):
    with pytest.raises(JobError) as caught:
        expand({"p": given_value}, lambda name: array)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (3, (3,)),
        (None, (None,)),
        ([1, 2.5, "a", None], (1, 2.5, "a", None)),
        ({"value": [1, 2]}, ([1, 2],)),
        ({"value": {"start": 1}}, ({"start": 1},)),
        ({"values": ["a", [1]]}, ("a", [1])),
        ({"a": 1, "b": 2}, ({"a": 1, "b": 2},)),
        ({}, ({},)),
        ({"start": 1, "stop": 9, "step": 2}, (1, 3, 5, 7, 9)),
        ({"start": 1, "stop": 8, "step": 2}, (1, 3, 5, 7)),
        ({"start": 5, "stop": 1, "step": -2}, (5, 3, 1)),
        ({"start": 4, "stop": 4, "step": 1}, (4,)),
        ({"start": 0.1, "stop": 0.5, "step": 0.1}, (0.1, 0.2, 0.3, 0.4, 0.5)),
        ({"start": 0, "stop": 1, "step": 0.5}, (0.0, 0.5, 1.0)),
        ({"start": 0.001, "stop": 10, "factor": 10}, (0.001, 0.01, 0.1, 1.0, 10.0)),
        ({"start": 1, "stop": 100, "factor": 10}, (1, 10, 100)),
        ({"start": 64, "stop": 8, "factor": 0.5}, (64, 32, 16, 8)),
        ({"start": -1, "stop": -8, "factor": 2}, (-1, -2, -4, -8)),
        ({"start": 1e-300, "stop": 1e300, "factor": 1e300}, (1e-300, 1.0, 1e300)),
    ],
)
def test_forms_of_values(form, expected):
    found = values(form)
    assert found == expected
    assert [type(value) for value in found] == [type(value) for value in expected]


def test_where_the_method_takes_a_list_a_flat_list_is_one_value():
    assert values([100, 50], array=True) == ([100, 50],)
    assert values([], array=True) == ([],)
    assert values([[100], [100, 50]], array=True) == ([100], [100, 50])
    assert values({"values": [[1], [2]]}, array=True) == ([1], [2])
    assert "a list of lists" in refused([1, [2]], array=True).expected


@pytest.mark.parametrize(
    ("form", "path", "words"),
    [
        ([], "p", "an empty list"),
        ({"values": []}, "p.values", "an empty list"),
        ({"values": 3}, "p.values", "a list of values"),
        ([1, 2, 1], "p[2]", "1 again"),
        ({"values": [1, math.nan]}, "p.values[1]", "a finite value"),
        (math.inf, "p", "a finite value"),
        ({"start": 1, "stop": 2, "step": 0}, "p.step", "a range that cannot end"),
        ({"start": 1, "stop": 2, "step": -1}, "p.step", "a range that cannot end"),
        ({"start": 2, "stop": 1, "step": 1}, "p.step", "a range that cannot end"),
        ({"start": 0, "stop": 1, "step": 1e-6}, "p.step", "more than 100000 values"),
        ({"start": 0, "stop": 10**200, "step": 1}, "p.step", "more than 100000 values"),
        ({"start": 1, "stop": 2, "factor": 1}, "p.factor", "a range that cannot end"),
        ({"start": 1, "stop": 2, "factor": 0}, "p.factor", "a range that cannot end"),
        ({"start": 1, "stop": 2, "factor": -2}, "p.factor", "a range that cannot end"),
        ({"start": 0, "stop": 2, "factor": 2}, "p.factor", "a range that cannot end"),
        ({"start": -1, "stop": 2, "factor": 2}, "p.factor", "a range that cannot end"),
        ({"start": 1, "stop": 0, "factor": 0.5}, "p.factor", "a range that cannot end"),
        ({"start": 1, "stop": 9, "factor": 0.5}, "p.factor", "a range that cannot end"),
        ({"start": 1, "stop": 2, "factor": 1.000001}, "p.factor", "more than 100000 values"),
        ({"start": "a", "stop": 2, "step": 1}, "p.start", "a finite number, got 'a'"),
        ({"start": 1, "stop": True, "step": 1}, "p.stop", "a finite number, got true"),
        ({"start": 1, "stop": 2, "step": math.nan}, "p.step", "a finite number"),
        ({"start": 1, "stop": 2}, "p", "got start, stop"),
        ({"start": 1, "stop": 2, "stpe": 1}, "p", "Did you mean 'step'?"),
        ({"value": 1, "values": [1]}, "p", "value, values, or start and stop"),
    ],
)
def test_forms_that_mean_nothing_are_told(form, path, words):
    problem = refused(form)
    assert problem.path == path
    assert words in str(problem)


def test_all_parameters_are_told_at_once_under_their_path():
    with pytest.raises(JobError) as caught:
        expand(
            {"a": [], "b": 1, "c": {"start": 1}}, lambda _: False, path="classifiers[2].parameters"
        )
    assert [problem.path for problem in caught.value.problems] == [
        "classifiers[2].parameters.a",
        "classifiers[2].parameters.c",
    ]


def test_the_first_parameter_varies_slowest():
    expansion = expand({"a": [1, 2], "b": "x", "c": [True, False]}, lambda _: False)
    assert expansion.varied == ("a", "c")
    assert expansion.count == 4
    assert [tuple(choice.values()) for choice in combinations(expansion)] == [
        (1, "x", True),
        (1, "x", False),
        (2, "x", True),
        (2, "x", False),
    ]
    assert list(combinations(expand({}, lambda _: False))) == [{}]


tenths = st.integers(-500, 500).map(lambda n: n / 10)
steps = st.integers(1, 50).map(lambda n: n / 10)


@given(st.integers(-(10**30), 10**30), st.integers(0, 300), st.integers(1, 9), st.booleans())
def test_whole_ranges_are_pythons_with_the_stop(start, length, step, down):
    move = -step if down else step
    stop = start + (-length if down else length)
    assert list(arithmetic_range(start, stop, move)) == list(
        range(start, stop + (-1 if down else 1), move)
    )


@given(tenths, tenths, steps)
def test_decimal_ranges_are_numpys_and_exact(start, stop, step):
    move = math.copysign(step, stop - start)
    found = arithmetic_range(start, stop, move)
    count = int(Fraction(str(stop - start)).limit_denominator(10) / Fraction(str(move))) + 1
    exact = [float(Decimal(str(start)) + n * Decimal(str(move))) for n in range(count)]
    assert list(found) == exact
    np.testing.assert_allclose(found, start + move * np.arange(count), atol=1e-9)


@given(tenths, tenths, steps)
def test_ranges_stay_between_their_ends_and_move_one_way(start, stop, step):
    move = math.copysign(step, stop - start)
    found = arithmetic_range(start, stop, move)
    assert found[0] == start
    assert all(min(start, stop) <= value <= max(start, stop) for value in found)
    assert all((after - before) * move > 0 for before, after in pairwise(found))
    assert abs(stop - found[-1]) < step


@given(tenths, steps, st.integers(0, 60))
def test_a_stop_that_is_reached_within_rounding_is_included(start, step, count):
    stop = start + count * step  # binary rounding and all
    found = arithmetic_range(start, stop, step)
    assert len(found) == count + 1
    assert found[-1] <= stop
    assert found[-1] == pytest.approx(stop)


positive = st.floats(1e-6, 1e6)


@given(positive, st.floats(1.01, 100), st.integers(0, 30), st.booleans(), st.sampled_from([1, -1]))
def test_multiplied_ranges_are_geometric_and_reach_their_stop(start, factor, count, down, sign):
    factor = 1 / factor if down else factor
    stop = start * factor**count
    assume(1e-200 < stop < 1e200)
    found = geometric_range(sign * start, sign * stop, factor)
    np.testing.assert_allclose(found, sign * start * factor ** np.arange(count + 1.0), rtol=1e-8)
    assert all(abs(after) > abs(before) for before, after in pairwise(found)) != (
        down and count > 0
    )


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([arithmetic_range, geometric_range]),
)
def test_any_numbers_give_a_finite_range_or_are_refused(start, stop, move, count):
    try:
        found = count(start, stop, move)
    except EndlessRange:
        return
    assert 1 <= len(found) <= LONGEST
    assert found[0] == start
    assert all(min(start, stop) <= value <= max(start, stop) for value in found)
