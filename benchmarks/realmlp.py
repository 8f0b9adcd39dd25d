"""realmlp against mlp, xgboost and histgradientboosting: log loss on real data, paired.

Nothing is simulated: scikit-learn's breast_cancer, digits and wine, and 10,984 events of HIGGS
(Whiteson 2014) where ../shared/data/hep has them. 5 stratified folds x 3 seeds; every example is
scored by the members that did not see it. Defaults everywhere, but mlp keeps its best epoch by
validation loss, as realmlp does by default, each on a tenth of its training examples; the tested
fold decides nothing. A method's loss on an example is the mean over seeds; differences are taken
example by example, and their 95 % intervals are bootstrapped over examples.

The question is whether realmlp's log loss is below that of mlp on digits and HIGGS, and on no
data set above that of the best tree by more than the interval of the difference.

Division 0 was looked at while the temperature of realmlp was made; so the default is another.

--quick: 2 folds x 1 seed of breast_cancer and wine. --attempts: realmlp with label smoothing and
temperature off and on, too.
"""

import argparse
import json
import os
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import polars
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from threadpoolctl import threadpool_limits

from side_by_side import Silent, processor
from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import Labels
from sortal.data.prepared import Prepared
from sortal.data.preparing.preparer import Preparation
from sortal.data.split import Part, Split
from sortal.data.splitting.divide import divide
from sortal.evaluation.bootstrap import interval, resampled_sums
from sortal.job.models import FoldSplit
from sortal.methods import registry
from sortal.methods.contract.base import Member, Population, Trained
from sortal.metrics.probability import log_losses

HIGGS = Path(__file__).parents[2] / "shared/data/hep/higgs_uci_subset_10984.csv.gz"
RESAMPLES = 10_000


@dataclass(frozen=True)
class Way:
    """A method and what it is told beside its defaults."""

    method: str
    told: Mapping[str, Any]


# Losses of training examples are only for looking at.
_UNSEEN = {"training_loss": False}
WAYS = {
    "realmlp": Way("realmlp", _UNSEEN),
    "mlp": Way("mlp", {**_UNSEEN, "keep_best": True}),
    "xgboost": Way("xgboost", {}),
    "histgradientboosting": Way("histgradientboosting", {}),
}
TREES = ("xgboost", "histgradientboosting")
_RAW, _SHARP = {"fit_temperature": False}, {"label_smoothing": 0.0}
ATTEMPTS = {
    "realmlp, no temperature": Way("realmlp", {**_UNSEEN, **_RAW}),
    "realmlp, no smoothing": Way("realmlp", {**_UNSEEN, **_SHARP}),
    "realmlp, neither": Way("realmlp", {**_UNSEEN, **_RAW, **_SHARP}),
}


@dataclass(frozen=True)
class Told:
    """What a way said of every tested example, each of shape (examples,)."""

    losses: np.ndarray
    """Log loss, the mean over seeds."""

    right: np.ndarray
    """Share of seeds that are right."""

    seconds: float
    """Of training and scoring one member."""


def main() -> None:
    asked = read_arguments()
    seeds, folds = (1, 2) if asked.quick else (3, 5)
    ways = {**WAYS, **ATTEMPTS} if asked.attempts else WAYS
    print(f"{processor()}, {os.cpu_count()} cores; {asked.threads} threads; Python", end=" ")
    packages = ("torch", "scikit-learn", "xgboost-cpu", "numpy")
    print(platform.python_version(), *(f"{one} {version(one)}" for one in packages), sep=", ")
    print("| data | method | log loss | accuracy | realmlp minus this | s a member |")
    print("|---|---|---|---|---|---|", flush=True)
    ratios: dict[str, float | bool] = {}
    for dataset in datasets(asked.only, asked.higgs_rows, quick=asked.quick):
        splits = divide(dataset, FoldSplit(kind="folds", folds=5), asked.division)[:folds]
        with threadpool_limits(asked.threads):
            told = {
                name: ask(way, dataset, splits, seeds, asked.threads) for name, way in ways.items()
            }
        ratios |= tell(dataset.name, told)
    print(json.dumps(ratios))


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="2 folds x 1 seed, under a minute")
    parser.add_argument("--attempts", action="store_true", help="variants of realmlp too")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--higgs-rows", type=int, help="only the first so many; all if not given")
    parser.add_argument("--division", type=int, default=1, help="seed of the folds")
    parser.add_argument("--only", nargs="*", default=(), help="names of data sets")
    return parser.parse_args()


