"""One driver a job; leases of processes that are gone are taken over."""

import json
import os
import threading
import time

import pytest
from stored_records import job_record

from sortal.errors import StoreBusy
from sortal.store import lease
from sortal.store.files import process
from sortal.store.lease import Holder
from sortal.store.store import Store
from sortal.store.upkeep.collect import free_disk
from sortal.store.upkeep.merge import merge_stores
from sortal.store.upkeep.remove import remove_job, remove_members

HOLD = """
with Store.open(sys.argv[1]).leases.take("stars"):
    print("held", flush=True)
    sys.stdin.read()
"""


def leave(store, *, age=0.0, **changes):
    """A lease as another process would have left it."""
    fields = {"host": process.here(), "pid": os.getpid(), "started": process.started()}
    path = store.folder / "leases" / "stars.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({**fields, "since": time.time() - 300, "token": "x", **changes}))
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def test_a_second_driver_is_refused_and_told_who_holds_the_job(store, child):
    holder = child(HOLD, store.folder)
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(StoreBusy, match=rf"job 'stars' .*process {holder.pid} on \S+ has held"):
        store.leases.take("stars").__enter__()
    with store.leases.take("moons"):
        pass


@pytest.mark.parametrize("reap", [True, False])
def test_a_killed_driver_holds_nothing(store, child, reap):
    holder = child(HOLD, store.folder)
    holder.stdout.readline()
    holder.kill()
    if reap:
        holder.wait()
    else:
        time.sleep(0.2)
    with store.leases.take("stars"):
        assert store.leases.live()["stars"].pid == os.getpid()
    assert store.leases.live() == {}


def test_a_lease_is_released_after_an_error(store):
    with pytest.raises(RuntimeError), store.leases.take("stars"):
        raise RuntimeError
    assert list((store.folder / "leases").iterdir()) == []


def test_one_process_cannot_hold_a_job_twice(store):
    with store.leases.take("stars"), pytest.raises(StoreBusy), store.leases.take("stars"):
        pass


def test_a_process_number_that_was_used_again_holds_nothing(store):
    leave(store, started=process.started() - 1000, age=121)
    with store.leases.take("stars"):
        assert store.leases.live()["stars"].started == process.started()


def test_a_changed_clock_costs_no_running_driver_its_lease(store):
    leave(store, started=process.started() - 1000, age=30)
    with pytest.raises(StoreBusy), store.leases.take("stars"):
        pass


def test_another_machine_holds_a_lease_while_it_touches_it(store):
    leave(store, host="elsewhere pid:[1]", age=100)
    with pytest.raises(StoreBusy, match=r"on elsewhere has held it for 5\.0 min"):
        store.leases.take("stars").__enter__()
    leave(store, host="elsewhere pid:[1]", age=121)
    with store.leases.take("stars"):
        pass


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x"}'])
def test_an_unreadable_lease_counts_until_it_is_old(store, text):
    path = leave(store)
    path.write_text(text)
    with pytest.raises(StoreBusy, match="just taking it"):
        store.leases.take("stars").__enter__()
    os.utime(path, (0, 0))
    with store.leases.take("stars"):
        pass


def test_a_heartbeat_touches_the_lease(store, monkeypatch):
    monkeypatch.setattr(lease, "BEAT_S", 0.01)
    with store.leases.take("stars"):
        path = store.folder / "leases" / "stars.json"
        os.utime(path, (0, 0))
        deadline = time.monotonic() + 5
        while path.stat().st_mtime == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert time.time() - path.stat().st_mtime < 60


def test_a_lease_taken_over_is_not_removed_by_its_former_holder(store):
    with store.leases.take("stars"):
        path = leave(store)
    assert path.exists()


def test_of_many_who_take_a_stale_lease_over_one_gets_it(store):
    leave(store, pid=2**22 + 1)
    holding, most, got = [], [], []
    barrier = threading.Barrier(8)

    def compete():
        barrier.wait()
        try:
            with store.leases.take("stars"):
                holding.append(1)
                most.append(len(holding))
                time.sleep(0.02)
                holding.pop()
                got.append(1)
        except StoreBusy:
            pass

    threads = [threading.Thread(target=compete) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got
    assert max(most) == 1


def test_whoever_is_late_leaves_the_new_holder_of_a_lease_alone(store):
    with store.leases.take("stars"):
        lease._remove_stale(store.folder / "leases" / "stars.json")
        with pytest.raises(StoreBusy), store.leases.take("stars"):
            pass


def test_a_guard_of_a_killed_process_locks_no_job_forever(store):
    leave(store, pid=2**22 + 1)
    guard = store.folder / "leases" / ".stars.json.takeover"
    guard.touch()
    os.utime(guard, (0, 0))
    with store.leases.take("stars"):
        assert store.leases.live()["stars"].pid == os.getpid()


def test_nothing_is_deleted_or_merged_while_a_job_runs(store, commit, tmp_path):
    commit(store, ["a"])
    store.jobs.write(job_record("old", ["a"]))
    other = Store.open(tmp_path / "other")
    with store.leases.take("stars"):
        for use in (
            lambda: free_disk(store),
            lambda: remove_members(store, ["a"]),
            lambda: remove_job(store, "old"),
            lambda: merge_stores(store, other),
            lambda: merge_stores(other, store),
        ):
            with pytest.raises(StoreBusy, match="job 'stars' is running"):
                use()
    assert store.members.find("a")
    assert store.jobs.names() == ["old"]


def test_no_job_starts_while_the_store_is_tidied(store):
    with store.leases.alone():
        with pytest.raises(StoreBusy, match="is being tidied"), store.leases.take("stars"):
            pass
        with pytest.raises(StoreBusy, match="is being tidied"):
            free_disk(store)
    with store.leases.take("stars"):
        pass


def test_a_holder_says_how_long_it_has_been():
    text = str(Holder(host="node", pid=7, started=0, since=time.time() - 7200, token=""))
    assert text == "process 7 on node has held it for 2.0 h"
