"""Processes are killed at random moments; what they committed must be whole."""

import json
import random
import signal
import time

from sortal.store.store import Store
from sortal.store.upkeep.collect import free_disk
from sortal.store.upkeep.usage import measure_usage
from sortal.store.upkeep.verify import find_damages, find_segment_damages

COMMIT_FOREVER = """
store = Store.open(sys.argv[1])
for number in range(100_000):
    keys = [f"{sys.argv[2]}-{number}-{row}" for row in range(2)]
    commit(store, keys)
    store.jobs.write(job_record(sys.argv[2], keys))
    store.artifacts.save("study", "one", {"n": number}, lambda f: (f / "x").write_text(keys[0]))
    (store.snapshots.take("task") / "x").touch()
    store.snapshots.drop("task")
    store.members.find(keys)
    print(keys[0], flush=True)
"""


def test_a_process_killed_at_any_moment_leaves_a_sound_store(store, child):
    random.seed(1)
    committed = []
    for life in range(8):
        process = child(COMMIT_FOREVER, store.folder, f"life{life}")
        committed.append(process.stdout.readline().strip())
        time.sleep(random.random() * 0.05)
        process.send_signal(signal.SIGKILL)
        out, _ = process.communicate()
        committed += [word for word in out.split("\n")[:-1] if word]
        opened = Store.open(store.folder)
        assert find_damages(opened) == []
        assert opened.members.find(committed).keys() == set(committed)
        assert len(opened.members.scores(committed)) == len(committed)
        assert opened.jobs.read(f"life{life}").entries
        assert opened.artifacts.get("study", "one").folder.is_dir()
    freed = free_disk(store)
    assert freed.segments == 0
    assert [path for path in store.folder.rglob(".tmp-*") if path.exists()] == []
    assert store.members.find(committed).keys() == set(committed)


def test_two_processes_that_commit_the_same_leave_one_segment(store, child):
    race = """
store = Store.open(sys.argv[1])
import time
while time.time() < float(sys.argv[2]): pass
for number in range(60):
    commit(store, [f"k{number}", f"l{number}"])
"""
    start = time.time() + 0.6
    racers = [child(race, store.folder, start) for _ in range(3)]
    for racer in racers:
        assert racer.wait(timeout=60) == 0
    assert len(find_segment_damages(store)) == 0
    assert measure_usage(store)["segments"].count == 60
    assert list((store.folder / "segments").glob(".tmp-*")) == []
    assert not (store.folder / "quarantine").exists()
    assert len(store.members.records(f"l{number}" for number in range(60))) == 60


def test_a_reader_beside_writers_never_sees_half(store, child):
    writers = [child(COMMIT_FOREVER, store.folder, f"w{number}") for number in range(2)]
    for writer in writers:
        writer.stdout.readline()
    deadline = time.monotonic() + 1.0
    while time.monotonic() < deadline:
        for name in store.jobs.names():
            keys = [entry.key for entry in store.jobs.read(name).entries]
            assert len(store.members.scores(keys)) == 2
            assert find_segment_damages(store, {store.members.find(keys)[keys[0]].segment}) == []
    for line in (store.folder / "index.jsonl").read_text().split("\n")[:-1]:
        json.loads(line)
