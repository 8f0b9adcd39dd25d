"""Scores of a classifier as a table: every reported example of every fold, in the order of the data."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import load_iris

from sortal.engines.inline import InlineEngine
from sortal.errors import NotFound, UserError
from sortal.jobs.ensembles.ensemble import ensemble
from sortal.jobs.imports.predictions import import_predictions
from sortal.jobs.launch import launch
from sortal.jobs.results.results import JobResults
from sortal.jobs.running.run_options import RunOptions
from sortal.store.store import Store

pytestmark = pytest.mark.usefixtures("inline")

FOLDS = {
    "title": "folds",
    "data": {"source": "iris", "split": {"kind": "folds", "folds": 4, "each_fold": True}},
    "bootstrap": 0,
    "classifiers": [
        {"method": "extratrees", "title": "trees", "parameters": {"n_estimators": 5}, "seeds": 2},
    ],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A store in which the folds have been run."""
    folder = tmp_path_factory.mktemp("folds") / "store"
    launch(FOLDS, store=folder, options=RunOptions(cores=1), engines=InlineEngine())
    return folder


@pytest.fixture(scope="module")
def results(folder):
    return JobResults.read(Store.open(folder), "folds")


def test_every_example_of_every_fold_has_its_row(results):
    table = results.scores("trees")
    assert table.columns[:3] == ["id", "label", "fold"]
    assert table["id"].to_list() == list(range(150))
    names = load_iris().target_names[load_iris().target]
    assert table["label"].to_list() == names.tolist()
    assert table.null_count().sum_horizontal().item() == 0
    for split in results.splits:
        assert set(table.filter(fold=split.fold)["id"]) == set(split.test.tolist())


def test_scores_of_a_fold_are_those_of_its_member(results):
    table = results.scores("trees", seed=1)
    (result,) = results.titled("trees")
    for member in result.members:
        if member.entry.seed == 1:
            stored = results.store.members.scores([member.entry.key])[0]
            told = table.filter(fold=member.entry.fold).select(pl.col("^score_.*$")).to_numpy()
            np.testing.assert_array_equal(told, stored[len(stored) - len(told) :])


def test_of_several_seeds_the_first_speaks_or_the_one_named(results):
    first = results.scores("trees")
    assert first.equals(results.scores("trees", seed=0))
    assert not first.equals(results.scores("trees", seed=1))
    with pytest.raises(UserError, match=r"expected one of the seeds \[0, 1\], got 7"):
        results.scores("trees", seed=7)


def test_the_result_of_one_fold_has_the_scores_of_that_fold(results):
    table = results.scores("trees fold2")
    assert set(table["fold"]) == {2}
    assert table.equals(results.scores("trees").filter(fold=2))


def test_a_fold_without_a_member_has_rows_without_scores(results):
    (whole,) = results.titled("trees")
    kept = tuple(member for member in whole.members if member.entry.fold != 0)
    lacking = replace(results, results=(replace(whole, members=kept),))
    table = lacking.scores("trees")
    assert table["id"].to_list() == list(range(150))
    blank = table.filter(pl.col("score_setosa").is_null())
    assert set(blank["fold"]) == {0}
    assert len(blank) == len(results.splits[0].test)
    assert table.columns == results.scores("trees").columns


def test_scores_of_folds_come_back_as_an_import(results, tmp_path):
    store = Store.open(tmp_path / "store")
    results.scores("trees").write_csv(tmp_path / "theirs.csv")
    made = import_predictions(store, [tmp_path / "theirs.csv"], job="again")
    again = made.results.scores("theirs").sort("id")
    assert again["score_setosa"].to_list() == results.scores("trees")["score_setosa"].to_list()
    assert "fold" not in again.columns


def test_an_import_into_folds_is_told_by_fold(folder, results, tmp_path):
    import shutil

    store = Store.open(shutil.copytree(folder, tmp_path / "store"))
    said = results.scores("trees")
    said.drop("fold").write_csv(tmp_path / "theirs.csv")
    made = import_predictions(store, [tmp_path / "theirs.csv"], job="folds")
    assert made.results.scores("theirs").drop("id").equals(said.drop("id"))


def test_an_ensemble_of_folds_has_all_rows_and_its_spread(folder, tmp_path):
    import shutil

    store = Store.open(shutil.copytree(folder, tmp_path / "store"))
    made = ensemble(store, ["folds/trees"], title="both")
    table = made.results.scores("both")
    assert len(table) == 150
    assert table.columns[-1] == "spread_virginica"
    assert set(table["fold"]) == {0, 1, 2, 3}


def test_independent_targets_are_told_by_target(run, tmp_path):
    generator = np.random.default_rng(2)
    frame = pl.DataFrame({"x": generator.normal(size=90), "name": [f"s{n}" for n in range(90)]})
    frame = frame.with_columns(
        up=pl.when(pl.col("x") > 1).then(None).otherwise((pl.col("x") > 0).cast(int)),
        low=(pl.col("x") < -0.3).cast(int),
    )
    frame.write_csv(tmp_path / "stars.csv")
    job = {
        "title": "stars",
        "data": {
            "source": str(tmp_path / "stars.csv"),
            "id": "name",
            "label": ["up", "low"],
            "targets": "independent",
            "split": {"kind": "folds", "folds": 3},
        },
        "bootstrap": 0,
        "classifiers": [{"method": "gaussiannb"}],
    }
    results = run(job).results
    known = frame.filter(pl.col("up").is_not_null())
    up, low = results.scores("gaussiannb", "up"), results.scores("gaussiannb", "low")
    assert up["id"].to_list() == known["name"].to_list()
    assert up["label_up"].to_list() == known["up"].to_list()
    assert low["id"].to_list() == frame["name"].to_list()
    assert up.columns == ["id", "label_up", "fold", "score_up"]
    with pytest.raises(NotFound):
        results.scores("gaussiannb", "down")


def test_one_member_speaks_of_its_own_fold(results):
    (result,) = results.titled("trees")
    member = next(m for m in result.members if (m.entry.seed, m.entry.fold) == (1, 2))
    table = results.scores("trees", member=member.entry.key)
    assert table.equals(results.scores("trees", seed=1).filter(fold=2).drop("fold"))
    with pytest.raises(NotFound, match="no member named 'nobody'"):
        results.scores("trees", member="nobody")
