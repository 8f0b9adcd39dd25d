"""What jobs keep of how networks learnt, and of one that did not."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import typer

import sortal
from sortal.cli.jobs.show import show
from sortal.engines.inline import InlineEngine
from sortal.errors import UserError
from sortal.jobs.launch import Launched, launch
from sortal.jobs.running.run_options import RunOptions
from sortal.options import TableFormat

JOB: dict[str, Any] = {
    "title": "wines",
    "bootstrap": 0,
    "data": {"source": "wine", "scaling": "standard", "split": {"validation": 0.2}},
    "classifiers": [
        {
            "method": "mlp",
            "title": "lr {learning_rate}",
            "parameters": {
                "hidden_layer_sizes": [[16, 16]],
                "optimiser": "sgd",
                "learning_rate": [0.1, 1e6, 0.05],
                "batch_size": 16,
                "epochs": 12,
                "early_stopping": 4,
            },
            "seeds": 2,
        },
        {"method": "gaussiannb"},
    ],
}
METRICS = {"loss", "training_loss", "validation_loss"}


@pytest.fixture(scope="module")
def launched(tmp_path_factory: pytest.TempPathFactory) -> Launched:
    return launch(
        JOB,
        store=tmp_path_factory.mktemp("history") / "store",
        options=RunOptions(cores=1),
        engines=InlineEngine(),
    )


def test_a_network_that_diverges_fails_alone_and_says_why(launched):
    assert launched.summary.exit_code == 1
    failures = launched.results.failed
    assert failures.keys() == {"lr 1e+06 (seed 0)", "lr 1e+06 (seed 1)"}
    for failure in failures.values():
        assert "loss became" in failure.reason
        assert "lower learning_rate (1e+06) or scale the features" in failure.reason
        assert failure.traceback == ""
    assert {result.title for result in launched.results.results} == {
        "lr 0.1",
        "lr 0.05",
        "gaussiannb",
    }


@pytest.mark.usefixtures("inline")
def test_a_network_that_diverges_harms_nobody(launched, run):
    (block, other) = JOB["classifiers"]
    calm = {**block, "parameters": {**block["parameters"], "learning_rate": [0.1, 0.05]}}
    alone = run({**JOB, "classifiers": [calm, other]}).results
    for title in ("lr 0.1", "lr 0.05"):
        np.testing.assert_allclose(
            launched.results.scores(title).select(pl.col("^score_.*$")).to_numpy(),
            alone.scores(title).select(pl.col("^score_.*$")).to_numpy(),
            atol=1e-5,
        )


def test_history_has_a_row_for_every_epoch_member_and_metric(launched):
    (result,) = launched.results.titled("lr 0.1")
    history = result.history
    assert history.columns == ["seed", "fold", "epoch", "metric", "value"]
    assert set(history["metric"]) == METRICS
    assert set(history["seed"]) == {0, 1}
    assert not history.select("seed", "epoch", "metric").is_duplicated().any()
    for (_, _), rows in history.group_by("seed", "metric"):
        epochs = rows["epoch"].to_list()
        assert epochs == list(range(1, len(epochs) + 1))
    assert history["value"].is_finite().all()


def test_the_best_epoch_is_that_of_the_least_validation_loss(launched):
    (result,) = launched.results.titled("lr 0.05")
    table = result.course_table()
    watched = result.history.filter(metric="validation_loss")
    for row in table.iter_rows(named=True):
        own = watched.filter(seed=row["seed"]).sort("value", "epoch")
        assert row["best_epoch"] == own["epoch"][0]
        assert row["validation_loss"] == own["value"][0]
        assert row["epochs"] == own["epoch"].max()


def test_methods_without_a_course_have_an_empty_history(launched):
    (result,) = launched.results.titled("gaussiannb")
    assert result.history.is_empty()
    with pytest.raises(UserError, match="gaussiannb keeps no history"):
        show("gaussiannb", store=launched.results.store.folder, history=True)


def test_history_is_printed_as_it_is_kept(launched, capsys):
    folder = launched.results.store.folder
    show("wines/lr 0.1", store=folder, form=TableFormat.CSV, history=True)
    read = pl.read_csv(capsys.readouterr().out.encode())
    (result,) = launched.results.titled("lr 0.1")
    assert read["value"].to_list() == result.history["value"].to_list()


def test_showing_a_network_prints_and_draws_its_training(launched, capsys, tmp_path: Path):
    with pytest.raises(typer.Exit):
        show("wines/lr 0.1", store=launched.results.store.folder, figures=tmp_path)
    out = capsys.readouterr().out
    assert "training" in out
    assert "best epoch" in out
    assert (tmp_path / "learning-lr_0.1.png").stat().st_size > 5000


def test_learning_curves_are_drawn_in_notebooks(launched):
    results = sortal.load("wines", store=launched.results.store.folder)
    figure = results.learning_figure("lr 0.1")
    (axes,) = figure.axes
    drawn = {line.get_label(): line for line in axes.lines}
    assert {"loss", "training loss", "validation loss", "best epoch"} <= drawn.keys()
    (result,) = results.titled("lr 0.1")
    lowest = min(course.best["validation_loss"] for course in result.courses)
    assert min(drawn["best epoch"].get_ydata()) == lowest
    with pytest.raises(UserError, match="gaussiannb: no history"):
        results.learning_figure("gaussiannb")
