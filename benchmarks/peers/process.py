"""The parent's side of a worker: start it, wait until it is warm, have it train a round."""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from peers.roster import Way
from peers.task import Work

_BENCHMARKS = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Round:
    """What one way did in one turn."""

    seconds: float
    """Of training alone, of all members of the round together."""

    updates: int
    scores: np.ndarray
    """Shape (members, validation rows)."""


class Worker:
    """One way in a process of its own, with its own environment."""

    def __init__(self, way: Way, table: Path) -> None:
        self.way, self._scores = way, table.with_name(f"{way.name}.npy")
        self._log = table.with_name(f"{way.name}.log")
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "peers.worker", way.module, str(table)],
                cwd=_BENCHMARKS,
                env={**_inherited(), **way.environment, "KERAS_HOME": str(table.parent)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def wait_until_warm(self) -> None:
        self._answer()

    def train(self, work: Work) -> Round:
        request = {"work": asdict(work), "scores": str(self._scores)}
        print(json.dumps(request), file=self._process.stdin, flush=True)
        answer = self._answer()
        return Round(answer["seconds"], answer["updates"], np.load(self._scores))

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.way.name} ended early:\n{self._log.read_text()[-3000:]}")
        return json.loads(line)


def _inherited() -> dict[str, str]:
    """Our environment, except for what decides how threads wait: peers keep their default."""
    own = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
    return {name: value for name, value in os.environ.items() if name not in own}
