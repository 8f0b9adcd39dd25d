"""Tables of a survey with everything that real tables have, and jobs run in stores of their own."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from sortal.jobs.launch import Launched, launch

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
def run(tmp_path: Path) -> Run:
    """Run a job in a new store, with one worker."""

    def launched(
        job: Mapping[str, Any] | Path, store: Path | None = None, **options: Any
    ) -> Launched:
        return launch(job, store=store or tmp_path / "store", **{"cores": 1, **options})

    return launched
