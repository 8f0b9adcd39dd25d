"""Values of any type as text."""

import datetime
import decimal
import uuid

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.data.readers.base import MISSING
from sortal.data.texts.values import BadValue, without_padded_words, without_words, write_as_text

ONE = uuid.UUID("12345678-9abc-def0-1234-56789abcdef0")


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (
            pa.array(["NA", "null", " nan ", "", "  ", None]),
            ["NA", "null", "nan", None, None, None],
        ),
        (pa.array(["NA", "x"], pa.large_string()), ["NA", "x"]),
        (pa.array(["NA", "x", "NA"]).dictionary_encode(), ["NA", "x", "NA"]),
        (pa.array([True, None]), ["True", None]),
        (pa.array([2**64 - 1], pa.uint64()), ["18446744073709551615"]),
        (pa.array([decimal.Decimal("1" * 30)]), ["1" * 30]),
        (pa.array([decimal.Decimal("5.00"), decimal.Decimal("1.50")]), ["5", "1.50"]),
        (pa.array([b"Wj", b"\xff\x00", b""]), ["Wj", "0xff00", None]),
        (pa.array([b"Wj\0\0", b"\0\0\0\0", None], pa.binary(4)), ["Wj", "0x00000000", None]),
        (pa.array([ONE.bytes, None], pa.binary(16)).cast(pa.uuid()), [str(ONE), None]),
        (pa.array([ONE.bytes], pa.binary(16)), [f"0x{ONE.hex}"]),
        (pa.array([datetime.date(2020, 1, 2)]), ["2020-01-02"]),
        (pa.array([1.0, 0.5, None, float("nan"), 2.0**53]), ["1", "0.5", None, None, str(2**53)]),
        (pa.RunEndEncodedArray.from_arrays([2], [7]), ["7", "7"]),
    ],
)
def test_values_of_any_type_are_written_exactly(column, expected):
    assert write_as_text(column).to_pylist() == expected
    assert write_as_text(pa.chunked_array([column, column])).to_pylist() == [*expected, *expected]


def test_lists_and_structs_are_refused_in_one_sentence():
    for column in (pa.array([[1]]), pa.array([{"a": 1}])):
        with pytest.raises(BadValue, match="expected text, numbers, dates or bytes"):
            write_as_text(column)


@given(st.lists(st.binary(min_size=1, max_size=6), min_size=1, unique=True))
def test_different_bytes_of_one_length_stay_different(values):
    width = max(map(len, values))
    same = [value for value in values if len(value) == width]
    named = write_as_text(pa.array(same, pa.binary(width))).to_pylist()
    kept = [name for name in named if name is not None]
    # Text of nothing but spaces is missing, and spaces around a text are left out.
    plain = {value.strip() for value in same if value.strip()}
    if len(plain) == len(same):
        assert len(set(kept)) == len(same)


@given(st.lists(st.sampled_from([*MISSING, " NA", "NULL ", "x", " y "]) | st.none(), min_size=1))
def test_words_are_blanked_where_asked_for_alone(values):
    column = pa.array(values, pa.string())
    expected = [None if v is None or v.strip() in MISSING else v for v in values]
    assert without_words(column, MISSING).to_pylist() == expected
    padded = [None if v is None or (v != v.strip() and v.strip() in MISSING) else v for v in values]
    assert without_padded_words(column, MISSING).to_pylist() == padded
    assert without_words(column, ()).to_pylist() == values
