"""The record of a job: what its file holds, whom it lists, and what another shape is called."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stored_records import job_record, member_entry

from sortal.data.labels import Outputs
from sortal.errors import Damaged
from sortal.job.models import DataBlock, FoldSplit
from sortal.store.files.json_lines import line, parse
from sortal.store.records.job_record import (
    RESAMPLES,
    EnsembleEntry,
    EnsembleShare,
    Failure,
    ImportedEntry,
    InterimEntry,
    JobRecord,
    MemberEntry,
    ProjectionEntry,
    RunEntry,
    SplitEntry,
    first_titles,
    wholes,
)
from sortal.store.upkeep.remove import remove_job, remove_unlisted
from sortal.store.upkeep.verify import find_damages

numbers = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | numbers | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
words = st.dictionaries(st.text(), json_values, max_size=3)


def share(key):
    return EnsembleShare(key=key, name=f"stars/{key}", seed=0, weight=0.5)


def special(kind, key, title="", **fields):
    """An entry of another kind than those that a run trains."""
    about = {name: fields.pop(name) for name in ("of", "members") if name in fields}
    return kind(**dict(member_entry(key, title, **fields)), **about)


def full(**fields):
    """A record with something in every field."""
    everything = {
        "text": "title: stars\n",
        "updated": "2026-01-01T00:00:00+00:00",
        "dataset": "d" * 32,
        "data": DataBlock(source=["a.csv", "b.csv"], delimiter=";", split=FoldSplit(kind="folds")),
        "splits": (SplitEntry(fingerprint="s0", fold=0), SplitEntry(fingerprint="s1", fold=1)),
        "outputs": Outputs.INDEPENDENT,
        "weighted": True,
        "bootstrap": 0,
        "notes": ("No example is weighted.",),
        "failures": {"b": Failure(reason="it failed", traceback="at line 1", printed="so far")},
        "runs": (RunEntry(ended="", trained=1, stored=0, failed=1, seconds=0.5, interrupted=True),),
        "entries": (
            member_entry("a", "net", seed=3, fold=1, target="x", notes=("slow",), reference=True),
            member_entry("b", "net fold1", fold_of="net", asked={"width": 3}, varied=("C",)),
        ),
        "interim": (special(InterimEntry, "i", "net", of="a"),),
        "ensembles": (
            special(EnsembleEntry, "e", "both", seed=None, members=(share("a"), share("x"))),
            special(EnsembleEntry, "f", "both fold1", fold_of="both", members=(share("y"),)),
        ),
        "imported": (
            special(ImportedEntry, "t", "theirs"),
            special(ImportedEntry, "u", "theirs fold1", fold_of="theirs"),
        ),
        "projections": (
            ProjectionEntry(title="pca", method="pca", parameters={"axes": 2}, artifact="p1"),
        ),
        "figures_alone": True,
        "asked": {"plan": [1, 2]},
    }
    return job_record("stars", **{**everything, **fields})


def again(record):
    """The record as a later process reads it."""
    return JobRecord.from_json(parse(line(record.to_json()).encode(), "x"), "x")


def test_a_full_record_is_read_as_it_was_written(store):
    store.jobs.write(full())
    assert store.jobs.read("stars") == full()


def test_a_small_record_is_read_as_it_was_written(store):
    store.jobs.write(job_record("stars"))
    assert store.jobs.read("stars") == job_record("stars")


def test_an_example_has_something_in_every_field():
    empty = [name for name, value in full() if value in ("", (), {}, None)]
    assert empty == []


@given(parameters=words, asked=words, notes=st.lists(st.text(), max_size=2), text=st.text())
def test_any_parameters_and_words_are_kept(parameters, asked, notes, text):
    entry = member_entry("a", parameters=parameters, asked=asked, notes=tuple(notes))
    record = job_record("stars", text=text, notes=tuple(notes), asked=asked, entries=(entry,))
    assert again(record) == record


def test_entries_keep_their_kinds():
    read = again(full())
    assert [type(one) for one in read.entries] == [MemberEntry, MemberEntry]
    assert [type(one) for one in read.ensembles] == [EnsembleEntry, EnsembleEntry]
    assert [type(one) for one in read.interim] == [InterimEntry]
    assert [type(one) for one in read.imported] == [ImportedEntry, ImportedEntry]
    assert read.ensembles[0].members[1].key == "x"
    assert read.interim[0].of == "a"


def test_later_fields_at_their_defaults_are_left_out():
    written = job_record("stars", ["a"]).to_json()
    assert not {"projections", "figures_alone", "asked"} & written.keys()
    assert not {"fold_of", "notes", "asked"} & written["entries"][0].keys()
    failure = Failure(reason="it failed").to_json()
    assert failure == {"reason": "it failed", "traceback": ""}


def test_later_fields_with_other_values_are_in_the_file():
    written = full().to_json()
    assert written["figures_alone"] is True
    assert written["asked"] == {"plan": [1, 2]}
    assert written["projections"][0]["artifact"] == "p1"
    assert written["entries"][0]["notes"] == ["slow"]
    assert written["entries"][1]["fold_of"] == "net"
    assert written["failures"]["b"]["printed"] == "so far"


def test_what_the_first_version_left_out_has_defaults():
    """Jobs of November 2026 had no ensembles, no interim members and nothing imported."""
    lacking = {
        "bootstrap",
        "interim",
        "ensembles",
        "imported",
        "failures",
        "runs",
        "text",
        "format",
    }
    stored = {k: v for k, v in job_record("stars", ["a"]).to_json().items() if k not in lacking}
    read = JobRecord.from_json(stored, "x")
    assert (read.ensembles, read.imported, read.interim, read.runs) == ((), (), (), ())
    assert (read.failures, read.bootstrap, read.format) == ({}, RESAMPLES, 1)


def test_the_file_has_a_line_for_each_entry(store):
    store.jobs.write(job_record("stars", ["a", "b", "c"]))
    lines = (store.folder / "jobs" / "stars.json").read_text().splitlines()
    assert sum('"key":' in one for one in lines) == 3


def test_every_entry_is_in_the_order_of_its_kinds():
    keys = [entry.key for entry in full().every_entry]
    assert keys == ["a", "b", "i", "e", "f", "t", "u"]


def test_keys_are_those_of_all_members_and_of_averaged_ones():
    assert full().keys == set("abieftu") | set("xy")
    assert job_record("stars", ["a", "a"]).keys == {"a"}
    assert job_record("stars").keys == set()


def test_a_title_that_is_removed_takes_its_folds_with_it():
    without = full().without("both")
    assert without.ensembles == ()
    assert without.imported == full().imported
    assert without.keys == set("abitu")
    assert full().without("theirs").imported == ()
    assert full().without("theirs").ensembles == full().ensembles


def test_one_fold_is_removed_alone():
    assert [one.title for one in full().without("both fold1").ensembles] == ["both"]


def test_what_a_run_trains_is_never_removed():
    assert full().without("net") == full()
    assert full().without("unknown") == full()


def test_a_record_stays_as_it_is_when_a_title_is_removed():
    record = full()
    record.without("both")
    assert record == full()


def test_entries_of_one_title_are_found_in_every_list():
    assert [entry.key for entry in full().titled("net")] == ["a", "i"]
    assert [entry.key for entry in full().titled("both")] == ["e"]
    assert [entry.key for entry in full().titled("theirs")] == ["t"]
    assert full().titled("ne") == []


def test_a_key_under_two_titles_is_called_by_the_first():
    entries = (member_entry("a", "one"), member_entry("b", "two"), member_entry("a", "three"))
    assert first_titles(entries) == {"a": "one", "b": "two"}


def test_entries_of_a_single_fold_are_no_wholes():
    listed = [entry.title for entry in wholes(full().every_entry)]
    assert listed == ["net", "net", "both", "theirs"]


def test_the_place_of_an_entry_holds_what_it_has():
    assert full().entries[0].place == "net (seed 3, fold 1, target x)"
    assert member_entry("a", "net", seed=0).place == "net (seed 0)"


def without_field(name):
    return {key: value for key, value in full().to_json().items() if key != name}


def with_field(**changes):
    return {**full().to_json(), **changes}


def with_entry(**changes):
    return with_field(entries=[{**member_entry("a").to_json(), **changes}])


SHAPES = [
    (without_field("name"), "name"),
    (without_field("entries"), "entries"),
    (without_field("data"), "data"),
    (with_field(entries={}), "entries"),
    (with_field(entries=[[1, 2]]), "entries[0]"),
    (with_field(entries=[{"title": "net"}]), "entries[0].key"),
    (with_entry(parameters=[["C", 1]]), "entries[0].parameters"),
    (with_entry(seed="first"), "entries[0].seed"),
    (with_entry(varied="C"), "entries[0].varied"),
    (with_field(failures=[["a", "it failed"]]), "failures"),
    (with_field(failures={"a": "it failed"}), "failures.a"),
    (with_field(runs=[{"ended": ""}]), "runs[0].trained"),
    (with_field(splits=["s0"]), "splits[0]"),
    (with_field(data=[]), "data"),
    (with_field(data={}), "data.source"),
    (with_field(outputs="either"), "outputs"),
    (with_field(classes=[["a"]]), "classes[0]"),
    (with_field(bootstrap="many"), "bootstrap"),
    (with_field(ensembles=[member_entry("e").to_json()]), "ensembles[0].members"),
    (with_field(ensembles=[{**member_entry("e").to_json(), "members": [["a"]]}]), "members[0]"),
    (with_field(interim=[member_entry("i").to_json()]), "interim[0].of"),
    (with_field(projections=[{"title": "pca"}]), "projections[0].method"),
]


@pytest.mark.parametrize(("stored", "field"), SHAPES, ids=[field for _, field in SHAPES])
def test_a_file_of_another_shape_is_named(store, stored, field):
    store.jobs.write(job_record("stars"))
    path = store.folder / "jobs" / "stars.json"
    path.write_text(json.dumps(stored))
    with pytest.raises(Damaged) as caught:
        store.jobs.read("stars")
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    assert field in text
    assert ", got " in text
    assert "\n" not in text
    assert [(one.kind, one.name) for one in find_damages(store)] == [("job", "stars")]


@pytest.mark.parametrize("text", ["", "{", "null", "3", "[]", "[[]]", '[["name", "stars"]]'])
def test_a_file_that_is_no_object_is_named(store, text):
    store.jobs.write(job_record("stars"))
    (store.folder / "jobs" / "stars.json").write_text(text)
    with pytest.raises(Damaged, match=r"stars\.json: "):
        store.jobs.read("stars")
    with pytest.raises(Damaged, match=r"stars\.json: "):
        store.jobs.read_or_none("stars")


def test_no_member_is_deleted_beside_a_file_of_another_shape(store, commit):
    commit(store, ["a"])
    store.jobs.write(job_record("one", ["a"]))
    store.jobs.write(job_record("two"))
    (store.folder / "jobs" / "two.json").write_text('{"entries": [{"key": "a"}]}')
    with pytest.raises(Damaged, match=r"two\.json: .*got nothing"):
        remove_job(store, "one")
    assert store.members.find("a")


@given(st.sampled_from(sorted(full().to_json())), json_values)
def test_any_value_of_any_field_is_read_or_damage(name, value):
    try:
        read = JobRecord.from_json(with_field(**{name: value}), "x")
        assert JobRecord.from_json(read.to_json(), "x") == read
    except Damaged as error:
        assert str(error).startswith("x: ")  # noqa: PT017 - either outcome is right


def test_a_copied_file_is_a_job_of_its_own(store):
    store.jobs.write(job_record("two", ["a"]))
    jobs = store.folder / "jobs"
    (jobs / "copy.json").write_text((jobs / "two.json").read_text())
    copied = store.jobs.read("copy")
    assert copied.name == "copy"
    store.jobs.write(copied.model_copy(update={"entries": ()}))
    assert store.jobs.read("two").keys == {"a"}


def test_options_of_a_newer_version_are_left_out(store):
    stored = job_record("two").to_json()
    stored["data"]["zoom"] = 3
    store.jobs.write(job_record("two"))
    (store.folder / "jobs" / "two.json").write_text(json.dumps(stored))
    assert store.jobs.read("two") == job_record("two")


def test_text_that_is_no_unicode_is_kept(store):
    odd = job_record("two", failures={"a": {"reason": "no file \udcff.csv"}})
    store.jobs.write(odd)
    assert store.jobs.read("two") == odd


def test_nothing_unlisted_is_deleted_beside_a_damaged_record(store, commit):
    commit(store, ["a", "b"])
    store.jobs.write(job_record("one", ["a"]))
    (store.folder / "jobs" / "two.json").write_text("{}")
    remove_unlisted(store, [])
    remove_unlisted(store, ["b"])
    assert store.members.find(["a", "b"]).keys() == {"a", "b"}
