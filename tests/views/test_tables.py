"""Rows as text: what a cell says, and the same rows as CSV, LaTeX and JSON."""

import csv
import io
import json
import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.views.tables import (
    ABSENT,
    TableColumn,
    as_csv,
    as_json,
    as_latex,
    as_rows,
    cell,
    choose_columns,
    columns_of,
    escape_latex,
    is_numeric,
)

RANKING = [
    {"title": "svm C=1", "f1": 0.95321, "low": 0.94, "high": 0.96, "sd": None, "members": 1},
    {"title": "50% & more_", "f1": 0.9, "low": None, "high": None, "sd": 0.0042, "members": 5},
]


def test_intervals_and_spreads_share_the_cell_of_their_metric():
    figure = columns_of(RANKING)[1]
    assert figure == TableColumn(name="f1", low="low", high="high", sd="sd")
    assert [cell(row, figure) for row in RANKING] == ["0.953 [0.940, 0.960]", "0.900 ± 0.004"]


def test_a_name_asks_for_the_column_with_its_interval():
    assert choose_columns(["f1"], RANKING) == (columns_of(RANKING)[1],)
    assert choose_columns([TableColumn(name="f1")], RANKING)[0].low == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ABSENT),
        (float("nan"), ABSENT),
        (True, "yes"),
        (12345, "12345"),
        (0.0, "0.000"),
        (-0.5, "-0.500"),
        (9.9996, "10.000"),
        (99.5, "99.50"),
        (12345.6, "12346"),
        (1.23e-5, "1.23e-05"),
        (4e300, "4e+300"),
        (float("inf"), "inf"),
        ("as it is", "as it is"),
    ],
)
def test_values_are_written_so_that_they_read_well(value, text):
    assert cell({"x": value}, TableColumn(name="x")) == text


def test_numbers_are_numeric_and_truth_and_text_are_not():
    rows = [{"a": 1, "b": True, "c": "1", "d": None}, {"a": None, "b": False, "c": "2", "d": None}]
    assert [is_numeric(column, rows) for column in columns_of(rows)] == [True, False, False, False]


def test_frames_and_lists_of_mappings_are_the_same_rows():
    assert as_rows(pl.DataFrame(RANKING)) == RANKING
    assert as_csv(pl.DataFrame(RANKING)) == as_csv(RANKING)


texts = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\0"), min_size=1)
values = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts


@given(st.lists(st.tuples(values, values), min_size=1))
def test_csv_holds_every_value_in_full(pairs):
    rows = [{"a b": one, "c,d": other} for one, other in pairs]
    read = list(csv.reader(io.StringIO(as_csv(rows), newline="")))
    assert read[0] == ["a b", "c,d"]
    assert read[1:] == [[str(value) for value in row.values()] for row in rows]


@given(st.lists(st.dictionaries(texts, values | st.none() | st.lists(st.integers()))))
def test_json_comes_back_as_it_was(rows):
    assert json.loads(as_json(rows)) == rows


def test_numbers_that_json_lacks_become_null():
    text = as_json([{"a": float("nan"), "b": [float("inf")], "c": {"d": float("nan")}}])
    assert json.loads(text) == [{"a": None, "b": [None], "c": {"d": None}}]


@given(st.text())
def test_no_character_of_a_text_is_a_command_to_latex(text):
    escaped = escape_latex(text)
    plain = re.sub(r"\\[a-z]+\{\}|\\[&%$#_{}]|\$\\pm\$", "", escaped)
    assert not set(plain) & set("\\&%$#_{}~^\n")


def test_a_latex_table_aligns_numbers_right_and_escapes_text():
    text = as_latex(RANKING, ["title", "members", "f1"], caption="F_1")
    assert r"\begin{tabular}{lrr}" in text
    assert r"50\% \& more\_ & 5 & 0.900 $\pm$ 0.004 \\" in text
    assert r"\caption{F\_1}" in text
    assert text.count(r"\\") == 3


def test_a_latex_row_that_starts_with_a_bracket_is_no_option():
    assert r"{[a]} \\" in as_latex([{"x": "[a]"}])
    assert r"{*} \\" in as_latex([{"x": "*"}])
