"""Classifiers of plugins in jobs: in workers of their own, stored, found again, and refused where they must be."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import load_iris

from sortal.cli.main import main
from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import Labels
from sortal.data.split import Part
from sortal.engines.base import Engines
from sortal.errors import UserError
from sortal.jobs.applying.export import export_result
from sortal.jobs.applying.predict import Predictor
from sortal.jobs.applying.rescore import part_scores
from sortal.jobs.launch import Launched, launch
from sortal.jobs.running.run_options import RunOptions
from sortal.methods.contract.user_methods import providing, providing_by_plain_name
from sortal.plugins.loading.load import load
from sortal.store.store import Store

Run = Callable[..., Launched]
FEATURES = ("a", "b", "c", "d")


def iris() -> Dataset:
    data = load_iris()
    return Dataset(
        name="iris",
        inputs=Inputs({"features": data.data}, np.arange(len(data.data))),
        labels=Labels(data.target, ("setosa", "versicolor", "virginica")),
        names={"features": FEATURES},
    )


@pytest.fixture
def run(tmp_path: Path, modules: Path, engines: Engines | None) -> Run:
    """Run classifiers of the folder's plugins on iris; `cores` workers, or this process."""

    def launched(
        *classifiers: dict[str, object], cores: int = 1, dataset: Dataset | None = None
    ) -> Launched:
        job = {
            "title": "try",
            "data": {"source": "iris", "label": "kind"},
            "classifiers": list(classifiers),
        }
        with providing_by_plain_name(load([modules]).providers):
            return launch(
                job,
                store=tmp_path / "store",
                options=RunOptions(cores=cores),
                dataset=dataset or iris(),
                engines=engines,
            )

    return launched


def knn(*neighbours: int) -> dict[str, object]:
    return {"method": "kneighbors", "parameters": {"n_neighbors": list(neighbours)}}


def test_the_page_s_classifiers_train_in_workers_of_their_own(page_modules, run):
    forest = {"method": "randomforest", "parameters": {"n_estimators": 10}}
    done = run(knn(1, 3), forest, {"method": "gaussiannb"}, cores=2)
    assert done.summary.failed == {}
    titles = [result.title for result in done.results.results]
    assert titles == [
        "kneighbors n_neighbors=1",
        "kneighbors n_neighbors=3",
        "randomforest",
        "gaussiannb",
    ]
    for result in done.results.results:
        figures = result.members[0].record.judged(Part.TEST)
        assert figures["accuracy"] > 0.9
    again = run(knn(1, 3), forest, {"method": "gaussiannb"})
    assert (again.summary.trained, again.summary.stored) == (0, 4)


@pytest.mark.usefixtures("inline")
def test_they_score_as_our_own_of_the_same_kind_do(page_modules, run, inline, tmp_path):
    with_plugin = run(knn(5)).results.results[0]
    plain = launch(
        {"title": "own", "data": {"source": "iris", "label": "kind"}, "classifiers": [knn(5)]},
        store=tmp_path / "own",
        dataset=iris(),
        options=RunOptions(cores=1),
        engines=inline,
    ).results.results[0]
    for mine, own in zip(with_plugin.members, plain.members, strict=True):
        assert mine.record.figures == own.record.figures
        assert mine.record.method.startswith("kneighbors@")
        assert own.record.method == "kneighbors"


def test_a_plugin_and_its_built_in_namesake_share_a_worker(page_modules, tmp_path):
    plugins = load([page_modules])
    full = f"kneighbors@{plugins.classifier('kneighbors').digest}"
    job = {
        "title": "both",
        "data": {"source": "iris", "label": "kind"},
        "classifiers": [{"method": full}, {"method": "kneighbors"}, {"method": "naive"}],
    }
    with providing(plugins.providers):
        done = launch(job, store=tmp_path / "store", dataset=iris(), options=RunOptions(cores=1))
    assert done.summary.failed == {}
    own, ours, _ = (result.members[0].record for result in done.results.results)
    assert (own.method, ours.method) == (full, "kneighbors")
    assert own.not_savable
    assert not ours.not_savable
    assert own.figures == ours.figures


