"""210 networks as one job: 21 targets x 10 seeds on 20,000 x 61 features, each target weighing the
examples in its own way, each member stopping by its own patience. Tells wall time and peak memory.

The job goes through `sortal run` like any other. Memory is private (anonymous) memory: that of the
driver and its workers is added up ten times a second.
"""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import psutil

from side_by_side import is_quick
from sortal.jobs.results.results import JobResults
from sortal.store.store import Store

FEATURES = 61
LOOK_S = 0.1
MOST_GB = 4.0


@dataclass(frozen=True)
class Size:
    examples: int
    targets: int
    seeds: int
    epochs: int


WHOLE, QUICK = Size(20_000, 21, 10, 60), Size(4_000, 5, 4, 60)


def main() -> None:
    size = QUICK if is_quick(__doc__) else WHOLE
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        simulate(size, folder / "stars.parquet")
        (folder / "job.yaml").write_text(json.dumps(job(size)))
        seconds, peaks = run(folder)
        results = JobResults.read(Store.open(folder / "store", create=False), "population")
        told = {
            "members": sum(len(result.members) for result in results.results),
            "failed": len(results.failures),
            "wall_s": round(seconds, 1),
            **{f"{who}_peak_gb": round(peak / 1e9, 3) for who, peak in peaks.items()},
            **stopping(results),
        }
    for what, value in told.items():
        print(f"{what:24} {value}")
    assert told["members"] == size.targets * size.seeds, "every member is trained"
    assert told["all_peak_gb"] < MOST_GB, f"it stays below {MOST_GB} GB"
    print(json.dumps(told))


def simulate(size: Size, path: Path) -> None:
    """Targets of different prevalence and difficulty; weights that doubt each target's examples apart."""
    generator = np.random.default_rng(0)
    features = generator.normal(size=(size.examples, FEATURES)).astype(np.float32)
    table = {f"f{number}": features[:, number] for number in range(FEATURES)}
    for target in range(size.targets):
        directions = generator.normal(size=(FEATURES, 3)) / np.sqrt(FEATURES)
        latent = np.tanh(features @ directions).sum(axis=1)
        noisy = latent + generator.normal(size=size.examples) * (0.2 + 0.1 * (target % 7))
        rare = np.quantile(noisy, 1 - 0.5 / (1 + target % 5))
        table[f"t{target}"] = (noisy > rare).astype(np.int8)
        table[f"w{target}"] = generator.gamma(2.0, 0.5, size=size.examples).astype(np.float32)
    pl.DataFrame(table).write_parquet(path)


def job(size: Size) -> dict:
    targets = [f"t{target}" for target in range(size.targets)]
    return {
        "title": "population",
        "bootstrap": 0,
        "data": {
            "source": "stars.parquet",
            "label": targets,
            "targets": "independent",
            "weight": {target: target.replace("t", "w") for target in targets},
            "split": {"test": 0.15, "validation": 0.15},
            "scaling": "standard",
        },
        "classifiers": [
            {
                "method": "mlp",
                "parameters": {
                    "hidden_layer_sizes": [64, 32],
                    "dropout": 0.2,
                    "batch_size": 256,
                    "learning_rate": 0.003,
                    "epochs": size.epochs,
                    "early_stopping": 6,
                },
                "seeds": size.seeds,
            }
        ],
    }


def run(folder: Path) -> tuple[float, dict[str, int]]:
    """Run the job; returns wall seconds, and the peaks [bytes] of all, of the driver, of a worker."""
    command = [sys.executable, "-m", "sortal", "run", "job.yaml", "--store", "store", "--quiet"]
    started = time.perf_counter()
    driver = psutil.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    peaks = {"all": 0, "driver": 0, "largest_worker": 0}
    while driver.poll() is None:
        mine = private_bytes(driver)
        others = [private_bytes(one) for one in children(driver)]
        now = {"all": mine + sum(others), "driver": mine, "largest_worker": max(others, default=0)}
        peaks = {who: max(peak, now[who]) for who, peak in peaks.items()}
        time.sleep(LOOK_S)
    assert driver.returncode == 0, f"exit code {driver.returncode}"
    return time.perf_counter() - started, peaks


def children(driver: psutil.Process) -> list[psutil.Process]:
    try:
        return driver.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def private_bytes(process: psutil.Process) -> int:
    """Anonymous memory, swapped out or not; elsewhere than on Linux what is unique to the process."""
    rollup = Path(f"/proc/{process.pid}/smaps_rollup")
    try:
        if not rollup.parent.parent.joinpath("self").exists():
            return int(process.memory_full_info().uss)
        lines = rollup.read_text().splitlines()[1:]
    except (OSError, psutil.Error):  # it has just ended
        return 0
    sizes = {name: value for name, _, value in (line.partition(":") for line in lines)}
    return sum(
        int(sizes[name].split()[0]) * 1024 for name in ("Anonymous", "Swap") if name in sizes
    )


def stopping(results: JobResults) -> dict[str, float]:
    """How many members stopped before their last epoch, and when the first and the last did."""
    courses = [course for result in results.results for course in result.courses]
    epochs = [float(course.rows[-1]["epoch"] or 0) for course in courses]
    most = results.results[0].parameters["epochs"]
    return {
        "stopped_early": sum(epoch < most for epoch in epochs),
        "least_epochs": min(epochs),
        "most_epochs": max(epochs),
        "mean_macro_f1": round(
            float(np.mean([result.figures["macro_f1"].mean for result in results.results])), 4
        ),
    }


if __name__ == "__main__":
    main()
