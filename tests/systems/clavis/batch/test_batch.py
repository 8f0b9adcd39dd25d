"""`sortal clavis batch`: what it trains, prints, keeps, and does when something fails."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from sortal.cli.main import app
from sortal.store.records.job_files import Jobs
from sortal.store.store import Store
from sortal.systems.clavis.commands import spelt_out

pytestmark = pytest.mark.usefixtures("inline")

NAIVE = {"title": "Ⓝ Naive", "method": "naive"}
OPTIMAL = {"title": "🟊 Optimal", "method": "optimal"}
NB = {"title": "NB", "method": "gaussiannb"}


def knn(values, title="KNN {n_neighbors}", **more):
    meta = {"is_meta": True, "values": values}
    return {"title": title, "method": "kneighbors", "n_neighbors": meta, **more}


def blobs(examples=60, classes=3, seed=0):
    random = np.random.default_rng(seed)
    y = np.arange(examples) % classes
    return random.normal(size=(examples, 4)) + y[:, None], y


def summary(ran):
    """Rows of the summary by title."""
    lines = ran.lines
    start = next(n for n, line in enumerate(lines) if line.startswith("Title"))
    rows = [line.split() for line in lines[start + 2 :]]
    end = next(n for n, row in enumerate(rows) if row and row[0] == "TOTAL")
    return {row[0]: row[1:] for row in rows[: end + 1]}


def test_classifiers_have_a_line_each_and_a_summary(bench):
    ran = bench.batch(bench.job("iris", [OPTIMAL, NAIVE, knn([1, 2, 3])]))
    assert ran.code == 0
    assert "iris: sklearn_iris, 150 examples of 4 features, 3 classes" in ran.out
    assert "5 classifiers; about" in ran.out
    told = [line for line in ran.lines if line.startswith("[")]
    assert [line.split("]")[0].replace(" ", "") for line in told] == [
        f"[{number}/5" for number in range(1, 6)
    ]
    for title, accuracy in (("🟊 Optimal (optimal)", "1.0000"), ("Ⓝ Naive (naive)", "0.3333")):
        both = f"train accuracy {accuracy}, test accuracy {accuracy}"
        assert any(f"{title}: {both}, " in line for line in told)
    assert summary(ran)["iris"][:4] == ["sklearn_iris", "5", "0", "0"]
    assert summary(ran)["TOTAL"][1:4] == ["5", "0", "0"]


def test_a_second_run_computes_only_what_is_missing(bench):
    bench.batch(bench.job("iris", [NAIVE, knn([1, 2])]))
    ran = bench.batch(bench.job("iris", [NAIVE, knn([1, 2, 3])]))
    told = [line for line in ran.lines if line.startswith("[")]
    assert len(told) == 1
    assert "[4/4]" in told[0]
    assert "KNN 3" in told[0]
    assert "4 classifiers, 3 of them in the store" in ran.out
    again = bench.batch(bench.folder / "iris.json")
    assert not [line for line in again.lines if line.startswith("[")]
    assert "4 classifiers, 4 of them in the store" in again.out
    assert summary(again)["iris"][:4] == ["sklearn_iris", "4", "0", "0"]


def test_a_changed_title_finds_its_result(bench):
    bench.batch(bench.job("iris", [knn([1, 2])]))
    ran = bench.batch(bench.job("iris", [knn([1, 2], "{n_neighbors} neighbours")]))
    assert "2 classifiers, 2 of them in the store" in ran.out
    assert {one.title for one in ran.results("iris").results} == {"1 neighbours", "2 neighbours"}


def test_two_titles_of_one_meaning_share_a_result_and_both_show(bench):
    named = {"title": "one", "method": "kneighbors", "n_neighbors": 1}
    ran = bench.batch(bench.job("iris", [named, knn([1, 2])]))
    assert "one = KNN 1 (kneighbors)" in ran.out
    assert "[3/3]" in ran.out
    results = ran.results("iris")
    keys = {one.title: one.members[0].entry.key for one in results.results}
    assert keys["one"] == keys["KNN 1"] != keys["KNN 2"]
    assert summary(ran)["iris"][1] == "3"


def test_an_invalid_value_runs_as_its_default_with_a_kept_note(bench):
    ran = bench.batch(bench.job("iris", [{**knn([-1, 5]), "title": "KNN {n_neighbors}"}]))
    warning = "n_neighbors: expected an integer from 1 to 1000, got -1; the default 5 is used."
    assert f"warning: KNN -1: {warning}" in ran.out
    results = ran.results("iris")
    (asked,), (usual,) = results.titled("KNN -1"), results.titled("KNN 5")
    assert asked.parameters["n_neighbors"] == 5
    assert warning in asked.notes
    assert warning not in usual.notes
    assert asked.asked["arguments"] == {"n_neighbors": -1}
    assert asked.asked["parameters"] == {"n_neighbors": 5}
    assert asked.members[0].entry.key == usual.members[0].entry.key


def test_a_parameter_the_method_lacks_is_warned_of_and_recorded(bench):
    ran = bench.batch(bench.job("iris", [knn([1, 2, 3, 4, 5], n_neighbours=9)]))
    told = [line for line in ran.lines if "has no parameter" in line]
    assert len(told) == 1
    assert told[0].startswith("warning: KNN 1, KNN 2, KNN 3 and 2 more: kneighbors has no")
    assert "Did you mean 'n_neighbors'?" in told[0]
    (result,) = ran.results("iris").titled("KNN 3")
    assert result.asked["arguments"] == {"n_neighbors": 3, "n_neighbours": 9}
    assert any("'n_neighbours'" in note for note in result.notes)
    assert ran.code == 0


def test_titles_are_filled_with_defaults_too(bench):
    ran = bench.batch(bench.job("iris", [{"title": "{method} {C} {kernel}", "method": "svm"}]))
    assert ran.results("iris").titled("svm 1.0 rbf")


def test_titles_that_defaults_make_equal_get_a_number(bench):
    entries = [{"title": "s {C}", "method": "svm", "C": 1.0, "kernel": "linear"}]
    entries += [{"title": "s {C}", "method": "svm"}]
    ran = bench.batch(bench.job("iris", entries))
    assert ran.code == 0
    assert "warning: 2 classifiers of different parameters are called 's 1.0'" in ran.out
    assert {one.title for one in ran.results("iris").results} == {"s 1.0", "s 1.0 (2)"}


def test_jobs_of_one_title_in_a_batch_get_a_number(bench):
    first = bench.job(
        "one", {"data": {"title": "t", "dataset": "sklearn_iris"}, "classifiers": [NB]}
    )
    second = bench.job(
        "two", {"data": {"title": "t", "dataset": "sklearn_wine"}, "classifiers": [NAIVE]}
    )
    ran = bench.batch(first, second, first)
    assert ran.code == 0
    assert "one.json has the title 't' too, and is the first of them" in ran.out
    assert "this job is stored as 't (2)'." in ran.out
    assert [one.title for one in ran.results("t").results] == ["NB"]
    assert [one.title for one in ran.results("t (2)").results] == ["Ⓝ Naive"]


def shown(bench, *words):
    """What `sortal show` prints, and its error."""
    ran = CliRunner().invoke(app, ["show", *words, "--store", str(bench.folder / "store")])
    return f"{ran.output}{ran.exception or ''}"


def test_a_classifier_that_is_not_trained_yet_says_so(bench, monkeypatch):
    path = bench.job("iris", [NB, knn([1])])
    bench.batch(path)
    store = Store.open(bench.folder / "store", create=False)
    record = store.jobs.read("iris")
    first = record.entries[0]
    later = first.model_copy(update={"title": "later", "key": "0" * len(first.key)})
    changed = record.model_copy(update={"entries": (*record.entries, later)})
    monkeypatch.setattr(Jobs, "read", lambda *_: changed)
    assert "later of iris is not trained yet: run its job again." in shown(bench, "iris/later")


def test_one_classifier_with_and_without_defaults_is_one(bench):
    entries = [{"title": "k {n_neighbors}", "method": "kneighbors", "n_neighbors": 5}]
    entries += [{"title": "k {n_neighbors}", "method": "kneighbors"}]
    ran = bench.batch(bench.job("iris", entries))
    assert ran.code == 0
    assert "with its default values it is 'k 5' with the parameters of another entry" in ran.out
    assert summary(ran)["iris"][1:4] == ["1", "0", "0"]


def test_braces_of_a_title_that_name_nothing_stay(bench):
    ran = bench.batch(bench.job("iris", [{"title": "{a} {} }{", "method": "naive"}]))
    assert ran.results("iris").titled("{a} {} }{")


def test_an_error_of_one_classifier_stops_no_other(bench):
    bench.classifier("weak", "raise ValueError('no such luck')")
    entries = [
        NAIVE,
        {"title": "unknown", "method": "kneighbours"},
        {"title": "several", "method": "svm_multi_label"},
        {"title": "weak", "method": "weak"},
        NB,
    ]
    ran = bench.batch(bench.job("iris", entries))
    assert ran.code == 1
    assert {one.title for one in ran.results("iris").results} == {"Ⓝ Naive", "NB"}
    assert summary(ran)["iris"][1:4] == ["2", "0", "3"]
    assert "3 errors in iris (" in ran.out
    assert "classifier 'unknown': no classifier named 'kneighbours'. Did you mean" in ran.out
    assert "classifier 'several': svm_multi_label is for examples that may have" in ran.out
    assert "  classifier 'weak': " in ran.out
    assert "no such luck" in ran.out
    assert "Run again with -break" in ran.out


def test_an_error_of_one_job_stops_no_other(bench):
    broken = bench.job("broken", '{"data": {"title": "x"\n"dataset": "y"}}')
    lost = bench.job("lost", {"data": {"title": "lost", "dataset": "sklearn_iri"}})
    mistaken = bench.job("mistaken", {"data": {"title": "m", "dataset": "made", "test_size": 0.5}})
    bench.dataset("made", blobs(), specs={"cv_folds": np.arange(60) % 2})
    good = bench.job("good", [NAIVE])
    ran = bench.batch(broken, bench.folder / "absent.json", lost, mistaken, good)
    assert ran.code == 1
    assert "a comma is missing at the end of line 1" in ran.out
    assert "no data set named 'sklearn_iri'" in ran.out
    assert "data.test_size: expected 0 (or nothing), because made gives folds" in ran.out
    rows = summary(ran)
    assert [rows[name][-3] for name in ("broken.json", "absent.json", "lost", "m")] == ["1"] * 4
    assert rows["good"][:4] == ["sklearn_iris", "1", "0", "0"]
    assert rows["TOTAL"][3] == "4"


def test_break_stops_at_the_first_error_with_its_traceback(bench):
    bench.classifier("weak", "raise ValueError('no such luck')")
    first = bench.job("first", [{"title": "weak", "method": "weak"}, NB])
    second = bench.job("second", [NAIVE])
    for word in ("-break", "-b", "--break"):
        ran = bench.batch(first, second, word)
        assert ran.code == 1
        assert "Traceback (most recent call last)" in ran.out
        assert "ValueError: no such luck" in ran.out
        assert "job 2/2" not in ran.out
        assert set(summary(ran)) == {"first", "TOTAL"}


def test_break_stops_at_a_job_that_cannot_be_read_too(bench):
    ran = bench.batch("absent.json", bench.job("second", [NAIVE]), "-break")
    assert "absent.json" in ran.out
    assert "Traceback" not in ran.out, "the file is at fault and no code"
    assert "job 2/2" not in ran.out
    assert ran.code == 1


def test_one_dash_and_a_word_is_an_option_only_for_exact_words():
    assert spelt_out(["-break", "a", "-b"]) == ["--break", "a", "-b"]
    assert spelt_out(["-breaks", "--", "-break"]) == ["-breaks", "--", "-break"]
    assert spelt_out(["-help"]) == ["--help"]


@pytest.mark.parametrize("command", ["batch", "autotune", "explorer", "serve"])
def test_every_program_of_the_original_prints_help_for_one_dash(command):
    ran = CliRunner().invoke(app, ["clavis", command, "-help"])
    assert ran.exit_code == 0
    assert ran.output == CliRunner().invoke(app, ["clavis", command, "--help"]).output


def test_a_plugin_gets_undeclared_arguments_with_a_warning(bench):
    bench.classifier("loose", fit="self.clf.fit(X_train, y_train)")
    path = bench.folder / "modules/classifiers/loose/__init__.py"
    text = path.read_text().replace('max_depth=args["depth"]', 'min_samples_leaf=args["leaf"]')
    path.write_text(text)
    values = {"is_meta": True, "values": [1, 40]}
    ran = bench.batch(
        bench.job("loose", [{"title": "L {leaf}", "method": "loose", "leaf": values}])
    )
    assert ran.code == 0
    few, many = ran.results("loose").results
    assert few.figures["accuracy"].mean != many.figures["accuracy"].mean
    assert few.asked["parameters"] == {"depth": 2, "leaf": 1}
    assert "loose has no parameter 'leaf' (its parameters are depth); its code gets it" in ran.out


def test_plugins_stand_before_built_in_ones_with_a_notice(bench):
    bench.classifier("kneighbors")
    bench.dataset("sklearn_iris", blobs())
    entries = [{"title": "tree", "method": "kneighbors", "depth": 3}, NB]
    ran = bench.batch(bench.job("iris", entries))
    assert ran.code == 0, ran.out
    assert "plugins are loaded from" in ran.out
    assert "the classifier kneighbors of" in ran.out
    assert "the data set sklearn_iris of" in ran.out
    assert "iris: sklearn_iris, 60 examples" in ran.out
    (result,) = ran.results("iris").titled("tree")
    assert result.method.startswith("kneighbors@")
    assert result.asked["parameters"] == {"depth": 3}


def test_a_plugin_named_like_our_method_leaves_others_on_ours(bench):
    bench.classifier("mlp")
    network = {"method": "mlpc_keras", "epochs": 1, "hidden_layer_sizes_short": "1x4"}
    entries = [{"title": "net", **network}, {"title": "tree", "method": "mlp"}]
    ran = bench.batch(bench.job("iris", entries))
    assert ran.code == 0, ran.out
    net, tree = ran.results("iris").results
    assert net.method == "mlp"
    assert tree.method.startswith("mlp@")
    assert net.parameters["epochs"] == 1
    assert tree.asked["parameters"] == {"depth": 2}


def test_a_plugin_gets_title_job_and_data_which_keys_leave_out(bench):
    """Only its arguments enter the key."""
    body = "open(self.place, 'a').write(self.told); self.clf.fit(X_train, y_train)"
    bench.classifier("told", body)
    path = bench.folder / "modules/classifiers/told/__init__.py"
    line = "        self.told = repr((args['title'], data_specs['job_title'], data_specs['num_classes']))"
    place = f"        self.place = {str(bench.folder / 'told.txt')!r}"
    text = path.read_text().replace(
        "        from sklearn", f"{line}\n{place}\n        from sklearn", 1
    )
    path.write_text(text)
    bench.batch(bench.job("iris", [{"title": "a", "method": "told"}]))
    assert (bench.folder / "told.txt").read_text() == "('a', 'iris', 3)"
    ran = bench.batch(bench.job("iris", [{"title": "b", "method": "told"}]))
    assert "1 of them in the store" in ran.out


def test_a_broken_plugin_shows_its_traceback_and_hides_no_other(bench):
    bench.classifier("good")
    bench.classifier("bad")
    (bench.folder / "modules/classifiers/bad/__init__.py").write_text(
        "import nothing_of_the_kind\n"
    )
    entries = [{"title": "good", "method": "good"}, {"title": "bad", "method": "bad"}]
    ran = bench.batch(bench.job("iris", entries))
    assert "nothing_of_the_kind" in ran.out
    assert "Traceback" in ran.out
    assert [one.title for one in ran.results("iris").results] == ["good"]
    assert "classifier 'bad': classifier bad: its plugin cannot be used" in ran.out


def test_a_job_title_of_any_letters_has_a_name_in_the_store(bench):
    job = {"data": {"title": "Größe", "dataset": "sklearn_iris"}, "classifiers": [NAIVE]}
    ran = bench.batch(bench.job("job", job))
    assert ran.code == 0
    (name,) = (line.split("'")[1] for line in ran.lines if line.startswith("show it:"))
    assert json.loads(ran.record(name).text)["data"]["title"] == "Größe"


def test_a_job_without_classifiers_is_no_error(bench):
    ran = bench.batch(bench.job("empty", []))
    assert ran.code == 0
    assert "no classifier is left to train" in ran.out


def test_records_hold_where_on_what_and_how_long_one_trained(bench):
    results = bench.batch(bench.job("iris", [NB])).results("iris")
    (row,) = results.titled("NB")[0].member_table().to_dicts()
    assert row["host"]
    assert row["device"]
    assert row["fit_seconds"] > 0
    assert row["library"].startswith("scikit-learn ")


def test_projections_are_computed_once_and_listed_with_the_job(bench):
    job = {
        "data": {"title": "iris", "dataset": "sklearn_iris"},
        "projections": [
            {"title": "PCA", "method": "pca", "random_state": 42},
            {
                "title": "t-SNE p{perplexity}",
                "method": "tsne",
                "perplexity": {"is_meta": True, "values": [10, 200]},
                "random_state": 42,
            },
            {"title": "none", "method": "pac"},
        ],
        "classifiers": [NAIVE],
    }
    ran = bench.batch(bench.job("iris", job))
    assert ran.code == 1
    assert summary(ran)["iris"][1:4] == ["1", "2", "2"]
    assert "projection 't-SNE p200': line 1: " in ran.out
    assert "Did you mean 'pca'?" in ran.out
    listed = ran.record("iris").projections
    assert [one.title for one in listed] == ["PCA", "t-SNE p10"]
    again = bench.batch(bench.folder / "iris.json")
    assert "PCA (pca): trustworthiness" in again.out
    assert again.out.count(", in the store") == 2
    assert again.record("iris").projections == listed


def test_without_test_examples_training_is_all_there_is(bench):
    data = {"title": "iris", "dataset": "sklearn_iris", "test_size": 0}
    ran = bench.batch(bench.job("iris", {"data": data, "classifiers": [NB, NAIVE]}))
    assert ran.code == 0
    assert "every example trains, and there are no test scores" in ran.out
    assert re.search(r"NB \(gaussiannb\): train accuracy 0\.9\d+, no test examples", ran.out)
    assert summary(ran)["iris"][1] == "2"


def test_tests_on_training_examples_are_what_they_are_called(bench):
    data = {"title": "iris", "dataset": "sklearn_iris", "test_size": 1}
    ran = bench.batch(bench.job("iris", {"data": data, "classifiers": [knn([1])]}))
    assert "tested on the very examples that they were trained on" in ran.out
    assert "KNN 1 (kneighbors): train accuracy 1.0000, test accuracy 1.0000" in ran.out


def test_networks_are_saved_where_a_configuration_wants_it(bench):
    entry = {"method": "mlpc_keras", "epochs": 2, "hidden_layer_sizes_short": "1x4"}
    entries = [{"title": "net {epochs}", "save_model": True, "verbose": 2, **entry}]
    ran = bench.batch(bench.job("iris", [*entries, {"title": "other", **entry}]))
    assert ran.code == 0, ran.out
    assert "saved " in ran.out
    folder = bench.folder / "saved_models/iris"
    assert [path.name for path in folder.iterdir()] == ["net 2.h5"]
    assert "    epoch 1/2: loss " in ran.out


def test_the_command_ends_with_130_on_ctrl_c(bench, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("sortal.systems.clavis.batch.batch.run", interrupted)
    jobs = [bench.job(name, [NAIVE]) for name in ("a", "b")]
    ran = bench.batch(*jobs)
    assert ran.code == 130
    assert set(summary(ran)) == {"a", "TOTAL"}
    assert "interrupted: what is finished is kept, and the same command goes on" in ran.out


@pytest.mark.slow
def test_batches_run_in_processes_as_users_start_them(bench):
    job = bench.job("iris", [NAIVE, knn([1, 2])])
    command = [sys.executable, "-m", "sortal", "clavis", "batch", str(job), "-break"]
    ran = subprocess.run(command, capture_output=True, text=True, env={**os.environ}, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert (bench.folder / ".sortal").is_dir()
