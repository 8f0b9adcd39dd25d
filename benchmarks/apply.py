"""A network applied to a ROOT file of many simulated events, and what the network takes of that.

Simulated: the binary problem of `sortal example cms` (12 variables, weights, processes, event
numbers), a TTree written in pieces of 100,000 events. A network 12-50-50-1 (relu, sigmoid) is
trained on the first piece for one epoch: how well it separates does not matter here. It is
applied in a process of its own by what `sortal cms apply` calls, into a ROOT file of scores and
the columns that are kept unasked, once as it is and once under a shift of two variables as
well. Private memory is the peak of that process's anonymous memory, libraries included, every
20 ms. The network itself: float32 and float64 matrices of 100,000 events in memory, scored on
two threads by the model alone, and by the predictor with scaling and the check of ranges; best of
several rounds by the clock, and by processor time on one thread.

Full: 10,000,000 events. Quick: 200,000.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

from side_by_side import THREADS, Peak, Silent, processor

PIECE = 100_000
REPEATS = 10
SHIFT = {"up": {"Met": "Met * 1.02", "HT": "HT * 1.02"}}


def main() -> None:
    asked = read_command_line()
    events = asked.events or (200_000 if asked.quick else 10_000_000)
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        print(f"writing {events} events", file=sys.stderr)
        simulate(folder, events)
        done = {way: in_a_process(way, folder) for way in ("applied", "shifted", "network")}
    print(f"{processor()}, {os.cpu_count()} cores; {events} events")
    print("| way | events/s | private memory [MB] | reading | scoring | writing |")
    print("|---|---|---|---|---|---|")
    for way in ("applied", "shifted"):
        one = done[way]
        shares = " | ".join(f"{one[what]:.0%}" for what in ("reading", "scoring", "writing"))
        print(f"| {way} | {one['rate']:,.0f} | {one['megabytes']:.0f} | {shares} |")
    print(
        "\n| the network itself | events/s, two threads | events a processor second |\n|---|---|---|"
    )
    for what, (rate, by_processor) in done["network"].items():
        print(f"| {what} | {rate:,.0f} | {by_processor:,.0f} |")
    print(
        json.dumps(
            {
                "events_per_second": round(done["applied"]["rate"]),
                "private_megabytes": round(done["applied"]["megabytes"]),
                "reading_share": round(done["applied"]["reading"], 3),
                "network_events_per_second": round(done["network"]["predictor, float32"][0]),
            }
        )
    )


def read_command_line() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="far less work, under a minute")
    parser.add_argument("--events", type=int, help="events of the file, 70 bytes each")
    parser.add_argument("--folder", type=Path, help="where the files are written for a while")
    parser.add_argument("--way", choices=["applied", "shifted", "network"], help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.way:
        print(json.dumps(run(asked.way, asked.folder)))
        sys.exit()
    return asked


def simulate(folder: Path, events: int) -> None:
    """Write the events, and a network trained on a piece of them."""
    from sortal.systems.cms.simulation.example import write_root
    from sortal.systems.cms.simulation.processes import make_problem
    from sortal.systems.cms.simulation.simulate import events_in_chunks, simulate

    binary = make_problem("binary")
    write_root(folder / "events.root", events_in_chunks(binary, events, seed=1, chunk=PIECE))
    save_network(folder, simulate(binary, PIECE, seed=2))


def save_network(folder: Path, sample: object) -> None:
    """Train for an epoch, and write the network's folder."""
    from sortal.data.dataset import Dataset
    from sortal.data.inputs import Inputs
    from sortal.data.labels import Labels, Outputs
    from sortal.data.prepared import Prepared
    from sortal.data.preparing.preparer import Preparation
    from sortal.data.reading.new_examples import InputSpec
    from sortal.data.split import Split
    from sortal.jobs.applying.predict import Predictor
    from sortal.jobs.applying.predictor_folder import save_predictor
    from sortal.jobs.applying.scorer import ResultMembers, Scorer
    from sortal.methods.contract.base import Member, Population, Trained
    from sortal.methods.neural.mlp import MLP

    signal = sample.is_signal.astype(np.int8)[:, None]
    names = {"features": sample.problem.observables}
    dataset = Dataset(
        name="events",
        inputs=Inputs({"features": sample.values}, np.arange(len(sample))),
        labels=Labels(signal, ("Signal",), Outputs.INDEPENDENT),
        names=names,
    )
    rows = np.arange(len(dataset))
    split = Split(train=rows, validation=rows[:0], test=rows[:0])
    data = Prepared.fit(dataset, split, Preparation(scaling="minmax_symmetric"))
    chosen = MLP.Parameters(hidden_layer_sizes=(50, 50), epochs=1, batch_size=5000)
    member = Member(key="m", method="mlp", parameters=chosen, seed=0)
    (outcome,) = MLP().train(Population(members=(member,), threads=THREADS), data, Silent())
    if not isinstance(outcome, Trained):
        raise SystemExit(f"not trained: {outcome}")
    scorer = Scorer(
        method="mlp",
        calibration="",
        preparer=data.preparer,
        weighers={},
        model=outcome.model,
        weight=1.0,
        fold=None,
    )
    predictor = Predictor(
        outputs=Outputs.INDEPENDENT,
        classes=("Signal",),
        probabilities=True,
        spec=InputSpec(names=names, shapes={"features": (len(names["features"]),)}),
        columns=(ResultMembers((scorer,)),),
    )
    columns = {"weight": "Weights", "process": "process", "event_number": "event"}
    save_predictor(predictor, folder / "network", {"columns": columns})


