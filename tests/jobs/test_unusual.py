"""Jobs at the edge of sense: they run, or say what is wrong."""

import numpy as np
import polars as pl
import pytest

from sortal.data.split import Part
from sortal.job.problems import JobError
from sortal.jobs.pictures.draw import write_figures
from sortal.jobs.results.lookup import find_job
from sortal.store.store import Store
from sortal.views.ranking import tied_sentence

pytestmark = pytest.mark.usefixtures("inline")

NB = {"method": "gaussiannb"}


@pytest.fixture
def gappy(tmp_path):
    """Make data of two targets, of which `b` is unknown for some rows; the last 20 of 60 test."""

    def make(unknown: slice) -> dict[str, object]:
        inputs = np.random.default_rng(0).normal(size=60)
        known = (inputs > 0).astype(int).astype(str)
        partly = (inputs > 0.3).astype(int).astype(str)
        partly[unknown] = ""
        role = ["train"] * 40 + ["test"] * 20
        table = pl.DataFrame({"x": inputs, "a": known, "b": partly, "role": role})
        table.write_csv(tmp_path / "gappy.csv")
        return {
            "source": str(tmp_path / "gappy.csv"),
            "label": ["a", "b"],
            "targets": "independent",
            "split": {"kind": "column", "column": "role"},
        }

    return make


def test_a_target_unknown_in_the_test_part_has_no_test_metrics(run, gappy, tmp_path):
    others = [{"method": "kneighbors"}, {"method": "xgboost", "parameters": {"n_estimators": 3}}]
    launched = run({"data": gappy(slice(40, None)), "classifiers": [NB, *others]})
    results = launched.results
    assert launched.summary.exit_code == 0
    assert {r.members[0].scores[Part.TEST].examples for r in results.only("b").results} == {0}
    assert results.best("a") is not None
    assert results.best("b") is None
    assert results.ranking("b")["macro_f1"].is_nan().all()
    assert "no classifier" in tied_sentence(results, "b")
    assert write_figures(results, tmp_path / "figures")


def test_a_target_unknown_in_the_training_part_is_a_problem(run, gappy):
    with pytest.raises(JobError) as caught:
        run({"data": gappy(slice(0, 40)), "classifiers": [NB]})
    (problem,) = caught.value.problems
    assert problem.path == "data.label"
    assert "'b'" in problem.expected


def test_a_split_that_leaves_nothing_to_judge_by_is_a_problem(run):
    with pytest.raises(JobError, match="nothing is left to judge by"):
        run({"data": {"source": "iris", "split": {"test": 0.0}}, "classifiers": [NB]})


@pytest.mark.parametrize(
    ("file", "name"),
    [("été (1).yaml", "t_ (1)"), ("_x.yaml", "x"), ("結果.json", "job"), ("a.b.yaml", "a.b")],
)
def test_a_job_without_title_is_named_after_its_file(file, name, run, tmp_path):
    path = tmp_path / file
    path.write_text('{"data": {"source": "iris"}, "classifiers": [{"method": "naive"}]}')
    assert run(path).results.name == name
    assert find_job(Store.open(tmp_path / "store"), str(path)).name == name


def test_more_combinations_than_anyone_can_train_are_a_problem(run):
    values = {"start": 1, "stop": 100_000, "step": 1}
    block = {"method": "svm", "parameters": {"C": values, "coef0": values}}
    with pytest.raises(JobError, match="got 10000000000"):
        run({"data": {"source": "iris"}, "classifiers": [block]})


def test_a_class_without_training_examples_is_scored_too(run, tmp_path):
    rows = [f"{n},{'ab'[n % 2]},train" for n in range(20)]
    rows += [f"{n},{'abc'[n % 3]},test" for n in range(9)]
    (tmp_path / "late.csv").write_text("x,kind,role\n" + "\n".join(rows))
    data = {
        "source": str(tmp_path / "late.csv"),
        "label": "kind",
        "split": {"kind": "column", "column": "role"},
    }
    launched = run({"data": data, "classifiers": [NB, {"method": "kneighbors"}], "bootstrap": 0})
    for result in launched.results.results:
        assert result.confusion.shape == (3, 3)
        assert result.confusion[2].sum() == 3
        assert result.confusion[:, 2].sum() == 0
