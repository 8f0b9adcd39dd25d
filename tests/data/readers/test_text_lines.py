"""Lines are left out and changed outside quotes alone, and keep their numbers."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.data.readers.text_lines import Layout, numbered_rows, table_lines, tightened


@pytest.mark.parametrize(
    ("line", "tight"),
    [
        ('1, "a" ,2\n', '1,"a",2\n'),
        ('1, "a, ""b" ,2', '1,"a, ""b",2'),
        ('"w, ""w", x\n', '"w, ""w", x\n'),
        ('  "a"  \r\n', '"a"\r\n'),
        ('a "b" , c\n', 'a "b" , c\n'),
        (' "a" b, "c"\n', '"a" b,"c"\n'),
        ('1, "open, \n', '1,"open, \n'),
    ],
)
def test_blanks_between_separators_and_quotes_go(line, tight):
    assert tightened(line, ",") == tight


def test_a_line_that_begins_in_quotes_goes_on_in_them():
    assert tightened('still, "" , in" , "x"\n', ",", is_inside=True) == 'still, "" , in","x"\n'


def test_runs_of_blanks_are_one_separator_outside_quotes():
    lines = ['  a \t "b  c"   d  \n', '"e\n', '  f"  g\n']
    layout = Layout(delimiter=" ")
    assert list(numbered_rows(lines, layout)) == [
        (1, ["a", "b  c", "d"]),
        (2, ["e\n  f", "g"]),
    ]


def test_rows_have_the_numbers_of_their_first_lines():
    lines = ["a;b\n", "% x\n", '1;"two\n', '% lines"\n', "\n", "3;4\n"]
    layout = Layout(delimiter=";", comment="%")
    found = [(line, row) for line, row in numbered_rows(lines, layout, first=5) if row]
    assert found == [(5, ["a", "b"]), (7, ["1", "two\n% lines"]), (10, ["3", "4"])]


@given(
    st.lists(
        st.lists(st.text(st.sampled_from('ab, "\n#')), min_size=2, max_size=4),
        min_size=1,
        max_size=5,
    )
)
def test_quoted_fields_survive_every_filter(rows):
    buffer = io.StringIO(newline="")
    csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    lines = buffer.getvalue().splitlines(keepends=True)
    layout = Layout(comment="#", has_padded_quotes=True)
    kept = [line for _, line in table_lines(lines, layout)]
    assert list(csv.reader(kept)) == rows
