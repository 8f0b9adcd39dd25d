"""Networks whose training is interrupted end as if nothing was; a second Ctrl-C is always heard."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sortal.jobs.results.results import JobResults
from sortal.store.upkeep.verify import find_damages
from sortal.training.snapshots.snapshot import Snapshot

NETWORKS = """\
title: networks
bootstrap: 0
data: {source: digits, scaling: standard, subset: 700, split: {validation: 0.2}}
classifiers:
  - method: mlp
    title: dropout {dropout}
    parameters:
      hidden_layer_sizes: [[48, 32]]
      dropout: [0.1, 0.3]
      batch_norm: true
      batch_size: 24
      learning_rate: 0.01
      weight_decay: 0.001
      schedule: inverse_time
      plateau_patience: 2
      early_stopping: 3
      epochs: 24
    seeds: 2
"""

DEAF_DRIVER = """\
import sys
from pathlib import Path
from sortal.events import MemberTrained
from sortal.jobs.launch import launch
from sortal.jobs.running.run_options import RunOptions

def hold(event):
    if isinstance(event, MemberTrained):
        print("held", flush=True)
        sum(range(10**13))  # native code that never releases the interpreter

launch(sys.argv[1], store=Path(sys.argv[2]), options=RunOptions(cores=1), listener=hold)
"""


def deaf(seconds: float = 0.0) -> str:
    return (
        "title: deaf\nbootstrap: 0\ndata: {source: iris}\nclassifiers:\n"
        "  - method: fragile.Fragile\n    title: fails {how}\n"
        f"    parameters: {{how: [well, deaf], seconds: {seconds}}}\n"
    )


def is_past(share: float) -> Any:
    return lambda event: event["event"] == "TaskProgressed" and event["done"] > share


def outcomes(one: Any, store: str = "store") -> dict[str, tuple[Any, ...]]:
    """Scores, notes and history of every member, by title and seed."""
    results = JobResults.read(one.open(store), "networks")
    return {
        f"{result.title} {member.entry.seed}": (
            one.open(store).members.scores([member.entry.key])[0].tobytes(),
            member.record.notes,
            json.dumps(one.open(store).members.history(member.entry.key)),
        )
        for result in results.results
        for member in result.members
    }


def snapshot(one: Any) -> Snapshot:
    (path,) = (one.folder / "store" / "snapshots").rglob("*.safetensors")
    return Snapshot.read(path)


@pytest.fixture(scope="module")
def whole(command_type: type, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a run comes to that nothing happens to."""
    one = command_type(tmp_path_factory.mktemp("whole"), NETWORKS)
    assert one.run()[0] == 0
    found = outcomes(one)
    assert len(found) == 4
    assert any("stopped early" in " ".join(notes) for _, notes, _ in found.values())
    return found


def test_ctrl_c_stops_training_and_the_next_run_completes_it(command, whole):
    """The next run ends with the bytes of a run that was never interrupted."""
    one = command(NETWORKS)
    process = one.start()
    one.wait_for(is_past(0.15))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    ended = next(event for event in one.events() if event["event"] == "TaskEnded")
    assert ended["paused"]
    assert "weights, best weights and history of 4 in training" in out
    assert f"Go on with: sortal run {one.job}" in out
    kept = snapshot(one)
    epochs = kept.about["epoch"]
    assert epochs < 12, "the signal comes after a seventh of the 24 epochs"
    assert kept.tensors["stopping.best"].shape == kept.tensors["state"].shape
    assert {len(rows) for rows in kept.about["history"].values()} == {epochs}
    assert find_damages(one.open()) == []
    assert one.run()[0] == 0
    assert outcomes(one) == whole


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGUSR1, marks=pytest.mark.slow)]
)
def test_a_run_stopped_by_a_batch_system_asks_for_a_rerun(command, number):
    one = command(NETWORKS)
    process = one.start()
    one.wait_for(is_past(0.15))
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 75, err
    assert "stopped by the batch system" in out
    assert snapshot(one).about["epoch"] > 0
    assert one.open().jobs.read("networks").runs[-1].interrupted


def test_a_run_killed_in_mid_epoch_ends_like_a_whole_one(command, whole):
    one = command(NETWORKS)
    process = one.start("store", "--snapshot-seconds", "0.02")
    one.wait_for(is_past(0.25))
    process.kill()
    process.communicate()
    about = snapshot(one).about
    assert about["position"] > 0
    assert about["epoch"] >= 2
    seen = len(one.events())
    assert one.run()[0] == 0
    progress = [one["done"] for one in one.events()[seen:] if one["event"] == "TaskProgressed"]
    assert min(progress) >= about["epoch"] / 24 - 0.01, "it went on from the snapshot"
    assert outcomes(one) == whole


@pytest.mark.slow
def test_the_pause_between_snapshots_is_what_was_asked_for(command):
    one = command(NETWORKS)
    process = one.start("store", "--snapshot-seconds", "1000")
    one.wait_for(is_past(0.3))
    process.kill()
    process.communicate()
    assert not list((one.folder / "store" / "snapshots").rglob("*.safetensors"))


def test_a_second_ctrl_c_ends_workers_that_sit_in_native_code(command):
    one = command(deaf())
    process = one.start()
    one.wait_for(lambda event: event["event"] == "TaskProgressed" and event["done"] >= 0.5)
    time.sleep(0.3)
    workers = [w for w in process.children() if "worker.py" in " ".join(w.cmdline())]
    assert workers
    process.send_signal(signal.SIGINT)
    time.sleep(1.0)
    assert process.poll() is None, "it waits for what is finished soon"
    _interrupt_again(process)
    assert process.returncode == 130
    _assert_gone(workers)
    assert find_damages(one.open()) == []
    one.job.write_text(deaf().replace("deaf]", "a]"))
    assert one.run()[0] == 0


def test_a_second_ctrl_c_ends_a_driver_that_sits_in_native_code(command, tmp_path: Path):
    one = command(NETWORKS.replace("epochs: 24", "epochs: 2"))
    script = tmp_path / "driver.py"
    script.write_text(DEAF_DRIVER)
    command = [sys.executable, str(script), str(one.job), str(tmp_path / "store")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = _popen(command, environment)
    one.processes.append(process)
    assert process.stdout.readline() == "held\n"
    started = process.children(recursive=True)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None, "native code holds the interpreter"
    _interrupt_again(process)
    assert process.returncode == -signal.SIGKILL
    _assert_gone(started)
    assert find_damages(one.open()) == []
    assert one.run()[0] == 0


def _popen(command: list[str], environment: dict[str, str]) -> Any:
    import psutil

    return psutil.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def _interrupt_again(process: Any) -> None:
    """The native code would go on for days: whoever ends within a minute did not wait for it."""
    process.send_signal(signal.SIGINT)
    process.wait(timeout=60)


def _assert_gone(processes: list[Any]) -> None:
    import psutil

    _, alive = psutil.wait_procs(processes, timeout=60)
    assert not alive
