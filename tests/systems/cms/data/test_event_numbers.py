"""Event numbers of up to 64 bits keep their fold, wherever a file is cut into blocks."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.data.texts.values import BadValue
from sortal.errors import DataError
from sortal.systems.cms.data.event_numbers import event_folds, event_numbers, joined_numbers


@given(
    folds=st.integers(2, 20),
    numbers=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=30)
    | st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=30),
)
def test_the_fold_of_an_event_number_is_exact_for_all_64_bits(folds, numbers):
    expected = [number % folds for number in numbers]
    kind = pa.int64() if max(numbers) < 2**63 else pa.uint64()
    for column in (pa.array(numbers, kind), pa.array(map(str, numbers), pa.string())):
        assert event_folds(column, folds).tolist() == expected


@given(
    st.lists(
        st.lists(st.integers(0, 2**64 - 1) | st.integers(2**63 - 9, 2**63 + 9), max_size=5),
        min_size=1,
        max_size=4,
    )
)
def test_numbers_of_blocks_are_one_number_together_and_apart(blocks):
    pieces = [event_numbers(pa.array(map(str, block), pa.string())) for block in blocks]
    assert joined_numbers(pieces).tolist() == [number for block in blocks for number in block]


def test_numbers_that_no_type_holds_are_refused_and_not_wrapped():
    with pytest.raises(DataError, match=r"none below 0 beside numbers of 2\^63 or more, got -3"):
        joined_numbers([np.array([5, -3]), np.array([2**63], dtype=np.uint64)])
    for text in (
        ["-3", "9223372036854775813"],
        ["5.0", "9223372036854775813.0"],
        ["1", str(2**64)],
    ):
        with pytest.raises(BadValue) as caught:
            event_numbers(pa.array(text, pa.string()))
        assert caught.value.row == 1


@pytest.mark.parametrize(("text", "row"), [(["1", None], 1), (["1", "2.5"], 1), (["x"], 0)])
def test_what_is_no_event_number_is_refused_with_its_row(text, row):
    with pytest.raises(BadValue) as caught:
        event_folds(pa.array(text, pa.string()), 3)
    assert caught.value.row == row
