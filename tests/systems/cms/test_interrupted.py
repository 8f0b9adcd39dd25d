"""Training that is interrupted: what is kept, and what the same command makes of it."""

import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from sortal.training.snapshot import Snapshot

NAME = "2017_1l_stopped"
COMMAND = (
    "binary -y 2017 -c 1l -n stopped --epochs 400 --batch-size 250 --dropout 0.1 --bootstrap 5 "
    "--cores 1"
)


def contents(folder):
    """Bytes of all files but the pictures, by name."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".png"
    }


def progress(place):
    """How far the training is, by the log of the store in a folder."""
    log = place / ".sortal" / "logs" / f"{NAME}.jsonl"
    lines = log.read_text().splitlines() if log.is_file() else []
    events = [json.loads(line) for line in lines if line.endswith("}")]
    return max((one["done"] for one in events if one["event"] == "TaskProgressed"), default=0.0)


@pytest.fixture
def restored(monkeypatch):
    """Epochs of the snapshots that trainings in this process go on from."""
    epochs = []
    restore = Snapshot.restore

    def noted(self, *given, **how):
        epochs.append(self.about["epoch"])
        return restore(self, *given, **how)

    monkeypatch.setattr(Snapshot, "restore", noted)
    return epochs


def test_ctrl_c_keeps_the_state_and_the_same_command_ends_as_one_without(
    workplace, tmp_path, restored
):
    words = COMMAND.split()
    whole = workplace.cms(*words)
    assert whole.exit_code == 0, whole.output
    there = replace(workplace, path=tmp_path / "example")
    shutil.copytree(workplace.path / "data", there.path / "data")
    process = subprocess.Popen(
        [sys.executable, "-m", "sortal", "cms", *words],
        cwd=there.path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        ends = time.monotonic() + 120
        while progress(there.path) < 0.1:
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < ends
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert "in training. Run the same command again to go on." in out
    assert "Traceback" not in err
    folder = there.path / "models" / NAME
    assert list(folder.iterdir()) == [], "nothing passes for a trained network"
    again = there.cms(*words)
    assert again.exit_code == 0, again.output
    assert len(restored) == 1
    assert 40 <= restored[0] < 400
    assert again.stdout == whole.stdout
    assert contents(folder) == contents(workplace.path / "models" / NAME)
