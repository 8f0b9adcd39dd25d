"""Deleting, freeing, merging, counting."""

import os
import shutil

import pytest
from stored_records import job_record, member_entry

from sortal.errors import Damaged, NotFound, UserError
from sortal.store.records.job_record import EnsembleEntry, EnsembleShare
from sortal.store.store import Store
from sortal.store.upkeep.collect import free_disk
from sortal.store.upkeep.merge import merge_stores
from sortal.store.upkeep.remove import remove_job, remove_members, remove_result
from sortal.store.upkeep.usage import measure_usage
from sortal.store.upkeep.verify import find_damages


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
    remove_members(store, ["a"])
    assert store.members.find("ab").keys() == {"b"}
    assert free_disk(store).segments == 0
    remove_members(store, ["b"])
    freed = free_disk(store)
    assert freed.segments == 1
    assert freed.bytes > 0
    assert measure_usage(store)["segments"].count == 0
    assert list((store.folder / "tombstones").iterdir()) == []


def test_computing_a_deleted_member_again_brings_it_back(store, commit):
    commit(store, ["a", "b"])
    remove_members(store, "ab")
    commit(store, ["a"])
    assert store.members.find("ab").keys() == {"a"}
    commit(store, ["a", "b"])
    assert store.members.find("ab").keys() == {"a", "b"}


def test_deleting_an_unknown_member_deletes_none(store, commit):
    commit(store, ["a"])
    with pytest.raises(NotFound):
        remove_members(store, ["a", "z"])
    assert store.members.find("a")


def test_members_in_an_ensemble_are_kept_until_it_is_deleted(store, commit):
    for key in "abe":
        commit(store, [key])
    store.jobs.write(job_record("one", "a"))
    store.jobs.write(job_record("two", "b", ensembles=(ensemble("e", "both", "a", "b"),)))
    assert remove_job(store, "one") == 0
    assert free_disk(store).segments == 0
    with pytest.raises(NotFound, match="both"):
        remove_result(store, "two", "bot")
    assert remove_result(store, "two", "both") == 2
    assert store.members.find("abe").keys() == {"b"}
    assert store.jobs.read("two").ensembles == ()
    assert free_disk(store).segments == 2


def test_deleting_a_job_deletes_the_members_that_are_its_alone(store, commit):
    commit(store, ["a", "b", "c"])
    store.jobs.write(job_record("one", "ab"))
    store.jobs.write(job_record("two", "bc"))
    assert remove_job(store, "one") == 1
    assert store.members.find("abc").keys() == {"b", "c"}
    assert store.jobs.names() == ["two"]
    with pytest.raises(NotFound):
        remove_job(store, "one")


def test_beside_an_unreadable_job_no_job_is_deleted(store, commit):
    commit(store, ["a"])
    store.jobs.write(job_record("one", "a"))
    (store.folder / "jobs" / "two.json").write_text("{")
    with pytest.raises(Damaged):
        remove_job(store, "one")
    assert store.jobs.names() == ["one", "two"]
    assert store.members.find("a")


def test_data_is_kept_while_a_job_or_a_member_refers_to_it(store, commit, dataset):
    store.datasets.save(dataset)
    commit(store, ["a"], dataset=dataset.fingerprint)
    store.jobs.write(job_record("one", "a", dataset=dataset.fingerprint))
    assert free_disk(store).datasets == 0
    store.jobs.remove("one")
    assert free_disk(store).datasets == 0
    remove_members(store, ["a"])
    assert free_disk(store).datasets == 1


def test_no_data_is_freed_while_a_record_is_unreadable(store, dataset):
    store.datasets.save(dataset)
    (store.folder / "jobs").mkdir()
    (store.folder / "jobs" / "one.json").write_text("{")
    assert free_disk(store).datasets == 0


def test_leftovers_go_once_their_process_is_gone(store, child):
    process = child(
        "draft = Store.open(sys.argv[1]).members.draft(); print(1, flush=True); sys.stdin.read()",
        store.folder,
    )
    process.stdout.readline()
    mine = store.members.draft()
    (store.folder / "segments" / ".tmp-odd").mkdir()
    assert free_disk(store).leftovers == 0
    process.kill()
    process.wait()
    os.utime(store.folder / "segments" / ".tmp-odd", (0, 0))
    assert free_disk(store).leftovers == 2
    assert mine.folder.exists()
    mine.discard()


