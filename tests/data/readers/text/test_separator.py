"""The separator is the one that takes all lines apart alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.data.readers.text.separator import find_delimiter


def found(text: str, usual: str | None = ",", **options) -> str:
    return find_delimiter(text.splitlines(keepends=True), usual, has_header=True, **options)


@pytest.mark.parametrize(
    ("text", "usual", "separator"),
    [
        ("a,b\n1,2\n", ",", ","),
        ("a;b\n1;2\n", ",", ";"),
        ("a;b\n0,5;1,5\n", ",", ";"),
        ("a\tb\n0,5\t1,5\n", ",", "\t"),
        ("a,b\n1,2\n", "\t", ","),
        ("a|b\n1|2\n", "\t", "|"),
        ("a b\n1  2\n", ",", " "),
        ("first name\nred giant\nblue dwarf\n", ",", ","),
        ("name\nred giant\n", ",", ","),
        ("a,b\n1;2,3;4\n5;6,7;8\n", ",", ","),
        ("a,b\nx y,1\nz w,2\n", ",", ","),
        ("a,b\n1,2,3\n4,5\n6,7\n", ",", ","),
        ("a;b\n1;2\n3;4\n5;6;7\n", ",", ";"),
        ("a, b\n1, 2\n", None, ","),
        ("x y\n-1.0e+00   2.5\n", None, " "),
        ("x y\n1,5 2,5\n", None, " "),
        ("", ",", ","),
    ],
)
def test_the_usual_separator_wins_where_it_fits(text, usual, separator):
    assert found(text, usual) == separator


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("0,5;1,5\n0,7;2,5\n", ";"),
        ("1;2,5\n3;4,5\n", ";"),
        ("0.5,a;b,x\n0.6,c;d,y\n", ","),
        ("1,2\n3,4\n", ","),
        ("1,2 3\n4,5 6\n", " "),
    ],
)
def test_decimal_commas_are_no_separators(text, separator):
    lines = text.splitlines(keepends=True)
    assert find_delimiter(lines, ",", has_header=False) == separator


def test_the_number_of_columns_decides_where_it_is_known():
    lines = ["0,5;1,5\n", "0,7;2,5\n"]
    assert find_delimiter(lines, ",", has_header=False, width=3) == ","
    assert find_delimiter(lines, ",", has_header=False, width=2) == ";"


@given(
    st.lists(st.lists(st.integers(0, 99), min_size=3, max_size=3), min_size=2, max_size=8),
    st.sampled_from(",;\t| "),
    st.sampled_from([",", "\t", None]),
)
def test_whole_numbers_show_any_separator(rows, separator, usual):
    text = separator.join("abc") + "\n" + "".join(separator.join(map(str, r)) + "\n" for r in rows)
    assert found(text, usual) == separator
