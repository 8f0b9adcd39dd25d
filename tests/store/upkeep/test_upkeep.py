"""Deleting, freeing, merging, counting."""

import os
import shutil

import pytest
from stored_records import job_record, member_entry

from sortal.errors import Damaged, NotFound, UserError
from sortal.store.records.job_record import EnsembleEntry, EnsembleShare
from sortal.store.store import Store


@pytest.fixture
def other(tmp_path):
    return Store.open(tmp_path / "other")


def ensemble(key, title, *averaged):
    """An ensemble of members that all count alike."""
    shares = tuple(
        EnsembleShare(key=one, name=f"one/{one}", seed=0, weight=1 / len(averaged))
        for one in averaged
    )
    entry = member_entry(key, title, method="ensemble", seed=None)
    return EnsembleEntry(**dict(entry), members=shares)


def test_a_deleted_member_is_gone_and_its_segment_with_the_last(store, commit):
    commit(store, ["a", "b"])
    store.remove_members(["a"])
    assert store.find("ab").keys() == {"b"}
    assert store.gc().segments == 0
    store.remove_members(["b"])
    freed = store.gc()
    assert freed.segments == 1
    assert freed.bytes > 0
    assert store.usage()["segments"].count == 0
    assert list((store.folder / "tombstones").iterdir()) == []


def test_computing_a_deleted_member_again_brings_it_back(store, commit):
    commit(store, ["a", "b"])
    store.remove_members("ab")
    commit(store, ["a"])
    assert store.find("ab").keys() == {"a"}
    commit(store, ["a", "b"])
    assert store.find("ab").keys() == {"a", "b"}


def test_deleting_an_unknown_member_deletes_none(store, commit):
    commit(store, ["a"])
    with pytest.raises(NotFound):
        store.remove_members(["a", "z"])
    assert store.find("a")


def test_members_in_an_ensemble_are_kept_until_it_is_deleted(store, commit):
    for key in "abe":
        commit(store, [key])
    store.write_job(job_record("one", "a"))
    store.write_job(job_record("two", "b", ensembles=(ensemble("e", "both", "a", "b"),)))
    assert store.remove_job("one") == 0
    assert store.gc().segments == 0
    with pytest.raises(NotFound, match="both"):
        store.remove_result("two", "bot")
    assert store.remove_result("two", "both") == 2
    assert store.find("abe").keys() == {"b"}
    assert store.read_job("two").ensembles == ()
    assert store.gc().segments == 2


def test_deleting_a_job_deletes_the_members_that_are_its_alone(store, commit):
    commit(store, ["a", "b", "c"])
    store.write_job(job_record("one", "ab"))
    store.write_job(job_record("two", "bc"))
    assert store.remove_job("one") == 1
    assert store.find("abc").keys() == {"b", "c"}
    assert store.job_names() == ["two"]
    with pytest.raises(NotFound):
        store.remove_job("one")


def test_beside_an_unreadable_job_no_job_is_deleted(store, commit):
    commit(store, ["a"])
    store.write_job(job_record("one", "a"))
    (store.folder / "jobs" / "two.json").write_text("{")
    with pytest.raises(Damaged):
        store.remove_job("one")
    assert store.job_names() == ["one", "two"]
    assert store.find("a")


def test_data_is_kept_while_a_job_or_a_member_refers_to_it(store, commit, dataset):
    store.save_dataset(dataset)
    commit(store, ["a"], dataset=dataset.fingerprint)
    store.write_job(job_record("one", "a", dataset=dataset.fingerprint))
    assert store.gc().datasets == 0
    store.parts.jobs.remove("one")
    assert store.gc().datasets == 0
    store.remove_members(["a"])
    assert store.gc().datasets == 1


def test_no_data_is_freed_while_a_record_is_unreadable(store, dataset):
    store.save_dataset(dataset)
    (store.folder / "jobs").mkdir()
    (store.folder / "jobs" / "one.json").write_text("{")
    assert store.gc().datasets == 0


def test_leftovers_go_once_their_process_is_gone(store, child):
    process = child(
        "draft = Store.open(sys.argv[1]).draft(); print(1, flush=True); sys.stdin.read()",
        store.folder,
    )
    process.stdout.readline()
    mine = store.draft()
    (store.folder / "segments" / ".tmp-odd").mkdir()
    assert store.gc().leftovers == 0
    process.kill()
    process.wait()
    os.utime(store.folder / "segments" / ".tmp-odd", (0, 0))
    assert store.gc().leftovers == 2
    assert mine.folder.exists()
    mine.discard()


