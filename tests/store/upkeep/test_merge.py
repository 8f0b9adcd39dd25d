"""Merging stores: jobs whose name is taken, and what is named after them."""

from pathlib import Path

import pytest
from stored_records import job_record

from sortal.store.store import Store
from sortal.store.upkeep.collect import free_disk
from sortal.store.upkeep.merge import merge_stores


@pytest.fixture
def other(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "other")


def keep(store: Store, kind: str, name: str, content: str, **meta: object) -> None:
    def write(folder: Path) -> None:
        (folder / "x").write_text(content)

    store.artifacts.save(kind, name, meta, write)


def kept(store: Store, kind: str) -> dict[str, str]:
    names = store.artifacts.names(kind)
    return {name: (store.artifacts.get(kind, name).folder / "x").read_text() for name in names}


def test_values_of_metrics_follow_a_job_to_its_new_name(store, other):
    store.jobs.write(job_record("own", "a"))
    other.jobs.write(job_record("own", "b"))
    keep(other, "metrics", "own", "theirs", jobs=["own"])
    assert merge_stores(store, other).renamed == {"own": "own-2"}
    assert kept(store, "metrics") == {"own-2": "theirs"}
    assert store.artifacts.get("metrics", "own-2").meta == {"jobs": ["own-2"]}
    again = merge_stores(store, other)
    assert (again.jobs, again.artifacts, again.kept) == (0, 0, [])
    assert free_disk(store).artifacts == 0


def test_both_jobs_of_a_name_keep_their_own_values(store, other):
    for each, key in ((store, "a"), (other, "b")):
        each.jobs.write(job_record("own", key))
        keep(each, "metrics", "own", key, jobs=["own"])
    assert merge_stores(store, other).kept == []
    assert kept(store, "metrics") == {"own": "a", "own-2": "b"}


def test_a_search_is_renamed_with_its_candidates(store, other):
    store.jobs.write(job_record("own", "a"))
    for name in ("own", "own.search"):
        other.jobs.write(job_record(name, "b"))
    keep(other, "study", "own", "theirs", jobs=["own", "own.search"])
    keep(other, "metrics", "own.search", "candidates", jobs=["own.search"])
    renamed = {"own": "own-2", "own.search": "own-2.search"}
    assert merge_stores(store, other).renamed == renamed
    assert kept(store, "study") == {"own-2": "theirs"}
    assert store.artifacts.get("study", "own-2").meta == {"jobs": ["own-2", "own-2.search"]}
    assert kept(store, "metrics") == {"own-2.search": "candidates"}
    assert merge_stores(store, other).jobs == 0


def test_an_unfinished_search_never_joins_another_job(store, other):
    store.jobs.write(job_record("own", "a"))
    other.jobs.write(job_record("own.search", "b"))
    keep(other, "study", "own", "theirs", jobs=["own", "own.search"])
    assert merge_stores(store, other).renamed == {"own.search": "own-2.search"}
    assert kept(store, "study") == {"own-2": "theirs"}


def test_a_merged_job_finds_no_values_of_a_deleted_one(store, other):
    keep(store, "metrics", "own", "left", jobs=["own"])
    other.jobs.write(job_record("own", "b"))
    keep(other, "metrics", "own", "theirs", jobs=["own"])
    merged = merge_stores(store, other)
    assert (merged.artifacts, merged.kept) == (1, [])
    assert kept(store, "metrics") == {"own": "theirs"}


def test_what_is_left_of_a_deleted_job_is_not_merged(store, other):
    store.jobs.write(job_record("own", "a"))
    keep(other, "metrics", "own", "left", jobs=["own"])
    assert merge_stores(store, other).artifacts == 0
    assert kept(store, "metrics") == {}


def test_a_search_without_owners_follows_the_job_of_its_name(store, other):
    store.jobs.write(job_record("own", "a"))
    other.jobs.write(job_record("own", "b"))
    keep(other, "study", "own", "theirs", trials=2)
    merge_stores(store, other)
    assert kept(store, "study") == {"own-2": "theirs"}


def test_a_map_belongs_to_the_job_under_its_new_name(store, other):
    store.jobs.write(job_record("own", "a"))
    other.jobs.write(job_record("own", "b"))
    keep(other, "classifier-map", "0a1b", "map", job="own")
    merge_stores(store, other)
    assert store.artifacts.get("classifier-map", "0a1b").meta == {"job": "own-2"}


def test_two_jobs_there_never_get_one_name_here(store, other):
    store.jobs.write(job_record("own", "a"))
    for name, key in (("own", "b"), ("own-2", "c")):
        other.jobs.write(job_record(name, key))
    assert merge_stores(store, other).renamed == {"own": "own-2", "own-2": "own-2-2"}
    assert merge_stores(store, other).jobs == 0


def test_an_unreadable_artifact_is_named_and_not_merged(store, other):
    keep(other, "study", "one", "x")
    (other.folder / "artifacts" / "study" / "one" / "artifact.json").write_text("[]")
    assert [one.name for one in merge_stores(store, other).damaged] == ["study/one"]
