"""Tables of a survey with everything that real tables have, and jobs run in stores of their own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import psutil
import pytest

from sortal.engines.base import Engines
from sortal.events import Listener, silent
from sortal.jobs.launch import Launched, launch
from sortal.jobs.running.run_options import RunOptions
from sortal.store.store import Store

FEATURES = ("flux", "colour", "period", "skew", "amplitude")


@pytest.fixture(scope="session")
def survey() -> pl.DataFrame:
    """240 objects of three kinds, weighted, with missing features; rows in no order."""
    generator = np.random.default_rng(5)
    kind = generator.integers(0, 3, 240)
    features = generator.normal(size=(240, 5)) + kind[:, None] * np.array([1.2, -0.8, 0.5, 0, 0.3])
    features[generator.random((240, 5)) < 0.05] = np.nan
    columns = {
        name: pl.Series(values).fill_nan(None)
        for name, values in zip(FEATURES, features.T, strict=True)
    }
    return pl.DataFrame(
        {
            "name": [f"obs-{number}" for number in generator.permutation(1000)[:240]],
            **columns,
            "weight": generator.gamma(2.0, size=240),
            "kind": np.array(["galaxy", "quasar", "star"])[kind],
            "night": generator.integers(0, 12, 240),
            "fold": generator.integers(0, 3, 240),
            "role": generator.choice(["train", "validation", "test"], 240, p=[0.6, 0.15, 0.25]),
        }
    )


@pytest.fixture(scope="session")
def survey_files(survey: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the survey as survey.csv and survey.parquet."""
    folder = tmp_path_factory.mktemp("survey")
    survey.write_csv(folder / "survey.csv")
    survey.write_parquet(folder / "survey.parquet")
    return folder


@pytest.fixture(scope="session")
def survey_block(survey_files: Path) -> dict[str, Any]:
    """The data block that reads the survey."""
    return {
        "source": str(survey_files / "survey.csv"),
        "label": "kind",
        "id": "name",
        "weight": "weight",
        "inputs": list(FEATURES),
        "imputation": "median",
        "scaling": "standard",
    }


Run = Callable[..., Launched]


@pytest.fixture
def run(tmp_path: Path, engines: Engines | None) -> Run:
    """Run a job in a new store, with one worker."""

    def launched(
        job: Mapping[str, Any] | Path,
        store: Path | None = None,
        *,
        listener: Listener = silent,
        on: Engines | None = None,
        metrics: Sequence[Any] = (),
        **options: Any,
    ) -> Launched:
        return launch(
            job,
            store=store or tmp_path / "store",
            options=RunOptions(**{"cores": 1, **options}),
            listener=listener,
            engines=on or engines,
            metrics=metrics,
        )

    return launched


FRAGILE = '''\
"""A classifier that fails as it is told, for tests."""
import ctypes, os, signal, sys, time
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier

class Fragile(ClassifierMixin, BaseEstimator):
    def __init__(self, how="well", seconds=0.0):
        self.how, self.seconds = how, seconds

    def fit(self, X, y):
        time.sleep(self.seconds)
        if self.how == "exit":
            os._exit(3)
        if self.how == "sysexit":
            sys.exit(4)
        if self.how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.how == "crash":
            ctypes.string_at(0)
        if self.how == "raise":
            raise ValueError("no such luck")
        if self.how == "memory":
            raise MemoryError
        if self.how == "deaf":
            sum(range(10**13))  # native code that never releases the interpreter
        self.classes_ = np.unique(y)
        self.n_features_in_ = X.shape[1]
        return self

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))

    def predict(self, X):
        return np.full(len(X), self.classes_[0])
'''


class Command:
    """`sortal run` of one job in processes of their own."""

    def __init__(self, folder: Path, text: str) -> None:
        self.job = folder / "job.yaml"
        self.job.write_text(text)
        self.folder = folder
        self.processes: list[psutil.Popen] = []

    def start(self, store: str = "store", *options: str) -> psutil.Popen:
        path = os.pathsep.join([str(self.folder / "packages"), *sys.path])
        process = psutil.Popen(
            [
                *(sys.executable, "-m", "sortal", "run", str(self.job), "--quiet"),
                *("--store", str(self.folder / store), "--cores", "2"),
                *("--figures", str(self.folder / "figures")),
                *options,
            ],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        return process

    def run(self, store: str = "store", *options: str) -> tuple[int, str]:
        process = self.start(store, *options)
        out, err = process.communicate(timeout=250)
        return process.returncode, out + err

    def open(self, store: str = "store") -> Store:
        return Store.open(self.folder / store, create=False)

    def scores(self, store: str = "store") -> dict[str, tuple[bytes, bytes]]:
        """Bytes of scores and decisions by segment."""
        return {
            name.name: ((name / "scores.npy").read_bytes(), (name / "predicted.npy").read_bytes())
            for name in (self.folder / store).glob("segments/??/*")
        }

    def events(self, store: str = "store") -> list[dict[str, Any]]:
        logs = (self.folder / store / "logs").glob("*.jsonl")
        lines = [line for log in logs for line in log.read_text().split("\n")[:-1]]
        return [json.loads(line) for line in lines]

    def wait_for(self, seen: Callable[[dict[str, Any]], bool], store: str = "store") -> None:
        """Wait until the log tells of something."""
        deadline = time.monotonic() + 180
        while not any(map(seen, self.events(store))):
            assert time.monotonic() < deadline, "it never happened"
            assert self.processes[-1].poll() is None, "the run is over"
            time.sleep(0.02)


@pytest.fixture(scope="session")
def command_type() -> type[Command]:
    """For fixtures that outlive a test; tests themselves use `command`."""
    return Command


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Callable[[str], Command]]:
    made: list[Command] = []

    def make(text: str) -> Command:
        package = tmp_path / "packages" / "fragile"
        about = tmp_path / "packages" / "fragile-1.0.dist-info"
        package.mkdir(parents=True)
        about.mkdir()
        (package / "__init__.py").write_text(FRAGILE)
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: fragile\nVersion: 1.0\n")
        (about / "top_level.txt").write_text("fragile\n")
        (about / "RECORD").write_text("fragile/__init__.py,,\n")
        made.append(Command(tmp_path, text))
        return made[-1]

    yield make
    for one in made:
        for process in one.processes:
            if process.poll() is None:
                process.kill()
            process.communicate()
