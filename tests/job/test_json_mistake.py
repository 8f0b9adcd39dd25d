"""The first slip in a JSON text is told with its cure."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.job.json_mistake import find_json_mistake
from sortal.job.parse import parse

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "line", "column", "cure"),
    [
        ('{\n"a": "x" // why\n"b": 1}', 2, 9, "a comma is missing at the end of line 2"),
        ('{\n"a": 1\n"b": 1}', 2, 7, "a comma is missing at the end of line 2"),
        ('{"a": [1 2]}', 1, 9, "a comma is missing behind 1 on line 1"),
        ('[\n{"a": 1}\n{"b": 2}]', 2, 9, "a comma is missing at the end of line 2"),
        ('{"a" 1}', 1, 5, 'a colon is missing behind "a" on line 1'),
        ('{"a", "b": 1}', 1, 5, 'a colon is missing behind "a" on line 1'),
        ('{"a"}', 1, 5, 'a colon is missing behind "a" on line 1'),
        ('{"a": "b": 1}', 1, 10, "a : too many"),
        ('{"a": 1,, "b": 2}', 1, 9, "a , too many"),
        ('{"a": [1, 2}', 1, 12, "} closes the [ of line 1"),
        ('{\n"a": [1\n}', 3, 1, "} closes the [ of line 2"),
        ('{"a": 1}}', 1, 9, "} comes after the end"),
        ("]", 1, 1, "a ] too many"),
        ('\n{"a": [1]', 2, 1, "the { of line 2 is not closed"),
        ('{"a": "x\n}', 1, 7, "a quote is not closed on line 1"),
    ],
)
def test_a_slip_is_told_with_line_column_and_cure(text, line, column, cure):
    (problem,) = parse(text, is_json=True).problems
    assert problem.line == line
    assert problem.got == f"an error at column {column}: {cure}"


def test_a_missing_value_is_left_to_whoever_knows_its_key():
    assert find_json_mistake('{"a": , "b": }') is None


@given(values)
def test_sound_json_has_no_slip(value):
    assert find_json_mistake(json.dumps(value, indent=1)) is None
    assert find_json_mistake(json.dumps(value, ensure_ascii=False)) is None


@given(st.lists(values, min_size=2, max_size=4))
def test_a_comma_taken_away_is_found(several):
    lines = [json.dumps(value) for value in several]
    slip = find_json_mistake("[\n" + "\n".join(lines) + "\n]")
    assert slip is not None
    assert slip.text == "a comma is missing at the end of line 2"
    assert slip.index == len("[\n" + lines[0])


@given(st.text())
def test_any_text_is_searched(text):
    slip = find_json_mistake(text)
    assert slip is None or 0 <= slip.index <= len(text)
