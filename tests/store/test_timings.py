"""Times of training are kept for each machine, also where only one result is."""

import pytest

from sortal.store.store import Store
from sortal.store.timings import timings
from sortal.store.upkeep.merge import merge_stores
from sortal.store.upkeep.verify import find_damages


def on(host, fit, device="cpu", threads=1, created="2026-01-01"):
    return {
        "host": host,
        "device": device,
        "threads": threads,
        "fit_seconds": fit,
        "score_seconds": fit / 10,
        "created": created,
    }


@pytest.fixture
def other(tmp_path):
    return Store.open(tmp_path / "other")


def told(store, key):
    return [(one.host, one.device, one.fit_seconds) for one in timings(store, [key])[key]]


def test_a_member_has_the_times_of_where_it_was_trained(store, commit):
    commit(store, ["a", "b"], **on("here", 2.0))
    assert told(store, "a") == [("here", "cpu", 2.0)]
    (timing,) = timings(store, ["b"])["b"]
    assert (timing.threads, timing.score_seconds, timing.created) == (1, 0.2, "2026-01-01")
    assert timings(store, ["nowhere"]) == {"nowhere": []}


def test_merging_keeps_times_of_another_machine_and_one_result(store, other, commit):
    commit(store, ["a", "b"], **on("here", 2.0))
    commit(other, ["a", "b"], **on("there", 1.0, created="2026-01-02"))
    commit(other, ["c"], **on("there", 3.0))
    merged = merge_stores(store, other)
    assert (merged.segments, merged.timings) == (1, 1)
    assert told(store, "a") == [("here", "cpu", 2.0), ("there", "cpu", 1.0)]
    assert told(store, "c") == [("there", "cpu", 3.0)]
    assert store.members.record("a").host == "here"
    assert merge_stores(store, other).timings == 0
    assert find_damages(store) == []


def test_times_travel_on_with_the_store(store, other, commit, tmp_path):
    third = Store.open(tmp_path / "third")
    commit(store, ["a"], **on("one", 1.0))
    commit(other, ["a"], **on("two", 2.0))
    commit(third, ["a"], **on("three", 3.0))
    merge_stores(other, third)
    merge_stores(store, other)
    assert {host for host, _, _ in told(store, "a")} == {"one", "two", "three"}


def test_the_same_machine_is_told_once_and_devices_apart(store, other, commit):
    commit(store, ["a"], **on("here", 2.0))
    commit(other, ["a"], **on("here", 4.0))
    assert merge_stores(store, other).timings == 0
    assert told(store, "a") == [("here", "cpu", 2.0)]


def test_members_of_two_segments_have_the_times_of_both(store, commit):
    commit(store, ["a"], **on("here", 2.0))
    commit(store, ["a", "b"], **on("here", 5.0, device="gpu", created="2026-01-03"))
    assert told(store, "a") == [("here", "cpu", 2.0), ("here", "gpu", 5.0)]


def test_records_without_device_are_read(store, commit):
    commit(store, ["a"], host="old", fit_seconds=1.5, score_seconds=0.5)
    assert told(store, "a") == [("old", "", 1.5)]
