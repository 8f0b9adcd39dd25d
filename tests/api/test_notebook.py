"""Jobs from Python: run, look ahead, load, draw, predict."""

import os
import shutil
import subprocess
import sys
import textwrap
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.datasets import load_iris

import sortal
from sortal.data.inputs import Ragged
from sortal.engines.inline import InlineEngine
from sortal.errors import DataError, NotFound
from sortal.job.problems import JobError
from sortal.jobs.launch import prepare
from sortal.jobs.running.run_options import RunOptions

IRIS = {
    "title": "flowers",
    "data": {"source": "iris", "split": {"validation": 0.1}},
    "classifiers": [
        {"method": "kneighbors", "parameters": {"n_neighbors": [1, 5]}},
        {"method": "svm", "title": "<b>svm</b>"},
        {"method": "svm", "title": "sure", "calibrate": "sigmoid"},
        {"method": "naive", "title": "seeds", "seeds": 2},
        {"method": "optimal"},
        {"method": "kneighbors", "title": "too many", "parameters": {"n_neighbors": 1000}},
    ],
    "bootstrap": 50,
}
COLUMNS = [
    "sepal length (cm)",
    "sepal width (cm)",
    "petal length (cm)",
    "petal width (cm)",
]


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("notebook") / "store"


@pytest.fixture(scope="module")
def results(store) -> sortal.Results:
    return sortal.run(IRIS, store=store, cores=1, quiet=True)


@pytest.fixture(scope="module")
def targets(tmp_path_factory) -> sortal.Results:
    """A job with independent targets, one classifier each."""
    folder = tmp_path_factory.mktemp("targets")
    rng = np.random.default_rng(1)
    x = rng.normal(size=(80, 2))
    frame = pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "name": [f"star{n}" for n in range(80)]})
    frame = frame.with_columns(up=(pl.col("a") > 0).cast(int), wide=(pl.col("b") > 0.3).cast(int))
    frame.write_csv(folder / "stars.csv")
    (folder / "stars.yaml").write_text(
        textwrap.dedent(
            """
            data: {source: stars.csv, label: [up, wide], targets: independent, id: name}
            classifiers: [{method: gaussiannb}, {method: decisiontree}]
            bootstrap: 0
            """
        )
    )
    return sortal.run(
        folder / "stars.yaml",
        store=folder / "store",
        cores=1,
        quiet=True,
        engines=InlineEngine(),
    )