def test_what_is_being_deleted_is_gone_at_once(store, commit, monkeypatch):
    commit(store, ["a"])
    (store.snapshots.take("task") / "state").write_text("x")
    remove_members(store, ["a"])

    def die(folder):
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "rmtree", die)
    for delete in (lambda: free_disk(store), lambda: store.snapshots.drop("task")):
        with pytest.raises(KeyboardInterrupt):
            delete()
    assert measure_usage(store)["segments"].count == 0
    assert list(store.snapshots.take("task").iterdir()) == []
    assert find_damages(store) == []


def test_snapshots_go_when_they_are_old_or_empty(store):
    for task in ("old", "new"):
        (store.snapshots.take(task) / "state").write_text("x")
    os.utime(store.snapshots.take("old") / "state", (0, 0))
    store.snapshots.take("empty")
    assert free_disk(store).snapshots == 2
    assert [path.name for path in (store.folder / "snapshots").iterdir()] == ["new"]


def test_folders_of_replaced_artifacts_go(store):
    artifact = store.artifacts.save("study", "one", {}, lambda folder: None)
    lost = artifact.folder.with_name("v-0000")
    lost.mkdir()
    assert free_disk(store).leftovers == 0
    os.utime(lost, (0, 0))
    os.utime(artifact.folder, (0, 0))
    assert free_disk(store).leftovers == 1
    assert artifact.folder.exists()


def test_pictures_and_searches_go_with_their_last_job(store):
    about = {
        "picture": {"job": "one", "dataset": "d"},
        "map": {"job": "one"},
        "search": {"jobs": ["one", "two"]},
        "other": {},
    }
    for kind, meta in about.items():
        store.artifacts.save(kind, "x", meta, lambda folder: (folder / "x").write_text("1"))
    for name in ("one", "two"):
        store.jobs.write(job_record(name, dataset="d"))
    assert free_disk(store).artifacts == 0
    remove_job(store, "one")
    assert free_disk(store).artifacts == 1
    assert store.artifacts.names("picture") == store.artifacts.names("search") == ["x"]
    remove_job(store, "two")
    freed = free_disk(store)
    assert (freed.artifacts, freed.bytes > 0) == (2, True)
    assert store.artifacts.names("other") == ["x"]
    assert find_damages(store) == []


def test_no_picture_is_freed_while_a_record_is_unreadable(store):
    """Be it the record of a job or the picture's own."""
    store.artifacts.save("picture", "x", {"dataset": "d"}, lambda folder: None)
    (store.folder / "jobs").mkdir()
    record = store.folder / "jobs" / "one.json"
    record.write_text("{")
    assert free_disk(store).artifacts == 0
    record.unlink()
    described = store.artifacts.get("picture", "x").folder.parent / "artifact.json"
    described.write_text("{")
    assert free_disk(store).artifacts == 0


def test_the_log_of_a_job_goes_with_it(store):
    store.jobs.write(job_record("one"))
    store.log_path("one").write_text("{}\n")
    store.log_path("two").write_text("{}\n")
    remove_job(store, "one")
    assert [path.name for path in (store.folder / "logs").iterdir()] == ["two.jsonl"]


def test_merging_brings_what_is_missing_and_nothing_twice(store, other, commit, dataset, split):
    commit(store, ["a"])
    commit(other, ["a"])
    commit(other, ["b", "c"], dataset=dataset.fingerprint)
    other.datasets.save(dataset)
    other.datasets.splits.save(dataset.fingerprint, split)
    other.jobs.write(job_record("stars", "b"))
    other.artifacts.save("study", "one", {"n": 1}, lambda folder: (folder / "x").write_text("1"))
    merged = merge_stores(store, other)
    assert (merged.segments, merged.datasets, merged.splits) == (1, 1, 1)
    assert (merged.jobs, merged.artifacts) == (1, 1)
    assert (merged.renamed, merged.kept, merged.damaged) == ({}, [], [])
    assert store.members.find("abc").keys() == set("abc")
    assert store.datasets.splits.get(dataset.fingerprint, split.fingerprint).fold == 2
    assert (store.artifacts.get("study", "one").folder / "x").read_text() == "1"
    assert find_damages(store) == []
    again = merge_stores(store, other)
    assert (again.segments, again.datasets, again.splits, again.jobs, again.artifacts) == (0,) * 5
    assert (again.renamed, again.kept) == ({}, [])


def test_a_job_whose_name_is_taken_is_merged_under_another(store, other):
    store.jobs.write(job_record("stars", "a"))
    store.jobs.write(job_record("stars-2", "b"))
    other.jobs.write(job_record("stars", "c"))
    assert merge_stores(store, other).renamed == {"stars": "stars-3"}
    assert store.jobs.read("stars") == job_record("stars", "a")
    assert store.jobs.read("stars-3") == job_record("stars-3", "c")
    assert merge_stores(store, other).jobs == 0
    assert store.jobs.names() == ["stars", "stars-2", "stars-3"]


