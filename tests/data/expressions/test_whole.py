"""Whole numbers of any size in aliases and cuts: what Python's own integers give."""

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.data.readers.derived import DerivedTable
from sortal.data.readers.in_memory import InMemoryTable

LARGE = st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(-9, 9), st.just(2**53 + 1))


def column(values, text, *, kind=None):
    """What an expression over the columns x and y gives."""
    x, y = values
    table = InMemoryTable(pa.table({"x": pa.array(x, kind), "y": pa.array(y, kind)}))
    (batch,) = DerivedTable(table, {"made": text}).batches(["made"], 100)
    return batch.column("made")


def rest(x, y):
    """As C++ does: with the sign of the first."""
    return None if y == 0 else int(math.copysign(1, x)) * (abs(x) % abs(y))


EXPRESSIONS = {
    "x + y": lambda x, y: x + y,
    "x - y * 3": lambda x, y: x - y * 3,
    "-x": lambda x, y: -x,
    "x % y": rest,
    "x // y": lambda x, y: None if y == 0 else x // y,
    "abs(x - y)": lambda x, y: abs(x - y),
    "max(x, y)": max,
    "min(x, y - 1)": lambda x, y: min(x, y - 1),
    "where(x > y, x, y)": max,
    "floor(x)": lambda x, y: x,
    "x == y": lambda x, y: x == y,
    "x < y": lambda x, y: x < y,
    "x * y == y * x": lambda x, y: True,
    "x * y - x * (y - 1) == x": lambda x, y: True,
    "x != 9007199254740993": lambda x, y: x != 9007199254740993,
}


@given(st.lists(st.tuples(LARGE, LARGE), min_size=1, max_size=9))
@pytest.mark.parametrize("text", EXPRESSIONS)
@pytest.mark.parametrize("kind", [pa.int64(), pa.string()])
def test_whole_numbers_are_computed_as_python_does(text, kind, pairs):
    values = [
        [str(v) if kind == pa.string() else v for v in one] for one in zip(*pairs, strict=True)
    ]
    made = column(values, text, kind=kind)
    expected = [EXPRESSIONS[text](*pair) for pair in pairs]
    if pa.types.is_integer(made.type) or made.type == pa.bool_():
        assert made.to_pylist() == expected
        return
    # Everything fits into a float, or something is beyond 64 bits.
    known = [math.nan if one is None else float(one) for one in expected]
    np.testing.assert_array_equal(made.to_numpy(), known)
    sizes = [abs(one) for one in expected if one is not None]
    assert max(sizes, default=0) <= 2**53 or max(sizes) >= 2**63


def test_numbers_with_and_without_sign_compare_exactly():
    table = InMemoryTable(
        pa.table({"u": pa.array([2**63, 2**63 + 1, 5], pa.uint64()), "i": pa.array([5, -1, 5])})
    )
    for cut, rows in (
        ("u == i", 1),
        ("u > i", 2),
        ("u % 2 == 1", 2),
        ("u - 1 == 9223372036854775807", 1),
    ):
        assert sum(map(len, DerivedTable(table, {}, cut).batches(["i"], 10))) == rows


def test_gaps_among_large_numbers_stay_gaps():
    values = [[2**60 + 1, None], [1, 1]]
    assert column(values, "x - y").to_pylist() == [2**60, None]
    assert column(values, "x > y").to_pylist() == [True, False]
    assert column(values, "x != y").to_pylist() == [True, True]


def test_a_literal_beyond_64_bits_is_exact():
    assert column([[2**60], [1]], "x * x == 1329227995784915872903807060280344576").to_pylist() == [
        True
    ]
    assert column([[1.5], [1.0]], "x < 100000000000000000000000").to_pylist() == [True]


def test_small_whole_numbers_are_floats_as_ever():
    made = column([[3, 0], [2, 2]], "-x * y")
    assert made.type == pa.float64()
    assert np.signbit(made.to_numpy()).tolist() == [True, True]


def test_fractions_turn_large_numbers_into_floats():
    assert column([[2**60 + 1], [1]], "x * 0.5").to_pylist() == [2.0**59]
    assert column([[2**60 + 1], [1]], "x / y").to_pylist() == [2.0**60]


def test_an_alias_of_a_large_alias_is_exact():
    table = InMemoryTable(pa.table({"x": [2**62 + 1]}))
    made = DerivedTable(table, {"square": "x * x", "last": "square % 10"}, "square % 2 == 1")
    (batch,) = made.batches(["square", "last"], 10)
    assert batch.column("square").type == pa.float64()
    assert batch.column("last").to_pylist() == [(2**62 + 1) ** 2 % 10]
