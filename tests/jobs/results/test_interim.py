"""Networks in mid-training are listed, and become results as they are without being finished."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from sklearn.datasets import load_wine

import sortal
from sortal.cli.jobs.run import run_and_report
from sortal.cli.jobs.show import show
from sortal.engines.base import Finished, Json, Report, Started
from sortal.engines.inline import InlineEngine
from sortal.jobs.results.results import JobResults
from sortal.jobs.running.run_options import RunOptions
from sortal.jobs.running.task import run as run_task
from sortal.store.store import Store
from sortal.store.upkeep.collect import free_disk
from sortal.store.upkeep.verify import find_damages
from sortal.training.snapshots.snapshot import Snapshot

JOB: dict[str, Any] = {
    "title": "wines",
    "bootstrap": 0,
    "data": {"source": "wine", "scaling": "standard", "split": {"validation": 0.2}},
    "classifiers": [
        {
            "method": "mlp",
            "title": "lr {learning_rate}",
            "parameters": {
                "hidden_layer_sizes": [[16]],
                "learning_rate": [0.03, 0.001],
                "batch_size": 16,
                "epochs": 15,
                "keep_best": True,
                "dropout": 0.1,
            },
            "seeds": 2,
        },
        {"method": "gaussiannb"},
    ],
}


class Leaving:
    """A line whose driver asks for an end after some reports."""

    def __init__(self, reports: int) -> None:
        self._left = reports

    def send(self, body: Json) -> None:
        self._left -= 1

    def stopping(self) -> bool:
        return self._left < 0


@pytest.fixture
def interrupt(run: Callable[..., Any]) -> Callable[..., Any]:
    """Run a job that is asked to end after so many reports."""

    def interrupted(reports: int, job: Mapping[str, Any] = JOB, **options: Any) -> Any:
        class Engine(InlineEngine):
            def map(self, function: str, tasks: Mapping[str, Json]) -> Iterator[Report]:
                for name, task in tasks.items():
                    yield Started(name)
                    yield Finished(name, run_task(task, Leaving(reports)), 0.0)

        return run(job, on=Engine(), **options)

    return interrupted


@pytest.fixture
def store(tmp_path: Path) -> Callable[[], Store]:
    return lambda: Store.open(tmp_path / "store")


def scores(results: JobResults, title: str) -> np.ndarray:
    return results.scores(title).select("^score_.*$").to_numpy()


@pytest.mark.usefixtures("inline")
def test_members_in_training_are_listed_with_their_best_loss(interrupt, capsys, store):
    """With their epochs, too."""
    launched = interrupt(7)
    assert launched.summary.paused == 4
    rows = launched.results.unfinished().to_dicts()
    assert [(row["title"], row["seed"]) for row in rows] == [
        ("lr 0.03", 0),
        ("lr 0.03", 1),
        ("lr 0.001", 0),
        ("lr 0.001", 1),
    ]
    (path,) = store().folder.glob("snapshots/*/*.safetensors")
    about = Snapshot.read(path).about
    assert {row["epochs"] for row in rows} == {about["epoch"]}
    lowest = [min(one["validation_loss"] for one in rows) for rows in about["history"].values()]
    assert [row["validation_loss"] for row in rows] == lowest
    with pytest.raises(typer.Exit):
        show("wines", store=store().folder, top=9)
    assert "in mid-training" in capsys.readouterr().out


@pytest.mark.usefixtures("inline")
def test_as_they_are_members_have_their_best_weights_and_say_so(interrupt, run):
    interrupt(9)
    results = run(JOB, as_is=True).results
    (result,) = results.titled("lr 0.03 (unfinished)")
    assert len(result.members) == 2
    for member, course in zip(result.members, result.courses, strict=True):
        (note, *_) = member.record.notes
        assert f"the weights of epoch {course.best['epoch']:g} are kept" in note
        assert "stopped on request after" in note
    loaded = sortal.load("wines", store=results.store.folder)
    assert len(loaded.predict(result, load_wine().data[:3])) == 3
    assert results.unfinished()["title"].n_unique() == 2, "they are unfinished all the same"


@pytest.mark.usefixtures("inline")
def test_a_rerun_after_that_ends_like_an_uninterrupted_one(interrupt, run, tmp_path, store):
    whole = run(JOB, store=tmp_path / "whole").results
    interrupt(5)
    run(JOB, as_is=True)
    interrupt(4)
    again = run(JOB, as_is=True).results
    assert len(again.titled("lr 0.03 (unfinished)")[0].members) == 2
    launched = run(JOB)
    assert (launched.summary.trained, launched.summary.stored) == (4, 1)
    results = launched.results
    assert {one.title for one in results.results} == {"lr 0.03", "lr 0.001", "gaussiannb"}
    for title in ("lr 0.03", "lr 0.001"):
        assert np.array_equal(scores(results, title), scores(whole, title))
        for ours, theirs in zip(
            results.titled(title)[0].courses, whole.titled(title)[0].courses, strict=True
        ):
            assert ours == theirs
    assert results.record.interim == ()
    assert results.unfinished().is_empty()
    assert find_damages(store()) == []
    assert free_disk(store()).segments == 2, "what was made on the way is of no more use"


@pytest.mark.usefixtures("inline")
def test_what_is_as_it_was_is_not_made_again(interrupt, run):
    interrupt(6)
    assert run(JOB, as_is=True).summary.trained == 4
    assert run(JOB, as_is=True).summary.trained == 0
    assert run(JOB).summary.trained == 4


@pytest.mark.usefixtures("inline")
def test_without_networks_in_training_there_is_nothing_to_use(run, inline, tmp_path, capsys):
    run(JOB)
    job = tmp_path / "wines.json"
    job.write_text(json.dumps(JOB))
    launched = run_and_report(
        job,
        store=tmp_path / "store",
        options=RunOptions(cores=1, as_is=True),
        figures=tmp_path,
        quiet=True,
        engines=inline,
    )
    assert launched.summary.exit_code == 0
    assert "no other network of this job is in mid-training" in capsys.readouterr().out


@pytest.mark.usefixtures("inline")
def test_a_snapshot_of_another_training_makes_no_result(interrupt, run, monkeypatch):
    interrupt(6)
    monkeypatch.setattr("sortal.methods.neural.training.meaning_of", lambda *_: "another")
    launched = run(JOB, as_is=True)
    assert launched.summary.trained == 0
    reasons = {failure.reason for failure in launched.results.failed.values()}
    assert reasons == {"its snapshot is of another training and cannot be used"}
