import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stored_records import job_record, member_record

from sortal.errors import Damaged, NotFound, OptionError, UserError
from sortal.store.files.json_lines import line, parse
from sortal.store.store import Store
from sortal.store.upkeep.verify import find_damages


def test_a_folder_with_other_things_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(UserError, match=r"thesis\.tex"):
        Store.open(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["thesis.tex"]


def test_a_store_begun_by_a_killed_process_can_be_opened(tmp_path):
    (tmp_path / ".tmp-host-1-00").write_text("{")
    assert find_damages(Store.open(tmp_path)) == []


def test_a_file_is_no_store(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="got a file"):
        Store.open(tmp_path / "file")


def test_an_absent_store_is_named_and_the_one_inside_is_offered(tmp_path):
    Store.open(tmp_path / ".sortal")
    with pytest.raises(NotFound, match=r"Did you mean '.*\.sortal'"):
        Store.open(tmp_path, create=False)
    with pytest.raises(NotFound):
        Store.open(tmp_path / "none", create=False)
    assert not (tmp_path / "none").exists()


def test_a_newer_format_is_refused(store):
    (store.folder / "sortal.json").write_text('{"format": 2}')
    with pytest.raises(UserError, match=r"format 2.*up to format 1"):
        Store.open(store.folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": "x"}'])
def test_an_unreadable_format_is_damage(store, text):
    (store.folder / "sortal.json").write_text(text)
    with pytest.raises(Damaged, match=r"sortal\.json"):
        Store.open(store.folder)


def test_a_committed_member_comes_back_as_it_was(store):
    scores = np.random.default_rng(0).random((2, 5, 3)).astype(np.float32)
    predicted = scores.argmax(axis=2).astype(np.uint8)
    first = member_record("a", seed=7, notes=("slow",), parameters={"alpha": 0.5}, fit_seconds=None)
    second = member_record("b", fit_seconds=np.float32(0.5))
    histories = {"a": [{"epoch": 0.0, "loss": math.nan}], "b": []}
    with store.members.draft() as draft:
        name = draft.commit(
            [first, second], scores, predicted, histories=histories, printed={"b": "so far\n"}
        )
    assert list(store.members.records(["b", "a"]).items()) == [("b", second), ("a", first)]
    assert store.members.record("b").fit_seconds == 0.5
    assert store.members.history("a") == [{"epoch": 0.0, "loss": None}]
    assert store.members.history("b") == []
    assert store.members.printed(["a", "b"]) == {"a": "", "b": "so far\n"}
    assert store.members.find(["a"])["a"].segment == name
    np.testing.assert_array_equal(np.stack(store.members.scores(["b", "a"])), scores[::-1])
    np.testing.assert_array_equal(np.stack(store.members.predicted(["b", "a"])), predicted[::-1])


def test_a_draft_that_fails_leaves_nothing(store):
    with pytest.raises(ZeroDivisionError), store.members.draft() as draft:
        (draft.folder / "half").write_text(str(1 / 0))
    assert list((store.folder / "segments").iterdir()) == []


def test_scores_of_other_lengths_than_the_records_are_refused(store):
    a = member_record("a")
    with store.members.draft() as draft, pytest.raises(ValueError, match="2 records need"):
        draft.commit([a, member_record("b")], np.zeros((1, 3, 2)), np.zeros((1, 3)))
    with store.members.draft() as draft, pytest.raises(ValueError, match="different keys"):
        draft.commit([a, a], np.zeros((2, 3, 2)), np.zeros((2, 3)))


def test_an_unknown_member_is_named(store):
    for read in (
        store.members.record,
        store.members.history,
        lambda key: store.members.scores([key]),
    ):
        with pytest.raises(NotFound, match="'missing'"):
            read("missing")


def test_what_another_process_commits_is_found_by_an_open_store(store, commit):
    other = Store.open(store.folder)
    assert store.members.find(["a"]) == {}
    commit(other, ["a"])
    assert store.members.find(["a"]).keys() == {"a"}


@pytest.mark.parametrize(
    "name", ["../up", "a/b", ".hidden", "", " ", "a\n", "a\\b", "x" * 201, "é"]
)
def test_names_cannot_leave_their_folder(store, name):
    for use in (
        lambda: store.jobs.write(job_record(name)),
        lambda: store.jobs.read(name),
        lambda: store.snapshots.take(name),
        lambda: store.log_path(name),
        lambda: store.leases.take(name).__enter__(),
        lambda: store.artifacts.get("projection", name),
        lambda: store.datasets.get(name),
    ):
        with pytest.raises(OptionError):
            use()


def test_jobs_are_replaced_whole_and_listed(store):
    store.jobs.write(job_record("stars 2.1", notes=("No example is weighted.",)))
    store.jobs.write(job_record("stars 2.1", ["a"]))
    assert store.jobs.names() == ["stars 2.1"]
    assert store.jobs.read("stars 2.1") == job_record("stars 2.1", ["a"])
    assert store.jobs.read_or_none("moons") is None
    with pytest.raises(NotFound, match=r"'stars 2\.1'"):
        store.jobs.read("stars 2.2")


def test_datasets_and_splits_come_back_as_they_were(store, dataset, split):
    store.datasets.save(dataset)
    store.datasets.splits.save(dataset.fingerprint, split)
    stored = store.datasets.get(dataset.fingerprint)
    assert stored.labels.classes == ("a", "b")
    np.testing.assert_array_equal(stored.inputs.matrix(), dataset.inputs.matrix())
    again = store.datasets.splits.get(dataset.fingerprint, split.fingerprint)
    assert again.fold == 2
    np.testing.assert_array_equal(again.test, split.test)
    with pytest.raises(NotFound):
        store.datasets.splits.get(dataset.fingerprint, "none")
    with pytest.raises(NotFound):
        store.datasets.splits.save("none", split)


def test_saving_a_dataset_again_writes_only_files_cut_short(store, dataset, split):
    folder = store.datasets.save(dataset)
    store.datasets.splits.save(dataset.fingerprint, split)
    before = (folder / "labels.npy").stat().st_mtime_ns
    store.datasets.save(dataset)
    assert (folder / "labels.npy").stat().st_mtime_ns == before
    (folder / "labels.npy").write_bytes(b"")
    store.datasets.save(dataset)
    assert find_damages(store) == []
    assert store.datasets.splits.get(dataset.fingerprint, split.fingerprint).fold == 2


def test_a_source_is_known_only_while_its_dataset_is_stored(store, dataset):
    store.datasets.remember_source("stars.csv 120 99", dataset.fingerprint)
    assert store.datasets.known_source("stars.csv 120 99") is None
    store.datasets.save(dataset)
    assert store.datasets.known_source("stars.csv 120 99") == dataset.fingerprint
    (store.folder / "sources.json").write_text("{half")
    assert store.datasets.known_source("stars.csv 120 99") is None


def test_artifacts_are_replaced_whole(store):
    def write(text):
        return lambda folder: (folder / "points.txt").write_text(text)

    first = store.artifacts.save("projection", "pca", {"seed": 1}, write("one"))
    second = store.artifacts.save("projection", "pca", {"seed": 2}, write("two"))
    assert not first.folder.exists()
    assert (second.folder / "points.txt").read_text() == "two"
    assert store.artifacts.get("projection", "pca").meta == {"seed": 2}
    assert store.artifacts.names("projection") == ["pca"]
    store.artifacts.remove("projection", "pca")
    assert store.artifacts.names("projection") == []
    with pytest.raises(NotFound, match="no projection"):
        store.artifacts.get("projection", "pca")


def test_a_failed_replacement_keeps_the_artifact(store):
    def fail(folder):
        (folder / "points.txt").write_text("half")
        raise RuntimeError

    store.artifacts.save("projection", "pca", {"seed": 1}, lambda folder: None)
    with pytest.raises(RuntimeError):
        store.artifacts.save("projection", "pca", {"seed": 2}, fail)
    assert store.artifacts.get("projection", "pca").meta == {"seed": 1}
    assert find_damages(store) == []


def test_a_dropped_snapshot_is_gone(store):
    (store.snapshots.take("task-1") / "state").write_text("epoch 3")
    store.snapshots.drop("task-1")
    store.snapshots.drop("task-1")
    assert list(store.snapshots.take("task-1").iterdir()) == []


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), json_values, max_size=5))
@settings(max_examples=150)
def test_any_json_object_survives_its_line(record):
    text = line(record)
    assert text.count("\n") == 1
    assert parse(text.encode(), "x") == record


@given(st.floats())
def test_numbers_json_cannot_hold_become_null(number):
    expected = number if math.isfinite(number) else None
    assert parse(line({"x": [np.float64(number)]}).encode(), "x") == {"x": [expected]}


def test_what_has_no_json_form_is_refused():
    with pytest.raises(TypeError, match="set has no JSON form"):
        line({"x": {1, 2}})
