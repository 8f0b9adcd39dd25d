"""No damaged file of any format gives a traceback, a hang, a crash, or fills the memory."""

import subprocess
import sys
from pathlib import Path

import pytest

CAMPAIGN = Path(__file__).with_name("campaign.py")


def tried(inputs: int, seed: int, failures: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(CAMPAIGN), "--inputs", str(inputs), "--seed", str(seed),
         "--failures", str(failures)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_sample_of_damaged_files_is_read_or_refused(tmp_path: Path):
    done = tried(440, 5, tmp_path / "failures.jsonl")
    assert done.returncode == 0, done.stdout + done.stderr + _first(tmp_path)
    rows = [line.split() for line in done.stdout.splitlines()[1:-1]]
    assert {row[0] for row in rows} == {
        "npy", "npz", "hdf5", "parquet", "root", "csv", "csv.gz", "predictions", "shifts",
        "expression", "job",
    }  # fmt: skip
    # Were every input refused at once, nothing would be tried; were none, nothing would be damaged.
    assert all(int(row[3]) for row in rows)
    assert sum(int(row[2]) for row in rows) > 40


FAKE = """
import json, os, sys, time
for line in sys.stdin:
    form, first, last = line.split()
    for number in range(int(first), int(last)):
        print(json.dumps({"begin": number}), flush=True)
        if number == 2:
            os.abort()
        if number == 4:
            time.sleep(60)
        said = {1: "traceback", 5: "memory", 6: "refused"}.get(number, "ok")
        print(json.dumps({"end": number, "outcome": said, "seconds": 0, "processor": 0, "memory": 0, "detail": said}))
    print('{"done": true}', flush=True)
"""


def test_every_kind_of_failure_is_counted(tmp_path: Path, monkeypatch):
    monkeypatch.syspath_prepend(str(CAMPAIGN.parent))
    import campaign

    (tmp_path / "worker.py").write_text(FAKE)
    monkeypatch.setattr(campaign, "WORKER", tmp_path / "worker.py")
    monkeypatch.setattr(campaign, "LIMIT_S", 0.0)
    monkeypatch.setattr(campaign, "LATE_S", 3.0)
    made = campaign.Campaign(tmp_path, 1, tmp_path / "failures.jsonl")
    made.add("npy", 8)
    made.work()
    assert made.tallies["npy"].outcomes == {
        "ok": 3, "refused": 1, "traceback": 1, "crash": 1, "hang": 1, "memory": 1,
    }  # fmt: skip
    assert made.failed() == 4
    assert (tmp_path / "failures.jsonl").read_text().count("\n") == 4


@pytest.mark.slow
@pytest.mark.timeout(5400)
def test_100_000_damaged_files_are_read_or_refused(tmp_path: Path, capsys):
    done = tried(100_000, 1, tmp_path / "failures.jsonl")
    with capsys.disabled():
        sys.stdout.write(f"\n{done.stdout}")
    assert done.returncode == 0, done.stdout + done.stderr + _first(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["npy", "npz", "hdf5", "parquet", "root", "csv", "csv.gz", "job"])
def test_the_command_ends_with_0_or_2(tmp_path: Path, monkeypatch, form: str):
    monkeypatch.syspath_prepend(str(CAMPAIGN.parent))
    import seeds
    import trials

    seeds.make(tmp_path / "seeds")
    kept = [path.read_bytes() for path in sorted((tmp_path / "seeds" / form).iterdir())]
    ends = list[int]()
    for number in range(10):
        job = tmp_path / f"{number}.yaml"
        content = trials.content(form, kept, 7, number)
        if form == "job":
            job.write_bytes(content)
        else:
            data = tmp_path / f"{number}.{trials.ENDINGS.get(form, form)}"
            data.write_bytes(content)
            label = "labels" if form in {"npz", "hdf5"} else "label"
            job.write_text(
                f"data: {{source: {data.name}, label: {label}}}\nclassifiers: [{{method: lda}}]\n"
            )
        done = subprocess.run(
            [sys.executable, "-m", "sortal", "check", str(job), "--store", str(tmp_path / "store")],
            capture_output=True, text=True, check=False, timeout=120, errors="replace",
        )  # fmt: skip
        assert "Traceback" not in done.stderr
        ends.append(done.returncode)
    assert set(ends) <= {0, 2}
    assert 2 in ends


def _first(folder: Path) -> str:
    path = folder / "failures.jsonl"
    return path.read_text()[:3000] if path.exists() else ""
