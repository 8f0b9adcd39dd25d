"""Runs that are killed, interrupted or damaged end like runs that were not."""

import random
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psutil
import pytest

from sortal.jobs.results.results import JobResults
from sortal.store.store import Store
from sortal.store.upkeep.collect import free_disk
from sortal.store.upkeep.remove import remove_job
from sortal.store.upkeep.verify import find_damages

DETERMINISTIC = """\
title: grid
bootstrap: 50
data: {source: wine, scaling: standard, split: {validation: 0.2}}
classifiers:
  - {method: kneighbors, parameters: {n_neighbors: {start: 1, stop: 20, step: 1}}}
  - {method: logistic, parameters: {C: {start: 0.01, stop: 10, factor: 1.1}}}
  - {method: randomforest, parameters: {n_estimators: [5, 10, 20]}, seeds: 3}
  - {method: decisiontree, parameters: {max_depth: [1, 2, 3]}, seeds: [5, 6]}
  - {method: svm, parameters: {C: [1, 2]}}
  - {method: xgboost, parameters: {n_estimators: [5, 10]}}
  - {method: gaussiannb}
"""

NETWORKS = """\
title: networks
bootstrap: 0
data: {source: digits, scaling: minmax}
classifiers:
  - method: mlp
    title: lr {learning_rate}
    parameters: {hidden_layer_sizes: [64, 64], learning_rate: [0.001, 0.003], epochs: 40}
"""


def fragile(*hows: str, seconds: float = 0.0) -> str:
    return (
        "title: fragile\nbootstrap: 0\ndata: {source: iris}\nclassifiers:\n"
        "  - method: fragile.Fragile\n    title: fails {how}\n"
        f"    parameters: {{how: [{', '.join(hows)}], seconds: {seconds}}}\n"
        "  - {method: gaussiannb}\n"
    )


def workers_of(process: psutil.Process) -> list[psutil.Process]:
    try:
        children = process.children()
        return [one for one in children if "worker.py" in " ".join(one.cmdline())]
    except psutil.Error:
        return []


def moments(count: int, within: float) -> list[float]:
    generator = random.Random(7)
    return [generator.uniform(0.0, within) for _ in range(count)]


@dataclass(frozen=True)
class Whole:
    """A run that nothing happened to."""

    scores: dict[str, tuple[bytes, bytes]]
    seconds: float
    """From start to end."""

    working: float
    """Of these, those with workers at work."""


@pytest.fixture(scope="module")
def whole(command_type: type, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    one = command_type(tmp_path_factory.mktemp("whole"), DETERMINISTIC)
    started = time.monotonic()
    assert one.run()[0] == 0
    seconds = time.monotonic() - started
    working = next(event["seconds"] for event in one.events() if event["event"] == "JobEnded")
    assert len(one.scores()) >= 7
    return Whole(one.scores(), seconds, working)


def kill_runs(one: Any, whole: Whole, count: int) -> None:
    """Kill runs at moments spread over their length; the reruns must end as if nothing was."""
    for number, moment in enumerate(moments(count, whole.seconds)):
        store = f"store{number}"
        process = one.start(store)
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        code, _ = one.run(store)
        assert code == 0
        assert one.scores(store) == whole.scores, f"killed after {moment:.2f} s"
        assert find_damages(one.open(store)) == []


def test_a_killed_run_ends_like_one_that_was_not(command, whole):
    kill_runs(command(DETERMINISTIC), whole, 1)


@pytest.mark.slow
def test_runs_killed_at_ten_moments_end_like_one_that_was_not(command, whole):
    kill_runs(command(DETERMINISTIC), whole, 10)


def kill_workers(one: Any, whole: Whole, count: int) -> None:
    """Kill a worker at some moment of each run, which then ends as if nothing was."""
    killed = 0
    for number, moment in enumerate(moments(count, whole.working)):
        store = f"store{number}"
        process = one.start(store)
        while not workers_of(process) and process.poll() is None:
            time.sleep(0.01)
        time.sleep(moment)
        for worker in workers_of(process)[:1]:
            with suppress(psutil.NoSuchProcess):  # it may end by itself just now
                worker.send_signal(signal.SIGKILL)
                killed += 1
        _, err = process.communicate(timeout=200)
        assert process.returncode == 0, err
        assert one.scores(store) == whole.scores
        assert find_damages(one.open(store)) == []
    assert killed


def test_a_killed_worker_is_replaced_and_its_work_done_again(command, whole):
    kill_workers(command(DETERMINISTIC), whole, 1)


@pytest.mark.slow
def test_workers_killed_at_ten_moments_change_nothing(command, whole):
    kill_workers(command(DETERMINISTIC), whole, 10)


def test_classifiers_that_kill_their_worker_fail_alone(command):
    one = command(fragile("well", "exit", "kill", "crash", "raise", "memory", "sysexit"))
    code, text = one.run()
    assert code == 1
    results = JobResults.read(one.open(), "fragile")
    assert {result.title for result in results.results} == {"fails well", "gaussiannb"}
    reasons = {place.partition(" (")[0]: found.reason for place, found in results.failed.items()}
    told = {
        "fails exit": "exit code 3",
        "fails kill": "SIGKILL",
        "fails crash": "SIGSEGV",
        "fails raise": "no such luck",
        "fails memory": "out of memory",
        "fails sysexit": "sys.exit",
    }
    assert reasons.keys() == told.keys()
    assert "6 failed:" in text
    for title, reason in reasons.items():
        assert told[title] in reason
        assert f"{title} (seed 0): {reason}" in text
    assert (one.folder / "figures" / "ranking.png").exists()


@pytest.mark.usefixtures("inline")
def test_what_failed_is_tried_again_and_what_did_not_is_kept(command, run, monkeypatch):
    one = command(fragile("well", "raise"))
    monkeypatch.syspath_prepend(one.folder / "packages")
    first, second = run(one.job), run(one.job)
    assert (first.summary.trained, first.summary.exit_code) == (2, 1)
    assert (second.summary.trained, second.summary.stored) == (0, 2)
    assert second.summary.exit_code == 1
    (failure,) = second.results.failed.values()
    assert "ValueError: no such luck" in failure.traceback
    assert [one.failed for one in second.results.record.runs] == [1, 1]


def test_an_interrupted_run_keeps_what_is_finished_and_goes_on(command):
    one = command(fragile("well", "a", "b", "c", "d", "e", "f", "g", seconds=0.4))
    process = one.start()
    one.wait_for(lambda event: event["event"] == "TaskProgressed" and event["done"] >= 0.25)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "interrupted" in out
    first = one.open().jobs.read("fragile").runs[-1]
    assert first.interrupted
    assert 1 <= first.trained < 9
    assert find_damages(one.open()) == []
    code, _ = one.run()
    assert code == 0
    second = one.open().jobs.read("fragile").runs[-1]
    assert second.stored == first.trained
    assert second.trained == 9 - first.trained


def test_a_second_interrupt_ends_the_run_and_the_store_is_sound(command):
    one = command(fragile("well", "a", seconds=1000.0))
    process = one.start()
    one.wait_for(lambda event: event["event"] == "TaskStarted" and "Fragile" in event["task"])
    workers = workers_of(process)
    assert workers
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)  # far less than the training takes
    assert process.returncode == 130
    assert find_damages(one.open()) == []
    psutil.wait_procs(workers, timeout=10)
    assert not [worker for worker in workers if worker.is_running()]
    one.job.write_text(fragile("well", "a"))
    assert one.run()[0] == 0, "the lease of the run that left is free"