def test_an_artifact_whose_name_is_taken_stays_as_it_is_here(store, other):
    store.artifacts.save("study", "one", {"n": 1}, lambda folder: None)
    other.artifacts.save("study", "one", {"n": 2}, lambda folder: None)
    assert merge_stores(store, other).kept == ["study/one"]
    assert store.artifacts.get("study", "one").meta == {"n": 1}


def test_damaged_things_are_named_and_not_merged(store, other, commit, dataset, split):
    name = commit(other, ["a"])
    (other.members.segments.get(name).folder / "scores.npy").write_bytes(b"")
    commit(other, ["b"])
    folder = other.datasets.save(dataset)
    other.datasets.splits.save(dataset.fingerprint, split)
    (folder / "labels.npy").unlink()
    other.jobs.write(job_record("stars"))
    (other.folder / "jobs" / "stars.json").write_text("{")
    other.artifacts.save("study", "one", {}, lambda folder: (folder / "x").write_text("1"))
    (other.artifacts.get("study", "one").folder / "x").unlink()
    merged = merge_stores(store, other)
    assert sorted(item.kind for item in merged.damaged) == ["artifact", "data", "job", "segment"]
    assert store.members.find("ab").keys() == {"b"}
    assert find_damages(store) == []
    assert store.jobs.names() == []


def test_a_damaged_split_is_named_and_not_merged(store, other, dataset, split):
    other.datasets.save(dataset)
    other.datasets.splits.save(dataset.fingerprint, split).write_bytes(b"PK")
    merged = merge_stores(store, other)
    assert [item.kind for item in merged.damaged] == ["split"]
    assert (merged.datasets, merged.splits) == (1, 0)


def test_merging_mends_a_damaged_segment(store, other, commit):
    name = commit(store, ["a"])
    commit(other, ["a"])
    (store.members.segments.get(name).folder / "scores.npy").write_bytes(b"")
    assert merge_stores(store, other).segments == 1
    assert find_damages(store) == []


def test_merging_keeps_deletions_and_restores_what_lives_there(store, other, commit):
    """What the other store deleted stays deleted, and what is alive in it comes back."""
    commit(other, ["a", "b"])
    remove_members(other, ["a"])
    commit(store, ["c"])
    commit(other, ["c"])
    remove_members(store, ["c"])
    merge_stores(store, other)
    assert store.members.find("abc").keys() == {"b", "c"}


def test_merging_leaves_alive_what_is_alive_here(store, other, commit):
    commit(store, ["a"])
    commit(other, ["a", "b"])
    remove_members(other, ["a"])
    merge_stores(store, other)
    assert store.members.find("ab").keys() == {"a", "b"}


def test_a_store_is_not_merged_with_itself(store):
    with pytest.raises(UserError, match="with itself"):
        merge_stores(store, Store.open(store.folder))


def test_usage_counts_every_kind(store, commit, dataset):
    commit(store, ["a", "b"])
    store.datasets.save(dataset)
    store.jobs.write(job_record("one", "a"))
    store.artifacts.save("study", "one", {}, lambda folder: None)
    store.log_path("one").write_text("{}\n")
    remove_members(store, ["b"])
    counts = {kind: of.count for kind, of in measure_usage(store).items()}
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
    assert measure_usage(store)["segments"].bytes == on_disk


def test_a_copied_store_is_a_store(store, commit, tmp_path):
    commit(store, ["a"])
    shutil.copytree(store.folder, tmp_path / "copy")
    copy = Store.open(tmp_path / "copy", create=False)
    assert find_damages(copy) == []
    assert copy.members.find("a")


def test_a_deleted_job_leaves_nothing_under_its_name(store):
    for kind, name, jobs in (
        ("metrics", "one", ["one"]),
        ("metrics", "two", ["two"]),
        ("study", "one", ["one", "two"]),
    ):
        store.artifacts.save(kind, name, {"jobs": jobs}, lambda folder: None)
    for name in ("one", "two"):
        store.jobs.write(job_record(name))
    remove_job(store, "one")
    assert (store.artifacts.names("metrics"), store.artifacts.names("study")) == (["two"], ["one"])
    assert free_disk(store).artifacts == 0
    store.jobs.remove("two")
    assert free_disk(store).artifacts == 2
