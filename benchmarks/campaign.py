"""A campaign of 20 small networks, 10 seeds x 2 decays, against Keras fitting one after another.

Simulated: 50,000 weighted rows of 17 features and 5 classes, 10,000 to validate after every epoch.
Every way trains 17-100-100-5 with tanh and a softmax, Adam of rate 5e-5 with legacy decay, weighted
cross-entropy, the accuracy noted, and the same number of updates; each seed has its own start
and its own order of minibatches. Ours are two processes of one thread, as a job on two
cores; Keras has one process of two threads, and trains 2 networks a round. Clocked is training alone:
imports, loading, and also Keras's compiling and tracing come before. Ratios are Keras's seconds
a training over ours: more is better. Both start from the same weights, and the largest difference
between validation losses of the same training is shown; where it is large, this ends with an error.

Keras needs the `bench` extra. Quick: 8,000 rows, 4 trainings, a quarter of the epochs, 2 rounds,
and Keras only if it is there.
"""

import argparse
import json
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from peers.campaign import DECAYS, simulate, validation_loss
from peers.process import Worker
from peers.roster import OURS, PEERS, Way
from peers.task import Rows, Work
from side_by_side import processor

EPOCHS = {512: 4, 5000: 40}
"""By batch size."""

TARGETS = {("float32", 512): 6.0, ("float32", 5000): 2.5, ("bfloat16", 5000): 4.0}
"""Smallest ratios wanted, by precision and batch size."""

