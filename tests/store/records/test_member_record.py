"""The record of a member: what its line holds, and what a line of another shape is called."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stored_records import member_record

from sortal.data.labels import Outputs
from sortal.data.readers.registry import TableOptions
from sortal.data.reading.new_examples import InputSpec
from sortal.data.split import Part
from sortal.errors import Damaged
from sortal.evaluation.scores import MemberMetrics
from sortal.store.files.json_lines import line, parse
from sortal.store.records.member_record import MemberRecord

numbers = st.floats(allow_nan=False, allow_infinity=False)
parameters = st.dictionaries(
    st.text(),
    st.recursive(
        st.none() | st.booleans() | st.integers() | numbers | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)

LATER = {
    "model_key": "c1",
    "meant_as_probabilities": True,
    "reference": False,
    "host": "node 7",
    "device": "a processor",
    "sortal": "1.0",
    "python": "3.12.1",
    "numpy": "2.1.0",
    "machine": "x86_64",
}
"""Fields that are left out at their defaults, each with another value."""


def judged(**figures):
    per_class = {"a": {"f1": 0.5, "support": math.nan}}
    confusion = [[3.0, 0.0], [1.0, 2.0]]
    intervals = {"accuracy": (0.25, math.nan)}
    return MemberMetrics(
        figures=figures, per_class=per_class, confusion=confusion, intervals=intervals, examples=6
    )


def again(record):
    """The record as a later process reads it."""
    return MemberRecord.from_json(parse(line(record.to_json()).encode(), "x"), "x")


@given(
    parameters=parameters,
    seed=st.none() | st.integers(),
    seconds=st.none() | st.floats(0, 1e9),
    notes=st.lists(st.text(), max_size=2),
    later=st.sets(st.sampled_from(sorted(LATER))),
)
def test_a_record_is_read_as_it_was_written(parameters, seed, seconds, notes, later):
    record = member_record(
        "a",
        parameters=parameters,
        seed=seed,
        fit_seconds=seconds,
        score_seconds=seconds,
        notes=tuple(notes),
        figures={Part.TEST: judged(accuracy=0.5)},
        fold=2,
        outputs=Outputs.INDEPENDENT,
        **{name: LATER[name] for name in later},
    )
    read = again(record)
    # Metrics hold NaN, which equals nothing.
    assert read.model_copy(update={"figures": {}}) == record.model_copy(update={"figures": {}})
    assert read.to_json() == record.to_json()


@given(st.dictionaries(st.text(), st.floats(), max_size=4))
def test_metrics_keep_their_values_and_nan(figures):
    record = again(member_record("a", figures={Part.TRAIN: judged(**figures)}))
    read = record.judged(Part.TRAIN)
    assert read.keys() == figures.keys()
    for name, value in figures.items():
        expected = value if math.isfinite(value) else math.nan
        assert read[name] == expected or (math.isnan(read[name]) and math.isnan(expected))


def test_all_that_belongs_to_metrics_is_read():
    scores = again(member_record("a", figures={Part.TEST: judged(brier=math.nan)})).figures[
        Part.TEST
    ]
    assert math.isnan(scores.figures["brier"])
    assert math.isnan(scores.per_class["a"]["support"])
    low, high = scores.intervals["accuracy"]
    assert (low, math.isnan(high)) == (0.25, True)
    assert (scores.confusion, scores.examples) == ([[3.0, 0.0], [1.0, 2.0]], 6)


def test_times_that_are_not_known_are_written_as_null():
    written = member_record("a", fit_seconds=None, score_seconds=None).to_json()
    assert (written["fit_seconds"], written["score_seconds"]) == (None, None)
    assert again(member_record("a", fit_seconds=None)).fit_seconds is None


def test_fields_at_their_defaults_that_are_left_out():
    written = member_record("a").to_json()
    assert MemberRecord.later == LATER.keys()
    assert not LATER.keys() & written.keys()
    assert {"seed", "target", "weights", "rows", "preparation", "calibration"} <= written.keys()


@pytest.mark.parametrize("name", sorted(LATER))
def test_a_field_with_another_value_is_written(name):
    record = member_record("a", **{name: LATER[name]})
    assert record.to_json()[name] == LATER[name]
    assert getattr(again(record), name) == LATER[name]


def test_a_reference_that_is_none_by_name_is_written():
    assert again(member_record("a", reference=False)).reference is False
    assert again(member_record("a")).reference is None


def test_inputs_are_read_with_how_files_were_read():
    inputs = InputSpec(
        names={"features": ("x", "y"), "signal": ()},
        shapes={"features": (2,), "signal": None},
        length=7,
        axes={"signal": "channels_first"},
        infinite="missing",
        options=TableOptions(
            columns=("x", "y", "z"), header=False, aliases={"y": "x + z"}, missing=("-999",)
        ),
    )
    read = again(member_record("a", inputs=inputs)).inputs
    assert read.described() == inputs.described()
    assert (read.names, read.shapes, read.length) == (inputs.names, inputs.shapes, 7)
    assert read.options.missing == ("-999",)


def test_a_member_is_called_in_its_model_as_it_was_trained():
    assert member_record("a").key_in_model == "a"
    assert member_record("a", model_key="c1").key_in_model == "c1"


def test_a_part_without_metrics_is_empty():
    record = member_record("a", figures={Part.TEST: judged(accuracy=0.5)})
    assert record.judged(Part.TEST) == {"accuracy": 0.5}
    assert record.judged(Part.VALIDATION) == {}


def without(name):
    return {key: value for key, value in member_record("b").to_json().items() if key != name}


def with_(**changes):
    return {**member_record("b").to_json(), **changes}


def with_second_line(store, commit, text):
    """A segment of two members that was found while it was whole, and whose second line changed."""
    place = commit(store, ["a", "b"])
    assert store.members.find("ab").keys() == set("ab")
    path = store.members.segments.get(place).folder / "members.jsonl"
    path.write_text(line(member_record("a").to_json()) + text)
    return path


NO_EXAMPLES = {"test": {"figures": {}, "per_class": {}}}
WRONG_METRIC = {"test": {"figures": {"brier": "low"}, "per_class": {}, "examples": 1}}
SHAPES = [
    (without("method"), "method"),
    (without("inputs"), "inputs"),
    (without("classes"), "classes"),
    (with_(parameters=[["C", 1]]), "parameters"),
    (with_(figures=[[1]]), "figures"),
    (with_(figures={"nowhere": {}}), "figures.nowhere"),
    (with_(figures=NO_EXAMPLES), "figures.test"),
    (with_(figures=WRONG_METRIC), "figures.test.figures.brier"),
    (with_(seed="first"), "seed"),
    (with_(notes="a remark"), "notes"),
    (with_(outputs="either"), "outputs"),
    (with_(inputs=[["x"]]), "inputs"),
    (with_(inputs={"names": {"features": ["x"]}}), "inputs"),
    (with_(inputs={"names": 3, "shapes": 3}), "inputs"),
    (with_(classes=[["a"]]), "classes[0]"),
    (with_(model_row=None), "model_row"),
]


@pytest.mark.parametrize(("stored", "field"), SHAPES, ids=lambda one: str(one)[:20])
def test_a_line_of_another_shape_is_named(store, commit, stored, field):
    path = with_second_line(store, commit, line(stored))
    with pytest.raises(Damaged) as caught:
        store.members.record("b")
    text = str(caught.value)
    assert text.startswith(f"{path}, line 2: ")
    assert field in text
    assert ", got " in text
    assert "\n" not in text


@pytest.mark.parametrize("text", ["", "{", "null", "3", "[]", "[[]]", '[["key", "b"]]', "nul"])
def test_a_line_that_is_no_object_is_named(store, commit, text):
    with_second_line(store, commit, text + "\n")
    with pytest.raises(Damaged, match=r"members\.jsonl"):
        store.members.record("b")


def test_a_sound_line_of_a_changed_file_is_not_used(store, commit):
    with_second_line(store, commit, line(without("method")))
    with pytest.raises(Damaged, match=r"members\.jsonl: has \d+ bytes instead of"):
        store.members.record("a")


def test_a_line_without_its_key_is_named(store, commit):
    with_second_line(store, commit, line(without("key")))
    with pytest.raises(Damaged, match="line 2: key: expected text, got nothing"):
        store.members.record("b")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text() | st.sampled_from(["names", "shapes", "test", "figures"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@given(st.sampled_from(sorted(member_record("b").to_json())), json_values)
def test_any_value_of_any_field_is_read_or_damage(name, value):
    stored = {**member_record("b").to_json(), name: json.loads(json.dumps(value))}
    try:
        assert MemberRecord.from_json(stored, "x, line 1").library == stored["library"]
    except Damaged as error:
        assert str(error).startswith("x, line 1: ")  # noqa: PT017 - either outcome is right