def test_what_is_being_deleted_is_gone_at_once(store, commit, monkeypatch):
    commit(store, ["a"])
    (store.snapshot_folder("task") / "state").write_text("x")
    store.remove_members(["a"])

    def die(folder):
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "rmtree", die)
    for delete in (store.gc, lambda: store.drop_snapshot("task")):
        with pytest.raises(KeyboardInterrupt):
            delete()
    assert store.usage()["segments"].count == 0
    assert list(store.snapshot_folder("task").iterdir()) == []
    assert store.verify() == []


def test_snapshots_go_when_they_are_old_or_empty(store):
    for task in ("old", "new"):
        (store.snapshot_folder(task) / "state").write_text("x")
    os.utime(store.snapshot_folder("old") / "state", (0, 0))
    store.snapshot_folder("empty")
    assert store.gc().snapshots == 2
    assert [path.name for path in (store.folder / "snapshots").iterdir()] == ["new"]


def test_folders_of_replaced_artifacts_go(store):
    artifact = store.save_artifact("study", "one", {}, lambda folder: None)
    lost = artifact.folder.with_name("v-0000")
    lost.mkdir()
    assert store.gc().leftovers == 0
    os.utime(lost, (0, 0))
    os.utime(artifact.folder, (0, 0))
    assert store.gc().leftovers == 1
    assert artifact.folder.exists()


def test_pictures_and_searches_go_with_their_last_job(store):
    about = {
        "picture": {"job": "one", "dataset": "d"},
        "map": {"job": "one"},
        "search": {"jobs": ["one", "two"]},
        "other": {},
    }
    for kind, meta in about.items():
        store.save_artifact(kind, "x", meta, lambda folder: (folder / "x").write_text("1"))
    for name in ("one", "two"):
        store.write_job(job_record(name, dataset="d"))
    assert store.gc().artifacts == 0
    store.remove_job("one")
    assert store.gc().artifacts == 1
    assert store.artifact_names("picture") == store.artifact_names("search") == ["x"]
    store.remove_job("two")
    freed = store.gc()
    assert (freed.artifacts, freed.bytes > 0) == (2, True)
    assert store.artifact_names("other") == ["x"]
    assert store.verify() == []


def test_no_picture_is_freed_while_a_record_is_unreadable(store):
    """Be it the record of a job or the picture's own."""
    store.save_artifact("picture", "x", {"dataset": "d"}, lambda folder: None)
    (store.folder / "jobs").mkdir()
    record = store.folder / "jobs" / "one.json"
    record.write_text("{")
    assert store.gc().artifacts == 0
    record.unlink()
    described = store.artifact("picture", "x").folder.parent / "artifact.json"
    described.write_text("{")
    assert store.gc().artifacts == 0


def test_the_log_of_a_job_goes_with_it(store):
    store.write_job(job_record("one"))
    store.log_path("one").write_text("{}\n")
    store.log_path("two").write_text("{}\n")
    store.remove_job("one")
    assert [path.name for path in (store.folder / "logs").iterdir()] == ["two.jsonl"]


def test_merging_brings_what_is_missing_and_nothing_twice(store, other, commit, dataset, split):
    commit(store, ["a"])
    commit(other, ["a"])
    commit(other, ["b", "c"], dataset=dataset.fingerprint)
    other.save_dataset(dataset)
    other.save_split(dataset.fingerprint, split)
    other.write_job(job_record("stars", "b"))
    other.save_artifact("study", "one", {"n": 1}, lambda folder: (folder / "x").write_text("1"))
    merged = store.merge(other)
    assert (merged.segments, merged.datasets, merged.splits) == (1, 1, 1)
    assert (merged.jobs, merged.artifacts) == (1, 1)
    assert (merged.renamed, merged.kept, merged.damaged) == ({}, [], [])
    assert store.find("abc").keys() == set("abc")
    assert store.split(dataset.fingerprint, split.fingerprint).fold == 2
    assert (store.artifact("study", "one").folder / "x").read_text() == "1"
    assert store.verify() == []
    again = store.merge(other)
    assert (again.segments, again.datasets, again.splits, again.jobs, again.artifacts) == (0,) * 5
    assert (again.renamed, again.kept) == ({}, [])


def test_a_job_whose_name_is_taken_is_merged_under_another(store, other):
    store.write_job(job_record("stars", "a"))
    store.write_job(job_record("stars-2", "b"))
    other.write_job(job_record("stars", "c"))
    assert store.merge(other).renamed == {"stars": "stars-3"}
    assert store.read_job("stars") == job_record("stars", "a")
    assert store.read_job("stars-3") == job_record("stars-3", "c")
    assert store.merge(other).jobs == 0
    assert store.job_names() == ["stars", "stars-2", "stars-3"]