class Cells(HTMLParser):
    """Collects the cells of a table."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.texts.append(data)


def test_a_run_comes_back_ranked_and_failures_do_not_raise(results):
    ranking = results.ranking()
    assert isinstance(ranking, pl.DataFrame)
    assert set(ranking["title"]) == {
        "kneighbors n_neighbors=1",
        "kneighbors n_neighbors=5",
        "<b>svm</b>",
        "sure",
        "seeds",
        "optimal",
    }
    (reason,) = [failure["reason"] for failure in results.failures.values()]
    assert "1000" in reason


def test_loading_gives_what_the_run_gave(results, store):
    loaded = sortal.load("flowers", store=store)
    assert loaded.ranking().equals(results.ranking())
    assert repr(loaded) == repr(results)


def test_a_job_can_be_a_value(results, store, capfd):
    again = sortal.run(sortal.Job(**IRIS), store=str(store), cores=1)
    assert again.ranking().equals(results.ranking())
    assert "7 found in the store" in capfd.readouterr().err


def test_a_quiet_run_prints_failures_alone(store, capfd):
    sortal.run(IRIS, store=store, cores=1, quiet=True)
    lines = capfd.readouterr().err.splitlines()
    assert lines
    assert all(line.startswith(("note: ", "failed: ")) for line in lines)


def test_results_say_in_one_line_what_they_are(results):
    assert repr(results).startswith(
        "<Results of 'flowers': 7 classifiers, 7/8 members, 1 failed, best "
    )
    assert repr(results.best()).startswith("<Result '")
    assert repr(results.titled("seeds")[0]) == "<Result 'seeds': naive, 2 members>"


def test_a_notebook_shows_the_ranking_and_trusts_no_title(results):
    page = Cells(results._repr_html_())
    assert "<b>svm</b>" in page.texts
    assert "b" not in page.tags
    assert page.tags.count("tr") == 1 + 6
    assert any("is best" in text for text in page.texts)
    assert any("1 member failed" in text for text in page.texts)


def test_a_long_ranking_is_cut_in_a_notebook(results, monkeypatch):
    monkeypatch.setattr("sortal.views.ranking._MOST_ROWS", 2)
    page = Cells(results._repr_html_())
    assert page.tags.count("tr") == 1 + 2
    assert any("4 more rows" in text for text in page.texts)


def test_a_notebook_shows_all_figures_of_one_classifier(results):
    result = results.titled("<b>svm</b>")[0]
    page = Cells(result._repr_html_())
    assert "b" not in page.tags
    assert set(result.table()["figure"]) <= {text.strip('"') for text in page.texts}


def test_the_plan_is_that_of_the_run(results, store):
    outlook = sortal.check(IRIS, store=store, cores=1)
    resolved, plan = prepare(IRIS, options=RunOptions(cores=1))
    assert (outlook.members, outlook.stored, outlook.populations) == (8, 7, len(plan.tasks))
    assert outlook.seconds == plan.cost.seconds
    assert outlook.notes == resolved.notes
    split = outlook.splits[0]
    assert split.train + split.validation + split.test == outlook.examples == 150
    assert str(outlook).splitlines()[0] == "flowers: no problems."
    assert f"of which 7 are in the store {store}" in str(outlook)


def test_looking_ahead_writes_nothing(tmp_path):
    outlook = sortal.check(IRIS, store=tmp_path / "none")
    assert outlook.stored == 0
    assert not (tmp_path / "none").exists()


def test_folds_are_told_apart_in_the_plan(tmp_path):
    job = IRIS | {"data": {"source": "iris", "split": {"kind": "folds", "folds": 3}}}
    outlook = sortal.check(job, store=tmp_path / "none")
    assert [split.fold for split in outlook.splits] == [0, 1, 2]
    assert "100 train, 0 validate, 50 test (fold 2)" in str(outlook)


@pytest.mark.parametrize("ask", [sortal.run, sortal.check])
def test_all_problems_come_at_once_and_touch_nothing(ask, tmp_path):
    job = {"data": {"source": "iriss"}, "classifiers": [{"method": "kneighbor"}]}
    with pytest.raises(JobError) as raised:
        ask(job, store=tmp_path / "none")
    assert len(raised.value.problems) == 2
    assert not (tmp_path / "none").exists()


def test_what_is_not_there_is_named_with_what_is(store, results, tmp_path):
    with pytest.raises(NotFound, match=r"no job named 'flower'.*Did you mean 'flowers'"):
        sortal.load("flower", store=store)
    with pytest.raises(NotFound, match="no store"):
        sortal.load("flowers", store=tmp_path / "none")
    with pytest.raises(NotFound, match="Did you mean 'sure'"):
        results.predict("sur", np.zeros((1, 4)))


def test_figures_are_drawn_of_all_and_of_one(results, tmp_path):
    for number, figure in enumerate(
        [results.figure(), results.confusion_figure(), results.confusion_figure("sure")]
    ):
        figure.savefig(tmp_path / f"{number}.png")
        assert (tmp_path / f"{number}.png").stat().st_size > 5_000
    assert "sure" in _words(results.confusion_figure(results.titled("sure")[0]))


def _words(figure) -> str:
    texts = [axes.get_title() for axes in figure.axes] + [figure.get_suptitle()]
    return " ".join([*texts, *(axes.get_title(loc="left") for axes in figure.axes)])


def test_independent_targets_are_ranked_drawn_and_predicted(targets):
    page = Cells(targets._repr_html_())
    assert page.tags.count("table") == 2
    assert "wide" in _words(targets.figure("wide"))
    with pytest.raises(sortal.UserError, match="no confusion matrix"):
        targets.confusion_figure("gaussiannb")
    with pytest.raises(NotFound, match="'width'"):
        targets.figure("width")
    predicted = targets.predict("gaussiannb", {"a": [0.5, -0.5], "b": [-0.5, 0.8]})
    assert predicted.columns == ["id", "up", "wide", "score_up", "score_wide"]
    assert predicted.select("up", "wide").rows() == [(1, 0), (0, 1)]


def test_one_target_of_a_classifier_is_predicted_alone(targets):
    one = targets.best("wide")
    predicted = targets.predict(one, np.array([[0.5, -0.5]]))
    assert predicted.columns == ["id", "wide", "score_wide"]


def test_predictions_are_the_same_however_data_is_given(results, tmp_path):
    X = load_iris().data[::10]
    frame = pd.DataFrame(X, columns=COLUMNS)
    frame.to_csv(tmp_path / "new.csv", index=False)
    np.save(tmp_path / "new.npy", X)
    expected = results.predict("sure", X)
    assert expected.columns == [
        "id",
        "class",
        "score_setosa",
        "score_versicolor",
        "score_virginica",
    ]
    assert expected["id"].to_list() == list(range(15))
    for given in (
        X.tolist(),
        frame,
        frame[COLUMNS[::-1]].assign(more="x"),
        pl.from_pandas(frame),
        pl.from_pandas(frame).to_arrow(),
        {"features": X},
        frame.to_dict("list"),
        tmp_path / "new.csv",
        str(tmp_path / "new.csv"),
    ):
        assert results.predict("sure", given).equals(expected)
    twice = results.predict("sure", [tmp_path / "new.csv", tmp_path / "new.csv"])
    assert twice["class"].to_list() == 2 * expected["class"].to_list()


def test_predictions_of_reported_examples_are_the_stored_scores(results):
    stored = results.scores("sure")
    X = load_iris().data[stored["id"].to_numpy()]
    again = results.predict("sure", X)
    for name in stored.columns[2:]:
        np.testing.assert_allclose(again[name], stored[name], rtol=1e-6)


def test_examples_are_named_by_a_column(results):
    frame = pl.DataFrame(load_iris().data[:2], schema=COLUMNS).with_columns(
        name=pl.Series(["one", "two"])
    )
    assert results.predict("sure", frame, id_column="name")["id"].to_list() == ["one", "two"]
    arrays = {"features": load_iris().data[:2], "name": np.array(["one", "two"])}
    assert results.predict("sure", arrays, id_column="name")["id"].to_list() == ["one", "two"]


def test_seeds_are_averaged_with_their_spread_or_taken_alone(results):
    X = load_iris().data[:2]
    assert "spread_setosa" in results.predict("seeds", X).columns
    assert "spread_setosa" not in results.predict("seeds", X, seed=1).columns
    with pytest.raises(sortal.UserError, match=r"seeds \[0, 1\], got 7"):
        results.predict("seeds", X, seed=7)


def test_an_ensemble_is_averaged_listed_and_applied(results, store, tmp_path):
    store = shutil.copytree(store, tmp_path / "store")
    together = sortal.ensemble(
        ["flowers/sure", "kneighbors n_neighbors=5"], title="both", store=store
    )
    assert "both" in together.ranking()["title"].to_list()
    table = together.predict("both", load_iris().data[:3])
    assert table.columns[-1] == "uncertainty"
    assert "uncertainty" not in together.predict("sure", load_iris().data[:3]).columns
    chosen = sortal.ensemble("flowers", title="two", store=str(store), best=2)
    assert len(chosen.titled("two")[0].parameters["average_of"]) == 2
    with pytest.raises(sortal.UserError, match="gives no probabilities"):
        sortal.ensemble(["<b>svm</b>", "sure"], title="none", store=store)


def test_leaving_the_training_range_is_a_warning(results):
    with pytest.warns(UserWarning, match=r"of 2 examples: petal width \(cm\) in 1") as caught:
        results.predict("sure", np.array([[5.0, 3.0, 4.0, 99.0], [5.0, 3.0, 4.0, 1.0]]))
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (
            np.zeros((2, 3)),
            r"array 'features': expected examples of shape \(4,\), got shape \(3,\)",
        ),
        (np.zeros((0, 4)), "the arrays: expected examples, got none"),
        ([[1.0, 2.0], [3.0]], "the arrays: 'features' is no array"),
        (np.array([[None] * 4]), "holds Python objects"),
        (np.array([["a"] * 4]), "expected numbers"),
        (np.full((1, 4), np.inf), r"the arrays, row 1: feature .* is infinite"),
        (5.0, "expected the array 'features'"),
        (pl.DataFrame({"sepal length": [1.0]}), r"the table: .*did you mean 'sepal length'"),
        ({name: ["a"] for name in COLUMNS}, "expected a number, got 'a'"),
        ({"a": [1], "b": [1, 2]}, "the table: its columns cannot be read"),
        ({"a": [1, "x"]}, "the table: its columns cannot be read"),
        (pd.DataFrame({name: [1, "x"] for name in COLUMNS}), r"row 2: column .*, got 'x'"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "different names, got 'a' twice"),
    ],
)
def test_data_that_does_not_fit_is_refused(results, data, text):
    with pytest.raises(DataError, match=text):
        results.predict("sure", data)


def test_a_model_that_was_not_stored_says_so(results):
    with pytest.raises(sortal.UserError, match="optimal cannot be applied"):
        results.predict("optimal", np.zeros((1, 4)))


# The test examples leave the range of the training examples.
OUTSIDE = pytest.mark.filterwarnings("ignore:features outside the range:UserWarning")


@OUTSIDE
def test_several_inputs_come_as_a_mapping(tmp_path):
    rng = np.random.default_rng(0)
    labels = np.repeat(["real", "bogus"], 30)
    stamp = rng.normal(size=(60, 1, 3, 3)) + (labels == "real")[:, None, None, None]
    inputs = {"stamp": stamp, "metadata": rng.normal(size=(60, 2))}
    np.savez(tmp_path / "alerts.npz", labels=labels, **inputs)
    job = {
        "title": "alerts",
        "data": {"source": str(tmp_path / "alerts.npz")},
        "classifiers": [{"method": "gaussiannb"}],
        "bootstrap": 0,
    }
    results = sortal.run(job, store=tmp_path / "store", cores=1, quiet=True, engines=InlineEngine())
    predicted = results.predict("gaussiannb", inputs)
    assert (predicted["class"].to_numpy() == labels).mean() > 0.8
    with pytest.raises(DataError, match="expected a mapping of the inputs 'stamp', 'metadata'"):
        results.predict("gaussiannb", stamp)
    with pytest.raises(DataError, match="'metadata'"):
        results.predict("gaussiannb", {"stamp": stamp})


@OUTSIDE
def test_signals_of_unequal_length_are_cut_as_in_training(tmp_path):
    rng = np.random.default_rng(0)
    lengths = rng.integers(5, 9, size=40)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    labels = np.repeat([0, 1], 20)
    values = rng.normal(size=offsets[-1]) + np.repeat(labels, lengths)
    np.savez(tmp_path / "reads.npz", labels=labels, signal=values, signal_offsets=offsets)
    job = {
        "title": "reads",
        "data": {"source": str(tmp_path / "reads.npz"), "length": 6},
        "classifiers": [{"method": "gaussiannb"}],
        "bootstrap": 0,
    }
    results = sortal.run(job, store=tmp_path / "store", cores=1, quiet=True, engines=InlineEngine())
    from_file = results.predict("gaussiannb", tmp_path / "reads.npz")
    assert results.predict("gaussiannb", {"signal": Ragged(values, offsets)}).equals(from_file)
    assert results.predict("gaussiannb", Ragged(values, offsets)).equals(from_file)


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
def test_an_interrupted_run_raises_and_keeps_what_is_done(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            import os, signal, sys, sortal
            from sortal import events
            from sortal.views import progress as display
            seen = display.Display.__call__
            def stop(self, event):
                seen(self, event)
                if isinstance(event, events.MemberTrained):
                    display.Display.__call__ = seen
                    os.kill(os.getpid(), signal.SIGINT)
            display.Display.__call__ = stop
            job = {
                "title": "long",
                "data": {"source": "digits"},
                "classifiers": [
                    {"method": "naive"},
                    {
                        "method": "adaboost",
                        "parameters": {
                            "n_estimators": 100,
                            "learning_rate": [0.1, 0.2, 0.3, 0.4, 0.5],
                        },
                    },
                ],
                "bootstrap": 0,
            }
            try:
                sortal.run(job, store=sys.argv[1], cores=2, quiet=True)
            except sortal.Interrupted as error:
                print(error)
            print(repr(sortal.load("long", store=sys.argv[1])))
            """
        )
    )
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "store")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first.startswith("long was interrupted; what is finished is kept in")
    assert "6 classifiers, " in second
    assert " 6/6 members" not in second
