"""Reads damaged files of every format and counts what comes of it.

    python tests/fuzz/campaign.py --inputs 100000 --workers 2 --seed 1 --failures failures.jsonl

Inputs are tried in processes of their own, many by each. A process that is silent for longer than
the limit, or that ends, is counted as a failure of the input that it was at, and replaced.
"""

import argparse
import json
import queue
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

LIMIT_S = 20.0
"""Processor time that an input may take [s]."""

LATE_S = 100.0
"""Time that an input may take beyond that, for the machine may be busy [s]."""

WORKER = Path(__file__).with_name("worker.py")
FAILURES = ("traceback", "hang", "memory", "crash")
_CHUNK = 250


@dataclass
class Tally:
    """What came of one format's inputs."""

    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    """Longest time by the clock [s]."""

    processor: float = 0.0
    """Longest processor time [s]."""

    memory: int = 0
    """Most memory [bytes]."""


class Campaign:
    """Inputs of all formats, divided among workers."""

    def __init__(self, seeds: Path, seed: int, failures: Path | None) -> None:
        self.seeds, self.seed, self.failures = seeds, seed, failures
        self.tallies: dict[str, Tally] = {}
        self.chunks: queue.SimpleQueue[tuple[str, int, int]] = queue.SimpleQueue()
        self.lock = threading.Lock()

    def add(self, form: str, inputs: int, first: int = 0) -> None:
        """Plan inputs of one format."""
        self.tallies[form] = Tally()
        for start in range(first, first + inputs, _CHUNK):
            self.chunks.put((form, start, min(start + _CHUNK, first + inputs)))

    def work(self) -> None:
        """Let one worker after another try chunks until none is left."""
        worker: Worker | None = None
        while True:
            try:
                form, first, last = self.chunks.get_nowait()
            except queue.Empty:
                break
            while first < last:
                worker = worker or Worker(self.seeds, self.seed)
                first, alive = self._chunk(worker, form, first, last)
                if not alive:
                    worker = worker.end()
        if worker:
            worker.end()

    def _chunk(self, worker: "Worker", form: str, first: int, last: int) -> tuple[int, bool]:
        """Try a chunk; returns the next input and whether the worker still lives."""
        worker.ask(f"{form} {first} {last}\n")
        while True:
            line = worker.line(LIMIT_S + LATE_S)
            if line is None or not line:
                self._note(
                    form,
                    worker.at if worker.at >= first else first,
                    "hang" if line is None else "crash",
                    seconds=LIMIT_S + LATE_S,
                    processor=LIMIT_S,
                    memory=0,
                    detail=worker.status(),
                )
                return max(worker.at, first) + 1, False
            about = json.loads(line)
            if "done" in about:
                return last, True
            if "begin" in about:
                worker.at = about["begin"]
                continue
            outcome = "hang" if about["processor"] > LIMIT_S else about["outcome"]
            told = {name: about[name] for name in ("seconds", "processor", "memory", "detail")}
            self._note(form, about["end"], outcome, **told)

    def _note(
        self,
        form: str,
        number: int,
        outcome: str,
        *,
        seconds: float,
        processor: float,
        memory: int,
        detail: str,
    ) -> None:
        with self.lock:
            tally = self.tallies[form]
            tally.outcomes[outcome] += 1
            tally.seconds = max(tally.seconds, seconds)
            tally.processor = max(tally.processor, processor)
            tally.memory = max(tally.memory, memory)
            if self.failures and (outcome in FAILURES or seconds > 5):
                with self.failures.open("a") as file:
                    about = {
                        "form": form,
                        "number": number,
                        "outcome": outcome,
                        "seconds": seconds,
                        "processor": processor,
                        "memory": memory,
                        "detail": detail,
                    }
                    file.write(json.dumps(about) + "\n")

    def table(self) -> str:
        """What came of each format's inputs, as text."""
        head = f"{'format':12}{'inputs':>8}{'ok':>8}{'refused':>9}{'tracebacks':>11}{'crashes':>9}"
        lines = [f"{head}{'> 20 s':>8}{'> 2 GB':>8}{'cpu s':>8}{'clock s':>9}{'worst MB':>10}"]
        for form, tally in self.tallies.items():
            found = tally.outcomes
            lines.append(
                f"{form:12}{found.total():8}{found['ok']:8}{found['refused']:9}"
                f"{found['traceback']:11}{found['crash']:9}{found['hang']:8}{found['memory']:8}"
                f"{tally.processor:8.2f}{tally.seconds:9.2f}{tally.memory / 1e6:10.0f}"
            )
        return "\n".join(lines)

    def failed(self) -> int:
        """Inputs that ended otherwise than by being read or refused."""
        return sum(t.outcomes[one] for t in self.tallies.values() for one in FAILURES)


class Worker:
    """A process that tries inputs."""

    def __init__(self, seeds: Path, seed: int) -> None:
        self.at = -1
        self._process = subprocess.Popen(
            [sys.executable, str(WORKER), str(seeds), str(seed)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
        )  # fmt: skip
        self._held = b""

    def ask(self, text: str) -> None:
        """Send a line."""
        self.at = -1
        self._process.stdin.write(text.encode())

    def line(self, limit_s: float) -> bytes | None:
        """Next line; empty at the end of the process, None after the limit."""
        until = time.monotonic() + limit_s
        while b"\n" not in self._held:
            ready, _, _ = select.select(
                [self._process.stdout], [], [], max(0, until - time.monotonic())
            )
            if not ready:
                return None
            more = self._process.stdout.read(1 << 16)
            if not more:
                return b""
            self._held += more
        line, self._held = self._held.split(b"\n", 1)
        return line

    def status(self) -> str:
        """How the process stands."""
        try:
            return f"exit status {self._process.wait(0.2)}"
        except subprocess.TimeoutExpired:
            return "still running"

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


def run(inputs: int, workers: int, seed: int, forms: list[str], failures: Path | None) -> Campaign:
    """Try inputs of some formats, in their shares of a hundred."""
    import seeds
    import trials

    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "seeds"
        seeds.make(kept)
        campaign = Campaign(kept, seed, failures)
        chosen = forms or list(trials.FORMATS)
        whole = sum(trials.SHARES[form] for form in chosen)
        for form in chosen:
            campaign.add(form, max(1, inputs * trials.SHARES[form] // whole))
        threads = [threading.Thread(target=campaign.work) for _ in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return campaign


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--failures", type=Path)
    parser.add_argument("--formats", nargs="*", default=[])
    given = parser.parse_args()
    start = time.monotonic()
    campaign = run(given.inputs, given.workers, given.seed, given.formats, given.failures)
    sys.stdout.write(f"{campaign.table()}\n{time.monotonic() - start:.0f} s\n")
    return 1 if campaign.failed() else 0


if __name__ == "__main__":
    raise SystemExit(main())
