"""What each command prints, from a first run to a cleaned store."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from sklearn.datasets import load_iris

JOB = """\
title: kinds of iris
bootstrap: 100
data: {source: iris, scaling: standard}
classifiers:
  - {method: kneighbors, parameters: {n_neighbors: [1, 5]}}
  - {method: logistic, title: "log C={C}", parameters: {C: [0.1, 1]}, seeds: 2}
  - {method: svm}
  - {method: optimal}
"""

TWO_TARGETS = """\
title: two
bootstrap: 0
data: {source: two.csv, label: [red, hot], targets: independent}
classifiers:
  - {method: gaussiannb}
  - {method: lda}
"""

MISTAKES = """\
data:
  source: iris
  scalng: standard
  subset: 0
classifiers:
  - method: kneighbor
  - method: svm
    parameters: {C: [1, -1]}
  - method: logistic
    parameters: {C: {start: 1, stop: 10, factor: 1}}
"""


@pytest.fixture(scope="module", autouse=True)
def ran(home: Path, trained: Callable[[str], Path]) -> subprocess.CompletedProcess[str]:
    """A job run in processes of its own, as a person runs it; another one is there already."""
    (home / "iris.yaml").write_text(JOB)
    (home / "two.yaml").write_text(TWO_TARGETS)
    (home / "bad.yaml").write_text(MISTAKES)
    rows = [f"{n % 7},{n % 11},{int(n % 7 > 3)},{int(n % 11 > 5)}" for n in range(77)]
    (home / "two.csv").write_text("x,y,red,hot\n" + "\n".join(rows) + "\n")
    trained(TWO_TARGETS)
    return subprocess.run(
        [sys.executable, "-m", "sortal", "run", "iris.yaml", "--cores", "2"],
        cwd=home, env={**os.environ, "COLUMNS": "200"}, capture_output=True, text=True, check=True,
    )  # fmt: skip


def test_a_run_tells_its_plan_its_ranking_and_its_figures(ran, home):
    assert "kinds of iris: 8 members, 0 found in the store; 4 tasks on 2 workers" in ran.stderr
    assert "8 trained" in ran.stderr
    lines = ran.stdout.splitlines()
    assert lines[0].startswith("kinds of iris on 38 test examples")
    assert "balanced accuracy [95 %]" in lines[1]
    for title in ("kneighbors n_neighbors=5", "log C=0.1", "svm", "optimal"):
        assert any(title in line for line in lines)
    assert any("±" in line for line in lines if "log C=1" in line)
    assert "is best;" in ran.stdout
    for name in ("ranking", "confusion"):
        path = home / "sortal-results" / "kinds of iris" / f"{name}.png"
        assert path.read_bytes().startswith(b"\x89PNG")
        assert str(path.relative_to(home)) in ran.stdout


def test_a_second_run_computes_nothing_and_says_so(sortal):
    said = sortal("run", "iris.yaml", "--quiet", "--figures", "elsewhere")
    assert said.code == 0
    assert "nothing to compute: all 8 results are in the store .sortal." in said.out
    assert Path("elsewhere/ranking.png").exists()
    assert "members" not in said.err


def test_check_tells_what_a_job_takes_and_runs_nothing(sortal, home):
    (home / "more.yaml").write_text(JOB.replace("[1, 5]", "[1, 5, 9]"))
    before = sorted((home / ".sortal").rglob("*"))
    said = sortal("check", "more.yaml", "--cores", "2")
    assert said.code == 0
    assert "no problems" in said.out
    assert "150 examples" in said.out
    assert "112 train, 0 validate, 38 test" in said.out
    assert "9, of which 8 are in the store" in said.out
    assert sorted((home / ".sortal").rglob("*")) == before
    assert "9, of which 0" in sortal("check", "more.yaml", "--store", "none").out
    assert not (home / "none").exists()


@pytest.mark.parametrize("command", ["run", "check"])
def test_all_mistakes_are_printed_with_their_lines(command, sortal, home):
    said = sortal(command, "bad.yaml", "--store", "untouched")
    assert said.code == 2
    assert said.out == ""
    assert "bad.yaml: 5 problems" in said.err
    places = [line.strip() for line in said.err.splitlines() if line.strip().startswith("line")]
    assert places == [
        "line 3, data.scalng",
        "line 4, data.subset",
        "line 6, classifiers[0].method",
        "line 8, classifiers[1].parameters.C",
        "line 10, classifiers[2].parameters.C.factor",
    ]
    assert "Did you mean 'scaling'?" in said.err
    assert "Did you mean 'kneighbors'?" in said.err
    assert "a range that cannot end" in said.err
    assert not (home / "untouched").exists()


def test_a_missing_job_file_names_the_nearest(sortal):
    said = sortal("run", "irs.yaml")
    assert said.code == 2
    assert "Did you mean 'iris.yaml'?" in said.err


@pytest.mark.parametrize("what", ["kinds of iris", "iris.yaml"])
def test_show_ranks_a_job_by_name_or_file(what, sortal, ran):
    said = sortal("show", what)
    assert said.code == 0
    table = ran.stdout.partition("\nwrote")[0]
    assert said.out.strip() == table.strip()


def test_show_tells_everything_of_one_classifier(sortal):
    said = sortal("show", "kinds of iris/log C=0.1")
    for word in ("balanced_accuracy", "roc_auc", "by class", "setosa", "virginica", "members"):
        assert word in said.out
    assert "C=0.1" in said.out
    assert sortal("show", "log C=0.1").out == said.out
    record = json.loads(sortal("show", "log C=0.1", "-f", "json").out)
    assert {row["members"] for row in record if row["figure"] == "accuracy"} == {2}


def test_show_writes_figures(sortal, home):
    said = sortal("show", "kinds of iris/svm", "--figures", "one")
    assert (home / "one" / "confusion-svm.png").exists()
    assert "wrote one/confusion-svm.png" in said.out
    said = sortal("show", "kinds of iris", "--figures", "two", "--format", "csv")
    assert (home / "two" / "ranking.png").exists()
    assert "wrote" not in said.out


def test_show_prints_as_many_of_a_ranking_as_asked_for(sortal):
    said = sortal("show", "kinds of iris", "--top", "2")
    assert "and 4 more: sortal show kinds of iris --top 0" in said.out
    ranks = [line.split()[0] for line in said.out.splitlines() if line[:4].strip().isdigit()]
    assert ranks == ["1", "2"]
    assert "more: sortal show" not in sortal("show", "kinds of iris", "--top", "0").out
    assert len(json.loads(sortal("show", "kinds of iris", "--top", "2", "-f", "json").out)) == 6


def test_machines_read_rankings(sortal):
    rows = json.loads(sortal("show", "kinds of iris", "--format", "json").out)
    table = list(csv.DictReader(io.StringIO(sortal("show", "iris.yaml", "-f", "csv").out)))
    assert len(rows) == len(table) == 6
    for row, line in zip(rows, table, strict=True):
        assert line["title"] == row["title"]
        assert float(line["balanced_accuracy"]) == row["balanced_accuracy"]
    by_title = {row["title"]: row for row in rows}
    assert by_title["optimal"]["balanced_accuracy"] == 1.0
    assert by_title["optimal"]["reference"]
    assert by_title["svm"]["log_loss"] is None
    latex = sortal("show", "kinds of iris", "--format", "latex").out
    assert latex.count(r"\begin{tabular}") == latex.count(r"\end{tabular}") == 1
    assert r"n\_neighbors=5" in latex


def test_several_targets_print_one_table_each_but_one_document(sortal):
    """Tables are for people; JSON, CSV and LaTeX are one document with a column for the target."""
    said = sortal("show", "two")
    assert "red: two on" in said.out
    assert "hot: two on" in said.out
    rows = json.loads(sortal("show", "two", "-f", "json").out)
    assert [row["target"] for row in rows] == ["red", "red", "hot", "hot"]
    one = json.loads(sortal("show", "two", "-f", "json", "--target", "hot").out)
    assert {row["target"] for row in one} == {"hot"}
    figures = json.loads(sortal("show", "two/lda", "-f", "json").out)
    assert {row["target"] for row in figures} == {"red", "hot"}
    assert "target" in sortal("show", "two", "-f", "latex").out
    assert sortal("show", "two", "--target", "cold").code == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["show", "kinds of irs"], "'kinds of iris'"),
        (["show", "kinds of iris/svn"], "'svm'"),
        (["show", "log C=0.11"], "'log C=0.1'"),
        (["predict", "svn", "two.csv", "--out", "x.csv"], "'svm'"),
        (["methods", "kneighbor"], "'kneighbors'"),
        (["methods", "sklearn.svm.SVCC"], "'SVC'"),
        (["store", "show", "tow"], "'two'"),
        (["store", "rm", "tow"], "'two'"),
        (["list", "--store", "nowhere"], "no store"),
        (["store", "merge", "nowhere"], "no store"),
        (["show", "two.csv"], ".yaml"),
        (["run", "two.yaml", "--store", "two.csv"], "expected a folder"),
    ],
)
def test_unknown_names_end_with_the_nearest_ones(arguments, told, sortal):
    said = sortal(*arguments)
    assert said.code == 2
    assert told in said.err
    assert said.err.startswith("error: ")
    assert said.out == ""


def test_list_shows_every_job_with_its_best(sortal):
    said = sortal("list")
    assert "kinds of iris" in said.out
    rows = {row["job"]: row for row in json.loads(sortal("list", "-f", "json").out)}
    assert rows.keys() == {"kinds of iris", "two"}
    assert rows["kinds of iris"]["members"] == rows["kinds of iris"]["done"] == 8
    assert rows["kinds of iris"]["classifiers"] == 6
    assert rows["kinds of iris"]["failed"] == 0
    ranked = json.loads(sortal("show", "two", "-f", "json").out)
    means = {
        title: sum(row["macro_f1"] for row in ranked if row["title"] == title) / 2
        for title in ("gaussiannb", "lda")
    }
    assert rows["two"]["best"] == max(means, key=means.__getitem__)
    assert rows["two"]["macro_f1"] == pytest.approx(max(means.values()))


def test_an_empty_store_says_how_to_begin(sortal, home):
    subprocess.run(
        [sys.executable, "-c", "from sortal.store.store import Store; Store.open('empty')"],
        cwd=home, check=True,
    )  # fmt: skip
    assert "sortal demo" in sortal("list", "--store", "empty").out
    assert json.loads(sortal("list", "--store", "empty", "-f", "json").out) == []


def test_methods_and_datasets_are_listed(sortal):
    rows = {row["method"]: row for row in json.loads(sortal("methods", "-f", "json").out)}
    assert len(rows) >= 16
    assert {"optimal", "naive", "kneighbors", "xgboost", "mlp", "svm"} <= rows.keys()
    table = sortal("methods", "svm")
    assert "C " in table.out
    assert "a number above 0" in table.out
    parameters = json.loads(sortal("methods", "svm", "-f", "json").out)
    assert {row["parameter"] for row in parameters} >= {"C", "kernel", "gamma"}
    assert "alpha" in sortal("methods", "sklearn.linear_model.RidgeClassifier").out
    assert json.loads(sortal("methods", "optimal", "-f", "json").out) == []
    names = [row["dataset"] for row in json.loads(sortal("datasets", "-f", "json").out)]
    assert names == ["iris", "wine", "breast_cancer", "digits"]


def test_the_schema_is_json_schema(sortal):
    schema = json.loads(sortal("schema").out)
    assert {"data", "classifiers"} <= set(schema["required"])


def test_predict_writes_a_file_and_warns_of_unseen_values(sortal, home):
    frame = load_iris()
    table = pl.DataFrame(frame.data, schema=list(frame.feature_names))
    table.with_columns(pl.col("petal width (cm)") + 100).write_csv(home / "new.csv")
    said = sortal("predict", "kinds of iris/svm", "new.csv", "-o", "out.csv")
    assert said.code == 0
    assert "wrote 150 predictions of svm to out.csv" in said.out
    assert "petal width (cm) in 150" in said.out + said.err
    assert pl.read_csv(home / "out.csv").columns == [
        *("id", "class", "score_setosa", "score_versicolor", "score_virginica")
    ]
    quiet = sortal("predict", "log C=1", "new.csv", "-o", "out.parquet", "-q", "--seed", "1")
    assert "wrote" not in quiet.out
    assert len(pl.read_parquet(home / "out.parquet")) == 150


def test_what_cannot_be_applied_is_refused_and_leaves_no_file(sortal, home):
    said = sortal("predict", "kinds of iris/optimal", "new.csv", "-o", "refused.csv")
    assert said.code == 2
    assert "optimal cannot be applied" in said.err
    assert not (home / "refused.csv").exists()


def test_the_store_tells_what_it_holds_and_what_was_run(sortal):
    listed = sortal("store", "ls").out
    for kind in ("members", "segments", "data", "jobs"):
        assert kind in listed
    shown = sortal("store", "show", "kinds of iris").out
    assert JOB.strip() in shown
    assert "8 trained, 0 found in the store, 0 failed" in shown


@pytest.mark.usefixtures("inline")
def test_damage_is_named_put_aside_and_computed_again(sortal, home):
    assert sortal("store", "check").code == 0
    scores = sorted((home / ".sortal").glob("segments/??/*/scores.npy"))[0]
    scores.write_bytes(scores.read_bytes()[:-1])
    said = sortal("store", "check")
    assert said.code == 1
    assert scores.parent.name in said.out
    assert "scores.npy" in said.out
    assert "1 damaged file in .sortal" in said.out
    assert sortal("store", "check", "--put-aside").code == 1
    assert sortal("store", "check").code == 0
    for name in ("iris", "two"):
        assert sortal("run", f"{name}.yaml", "-q").code == 0
    assert scores.exists()


def test_stores_are_merged_jobs_deleted_and_disk_freed(sortal, home):
    said = sortal("store", "merge", ".sortal", "--store", "copy")
    assert said.code == 0
    assert "2 jobs" in said.out
    ranking = json.loads(sortal("show", "two", "-f", "json").out)
    assert json.loads(sortal("show", "two", "--store", "copy", "-f", "json").out) == ranking
    said = sortal("store", "rm", "two", "--store", "copy")
    assert "deleted job 'two' and 4 results" in said.out
    freed = sortal("store", "gc", "--store", "copy").out
    assert freed.startswith("freed")
    assert "1 datasets" in freed or "1 dataset" in freed
    assert sortal("store", "check", "--store", "copy").code == 0
    assert [
        row["job"] for row in json.loads(sortal("list", "--store", "copy", "-f", "json").out)
    ] == ["kinds of iris"]


def test_ctrl_c_while_data_is_read_is_an_interruption(home):
    code = (
        "import os, signal, sys; sys.argv = ['sortal', 'run', 'iris.yaml']\n"
        "import sortal.jobs.launch\n"
        "def read(*_, **__): os.kill(os.getpid(), signal.SIGINT); raise AssertionError\n"
        "sortal.jobs.launch.launch = read\n"
        "from sortal.cli.main import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=home, capture_output=True, text=True, check=False
    )
    assert done.returncode in (130, -signal.SIGINT)
    assert "Traceback" not in done.stderr


def test_a_busy_store_is_told(sortal, home):
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from sortal.store.store import Store\n"
            "with Store.open('.sortal').leases.take('two'):\n    print('held', flush=True); input()",
        ],
        cwd=home, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert holder.stdout.readline() == "held\n"
        said = sortal("run", "two.yaml", "-q")
        assert said.code == 2
        assert "two" in said.err
        assert str(holder.pid) in said.err
    finally:
        holder.communicate("\n")


def test_a_file_that_cannot_be_written_gives_no_traceback(sortal, home):
    (home / "file").write_text("")
    said = sortal("show", "two", "--figures", "file")
    assert said.code != 0
    assert "file" in said.err
    assert "Traceback" not in said.err
