"""`sortal ensemble` as a person calls it: made, shown, applied, deleted."""

import json

import polars as pl
import pytest
from sklearn.datasets import load_iris

JOB = """\
title: flowers
bootstrap: 100
data: {source: iris, scaling: standard}
classifiers:
  - {method: lda}
  - {method: gaussiannb}
  - {method: extratrees, title: trees, parameters: {n_estimators: 5}, seeds: 3}
  - {method: svm}
"""


@pytest.fixture(scope="module")
def made(trained):
    """The job, run once."""
    return trained(JOB)


@pytest.fixture
def four(sortal, made):
    return sortal("ensemble", "flowers/lda", "trees", "--title", "four")


def test_its_scores_are_listed_with_those_of_its_members(four):
    assert four.code == 0
    lines = four.out.splitlines()
    assert lines[0].startswith("four on test examples")
    assert "balanced accuracy [95 %]" in lines[1]
    rows = [line.split() for line in lines[3:7]]
    assert [row[0] for row in rows] == ["four", "flowers/lda", "flowers/trees", "flowers/trees"]
    assert all("[" in line for line in lines[3:8])
    assert four.out.rstrip().endswith(
        ("averages 4 members of 2 classifiers.", "is in the store .sortal already.")
    )


def test_the_second_call_says_that_it_is_there(four, sortal):
    again = sortal("ensemble", "trees", "flowers/lda", "--title", "four")
    assert again.code == 0
    assert "nothing to compute: flowers/four is in the store" in again.out


def test_show_ranks_it_and_tells_what_it_averages(four, sortal):
    rows = json.loads(sortal("show", "flowers", "-f", "json").out)
    assert "four" in {row["title"] for row in rows}
    shown = sortal("show", "flowers/four")
    assert shown.code == 0
    assert "average_of=['flowers/lda', 'flowers/trees']" in shown.out
    told = sortal("store", "show", "flowers").out
    assert "ensemble four of flowers/" in told
    table = sortal("ensemble", "trees", "flowers/lda", "-t", "four", "--format", "json").out
    assert [row["seed"] for row in json.loads(table)] == [None, 0, 1, 2, 0]


def test_it_is_applied_with_an_uncertainty_of_each_example(four, sortal, home):
    frame = load_iris()
    pl.DataFrame(frame.data, schema=list(frame.feature_names)).write_csv(home / "new.csv")
    said = sortal("predict", "flowers/four", "new.csv", "-o", "out.csv")
    assert said.code == 0
    assert "wrote 150 predictions of four to out.csv" in said.out
    table = pl.read_csv(home / "out.csv")
    assert table.columns[-1] == "uncertainty"
    assert table["uncertainty"].max() > 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["flowers/lda", "svm", "-t", "x"], "flowers/svm gives no probabilities"),
        (["flowers/lda", "tres", "-t", "x"], "'trees'"),
        (["flowers", "-t", "lda"], "choose another title"),
        (["flowers", "-t", "x", "--weights", "1;2"], "numbers with commas between"),
        (["flowers", "-t", "x", "--weights", "1,2"], "each of the 3 classifiers"),
        (["flowers", "-t", "x", "--best", "2"], "test examples choose nothing"),
        (["flowers", "-t", "x", "--best", "0"], "--best"),
        (["flowers"], "--title"),
        (["flowers", "-t", "x", "--store", "nowhere"], "no store"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(arguments, told, made, sortal):
    before = (made / ".sortal" / "jobs" / "flowers.json").read_bytes()
    said = sortal("ensemble", *arguments)
    assert said.code == 2
    assert told in said.err
    assert said.out == ""
    assert (made / ".sortal" / "jobs" / "flowers.json").read_bytes() == before


def test_an_ensemble_alone_is_deleted_by_its_job_and_title(made, sortal):
    assert sortal("ensemble", "flowers", "-t", "all of it").code == 0
    said = sortal("store", "rm", "flowers/all of it")
    assert said.code == 0
    assert "deleted 'flowers/all of it', 1 member" in said.out
    assert sortal("show", "flowers/all of it").code == 2
    assert sortal("store", "rm", "flowers/all of it").code == 2
    assert sortal("show", "flowers/lda").code == 0
    assert sortal("store", "check").code == 0
