"""Which texts are the same value."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.data.texts.spelling import as_whole_number, natural_sort_key, spelling_notes, spellings


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("007", 7),
        ("+5", 5),
        ("1E3", 1000),
        ("9007199254740993.0", 2**53 + 1),
        ("90071992547409930e-1", 2**53 + 1),
        ("-0.0", 0),
        ("1e400", 10**400),
        ("1e999999999999", None),
        ("1e-999999999999", None),
        ("1.5", None),
        ("0x10", None),
        ("", None),
        ("9" * 5000, None),
    ],
)
def test_a_text_is_its_whole_number_exactly(text, value):
    assert as_whole_number(text) == value


@given(st.integers(), st.integers(0, 30))
def test_any_notation_of_a_number_is_read_exactly(value, shift):
    assert as_whole_number(str(value)) == value
    assert as_whole_number(f"{value}.000") == value
    assert as_whole_number(f"{value}{'0' * shift}e-{shift}") == value
    part = Fraction(value, 10**shift)
    assert as_whole_number(f"{value}e-{shift}") == (int(part) if part.denominator == 1 else None)


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["1.0", "1", "2"], (1, 1, 2)),
        (["1.000000000000000000e+00", "1", "0"], (1, 1, 0)),
        (["007", "10"], (7, 10)),
        (["1E3", "2E2"], (1000, 200)),
        (["1E3", "1000", "2"], ("1E3", "1000", "2")),
        (["007", "7"], ("007", "7")),
        (["+5", "5", "5.0"], ("+5", "5", "5")),
        (["1", "1.0", "x"], ("1", "1.0", "x")),
        (["0x10", "16"], ("0x10", "16")),
        ([], ()),
    ],
)
def test_only_usual_spellings_of_a_number_are_merged(texts, values):
    assert spellings(texts).values == values


def test_notes_say_what_was_merged_and_what_stays_apart():
    (merged,) = spelling_notes("y", spellings(["1", "1.0"]))
    assert merged == "column 'y': '1' and '1.0' are read as the same number."
    (apart,) = spelling_notes("y", spellings(["007", "7"]))
    assert "'007' and '7' are equal as numbers but not as text" in apart
    (renamed,) = spelling_notes("y", spellings(["007", "8"]))
    assert "'007' as 7" in renamed
    assert list(spelling_notes("y", spellings(["1.0", "2.0"]))) == []


@given(st.lists(st.from_regex(r"\A[+-]?[0-2]{1,2}(\.0)?(e[0-1])?\Z"), unique=True))
def test_values_depend_on_no_order_and_merge_only_equals(texts):
    found = dict(zip(texts, spellings(texts).values, strict=True))
    back = dict(zip(texts[::-1], spellings(texts[::-1]).values, strict=True))
    assert found == back
    for one in texts:
        for other in texts:
            if found[one] == found[other]:
                assert float(one) == float(other)


def test_very_long_numbers_have_a_natural_order():
    assert sorted(["9" * 5001, "8" * 5002, "a" + "7" * 5000], key=natural_sort_key)[0] == "9" * 5001