@pytest.mark.usefixtures("inline")
def test_changed_source_is_trained_anew_and_the_rest_is_found(page_modules, run):
    forest = {"method": "randomforest", "parameters": {"n_estimators": 3}}
    run(knn(1), forest)
    path = page_modules / "classifiers" / "k_neighbors" / "__init__.py"
    path.write_text(path.read_text() + "# changed\n")
    again = run(knn(1), forest)
    assert (again.summary.trained, again.summary.stored) == (1, 1)


PRINTING = """\
    def fit(self, X, y):
        for stream in (sys.stdout, sys.stderr, sys.__stdout__):
            print('{"name": "noise", "finished": 1}' * 100, file=stream, flush=True)
        os.write(1, b'raw' * 1000)

    def predict(self, X, y):
        print('still noisy')
        return y
"""


def test_what_plugins_print_does_not_reach_the_driver(classifier, run, capfd):
    classifier("loud", body=PRINTING, imports="import os, sys\n")
    done = run({"method": "loud"})
    assert done.summary.trained == 1
    assert capfd.readouterr().out == ""


@pytest.mark.slow
def test_one_that_kills_its_worker_fails_alone(classifier, page_modules, run):
    body = "    def fit(self, X, y):\n        os._exit(7)\n\n    def predict(self, X, y):\n        pass\n"
    classifier("fatal", body=body, imports="import os\n")
    done = run({"method": "fatal"}, knn(1))
    assert done.summary.trained == 1
    assert len(done.summary.failed) == 1


