"""Training from blocks on disk, read ahead in a thread, against the same rows held in memory.

Simulated: float32 rows of 125 features whose direction tells two classes apart; all of them
train, scaled, an mlp of hidden layers 64 and 64, one epoch a round. Both ways see the same
minibatches, and the script ends with an error unless both reach the same weights, bit for bit.
Each way trains in a process of its own that is set up like Sortal's workers; they take turns, in
opposite order every other round. Clocked is the epoch alone, with reading and preparing blocks
but without the preparation of the rows in memory. Private memory is the peak of anonymous memory
of the process that trains from blocks, libraries included, over everything from opening the
dataset on. Above 1 the ratio says that blocks are the faster way.

Full: 8,000,000 rows (4 GB of disk, and 9 GB of memory for the other way). Quick: 400,000 rows.
The file of rows has been read before, so its pages are in memory if there is room for them.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np

from side_by_side import THREADS, Peak, Silent, processor

FEATURES = 125
NEVER = 1 << 50
"""A limit that no data reaches."""

TUNING = {
    "GOMP_SPINCOUNT": "10000",
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
}
"""What Sortal sets for its workers (engines/worker_process.py)."""


def main() -> None:
    asked = read_command_line()
    rows, rounds = (400_000, 3) if asked.quick else (8_000_000, 3)
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        simulate(Path(folder), asked.rows or rows)
        done: dict[str, list[dict[str, float | str]]] = {"blocks": [], "memory": []}
        for turn in range(asked.rounds or rounds):
            for way in ("memory", "blocks") if turn % 2 else ("blocks", "memory"):
                done[way].append(in_a_worker(way, Path(folder), asked.batch))
                print(f"round {turn + 1}, {way}: {done[way][-1]}", file=sys.stderr)
    if len({str(one["weights"]) for way in done.values() for one in way}) != 1:
        raise SystemExit("blocks and memory reached different weights.")
    seconds = {way: statistics.median(float(o["seconds"]) for o in of) for way, of in done.items()}
    private = {way: max(float(o["megabytes"]) for o in of) for way, of in done.items()}
    print(f"{processor()}, {os.cpu_count()} cores; {THREADS} threads; {asked.rows or rows} rows")
    print("| way | epoch [s] | private memory [MB] |\n|---|---|---|")
    for way in done:
        print(f"| {way} | {seconds[way]:.2f} | {private[way]:.0f} |")
    ratio = round(seconds["memory"] / seconds["blocks"], 3)
    print(json.dumps({"blocks_vs_memory": ratio, "private_megabytes": round(private["blocks"])}))


def read_command_line() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="far less work, under a minute")
    parser.add_argument("--rows", type=int, help="examples, 500 bytes each")
    parser.add_argument("--rounds", type=int, help="turns of each way")
    parser.add_argument("--batch", type=int, default=512, help="batch size")
    parser.add_argument("--folder", type=Path, help="where the rows are written for a while")
    parser.add_argument("--way", choices=["blocks", "memory"], help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.way:
        train(asked.way, asked.folder, asked.batch)
        sys.exit()
    return asked


def simulate(folder: Path, rows: int) -> None:
    """Write a dataset as the store has it, piece by piece."""
    from sortal.data.dataset import Dataset
    from sortal.data.inputs import Inputs
    from sortal.data.labels import Labels

    random = np.random.default_rng(0)
    direction = random.normal(size=FEATURES).astype(np.float32) / FEATURES**0.5
    matrix = np.memmap(folder / "rows", np.float32, "w+", shape=(rows, FEATURES))
    codes = np.empty(rows, dtype=np.int64)
    for start in range(0, rows, 50_000):
        block = random.standard_normal((min(50_000, rows - start), FEATURES), dtype=np.float32)
        noise = random.standard_normal(len(block), dtype=np.float32)
        codes[start : start + len(block)] = block @ direction + noise > 0
        matrix[start : start + len(block)] = 3 * block + 1
    Dataset(
        name="simulated",
        inputs=Inputs({"features": matrix}, np.arange(rows)),
        labels=Labels(codes, ("no", "yes")),
        names={"features": tuple(f"f{number}" for number in range(FEATURES))},
    ).save(folder)
    (folder / "rows").unlink()


def in_a_worker(way: str, folder: Path, batch: int) -> dict[str, float | str]:
    """Train once in a process set up like a worker of Sortal."""
    command = [sys.executable, __file__, "--way", way, "--folder", str(folder)]
    threads = {"OMP_NUM_THREADS": str(THREADS), "MKL_NUM_THREADS": str(THREADS)}
    ended = subprocess.run(
        [*command, "--batch", str(batch)],
        env={**os.environ, **threads, **TUNING},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    found: dict[str, float | str] = json.loads(ended.stdout.splitlines()[-1])
    return found


def train(way: str, folder: Path, batch: int) -> None:
    """What the process does; prints seconds, megabytes and a hash of the weights."""
    import hashlib

    from sortal.data import prepared
    from sortal.data.dataset import Dataset
    from sortal.data.prepared import Prepared
    from sortal.data.preparing.preparer import Preparation
    from sortal.data.split import Split
    from sortal.methods.contract.base import Member, Population, Trained
    from sortal.methods.neural.mlp import MLP
    from sortal.training import loop
    from sortal.training.examples import batches

    prepared.RESIDENT_BYTES = NEVER if way == "memory" else 0
    batches.LARGE_BYTES = 0  # the order of large data, also in the quick run
    seconds: list[float] = []
    run_epoch = loop.run_epoch

    def clocked(*given):
        started = perf_counter()
        answer = run_epoch(*given)
        seconds.append(perf_counter() - started)
        return answer

    loop.run_epoch = clocked
    with Peak() as peak:
        dataset = Dataset.load(folder)
        rows = np.arange(len(dataset))
        split = Split(train=rows, validation=rows[:0], test=rows[:0])
        data = Prepared.fit(dataset, split, Preparation(scaling="standard"))
        chosen = MLP.Parameters(hidden_layer_sizes=(64, 64), epochs=1, batch_size=batch)
        member = Member(key="m", method="mlp", parameters=chosen, seed=0)
        population = Population(members=(member,), threads=THREADS)
        (outcome,) = MLP().train(population, data, Silent())
    if not isinstance(outcome, Trained):
        raise SystemExit(f"not trained: {outcome}")
    weights = hashlib.blake2b(outcome.model.state.numpy().tobytes(), digest_size=8).hexdigest()
    print(json.dumps({"seconds": seconds[0], "megabytes": peak.megabytes, "weights": weights}))


if __name__ == "__main__":
    main()
