"""20 MLPs 12-50-50-1 on 50,000 weighted rows: trained as one population, against peers.

Simulated: 12 features, exponential weights, 10,000 weighted rows to validate. Every way trains
with relu, Glorot uniform, Adam of rate 1e-3, weighted binary cross-entropy, the same number of
updates and 2 threads, in a process of its own (peers/); they take turns, in opposite order every
other round. Clocked is training alone, with building and compiling each model, as in a user's
loop over seeds; not clocked are imports, loading data, a first small training, and scoring. Ours
and vmap train all members each round; the others train 3 of them one after another, in every
round of other seeds. Ratios are a peer's seconds a member over ours: more is better. Run it on a
quiet machine: our threads spin for some 20 microseconds while they wait, as in Sortal's workers,
those of peers do what is their library's default, and beside other work the torch loop was seen
to take 20 times as long.

Quick: 8,000 rows, 4 members (2 one after another), a quarter of the epochs, 2 rounds, and only
the peers that need no `bench` extra (torch, vmap, sklearn) unless others are named.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from peers.process import Round, Worker
from peers.result import Result
from peers.roster import OURS, PEERS, Way
from peers.table import tell
from peers.task import Work, simulate
from side_by_side import THREADS

EPOCHS = {64: 2, 512: 10, 5000: 20}
"""By batch size."""

WRONG = 6.0
"""Standard deviations over seeds beyond which the work cannot have been the same."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is done."""

    rows: int = 50_000
    validated: int = 10_000
    members: int = 20
    apart: int = 3
    """Members a round of the ways that train one after another."""

    shortened: int = 1
    """What epochs are divided by."""

    rounds: int = 5

    def work(self, way: Way, batch_size: int, turn: int) -> Work:
        """What a way trains in one turn; ways that train apart walk through the seeds."""
        count = self.members if way.together else self.apart
        seeds = tuple((turn * count + number) % self.members for number in range(count))
        epochs = max(1, EPOCHS[batch_size] // self.shortened)
        return Work(batch_size=batch_size, epochs=epochs, seeds=seeds)


FULL = Size()
QUICK = Size(rows=8_000, validated=4_000, members=4, apart=2, shortened=4, rounds=2)


def main() -> None:
    size, peers, batch_sizes = read_command_line()
    load = os.getloadavg()[0]
    table = simulate(size.rows, size.validated)
    results: dict[int, list[Result]] = {}
    with ExitStack() as closing:
        path = Path(closing.enter_context(tempfile.TemporaryDirectory())) / "table.npz"
        table.save(path)
        workers = [Worker(way, path) for way in (OURS, *peers)]
        for worker in workers:
            closing.callback(worker.end)
        for worker in workers:
            worker.wait_until_warm()
        ceiling = measured_ceiling()
        for batch_size in batch_sizes:
            rounds = take_turns(workers, size, batch_size)
            results[batch_size] = [
                Result.of(worker.way, done, size.rows, table.validation)
                for worker, done in zip(workers, rounds, strict=True)
            ]
    done = f"{size.rows} rows; median of {size.rounds} rounds; load at the start {load:.1f}"
    tell(results, done, ceiling)
    refuse_other_work(results)


def take_turns(
    workers: Sequence[Worker], size: Size, batch_size: int
) -> list[list[tuple[Work, Round]]]:
    """Have every worker train once a round; give back what each did, in the order of workers."""
    done: list[list[tuple[Work, Round]]] = [[] for _ in workers]
    for turn in range(size.rounds):
        order = list(zip(workers, done, strict=True))
        for worker, rounds in reversed(order) if turn % 2 else order:
            work = size.work(worker.way, batch_size, turn)
            rounds.append((work, worker.train(work)))
            each = rounds[-1][1].seconds / len(work.seeds)
            where = f"batch {batch_size}, round {turn + 1} of {size.rounds}, {worker.way.name}"
            print(f"{where}: {each:.4f} s a member", file=sys.stderr)
    return done


def refuse_other_work(results: dict[int, list[Result]]) -> None:
    """End with an error where a peer that does what we do reaches quite another loss."""
    for batch_size, (ours, *others) in results.items():
        for peer in others:
            if peer.way.alike and abs(peer.apart(ours)) > WRONG:
                raise SystemExit(f"batch {batch_size}: the losses of {peer.way.name} are not ours.")


def measured_ceiling() -> float:
    """What the machine reaches in a float32 matrix product of 2048^3 [GFLOP/s]: the best of 20."""
    import torch

    torch.set_num_threads(THREADS)
    left, right = torch.randn(2, 2048, 2048)
    seconds = []
    for _ in range(20):
        started = perf_counter()
        torch.mm(left, right)
        seconds.append(perf_counter() - started)
    return 2 * 2048**3 / min(seconds) / 1e9


def read_command_line() -> tuple[Size, list[Way], list[int]]:
    """Read size, peers and batch sizes; refuse peers that are not installed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = {way.name: way for way in PEERS}
    parser.add_argument("--quick", action="store_true", help="far less work, under a minute")
    parser.add_argument("--peers", help=f"some of {','.join(names)}, or '' for ours alone")
    parser.add_argument("--batch", default=",".join(map(str, EPOCHS)), help="some of %(default)s")
    parser.add_argument("--rounds", type=int, help="turns of each way")
    asked = parser.parse_args()
    size = QUICK if asked.quick else FULL
    if asked.rounds is not None:
        size = replace(size, rounds=asked.rounds)
    if asked.peers is None:
        peers = [way for way in PEERS if not (asked.quick and way.packages)]
    else:
        peers = [names[name] for name in chosen(parser, "--peers", asked.peers, names)]
    batch_sizes = chosen(parser, "--batch", asked.batch, {str(batch): 0 for batch in EPOCHS})
    if size.rounds < 1 or not batch_sizes:
        parser.error("at least one round and one batch size are needed")
    for way in peers:
        if way.lacking:
            parser.error(
                f"{way.name} needs {' and '.join(way.lacking)}: "
                "pip install -c constraints.txt -e '.[bench]', or name other --peers"
            )
    return size, peers, [int(batch) for batch in batch_sizes]


def chosen(
    parser: argparse.ArgumentParser, option: str, text: str, known: dict[str, object]
) -> list[str]:
    """Split names at commas, in the order of what is known."""
    names = set(filter(None, text.split(",")))
    if unknown := names - set(known):
        parser.error(f"{option}: expected some of {', '.join(known)}, got {', '.join(unknown)}")
    return [name for name in known if name in names]


if __name__ == "__main__":
    main()