def datasets(only: list[str], rows: int | None, *, quick: bool) -> Iterator[Dataset]:
    loaders = {"breast_cancer": load_breast_cancer, "wine": load_wine, "digits": load_digits}
    for name, load in loaders.items():
        if name in only or not (only or (quick and name == "digits")):
            yield described(name, *load(return_X_y=True))
    if HIGGS.exists() and ("HIGGS" in only or not (only or quick)):
        table = polars.read_csv(HIGGS, n_rows=rows)
        codes = table["label"].cast(polars.Int64).to_numpy()
        yield described("HIGGS", table.drop("label").cast(polars.Float64).to_numpy(), codes)


def described(name: str, matrix: np.ndarray, codes: np.ndarray) -> Dataset:
    return Dataset(
        name=name,
        inputs=Inputs({"features": matrix}, np.arange(len(matrix))),
        labels=Labels(codes, tuple(map(str, range(int(codes.max()) + 1)))),
        names={"features": tuple(f"f{number}" for number in range(matrix.shape[1]))},
    )


def ask(way: Way, dataset: Dataset, splits: tuple[Split, ...], seeds: int, threads: int) -> Told:
    """Train on every fold's training examples and score its tested ones."""
    started = perf_counter()
    losses, right = [], []
    for split in splits:
        data = Prepared.fit(dataset, split, Preparation(scaling="standard"))
        truth = np.asarray(data.labels(Part.TEST).codes)
        scores = np.concatenate(list(scored(way, data, seeds, threads)))
        losses.append(log_losses(truth, scores).mean(axis=0))
        right.append((scores.argmax(axis=2) == truth).mean(axis=0))
    seconds = (perf_counter() - started) / (len(splits) * seeds)
    return Told(np.concatenate(losses), np.concatenate(right), seconds)


def scored(way: Way, data: Prepared, seeds: int, threads: int) -> Iterator[np.ndarray]:
    """Scores of members of all seeds, those together that may train together."""
    method = registry.find(way.method)
    members = [
        Member(
            key=str(seed), method=way.method, parameters=method.Parameters(**way.told), seed=seed
        )
        for seed in range(seeds)
    ]
    together = [tuple(members)] if "seed" in method.shares else [(one,) for one in members]
    for population in together:
        for outcome in method.train(
            Population(members=population, threads=threads), data, Silent()
        ):
            if not isinstance(outcome, Trained):
                raise SystemExit(f"not trained: {outcome}")
            yield outcome.model.scores(data.inputs(Part.TEST))


def tell(name: str, told: Mapping[str, Told]) -> dict[str, float | bool]:
    """Print a line a method; return ratios of log losses, and whether the question's answer is yes."""
    ours = told["realmlp"].losses
    means = {way: one.losses.mean() for way, one in told.items()}
    best = min(TREES, key=lambda tree: means[tree])
    bounds = {way: of_difference(ours - one.losses) for way, one in told.items()}
    for way, one in told.items():
        low, high = bounds[way]
        gap = (
            ""
            if way == "realmlp"
            else f"{(ours - one.losses).mean():+.4f} [{low:+.4f}, {high:+.4f}]"
        )
        print(
            f"| {name} | {way} | {means[way]:.4f} | {one.right.mean():.4f} | {gap} "
            f"| {one.seconds:.1f} |",
            flush=True,
        )
    holds = bool(bounds[best][0] <= 0)
    if name in {"digits", "HIGGS"}:
        holds = holds and bool(means["realmlp"] < means["mlp"])
    return {
        f"{name}_vs_mlp": round(float(means["realmlp"] / means["mlp"]), 4),
        f"{name}_vs_best_tree": round(float(means["realmlp"] / means[best]), 4),
        f"{name}_holds": holds,
    }


def of_difference(differences: np.ndarray) -> tuple[float, float]:
    """95 % interval of the mean of paired differences."""
    columns = np.stack([np.ones(len(differences)), differences], axis=1)
    counts, sums = resampled_sums(columns, resamples=RESAMPLES, seed=0)[0].T
    low, high = interval((sums / counts)[:, np.newaxis])[0]
    return float(low), float(high)


if __name__ == "__main__":
    main()