PROCESSES = 2
WRONG = 0.005
"""Difference of the validation losses [nats] of a training, which starts alike in both ways, beyond
which the work cannot have been the same."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is done."""

    rows: int = 50_000
    validated: int = 10_000
    trainings: int = 20
    shortened: int = 1
    """What epochs are divided by."""

    rounds: int = 3

    def work(self, batch_size: int, numbers: tuple[int, ...]) -> Work:
        epochs = max(1, EPOCHS[batch_size] // self.shortened)
        return Work(batch_size=batch_size, epochs=epochs, seeds=numbers)


FULL = Size()
QUICK = Size(rows=8_000, validated=4_000, trainings=4, shortened=4, rounds=2)


@dataclass(frozen=True)
class Done:
    """What one way did in one round."""

    seconds: float
    """A training."""

    losses: dict[int, float]
    """By number of the training."""


class Campaign:
    """One way, in as many processes as it is given."""

    def __init__(self, way: Way, path: Path, processes: int, *, apart: int) -> None:
        """Args: `apart` is the number of trainings a round, 0 for all."""
        self.name, self._way, self._apart = way.name, way, apart
        folders = [path.parent / f"{way.name}-{number}" for number in range(processes)]
        for folder in folders:
            folder.mkdir()
            (folder / path.name).symlink_to(path)
        self._workers = [Worker(way, folder / path.name) for folder in folders]

    def wait_until_warm(self) -> None:
        for worker in self._workers:
            worker.wait_until_warm()

    def end(self) -> None:
        for worker in self._workers:
            worker.end()

    def train(self, size: Size, batch_size: int, turn: int, validation: Rows) -> Done:
        """Train all networks, or the next few; seeds are dealt out to the processes."""
        count = self._apart or size.trainings
        numbers = [(turn * count + number) % size.trainings for number in range(count)]
        cuts = np.array_split(np.array(numbers).reshape(-1, len(DECAYS)), len(self._workers))
        works = [size.work(batch_size, tuple(map(int, cut.ravel()))) for cut in cuts]
        started = perf_counter()
        with ThreadPoolExecutor(len(works)) as threads:
            rounds = list(threads.map(Worker.train, self._workers, works))
        # The slowest process alone: scoring and the way to the worker and back are not training.
        seconds = max(one.seconds for one in rounds)
        if any(
            one.updates != work.updates(size.rows) for one, work in zip(rounds, works, strict=True)
        ):
            raise SystemExit(f"{self.name}: not the number of updates that was asked for.")
        spent = perf_counter() - started
        print(f"batch {batch_size}, round {turn + 1}, {self.name}: {spent:.1f} s", file=sys.stderr)
        scores = np.concatenate([one.scores for one in rounds])
        return Done(
            seconds / count, dict(zip(numbers, validation_loss(scores, validation), strict=True))
        )


def main() -> None:
    size, ways, batch_sizes = read_command_line()
    load = os.getloadavg()[0]
    table = simulate(size.rows, size.validated)
    found: dict[tuple[str, int], list[Done]] = {}
    with ExitStack() as closing:
        path = Path(closing.enter_context(tempfile.TemporaryDirectory())) / "table.npz"
        table.save(path)
        campaigns = []
        for way in ways:
            ours = way.module == "campaign_sortal"
            campaigns.append(Campaign(way, path, PROCESSES if ours else 1, apart=0 if ours else 2))
            closing.callback(campaigns[-1].end)
        for one in campaigns:
            one.wait_until_warm()
        for batch_size in batch_sizes:
            for turn in range(size.rounds):
                for one in reversed(campaigns) if turn % 2 else campaigns:
                    done = one.train(size, batch_size, turn, table.validation)
                    found.setdefault((one.name, batch_size), []).append(done)
    print(f"{processor()}, {os.cpu_count()} cores; load at the start {load:.1f}")
    print(f"{size.rows} rows, {size.trainings} trainings; median of {size.rounds} rounds")
    tell(found)


def tell(found: dict[tuple[str, int], list[Done]]) -> None:
    """Print a table, and as the last line the ratios as JSON; end where losses are not alike."""
    print("| batch | way | s a training | Keras over it | target | validation loss | apart |")
    print("|---|---|---|---|---|---|---|")
    ratios, wrong = {}, []
    for (name, batch_size), done in sorted(found.items(), key=lambda one: one[0][1]):
        losses, peer = losses_of(done), found.get(("keras", batch_size), [])
        seconds = median(one.seconds for one in done)
        ratio = median(one.seconds for one in peer) / seconds if peer and name != "keras" else 0.0
        theirs = losses_of(peer)
        gap = max((abs(losses[number] - theirs[number]) for number in theirs), default=0.0)
        target = TARGETS.get((name, batch_size))
        cells = [
            f"{seconds:.4f}",
            f"{ratio:.2f}" if ratio else "",
            f">= {target:g}" if target else "",
            f"{np.mean(list(losses.values())):.4f}",
            f"{gap:.1e}" if ratio else "",
        ]
        print(f"| {batch_size} | {name} |", " | ".join(cells), "|")
        if ratio:
            ratios[f"batch{batch_size}_{name}_vs_keras"] = round(ratio, 3)
        if gap > WRONG:
            wrong.append(f"batch {batch_size}, {name}: {gap:.4f}")
    print(json.dumps(ratios))
    if wrong:
        raise SystemExit(f"losses are not those of Keras: {'; '.join(wrong)}.")


def losses_of(done: list[Done]) -> dict[int, float]:
    """Of all rounds: by training, the last."""
    return {number: loss for one in done for number, loss in one.losses.items()}


def ours(precision: str) -> Way:
    """Populations in this precision, with one thread a process."""
    one_thread = {name: "1" for name in OURS.environment if name.endswith("_NUM_THREADS")}
    settings = {**OURS.settings, **one_thread, "CAMPAIGN_PRECISION": precision}
    return replace(OURS, name=precision, module="campaign_sortal", settings=settings)


def read_command_line() -> tuple[Size, list[Way], list[int]]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="far less work, about a minute")
    parser.add_argument("--rounds", type=int, help="turns of each way")
    parser.add_argument("--batch", type=int, nargs="+", choices=EPOCHS, default=list(EPOCHS))
    parser.add_argument("--precision", nargs="+", choices=("float32", "bfloat16"))
    parser.add_argument("--alone", action="store_true", help="without Keras")
    asked = parser.parse_args()
    size = QUICK if asked.quick else FULL
    if asked.rounds is not None:
        size = replace(size, rounds=max(1, asked.rounds))
    precisions = asked.precision or ["float32", *(["bfloat16"] if has_amx() else [])]
    keras = next(way for way in PEERS if way.name == "keras-tensorflow")
    ways = [ours(precision) for precision in precisions]
    if keras.lacking and not (asked.alone or asked.quick):
        parser.error(
            f"Keras needs {' and '.join(keras.lacking)}: "
            "pip install -c constraints.txt -e '.[bench]', or ask for --alone"
        )
    if not (asked.alone or keras.lacking):
        ways.append(replace(keras, name="keras", module="campaign_keras"))
    return size, ways, asked.batch


def has_amx() -> bool:
    """Whether the processor has a matrix unit for bfloat16."""
    about = Path("/proc/cpuinfo")
    return about.is_file() and " amx_bf16" in about.read_text(encoding="utf-8")


if __name__ == "__main__":
    main()