def test_an_artifact_whose_name_is_taken_stays_as_it_is_here(store, other):
    store.save_artifact("study", "one", {"n": 1}, lambda folder: None)
    other.save_artifact("study", "one", {"n": 2}, lambda folder: None)
    assert store.merge(other).kept == ["study/one"]
    assert store.artifact("study", "one").meta == {"n": 1}


def test_damaged_things_are_named_and_not_merged(store, other, commit, dataset, split):
    name = commit(other, ["a"])
    (other.segment(name).folder / "scores.npy").write_bytes(b"")
    commit(other, ["b"])
    folder = other.save_dataset(dataset)
    other.save_split(dataset.fingerprint, split)
    (folder / "labels.npy").unlink()
    other.write_job(job_record("stars"))
    (other.folder / "jobs" / "stars.json").write_text("{")
    other.save_artifact("study", "one", {}, lambda folder: (folder / "x").write_text("1"))
    (other.artifact("study", "one").folder / "x").unlink()
    merged = store.merge(other)
    assert sorted(item.kind for item in merged.damaged) == ["artifact", "data", "job", "segment"]
    assert store.find("ab").keys() == {"b"}
    assert store.verify() == []
    assert store.job_names() == []


def test_a_damaged_split_is_named_and_not_merged(store, other, dataset, split):
    other.save_dataset(dataset)
    other.save_split(dataset.fingerprint, split).write_bytes(b"PK")
    merged = store.merge(other)
    assert [item.kind for item in merged.damaged] == ["split"]
    assert (merged.datasets, merged.splits) == (1, 0)


def test_merging_mends_a_damaged_segment(store, other, commit):
    name = commit(store, ["a"])
    commit(other, ["a"])
    (store.segment(name).folder / "scores.npy").write_bytes(b"")
    assert store.merge(other).segments == 1
    assert store.verify() == []


def test_merging_keeps_deletions_and_restores_what_lives_there(store, other, commit):
    """What the other store deleted stays deleted, and what is alive in it comes back."""
    commit(other, ["a", "b"])
    other.remove_members(["a"])
    commit(store, ["c"])
    commit(other, ["c"])
    store.remove_members(["c"])
    store.merge(other)
    assert store.find("abc").keys() == {"b", "c"}


def test_merging_leaves_alive_what_is_alive_here(store, other, commit):
    commit(store, ["a"])
    commit(other, ["a", "b"])
    other.remove_members(["a"])
    store.merge(other)
    assert store.find("ab").keys() == {"a", "b"}


def test_a_store_is_not_merged_with_itself(store):
    with pytest.raises(UserError, match="with itself"):
        store.merge(Store.open(store.folder))


def test_usage_counts_every_kind(store, commit, dataset):
    commit(store, ["a", "b"])
    store.save_dataset(dataset)
    store.write_job(job_record("one", "a"))
    store.save_artifact("study", "one", {}, lambda folder: None)
    store.log_path("one").write_text("{}\n")
    store.remove_members(["b"])
    counts = {kind: of.count for kind, of in store.usage().items()}
    assert counts == {
        "members": 1,
        "segments": 1,
        "data": 1,
        "jobs": 1,
        "artifacts": 1,
        "snapshots": 0,
        "logs": 1,
        "submitted": 0,
        "quarantine": 0,
    }
    on_disk = sum(
        path.stat().st_size for path in (store.folder / "segments").rglob("*") if path.is_file()
    )
    assert store.usage()["segments"].bytes == on_disk


def test_a_copied_store_is_a_store(store, commit, tmp_path):
    commit(store, ["a"])
    shutil.copytree(store.folder, tmp_path / "copy")
    copy = Store.open(tmp_path / "copy", create=False)
    assert copy.verify() == []
    assert copy.find("a")


def test_a_deleted_job_leaves_nothing_under_its_name(store):
    for kind, name, jobs in (
        ("metrics", "one", ["one"]),
        ("metrics", "two", ["two"]),
        ("study", "one", ["one", "two"]),
    ):
        store.save_artifact(kind, name, {"jobs": jobs}, lambda folder: None)
    for name in ("one", "two"):
        store.write_job(job_record(name))
    store.remove_job("one")
    assert (store.artifact_names("metrics"), store.artifact_names("study")) == (["two"], ["one"])
    assert store.gc().artifacts == 0
    store.parts.jobs.remove("two")
    assert store.gc().artifacts == 2