def in_a_process(way: str, folder: Path) -> dict:
    """Run one way in a process of its own."""
    command = [sys.executable, __file__, "--way", way, "--folder", str(folder)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(ended.stdout.splitlines()[-1])


def run(way: str, folder: Path) -> dict:
    """What the process does."""
    if way == "network":
        return network_rates(folder)
    from sortal.systems.cms.applying.apply import apply

    with Peak() as peak:
        done = apply(
            folder,
            [folder / "events.root"],
            folder / f"{way}.root",
            shifts=SHIFT if way == "shifted" else None,
        )
    busy = done.reading + done.scoring + done.writing
    shares = {what: getattr(done, what) / busy for what in ("reading", "scoring", "writing")}
    return {"rate": done.rate, "megabytes": peak.megabytes, **shares}


def network_rates(folder: Path) -> dict[str, tuple[float, float]]:
    """Events/s by the clock on two threads, and a processor second on one."""
    import torch

    from sortal.data.inputs import Inputs
    from sortal.jobs.applying.predictor_folder import load_predictor
    from sortal.systems.cms.simulation.processes import make_problem
    from sortal.systems.cms.simulation.simulate import simulate

    predictor = load_predictor(folder / "network")
    ((scorer,),) = (column.scorers for column in predictor.columns)
    sample = simulate(make_problem("binary"), PIECE, seed=3)
    rates = {}
    for kind in (np.float32, np.float64):
        inputs = Inputs({"features": sample.values.astype(kind)}, np.arange(len(sample)))
        prepared = scorer.preparer.apply(inputs)
        ways: dict[str, Callable[[], object]] = {
            "model": lambda held=prepared: scorer.model.scores(held),
            "predictor": lambda held=inputs: predictor.predict(held),
        }
        for name, score in ways.items():
            clocked = []
            for threads, clock in ((THREADS, perf_counter), (1, process_time)):
                torch.set_num_threads(threads)
                clocked.append(len(sample) / fastest(score, clock))
            rates[f"{name}, {np.dtype(kind)}"] = tuple(clocked)
    return rates


def fastest(work: Callable[[], object], clock: Callable[[], float]) -> float:
    """Seconds of the best of several rounds."""
    best = float("inf")
    for _ in range(REPEATS):
        started = clock()
        work()
        best = min(best, clock() - started)
    return best


if __name__ == "__main__":
    main()
