"""Meta parameters: values, ranges that end, combinations in order, titles."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.job.problems import JobError
from sortal.systems.clavis.batch.meta import expand, fill, placeholders, values_of


def ranged(low, high, step, kind="add"):
    return values_of(
        {"is_meta": True, "min": low, "max": high, "step": {"type": kind, "value": step}}
    )


def refusal(meta):
    with pytest.raises(JobError) as caught:
        values_of({"is_meta": True, **meta})
    return str(caught.value)


def test_values_stand_before_a_range():
    step = {"type": "add", "value": 0}
    assert values_of({"is_meta": True, "values": [3, "a", None], "min": 1, "step": step}) == (
        3,
        "a",
        None,
    )


@pytest.mark.parametrize(
    ("low", "high", "step", "kind", "values"),
    [
        (1, 30, 1, "add", tuple(range(1, 31))),
        (0.1, 0.3, 0.1, "add", (0.1, 0.2, 0.3)),
        (0, 1, 0.25, "add", (0, 0.25, 0.5, 0.75, 1.0)),
        (1, 10, -3, "add", (10, 7, 4, 1)),
        (10, 1, -3, "add", (10, 7, 4, 1)),
        (1, 1000, 10, "multiply", (1, 10, 100, 1000)),
        (0.001, 1, 10, "multiply", (0.001, 0.01, 0.1, 1.0)),
        (1, 8, 0.5, "multiply", (8, 4, 2, 1)),
        (8, 1, 0.5, "multiply", (8, 4, 2, 1)),
        (-8, -1, 0.5, "multiply", (-8, -4, -2, -1)),
        (-8, -1, 2, "multiply", (-1, -2, -4, -8)),
        (5, 5, 1, "add", (5,)),
    ],
)
def test_ranges_count_as_their_steps_say(low, high, step, kind, values):
    assert ranged(low, high, step, kind) == values


@given(
    low=st.decimals(-50, 50, places=3),
    step=st.decimals(Decimal("0.001"), 5, places=3),
    count=st.integers(1, 60),
)
def test_decimal_ranges_do_not_drift(low, step, count):
    values = ranged(float(low), float(low + step * (count - 1)), float(step))
    assert [Decimal(repr(value)) for value in values] == [low + step * n for n in range(count)]


@pytest.mark.parametrize(
    ("low", "high", "step", "kind"),
    [
        (10, 1, 1, "add"),
        (1, 10, 0, "add"),
        (1, 1e9, 0.001, "add"),
        (1, 10, 1, "multiply"),
        (0, 10, 2, "multiply"),
        (1, 10, -2, "multiply"),
        (10, 1, 2, "multiply"),
    ],
)
def test_ranges_that_are_empty_or_never_end_are_refused(low, high, step, kind):
    told = refusal({"min": low, "max": high, "step": {"type": kind, "value": step}})
    assert "step.value: expected a range that ends and is not empty" in told


@given(
    low=st.integers(-9, 9) | st.floats(-9, 9),
    high=st.integers(-9, 9) | st.floats(-9, 9),
    step=st.integers(-3, 3) | st.floats(-3, 3),
    kind=st.sampled_from(["add", "multiply"]),
)
def test_every_range_ends_or_is_refused(low, high, step, kind):
    try:
        values = ranged(low, high, step, kind)
    except JobError:
        return
    assert values
    slack = 1e-8 * max(1, abs(low), abs(high))
    assert all(min(low, high) - slack <= value <= max(low, high) + slack for value in values)


@pytest.mark.parametrize(
    ("meta", "sentence"),
    [
        ({"is_meta": False, "values": [1]}, "is_meta: expected true"),
        ({"values": []}, "values: expected one value or more, got an empty list"),
        ({"values": 3}, "values: expected a list of values, got 3"),
        ({"value": [1]}, "Did you mean 'values'?"),
        ({}, "min: expected a number, got nothing"),
        ({"min": True, "max": 1, "step": {"type": "add", "value": 1}}, "min: expected a number"),
        ({"min": 1, "max": 2, "step": 1}, 'step: expected {"type": "add", "value": 1}'),
        ({"min": 1, "max": 2, "step": {"type": "ad", "value": 1}}, "Did you mean 'add'?"),
        ({"min": 1, "max": 2, "step": {"type": "add"}}, "step.value: expected a number"),
        ({"min": 1, "max": 2, "step": {"type": "add", "by": 1}}, "expected type and value"),
    ],
)
def test_what_is_wrong_with_a_meta_parameter_is_told(meta, sentence):
    assert sentence in refusal(meta)


def test_the_first_meta_parameter_varies_slowest():
    entry = {
        "title": "x",
        "a": {"is_meta": True, "values": [1, 2]},
        "constant": {"of": "any kind"},
        "b": {"is_meta": True, "values": ["x", "y"]},
    }
    combined = [(values["a"], values["b"]) for values in expand(entry)]
    assert combined == [(1, "x"), (1, "y"), (2, "x"), (2, "y")]
    assert all(values["constant"] == {"of": "any kind"} for values in expand(entry))


def test_too_many_combinations_are_refused_before_they_are_made():
    many = {"is_meta": True, "min": 1, "max": 1000, "step": {"type": "add", "value": 1}}
    with pytest.raises(JobError, match="at most 100000 configurations"):
        expand({"a": many, "b": many, "c": many})


@given(st.dictionaries(st.sampled_from("abc"), st.lists(st.integers(), min_size=1, unique=True)))
def test_every_combination_comes_once(lists):
    entry = {name: {"is_meta": True, "values": values} for name, values in lists.items()}
    expanded = [tuple(values.items()) for values in expand(entry)]
    assert len(set(expanded)) == len(expanded)
    count = 1
    for values in lists.values():
        count *= len(values)
    assert len(expanded) == count


def test_titles_are_filled_with_pythons_text_of_any_parameter():
    values = {"es": True, "sizes": [100, 100], "d": 0.3, "s": "relu", "n": None, "hyphen-ed": 1}
    template = "Ⓝ {s} {d} {es} {sizes} {n} {hyphen-ed}"
    assert fill(template, values) == "Ⓝ relu 0.3 True [100, 100] None 1"


def test_what_names_no_parameter_is_left_in_the_title():
    assert fill("{a} {b} {} {{a}}", {"a": "{b}", "c": 1}) == "{b} {b} {} {{b}}"
    assert placeholders("{a} {b} {} {a b}") == ("a", "b")
