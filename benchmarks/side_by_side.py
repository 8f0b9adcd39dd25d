"""Run ways of doing the same work in turn, in one process, and compare their median times; watch memory."""

import argparse
import json
import os
import platform
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from threading import Event, Thread
from time import perf_counter
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import Labels, Outputs
from sortal.data.prepared import Prepared
from sortal.data.preparing.preparer import Preparation
from sortal.data.split import Part, Split
from sortal.methods.contract.base import Member, Method, Population, Progress, Trained, Verdict

THREADS = 2

Scores = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Comparison:
    """One row of the results."""

    name: str
    ours: float
    """Median seconds."""

    separate: float
    rounds: int
    difference: float
    """Largest difference between any two scores."""

    target: float

    @property
    def ratio(self) -> float:
        return self.ours / self.separate


class Silent:
    """A driver that lets training run."""

    def report(self, progress: Progress) -> Verdict:  # noqa: ARG002 - nobody watches
        return Verdict()


class Peak:
    """Watches this process's anonymous memory, every 20 ms."""

    megabytes = 0.0

    def __enter__(self) -> "Peak":
        self._done = Event()
        self._thread = Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.02):
            self.megabytes = max(self.megabytes, anonymous_megabytes())


def anonymous_megabytes() -> float:
    """Private memory without the pages of mapped files; Linux tells it."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon"))


def prepared(matrix: np.ndarray, codes: np.ndarray, trained: int) -> Prepared:
    """Train on the first rows, test on the others."""
    outputs = Outputs.EXCLUSIVE if codes.ndim == 1 else Outputs.INDEPENDENT
    count = int(codes.max()) + 1 if codes.ndim == 1 else codes.shape[1]
    dataset = Dataset(
        name="made",
        inputs=Inputs({"features": matrix}, np.arange(len(matrix))),
        labels=Labels(codes, tuple(map(str, range(count))), outputs),
        names={"features": tuple(f"f{number}" for number in range(matrix.shape[1]))},
    )
    rows = np.arange(len(matrix))
    split = Split(train=rows[:trained], validation=rows[:0], test=rows[trained:])
    return Prepared.fit(dataset, split, Preparation())


def through_sortal(
    method: Method, data: Prepared, members: Mapping[str, tuple[Mapping[str, Any], str | None]]
) -> Scores:
    """Train and score one population; `members` are parameters and target by key."""
    population = Population(
        members=tuple(
            Member(
                key=key,
                method=method.name,
                parameters=method.Parameters(**parameters),
                seed=0,
                target=target,
            )
            for key, (parameters, target) in members.items()
        ),
        threads=THREADS,
    )
    scores: dict[str, np.ndarray] = {}
    for outcome in method.train(population, data, Silent()):
        if not isinstance(outcome, Trained):
            raise SystemExit(f"not trained: {outcome}")
        found = outcome.model.scores(data.inputs(Part.TEST))
        scores |= zip(outcome.model.members, found, strict=True)
    return scores


def compare(
    name: str,
    ours: Callable[[], Scores],
    separate: Callable[[], Scores],
    *,
    rounds: int,
    target: float,
    tolerance: float,
) -> Comparison:
    """Check that both give the same scores, then time them in turn."""
    with threadpool_limits(THREADS):
        first, second = ours(), separate()
        difference = max(float(abs(first[key] - second[key]).max()) for key in second)
        if set(first) != set(second) or difference > tolerance:
            raise SystemExit(f"{name}: scores differ by {difference}.")
        seconds: dict[str, list[float]] = {"ours": [], "separate": []}
        for turn in range(rounds):
            ways = [("ours", ours), ("separate", separate)]
            for way, work in ways if turn % 2 else reversed(ways):
                started = perf_counter()
                work()
                seconds[way].append(perf_counter() - started)
    medians = {way: statistics.median(times) for way, times in seconds.items()}
    return Comparison(name, medians["ours"], medians["separate"], rounds, difference, target)


def tell(comparisons: Sequence[Comparison], packages: Sequence[str]) -> None:
    """Print hardware, versions, a table, and as the last line the ratios as JSON."""
    print(f"{processor()}, {os.cpu_count()} cores; {THREADS} threads; Python", end=" ")
    print(platform.python_version(), *(f"{name} {version(name)}" for name in packages), sep=", ")
    print("| work | ours [s] | separately [s] | ratio | target | largest difference | rounds |")
    print("|---|---|---|---|---|---|---|")
    for row in comparisons:
        print(
            f"| {row.name} | {row.ours:.3f} | {row.separate:.3f} | {row.ratio:.4f} "
            f"| < {row.target:.4f} | {row.difference:.1e} | {row.rounds} |"
        )
    print(json.dumps({row.name: round(row.ratio, 4) for row in comparisons}))


def is_quick(about: str) -> bool:
    """Read `--quick` from the command line."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, under a minute")
    return bool(parser.parse_args().quick)


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
