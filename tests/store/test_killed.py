"""Processes are killed at random moments; what they committed must be whole."""

import json
import random
import signal
import time

from sortal.store.store import Store

COMMIT_FOREVER = """
store = Store.open(sys.argv[1])
for number in range(100_000):
    keys = [f"{sys.argv[2]}-{number}-{row}" for row in range(2)]
    commit(store, keys)
    store.write_job(job_record(sys.argv[2], keys))
    store.save_artifact("study", "one", {"n": number}, lambda f: (f / "x").write_text(keys[0]))
    (store.snapshot_folder("task") / "x").touch()
    store.drop_snapshot("task")
    store.find(keys)
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
        assert opened.verify() == []
        assert opened.find(committed).keys() == set(committed)
        assert len(opened.scores(committed)) == len(committed)
        assert opened.read_job(f"life{life}").entries
        assert opened.artifact("study", "one").folder.is_dir()
    freed = store.gc()
    assert freed.segments == 0
    assert [path for path in store.folder.rglob(".tmp-*") if path.exists()] == []
    assert store.find(committed).keys() == set(committed)


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
    assert len(store.verify_segments()) == 0
    assert store.usage()["segments"].count == 60
    assert list((store.folder / "segments").glob(".tmp-*")) == []
    assert not (store.folder / "quarantine").exists()
    assert len(store.records(f"l{number}" for number in range(60))) == 60


def test_a_reader_beside_writers_never_sees_half(store, child):
    writers = [child(COMMIT_FOREVER, store.folder, f"w{number}") for number in range(2)]
    for writer in writers:
        writer.stdout.readline()
    deadline = time.monotonic() + 1.0
    while time.monotonic() < deadline:
        for name in store.job_names():
            keys = [entry.key for entry in store.read_job(name).entries]
            assert len(store.scores(keys)) == 2
            assert store.verify_segments({store.find(keys)[keys[0]].segment}) == []
    for line in (store.folder / "index.jsonl").read_text().split("\n")[:-1]:
        json.loads(line)