def test_models_saved_by_plugins_lie_in_the_working_directory(
    page_modules, run, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    shape = {"__tuple__": [150, 2, 2]}
    parameters = {
        "save_model": True,
        "title": "Rows",
        "job_title": "My job",
        "data_specs": {"original_shape": shape},
    }
    done = run({"method": "reshaping", "parameters": parameters})
    assert done.summary.failed == {}
    assert (tmp_path / "saved_models" / "My job" / "Rows.txt").is_file()


@pytest.mark.usefixtures("inline")
def test_the_mnist_plugin_s_shape_reaches_a_classifier(page_plugins, run):
    from sortal.plugins.classifiers.specs import pack

    source = page_plugins.dataset("keras_mnist").read()
    dataset = Dataset(
        name="digits",
        inputs=Inputs({"features": source.X_train}, np.arange(len(source.X_train))),
        labels=Labels(source.y_train, source.class_names),
        names={"features": tuple(f"x{n}" for n in range(64))},
    )
    done = run(
        {"method": "reshaping", "parameters": {"data_specs": pack(source.specs)}}, dataset=dataset
    )
    (result,) = done.results.results
    assert result.members[0].record.judged(Part.TEST)["accuracy"] > 0.5


@pytest.mark.usefixtures("inline")
class TestWithoutItsFolder:
    """Results are read as ever; what needs the classifier says which plugin and how to name it."""

    @pytest.fixture
    def done(self, page_modules, run) -> Launched:
        return run(knn(1))

    def test_its_results_are_there(self, done):
        assert done.results.results[0].members[0].record.figures["test"]

    def test_it_cannot_be_applied_and_is_named(self, done, tmp_path):
        store = Store.open(tmp_path / "store")
        with pytest.raises(
            UserError, match=r"its model was not stored .kneighbors is a classifier of a plugin"
        ):
            Predictor.load(store, [done.results.results[0]])

    def test_it_cannot_be_exported(self, done, tmp_path):
        store = Store.open(tmp_path / "store")
        with pytest.raises(
            UserError, match=r"its model was not stored .kneighbors is a classifier of a plugin"
        ):
            export_result(store, [done.results.results[0]], tmp_path / "x.onnx")

    def test_its_training_examples_cannot_be_scored_again(self, done, tmp_path):
        store = Store.open(tmp_path / "store")
        member = done.results.results[0].members[0]
        assert len(part_scores(store, member, Part.TEST)[0])
        with pytest.raises(UserError, match="kneighbors is a classifier of a plugin"):
            part_scores(store, member, Part.TRAIN)


class TestTheCommand:
    """`sortal run` and `sortal check` with `--plugins`."""

    @pytest.fixture
    def sortal(self, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        columns = dict(zip(FEATURES, load_iris().data.T, strict=True))
        pl.DataFrame({**columns, "kind": load_iris().target.astype(str)}).write_csv("iris.csv")
        job = {
            "data": {"source": "iris.csv", "label": "kind"},
            "classifiers": [knn(1, 2), {"method": "small"}],
        }
        Path("job.json").write_text(json.dumps(job))

        def call(*words: str) -> tuple[int, str, str]:
            monkeypatch.setattr("sys.argv", ["sortal", *words])
            try:
                main()
                code = 0
            except SystemExit as end:
                code = int(end.code or 0)
            return (code, *capsys.readouterr())

        return call

    def test_a_job_names_them_as_it_names_any_method(self, page_modules, classifier, sortal):
        classifier("small")
        (page_modules / "classifiers" / "bad").mkdir()
        (page_modules / "classifiers" / "bad" / "__init__.py").write_text("1 / 0\n")
        code, out, err = sortal("check", "job.json", "--plugins", "modules")
        assert code == 0
        assert "Traceback" not in err, "no job names the one that cannot be imported"
        assert "kneighbors of" in err
        assert "is used in place of the built-in one" in err
        code, out, _ = sortal("run", "job.json", "--plugins", "modules", "--quiet")
        assert code == 0, out
        assert "kneighbors n_neighbors=2" in out
        assert "small" in out

    def test_methods_are_listed_with_their_parameters(self, page_modules, sortal):
        code, out, _ = sortal("methods", "--plugins", "modules", "--format", "csv")
        assert code == 0
        assert "\nkneighbors,plugin: k Nearest Neighbors Classifier" in out
        assert "\nreshaping," in out
        code, out, _ = sortal("methods", "kneighbors", "--plugins", "modules")
        assert code == 0
        assert "n_neighbors" in out
        assert "Number of neighbors" in out

    def test_a_broken_plugin_is_not_replaced_by_a_built_in_namesake(self, modules, sortal):
        folder = modules / "classifiers" / "my_neighbours"
        folder.mkdir()
        (folder / "__init__.py").write_text("import nowhere\nCLF_INFO = {'name': 'kneighbors'}\n")
        job = json.loads(Path("job.json").read_text())
        job["classifiers"] = [knn(1)]
        Path("job.json").write_text(json.dumps(job))
        code, out, err = sortal("check", "job.json", "--plugins", "modules")
        assert code == 2
        assert f"the classifier in {folder} cannot be used: importing it raised" in err
        job["classifiers"] = [{"method": "naive"}]
        Path("job.json").write_text(json.dumps(job))
        code, out, err = sortal("check", "job.json", "--plugins", "modules")
        assert code == 0, "it hides no other"
        assert "cannot be used" in err
        code, out, _ = sortal("methods", "--plugins", "modules", "--format", "csv")
        assert code == 0
        assert "\nkneighbors," not in out

    def test_without_the_folder_the_job_is_refused(self, classifier, sortal):
        classifier("small")
        code, _, err = sortal("check", "job.json")
        assert code == 2
        assert "'small'" in err

    def test_a_folder_of_no_plugins_is_refused(self, sortal):
        code, _, err = sortal("run", "job.json", "--plugins", "nowhere")
        assert code == 2
        assert "plugins: expected a folder, got nowhere" in err

    def test_wrong_parameters_are_told_with_their_place(self, page_modules, sortal):
        job = json.loads(Path("job.json").read_text())
        job["classifiers"] = [{"method": "kneighbors", "parameters": {"n_neighbors": 0}}]
        Path("job.json").write_text(json.dumps(job))
        code, _, err = sortal("check", "job.json", "--plugins", "modules")
        assert code == 2
        assert "n_neighbors" in err
        assert "an integer from 1 to 1000" in err


LOGITS = """\
    def fit(self, X, y):
        self.middle = np.array([X[y == one].mean(axis=0) for one in range(self.specs['num_classes'])])

    def predict(self, X, y):
        return self.predict_proba(X, y).argmax(axis=1)

    def predict_proba(self, X, y):
        return -((X[:, None] - self.middle) ** 2).sum(axis=-1)
"""


def test_logits_of_predict_proba_give_no_log_loss(run, classifier):
    classifier(body=LOGITS)
    launched = run({"method": "small"})
    assert launched.summary.exit_code == 0
    (result,) = launched.results.titled("small")
    assert result.figures["accuracy"].mean > 0.8
    assert all(np.isnan(result.figures[name].mean) for name in ("log_loss", "brier", "ece"))
    assert "its scores are no probabilities: they lie between -" in result.notes[-1]
