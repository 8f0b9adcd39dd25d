"""Makes the golden store of this version: a store with a job of each kind, small enough to check in.

    python tests/golden/make_store.py FOLDER

It runs the jobs of `jobs/` beside this file with the installed `sortal`, adds an ensemble, an
import, a map and a projection, and writes FOLDER/store.zip and FOLDER/expected: what `sortal show`
and `sortal predict` make of that store. The name of the machine is taken out of the records.

The golden store that is checked in was made at commit d7bcf7e and is never made anew: stores
written then must be readable by every later version. A later format gets a folder beside it.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
import polars as pl

from sortal.store.files import manifest

JOBS = Path(__file__).parent / "jobs"
CACHE = Path(__file__).parents[1] / "systems" / "clavis" / "golden" / "cache"
HOST = "golden"

SHOWN = ("folds", "targets", "flowers", "signals", "provided", "search", "failing", "unfinished")
"""Jobs of `jobs/`; a name of a file is the title of its job."""

PREDICTED = {
    "folds/forest 5": "table.csv",
    "folds/calibrated": "table.csv",
    "targets/net": "table.csv",
    "targets/xgboost": "table.csv",
    "flowers/both": "table.csv",
    "signals/cnn": "signals.npz",
}
"""Data that each of these classifiers is applied to."""


def main() -> None:
    """Make the store in the folder that the command line names."""
    folder = Path(sys.argv[1]).absolute()
    (folder / "expected").mkdir(parents=True)
    store = folder / "store"
    for job in SHOWN[:-2]:
        _sortal(store, "run", f"{job}.yaml", *_plugins(job))
    _sortal(store, "run", "failing.yaml", code=1)
    _interrupt(store)
    _sortal(store, "run", "unfinished.yaml", "--as-is")
    _sortal(store, "ensemble", "flowers/lda", "flowers/logistic", "--title", "both")
    with tempfile.TemporaryDirectory() as made:
        predictions = Path(made) / "theirs.csv"
        _sortal(store, "predict", "flowers/lda", "table.csv", "--id", "name", "--out", predictions)
        _keep_tested(store, predictions)
        _sortal(store, "import", predictions, "--job", "flowers", "--title", "theirs")
        _sortal(store, "map", "flowers", "--figures", made)
        _sortal(store, "project", "flowers", "--method", "pca", "--figures", made)
    _sortal(store, "clavis", "import", CACHE)
    _forget_machine(store)
    for job in SHOWN:
        table = _sortal(store, "show", job, "--format", "csv")
        (folder / "expected" / f"{job}.csv").write_text(table, encoding="utf-8")
    for result, data in PREDICTED.items():
        out = folder / "expected" / f"{result.replace('/', ' ')} predictions.csv"
        names = ("--id", "name") if data.endswith(".csv") else ()
        _sortal(store, "predict", result, data, *names, "--out", out)
    _pack(store, folder / "store.zip")


def _pack(store: Path, archive: Path) -> None:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(store.rglob("*")):
            if path.is_file():
                # The date of a member is fixed, so that the same store is the same archive.
                about = zipfile.ZipInfo(str(path.relative_to(store)))
                packed.writestr(about, path.read_bytes(), zipfile.ZIP_DEFLATED, 9)


def _sortal(store: Path, *words: object, code: int = 0) -> str:
    ran = subprocess.run(
        _command(store, *words),
        cwd=JOBS,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == code, f"{words} ended with {ran.returncode}:\n{ran.stdout}{ran.stderr}"
    return ran.stdout


def _command(store: Path, *words: object) -> list[str]:
    figures = ("--figures", f"{store.parent}/figures") if words[0] == "run" else ()
    return [sys.executable, "-m", "sortal", *map(str, words), "--store", str(store), *figures]


def _environment() -> dict[str, str]:
    return {**os.environ, "COLUMNS": "200"}


def _plugins(job: str) -> tuple[str, ...]:
    return ("--plugins", "modules") if job.startswith("provided") else ()


def _interrupt(store: Path) -> None:
    """Run the job of networks and interrupt it once there is a snapshot."""
    command = _command(store, "run", "unfinished.yaml", "--quiet", "--snapshot-seconds", "0")
    process = subprocess.Popen(command, cwd=JOBS, env=_environment())
    while not any(store.glob("snapshots/*/*.safetensors")):
        assert process.poll() is None, "the job ended before it could be interrupted"
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130


def _keep_tested(store: Path, path: Path) -> None:
    """Leave only the rows of the job's test examples in a file of predictions."""
    import sortal

    tested = sortal.load("flowers", store=store).scores("lda")["id"]
    pl.read_csv(path).filter(pl.col("id").is_in(tested.to_list())).write_csv(path)


def _forget_machine(store: Path) -> None:
    for path in store.glob("segments/??/*/members.jsonl"):
        records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        lines = [json.dumps({**record, "host": HOST}) for record in records]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        manifest.write(path.parent)
    for path in (store / "jobs").glob("*.json"):
        text = path.read_text(encoding="utf-8")
        # Tracebacks of failures name the files of this machine.
        text = re.sub(r'File \\"[^"]*/([^/"]+)\\"', r'File \\"\1\\"', text)
        path.write_text(text, encoding="utf-8")
    for path in (store / "logs").glob("*"):
        path.unlink()
    with contextlib.suppress(FileNotFoundError):
        (store / "sources.json").unlink()


def write_data() -> None:
    """Write the tables that the jobs are of, by formulas; they are checked in too."""
    rows = np.arange(72)
    lines = ["name,a,b,c,w,kind,x,y,night"]
    for i in rows:
        kind = i % 3
        a, b = kind + (i * 7 % 13) / 8, (i * 5 % 11) / 8 - kind
        c = "" if i % 17 == 3 else (i * 3 % 7) / 2
        y = "" if i % 19 == 5 else int(a > 1.5)
        lines.append(f"obs-{i},{a},{b},{c},{0.5 + i % 4 / 4},{'iqs'[kind]},{i % 2},{y},{i // 6}")
    (JOBS / "table.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    signals = (rows[:, None] * np.arange(1, 17) % 16 / 8).astype(np.float32)
    signals[rows % 2 == 1, :4] += 1
    np.savez_compressed(JOBS / "signals.npz", labels=rows % 2, signal=signals)


if __name__ == "__main__":
    main()
