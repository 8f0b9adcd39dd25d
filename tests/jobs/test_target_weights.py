"""Jobs whose targets weigh the examples each in its own way."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from sortal.data.split import Part

METHODS = [
    {"method": "logistic"},
    {"method": "xgboost", "parameters": {"n_estimators": 5}},
    {"method": "logistic", "calibrate": "sigmoid", "title": "calibrated"},
    {
        "method": "mlp",
        "parameters": {"hidden_layer_sizes": [8], "epochs": 4, "early_stopping": 2},
        "seeds": 2,
    },
]


@pytest.fixture
def job(tmp_path: Path) -> Callable[[Any], dict[str, Any]]:
    generator = np.random.default_rng(3)
    features = generator.normal(size=(200, 3))
    noisy = features + generator.normal(size=(200, 3))
    table = {name: features[:, i] for i, name in enumerate("abc")}
    table |= {name: (noisy[:, i] > 0).astype(int) for i, name in enumerate("xy")}
    table |= {name: generator.gamma(1.0, size=200) for name in ("wx", "wy")}
    pl.DataFrame(table).write_csv(tmp_path / "t.csv")

    def made(weight: Any) -> dict[str, Any]:
        return {
            "title": "weighted",
            "bootstrap": 0,
            "data": {
                "source": str(tmp_path / "t.csv"),
                "label": ["x", "y"],
                "targets": "independent",
                "inputs": ["a", "b", "c"],
                "weight": weight,
                "split": {"validation": 0.2},
            },
            "classifiers": METHODS,
        }

    return made


@pytest.mark.usefixtures("inline")
def test_members_of_a_target_use_its_weights_alone(run, job, tmp_path):
    both = run(job({"x": "wx", "y": "wy"})).results
    for target, column in (("x", "wx"), ("y", "wy")):
        alone = run(job(column), store=tmp_path / column).results
        for title in ("logistic", "xgboost", "calibrated", "mlp"):
            (ours,), (theirs,) = both.titled(title, target), alone.titled(title, target)
            np.testing.assert_allclose(
                both.scores(title, target)[f"score_{target}"].to_numpy(),
                alone.scores(title, target)[f"score_{target}"].to_numpy(),
                atol=1e-5,
            )
            mine, other = (one.members[0].scores[Part.TEST].figures for one in (ours, theirs))
            assert mine == pytest.approx(other, abs=1e-4, nan_ok=True)


@pytest.mark.usefixtures("inline")
def test_a_target_without_a_column_weighs_all_examples_alike(run, job, tmp_path):
    some = run(job({"x": "wx"})).results
    none = run(job(None), store=tmp_path / "none").results
    for title in ("logistic", "mlp"):
        mine, other = (one.scores(title, "y")["score_y"].to_numpy() for one in (some, none))
        np.testing.assert_allclose(mine, other, atol=1e-5)
        mine, other = (one.scores(title, "x")["score_x"].to_numpy() for one in (some, none))
        assert np.abs(mine - other).max() > 1e-3