def test_a_population_of_networks_goes_on_from_its_snapshot(command):
    one = command(NETWORKS)
    assert one.run("whole")[0] == 0
    process = one.start()
    one.wait_for(lambda event: event["event"] == "TaskProgressed" and event["done"] > 0.2)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert one.scores() == {}, "no member was finished"
    assert list((one.folder / "store" / "snapshots").rglob("*.safetensors"))
    seen = len(one.events())
    process = one.start()
    one.wait_for(lambda event: event["event"] == "TaskProgressed" and event["done"] > 0.5)
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    assert one.run()[0] == 0
    progress = [
        event["done"] for event in one.events()[seen:] if event["event"] == "TaskProgressed"
    ]
    assert min(progress) > 0.15, "no run began anew"
    assert one.scores() == one.scores("whole")
    assert not list((one.folder / "store" / "snapshots").rglob("*.safetensors"))


SPOILED = {
    "scores.npy": lambda data: data[:-7],
    "predicted.npy": lambda data: data[:-1] + bytes([data[-1] ^ 1]),
    "members.jsonl": lambda data: data.replace(b'"seed"', b'"sead"'),
    "models/0/model.json": lambda data: b"",
    "models/0/estimators.skops": lambda data: data[:100],
    "preparer/preparer.npz": lambda data: data + b"x",
}


@pytest.mark.usefixtures("inline")
@pytest.mark.parametrize("file", SPOILED)
def test_a_damaged_file_is_named_and_its_members_recomputed(file, run, tmp_path):
    job = {"data": {"source": "iris"}, "classifiers": [{"method": "lda"}, {"method": "naive"}]}
    job["bootstrap"] = 0
    launched = run(job)
    store = Store.open(tmp_path / "store")
    keys = {entry.title: entry.member.key for entry in launched.resolved.entries}
    name = store.members.find([keys["lda"]])[keys["lda"]].segment
    folder = store.members.segments.get(name).folder
    before = (folder / "scores.npy").read_bytes()
    data = (folder / file).read_bytes()
    (folder / file).write_bytes(SPOILED[file](data))
    (damage,) = {(one.kind, one.name, one.file) for one in find_damages(store)}
    assert damage == ("segment", name, file)
    again = run(job)
    assert again.summary.trained == 1
    assert again.summary.stored == 1
    assert find_damages(store) == []
    assert (folder / "scores.npy").read_bytes() == before
    assert list((tmp_path / "store" / "quarantine").iterdir())


@pytest.mark.usefixtures("inline")
def test_a_deleted_job_is_computed_again_unless_another_has_it(run, tmp_path):
    job = {"data": {"source": "iris"}, "classifiers": [{"method": "lda"}], "bootstrap": 0}
    both = {**job, "title": "both", "classifiers": [{"method": "lda"}, {"method": "naive"}]}
    run(job)
    run(both)
    store = Store.open(tmp_path / "store")
    remove_job(store, "both")
    free_disk(store)
    assert run(job).summary.stored == 1
    assert run(both).summary.trained == 1
