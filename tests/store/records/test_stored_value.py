"""Values that are stored as JSON: what is written, what is read, and what is no such value."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sortal.errors import Damaged
from sortal.store.records import job_record, member_record
from sortal.store.records.stored_value import StoredValue

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


class Lens(StoredValue):
    """A part of a telescope."""

    diameter: float
    """Its diameter [m]."""


class Telescope(StoredValue):
    """A value like those of the store."""

    later: ClassVar[frozenset[str]] = frozenset({"remark", "lenses"})

    name: str
    """Its name."""

    height: float | None
    """Its height [m]; None where it is not known."""

    options: Mapping[str, Any] = {}
    """Settings in the words of its user."""

    remark: str = ""
    """A field that the first version did not have."""

    lenses: tuple[Lens, ...] = ()
    """Another field that the first version did not have."""


def stored(**changes: object) -> dict[str, object]:
    return {"name": "Keck", "height": 4145.0, **changes}


def refusal(value: object) -> str:
    with pytest.raises(Damaged) as caught:
        Telescope.from_json(value, "store/x.jsonl, line 3")
    return str(caught.value)


@given(
    name=st.text(),
    height=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    options=st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.booleans())),
    diameters=st.lists(st.floats(0, 10), max_size=3),
)
def test_a_value_is_read_as_it_was_written(name, height, options, diameters):
    lenses = tuple(Lens(diameter=one) for one in diameters)
    telescope = Telescope(name=name, height=height, options=options, lenses=lenses)
    text = json.dumps(telescope.to_json(), allow_nan=False)
    assert Telescope.from_json(json.loads(text), "x") == telescope


def test_fields_are_written_in_their_order():
    full = Telescope(name="Keck", height=None, remark="old", lenses=(Lens(diameter=2.0),))
    assert list(full.to_json()) == ["name", "height", "options", "remark", "lenses"]


def test_later_fields_at_their_defaults_are_not_written():
    assert Telescope(name="Keck", height=None).to_json() == {
        "name": "Keck",
        "height": None,
        "options": {},
    }
    assert Telescope(name="Keck", height=None, remark="").to_json().keys() == {
        "name",
        "height",
        "options",
    }


def test_later_fields_with_other_values_are_written():
    full = Telescope(name="Keck", height=None, remark="old", lenses=(Lens(diameter=2.0),))
    written = full.to_json()
    assert (written["remark"], written["lenses"]) == ("old", [{"diameter": 2.0}])


def test_fields_that_a_file_lacks_have_their_defaults():
    telescope = Telescope.from_json(stored(), "x")
    assert (telescope.options, telescope.remark, telescope.lenses) == ({}, "", ())


def test_fields_of_other_versions_are_left_out():
    assert Telescope.from_json(stored(colour="white"), "x") == Telescope.from_json(stored(), "x")


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_lacks_is_written_as_null(number):
    telescope = Telescope(name="Keck", height=number, options={"aperture": [number]})
    written = telescope.to_json()
    assert (written["height"], written["options"]) == (None, {"aperture": [None]})


def test_a_stored_value_cannot_be_changed():
    telescope = Telescope(name="Keck", height=None)
    with pytest.raises(ValidationError, match="frozen"):
        telescope.name = "VLT"


def test_a_missing_field_is_named_with_its_place():
    text = refusal({"name": "Keck"})
    assert text.startswith("store/x.jsonl, line 3: height: expected ")
    assert text.endswith(", got nothing.")


def test_a_missing_field_of_an_inner_value_is_named():
    text = refusal(stored(lenses=[{"diameter": 1.0}, {}]))
    assert text == "store/x.jsonl, line 3: lenses[1].diameter: expected a number, got nothing."


@pytest.mark.parametrize(
    ("changes", "field", "got"),
    [
        ({"name": 3}, "name", "3"),
        ({"name": None}, "name", "nothing"),
        ({"height": "tall"}, "height", "'tall'"),
        ({"height": [1.0]}, "height", "[1.0]"),
        ({"options": [[1]]}, "options", "[[1]]"),
        ({"lenses": {}}, "lenses", "an empty map"),
        ({"lenses": [[1]]}, "lenses[0]", "[1]"),
        ({"lenses": [{"diameter": "wide"}]}, "lenses[0].diameter", "'wide'"),
    ],
)
def test_a_field_of_another_type_is_named(changes, field, got):
    text = refusal(stored(**changes))
    assert text.startswith(f"store/x.jsonl, line 3: {field}: expected ")
    assert f", got {got}" in text


@pytest.mark.parametrize("value", [None, 3, "x", [], [[]], [["name", "Keck"]]])
def test_what_is_no_object_is_named_as_a_whole(value):
    text = refusal(value)
    assert text.startswith("store/x.jsonl, line 3: job: expected ")
    assert ", got " in text


def test_only_the_first_wrong_field_is_named():
    assert "height" not in refusal({"name": 3, "height": "tall"})


def test_a_long_wrong_value_is_cut():
    text = refusal(stored(name=["x" * 10_000]))
    assert text.startswith("store/x.jsonl, line 3: name: expected ")
    assert len(text) < 200


@given(json_values)
def test_any_json_is_a_value_or_damage(value):
    for given_value in (value, stored(lenses=value), stored(options=value), stored(height=value)):
        try:
            assert Telescope.from_json(given_value, "x").name == "Keck"
        except Damaged as error:
            assert str(error).startswith("x: ")  # noqa: PT017 - either outcome is right


def _classes(base: type[StoredValue]) -> Iterator[type[StoredValue]]:
    for one in base.__subclasses__():
        yield one
        yield from _classes(one)


CLASSES = [one for one in _classes(StoredValue) if one.__module__.startswith("sortal.")]


def test_every_field_of_a_record_says_what_it_is():
    assert {member_record.MemberRecord, job_record.JobRecord} <= set(CLASSES)
    undescribed = [
        f"{one.__name__}.{name}"
        for one in CLASSES
        for name, field in one.model_fields.items()
        if not field.description
    ]
    assert undescribed == []


def test_fields_that_are_left_out_have_defaults():
    wrong = [
        f"{one.__name__}.{name}"
        for one in CLASSES
        for name in one.later
        if name not in one.model_fields or one.model_fields[name].is_required()
    ]
    assert wrong == []
