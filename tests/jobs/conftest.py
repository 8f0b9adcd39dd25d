"""Tables of a survey with everything that real tables have, and jobs run in stores of their own."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from sortal.engines.base import Finished, Json, Report, Started
from sortal.jobs.launch import Launched, launch
from sortal.jobs.task import run as run_task

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


class Inline:
    """An engine that runs tasks in this process, one after another: quick, and seen by debuggers."""

    def __init__(self, workers: int, threads: int) -> None:
        self._waiting: list[tuple[str, Json]] = []

    def __enter__(self) -> "Inline":
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def map(self, function: str, tasks: Mapping[str, Json]) -> Iterator[Report]:
        self._waiting += tasks.items()
        while self._waiting:
            name, task = self._waiting.pop(0)
            yield Started(name)
            yield Finished(name, run_task(task, _Deaf()), 0.0)

    def stop(self) -> None:
        self._waiting.clear()


class _Deaf:
    def send(self, body: Json) -> None:
        pass

    def stopping(self) -> bool:
        return False


@pytest.fixture(scope="session")
def inline_engine() -> type[Inline]:
    """For fixtures that outlive a test; tests themselves use `inline`."""
    return Inline


@pytest.fixture
def inline(monkeypatch: pytest.MonkeyPatch, inline_engine: type[Inline]) -> None:
    """Jobs of this test train in this process."""
    monkeypatch.setattr("sortal.jobs.run.Here", inline_engine)


Run = Callable[..., Launched]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a job in a new store, with one worker."""

    def launched(
        job: Mapping[str, Any] | Path, store: Path | None = None, **options: Any
    ) -> Launched:
        return launch(job, store=store or tmp_path / "store", **{"cores": 1, **options})

    return launched
