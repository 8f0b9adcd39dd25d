"""Lines are left out and changed outside quotes alone, and keep their numbers."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.data.readers.registry import TableOptions, open_file
from sortal.data.readers.text.lines import (
    TextLayout,
    ends_inside,
    has_padded_quotes,
    numbered_rows,
    quoted_spans,
    strip_around_quotes,
    table_lines,
)


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
    assert strip_around_quotes(line, ",") == tight


def test_a_line_that_begins_in_quotes_goes_on_in_them():
    assert (
        strip_around_quotes('still, "" , in" , "x"\n', ",", is_inside=True)
        == 'still, "" , in","x"\n'
    )


def test_a_quote_opens_a_field_only_where_it_begins():
    lines = ['a, "q" ,1\n', 'b,5",2\n', 'c, "z",3\n', 'd,"6"" x",4\n', 'e,"f"g"h,5\n']
    layout = TextLayout(has_padded_quotes=has_padded_quotes(lines, ","))
    fields = [row[1] for _, row in numbered_rows(lines, layout)]
    assert fields == ["q", '5"', "z", '6" x', 'fg"h']


def test_seconds_of_arc_are_no_quotes_in_aligned_tables(tmp_path):
    rows = [f"  s{number}  12h3{number}m2s   -1d2'3\"   {number}.5\n" for number in range(5)]
    (tmp_path / "a.txt").write_text("name   ra        dec    mag\n" + "".join(rows))
    for options in (TableOptions(), TableOptions(delimiter=" ")):
        (batch,) = open_file(tmp_path / "a.txt", options).batches(["dec", "mag"], 9)
        assert batch["dec"].to_pylist() == ["-1d2'3\""] * 5
        assert batch["mag"].to_pylist() == [f"{number}.5" for number in range(5)]


@given(st.lists(st.text(st.sampled_from('a, "'), max_size=8), min_size=1, max_size=4))
def test_lines_end_in_quotes_where_the_parser_is_within_a_field(texts):
    lines = [f"{text}\n" for text in texts]
    inside = False
    for number, line in enumerate(lines, start=1):
        spans_end = quoted_spans(line, ",", is_inside=inside)[1]
        inside = ends_inside(line, ",", is_inside=inside)
        assert inside == spans_end
        begun = len(list(csv.reader(lines[:number])))
        after = len(list(csv.reader([*lines[:number], "a\n"])))
        assert inside == (after == begun)


def test_runs_of_blanks_are_one_separator_outside_quotes():
    lines = ['  a \t "b  c"   d  \n', '"e\n', '  f"  g\n']
    layout = TextLayout(delimiter=" ")
    assert list(numbered_rows(lines, layout)) == [
        (1, ["a", "b  c", "d"]),
        (2, ["e\n  f", "g"]),
    ]


def test_rows_have_the_numbers_of_their_first_lines():
    lines = ["a;b\n", "% x\n", '1;"two\n', '% lines"\n', "\n", "3;4\n"]
    layout = TextLayout(delimiter=";", comment="%")
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
    layout = TextLayout(comment="#", has_padded_quotes=True)
    kept = [line for _, line in table_lines(lines, layout)]
    assert list(csv.reader(kept)) == rows
