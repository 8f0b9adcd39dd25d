"""Training that is interrupted: what is kept, and what the same command makes of it."""

import json
import shutil
import signal
import subprocess
import sys
import time

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


def shares(place):
    """How far the training was at each report, by the log of the store in a folder."""
    log = place / ".sortal" / "logs" / f"{NAME}.jsonl"
    lines = log.read_text().splitlines() if log.is_file() else []
    events = [json.loads(line) for line in lines if line.endswith("}")]
    return [one["done"] for one in events if one["event"] == "TaskProgressed"]


def progress(place):
    return max(shares(place), default=0.0)


def command(place):
    """Start the command in a folder, in a process of its own: workers are alike in every run."""
    return subprocess.Popen(
        [sys.executable, "-m", "sortal", "cms", *COMMAND.split()],
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_rerun_after_ctrl_c_ends_like_an_uninterrupted_one(workplace, tmp_path):
    whole, there = tmp_path / "whole", tmp_path / "stopped"
    for place in (whole, there):
        shutil.copytree(workplace.path / "data", place / "data")
    process = command(there)
    try:
        ends = time.monotonic() + 120
        while progress(there) < 0.1:
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
    folder = there / "models" / NAME
    assert list(folder.iterdir()) == [], "nothing passes for a trained network"
    reported = len(shares(there))
    texts = []
    for place in (there, whole):
        process = command(place)
        out, err = process.communicate(timeout=200)
        assert process.returncode == 0, err
        texts.append(out)
    assert shares(there)[reported] >= 0.1, "it goes on where it was"
    assert texts[0] == texts[1]
    assert contents(folder) == contents(whole / "models" / NAME)
