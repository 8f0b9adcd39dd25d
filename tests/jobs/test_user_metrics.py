"""Metrics that a job names by import path, or gets from Python: found, computed, kept, searched by."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import fbeta_score

import sortal
from sortal.cli.report import report
from sortal.data.split import Part
from sortal.events import Warned
from sortal.job.models import Job
from sortal.job.problems import JobError
from sortal.jobs.ensembles.ensemble import ensemble
from sortal.jobs.imports.predictions import import_predictions
from sortal.jobs.results.results import JobResults
from sortal.jobs.user_metrics.load import is_in_folders, providing_metrics
from sortal.jobs.user_metrics.values import KIND, MetricValues
from sortal.options import TableFormat
from sortal.store.store import Store
from sortal.views.ranking import columns

pytestmark = pytest.mark.usefixtures("inline")

SOURCE = '''
import numpy as np
import sortal

def gmean(labels, scores, weights):
    """Geometric mean of the recalls of the classes that occur."""
    right = scores.argmax(axis=1) == labels
    recalls = [np.average(right[labels == k], weights=weights[labels == k]) for k in set(labels)]
    return float(np.prod(recalls) ** (1 / len(recalls)))

@sortal.metric(title="mean error", greater_is_better=False, needs_probabilities=True)
def mean_error(labels, scores, weights):
    return np.average(1 - scores[np.arange(len(labels)), labels], weights=weights)
'''
IRIS = {"source": "iris", "split": {"test": 0.4, "validation": 0.2}}


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    """A folder of plugins with two metrics in it."""
    (tmp_path / "plugins" / "metrics").mkdir(parents=True)
    (tmp_path / "plugins" / "metrics" / "own.py").write_text(SOURCE)
    return tmp_path / "plugins"


def job(*metrics: str, **changes):
    return {
        "title": "flowers",
        "data": IRIS,
        "bootstrap": 0,
        "classifiers": [{"method": "lda"}, {"method": "svm"}],
        **({"metrics": list(metrics)} if metrics else {}),
        **changes,
    }


def problems(made, run, **options) -> dict[str, str]:
    with pytest.raises(JobError) as caught:
        run(made, **options)
    return {one.path: str(one) for one in caught.value.problems}


def gmean(labels, scores, weights):
    right = scores.argmax(axis=1) == labels
    recalls = [np.average(right[labels == k], weights=weights[labels == k]) for k in set(labels)]
    return float(np.prod(recalls) ** (1 / len(recalls)))


def recalls_of(result):
    return np.array(
        [one["recall"] for one in result.members[0].scores[Part.TEST].per_class.values()]
    )


def test_a_metric_of_a_job_stands_beside_the_others(run, plugins):
    with providing_metrics([plugins]):
        results = run(job("own.gmean", "own:mean_error")).results
    (lda,), (svm,) = results.titled("lda"), results.titled("svm")
    assert lda.figures["gmean"].mean == pytest.approx(np.prod(recalls_of(lda)) ** (1 / 3))
    assert 0 < lda.figures["mean_error"].mean < 0.5
    assert np.isnan(svm.figures["mean_error"].mean)  # its scores are no probabilities
    ranking = results.ranking()
    assert {"gmean", "mean_error"} <= set(ranking.columns)
    assert "mean error" in [getattr(one, "title", "") for one in columns(results)]
    assert "gmean" in lda.table()["figure"].to_list()


def test_members_that_were_there_before_get_it_untrained(run, plugins):
    before = run(job())
    with providing_metrics([plugins]):
        after = run(job("own.gmean"))
    assert (before.summary.trained, after.summary.trained) == (2, 0)
    keys = [
        {one.entry.key for r in each.results.results for one in r.members}
        for each in (before, after)
    ]
    assert keys[0] == keys[1]
    assert all(not np.isnan(one.figures["gmean"].mean) for one in after.results.results)


def test_ensembles_and_imports_get_it_when_the_job_runs_again(run, plugins, tmp_path):
    with providing_metrics([plugins]):
        launched = run(job("own.gmean", classifiers=[{"method": "lda"}, {"method": "gaussiannb"}]))
        store = launched.results.store
        ensemble(store, ["flowers/lda", "flowers/gaussiannb"], title="both")
        theirs = JobResults.read(store, "flowers").scores("lda")
        theirs.write_csv(tmp_path / "theirs.csv")
        import_predictions(store, [tmp_path / "theirs.csv"], job="flowers", title="theirs")
        assert np.isnan(JobResults.read(store, "flowers").titled("both")[0].figures["gmean"].mean)
        again = run(job("own.gmean", classifiers=[{"method": "lda"}, {"method": "gaussiannb"}]))
    values = {one.title: one.figures["gmean"].mean for one in again.results.results}
    assert again.summary.trained == 0
    assert values["theirs"] == values["lda"]
    assert not np.isnan(values["both"])


def test_values_are_averaged_over_folds_and_seeds(run, plugins):
    folds = {"source": "iris", "split": {"kind": "folds", "folds": 3}}
    trees = {"method": "extratrees", "parameters": {"n_estimators": 3}, "seeds": 2}
    with providing_metrics([plugins]):
        (result,) = run(job("own.gmean", data=folds, classifiers=[trees])).results.results
    spread = result.figures["gmean"]
    own = [one.scores[Part.TEST].figures["gmean"] for one in result.members]
    assert (spread.n, spread.mean) == (6, pytest.approx(np.mean(own)))


def test_weights_of_the_data_reach_the_function(run, survey_block):
    def weighed(labels, scores, weights):
        return float(np.average(scores.argmax(axis=1) == labels, weights=weights))

    made = job(data=survey_block, classifiers=[{"method": "lda"}])
    (result,) = run(made, metrics=[weighed]).results.results
    assert result.figures["weighed"].mean == pytest.approx(result.figures["accuracy"].mean)
    assert result.figures["weighed"].mean != pytest.approx(np.mean(recalls_of(result)), abs=1e-6)


def test_targets_are_columns_of_labels_and_scores(run, tmp_path):
    rng = np.random.default_rng(4)
    features = rng.normal(size=(120, 3))
    flags = (features[:, :2] + rng.normal(scale=0.3, size=(120, 2)) > 0).astype(int)
    table = np.concatenate([features, flags], axis=1)
    np.savetxt(tmp_path / "t.csv", table, delimiter=",", header="a,b,c,x,y", comments="")

    def f2(labels, scores, weights):
        return fbeta_score(labels, scores > 0.5, beta=2, average="macro", sample_weight=weights)

    data = {"source": str(tmp_path / "t.csv"), "label": ["x", "y"]}
    (both,) = run(
        job(data=data, classifiers=[{"method": "kneighbors"}]), metrics=[f2]
    ).results.results
    assert 0.5 < both.figures["f2"].mean <= 1
    apart = job(
        title="apart", data={**data, "targets": "independent"}, classifiers=[{"method": "lda"}]
    )
    assert all(
        0.5 < one.figures["f2"].mean <= 1 for one in run(apart, metrics=[f2]).results.results
    )


def test_training_examples_have_no_value_of_it(run):
    made = job(training_figures=True)
    (lda, _) = run(made, metrics=[gmean]).results.results
    assert not np.isnan(lda.training_figures["accuracy"].mean)
    assert np.isnan(lda.training_figures["gmean"].mean)
    assert lda.table().filter(figure="gmean")["training"].to_list() == [None]


def test_changed_code_is_computed_anew_under_its_own_digest(run, plugins):
    values = []
    for text in (SOURCE, SOURCE.replace("return float(np.prod", "return 0.5 * float(np.prod")):
        (plugins / "metrics" / "own.py").write_text(text)
        with providing_metrics([plugins]):
            results = run(job("own.gmean")).results
        values.append(results.titled("lda")[0].figures["gmean"].mean)
        kept = MetricValues.read(results.store, "flowers")
        assert list(kept.values) == [one.full_name for one in results.own_metrics]
    assert values[1] == pytest.approx(values[0] / 2)


CALLS = []


def counted(labels, scores, weights):
    CALLS.append(1)
    return 1.0


def test_what_is_stored_is_not_computed_again(run):
    CALLS.clear()
    run(job(), metrics=[counted])
    first = len(CALLS)
    run(job(), metrics=[counted])
    assert len(CALLS) - first == first - 4  # the checks alone; two members had two parts each


class Constant:
    """A callable object with a name."""

    __name__ = "constant"

    def __init__(self, value):
        self.value = value

    def __call__(self, labels, scores, weights):
        return self.value


def constant(value):
    def constant(labels, scores, weights):
        return value

    return constant


@pytest.mark.parametrize("make", [constant, Constant])
def test_a_metric_that_holds_another_value_is_computed(run, make):
    for value in (0.25, 0.5):
        (lda, _) = run(job(), metrics=[make(value)]).results.results
        assert lda.figures["constant"].mean == value


def test_a_metric_that_comes_to_need_probabilities_is_blank(run):
    for needs in (False, True):
        made = sortal.metric(needs_probabilities=needs)(gmean)
        (svm,) = run(job(), metrics=[made]).results.titled("svm")
        assert np.isnan(svm.figures["gmean"].mean) == needs


def test_a_job_without_metrics_keeps_no_values(run):
    store = run(job(), metrics=[gmean]).results.store
    assert store.artifacts.names(KIND) == ["flowers"]
    assert "gmean" not in run(job()).results.ranking().columns
    assert store.artifacts.names(KIND) == []


def test_a_package_imports_its_own_modules(run, plugins):
    package = plugins / "metrics" / "mine"
    package.mkdir()
    (package / "__init__.py").write_text("from .deep import half\n")
    (package / "deep.py").write_text("def half(labels, scores, weights):\n    return 0.5\n")
    with providing_metrics([plugins]):
        results = run(job("mine.half")).results
        assert results.titled("lda")[0].figures["half"].mean == 0.5
        deep = run(job("mine.deep.half")).results
        assert deep.titled("lda")[0].figures["half"].mean == 0.5
    assert is_in_folders("mine.deep.half", [plugins])
    assert not is_in_folders("numpy.mean", [plugins])


def test_a_search_takes_the_direction_of_the_metric(run, plugins):
    svm = {
        "method": "lda",
        "parameters": {"shrinkage": {"tune": True, "min": 0.01, "max": 1.0}, "solver": "lsqr"},
    }
    tuning = {"sampler": "random", "trials": 4, "batch": 2, "metric": "mean_error"}
    with providing_metrics([plugins]):
        launched = run(job("own.mean_error", classifiers=[svm], tuning=tuning))
        study = launched.searched.study
        values = [one.value for one in study.ranked]
        assert (study.smaller_is_better, len(values)) == (True, 4)
        assert values == sorted(values)
        candidates = JobResults.read(launched.results.store, "flowers.search")
        best = candidates.titled(study.ranked[0].title)[0]
        assert best.figures["mean_error"].mean == values[0]
        again = run(job("own.mean_error", classifiers=[svm], tuning=tuning))
        assert (again.summary.trained, [one.value for one in again.searched.study.ranked]) == (
            0,
            values,
        )


def test_a_search_goes_on_where_its_values_are_damaged(run, plugins):
    lda = {
        "method": "lda",
        "parameters": {"shrinkage": {"tune": True, "min": 0.01, "max": 1.0}, "solver": "lsqr"},
    }
    tuning = {"sampler": "random", "trials": 2, "batch": 2, "metric": "gmean"}
    made = job("own.gmean", classifiers=[lda], tuning=tuning)
    with providing_metrics([plugins]):
        first = run(made)
        for name in ("flowers", "flowers.search"):
            folder = first.results.store.artifacts.get(KIND, name).folder
            (folder / "values.json").write_text("[]")
        again = run(made)
    assert again.summary.trained == 0
    studies = [[one.value for one in each.searched.study.ranked] for each in (first, again)]
    assert studies[0] == studies[1] != []


def test_a_search_by_rungs_knows_members_that_pause(run):
    network = {
        "method": "mlp",
        "parameters": {
            "learning_rate": {"tune": True, "min": 0.0001, "max": 0.1},
            "hidden_layer_sizes": {"value": [4]},
            "epochs": 6,
        },
    }
    tuning = {
        "trials": 3,
        "batch": 3,
        "metric": "gmean",
        "rungs": {"lowest": 2, "highest": 6},
    }
    study = run(job(classifiers=[network], tuning=tuning), metrics=[gmean]).searched.study
    assert all(one.rungs for one in study.trials)
    assert sorted(str(one.state) for one in study.trials) == ["complete", "pruned", "pruned"]


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("own.gmaen", "a function that the module has, such as 'gmean', got 'own.gmaen'"),
        ("own.np", "a function of labels, scores and weights"),
        ("nowhere.f", "of a module in "),
        (
            "broken.f",
            r"importing it raised ZeroDivisionError: division by zero \(broken.py, line 1\)",
        ),
        ("bad.unscaled", "divide by their sum"),
        ("bad.accuracy", "name is new to Sortal, got 'accuracy', which a metric or column"),
        ("bad.of_targets", "a metric of exclusive labels, got of_targets, one of independent"),
    ],
)
def test_a_metric_that_cannot_be_used_is_a_problem(run, plugins, path, sentence):
    (plugins / "metrics" / "broken.py").write_text("1 / 0\n")
    (plugins / "metrics" / "bad.py").write_text(
        "import sortal\n"
        "def unscaled(labels, scores, weights):\n    return float(weights.sum())\n"
        "def accuracy(labels, scores, weights):\n    return 1.0\n"
        "of_targets = sortal.metric(outputs='independent')(accuracy)\n"
    )
    with providing_metrics([plugins]):
        found = problems(job("own.gmean", path), run)
    assert list(found) == ["metrics[1]"]
    import re

    assert re.search(sentence, found["metrics[1]"]), found


def test_no_module_beside_the_job_is_imported_unasked(run, plugins, monkeypatch):
    monkeypatch.chdir(plugins / "metrics")
    monkeypatch.syspath_prepend(plugins / "metrics")
    found = problems(job("own.gmean"), run)
    assert "name that folder with --plugins" in found["metrics[0]"]


def test_a_path_that_is_none_and_one_twice_are_problems(run, plugins):
    with providing_metrics([plugins]):
        assert "the import path of a function" in problems(job("gmean"), run)["metrics[0]"]
        assert "once" in problems(job("own.gmean", "own.gmean"), run)["metrics[1]"]
        assert "twice" in problems(job("own.gmean"), run, metrics=[gmean])["metrics"]


@pytest.mark.parametrize("metrics", [["own.gmaen"], ["own.gmaen", 3]])
def test_a_search_by_a_metric_that_fails_is_one_problem(run, plugins, metrics):
    with providing_metrics([plugins]):
        found = problems(job(*metrics, tuning={"metric": "gmaen"}), run)
    assert [one for one in found if one.startswith("metrics")] == [f"metrics[{len(metrics) - 1}]"]
    assert "tuning.metric" not in found


def test_an_unknown_metric_of_a_search_is_met_with_the_nearest(run):
    found = problems(job(tuning={"metric": "balanced_acuracy"}), run)["tuning.metric"]
    assert "Did you mean 'balanced_accuracy'?" in found


def test_a_metric_that_fails_on_the_data_is_warned_of(run):
    events = []

    def fails_on_many(labels, scores, weights):
        if len(labels) > 60:
            raise RuntimeError("too many")
        return 0.5

    launched = run(
        job(data={"source": "digits", "subset": 400}),
        metrics=[fails_on_many],
        listener=events.append,
    )
    warned = [one.text for one in events if isinstance(one, Warned) and "too many" in one.text]
    assert len(warned) == 2
    assert warned[0].startswith(
        "metric fails_on_many: its function raised RuntimeError: too many ("
    )
    assert "for lda: fails_on_many stays blank there." in warned[0]
    assert np.isnan(launched.results.titled("lda")[0].figures["fails_on_many"].mean)


KEPT = {
    "name": "gmean",
    "title": "gmean",
    "digest": "0a1b2c3d",
    "outputs": "both",
    "greater_is_better": True,
    "needs_probabilities": False,
}


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "3",
        "\ud800",
        '{"format": 2, "metrics": [], "values": {}}',
        '{"format": 1, "metrics": 3, "values": {}}',
        '{"format": 1, "metrics": ["gmean"], "values": {}}',
        json.dumps({"format": 1, "metrics": [KEPT], "values": []}),
        json.dumps({"format": 1, "metrics": [KEPT], "values": {"gmean@0a1b2c3d": ["a"]}}),
        json.dumps({"format": 1, "metrics": [KEPT], "values": {"gmean@0a1b2c3d": {"k": 3}}}),
        json.dumps(
            {"format": 1, "metrics": [KEPT], "values": {"gmean@0a1b2c3d": {"k": {"test": "x"}}}}
        ),
    ],
)
def test_values_that_cannot_be_read_are_computed_anew(run, content, capsys):
    events = []
    store = run(job(), metrics=[gmean]).results.store
    path = store.artifacts.get(KIND, "flowers").folder / "values.json"
    path.write_bytes(content.encode(errors="surrogatepass"))
    damaged = JobResults.read(store, "flowers")
    assert "gmean" not in damaged.ranking().columns
    report(damaged, TableFormat.TABLE)
    noted = [one for one in capsys.readouterr().out.splitlines() if one.startswith("note: ")]
    assert len(noted) == 1
    assert "values.json" in noted[0]
    assert noted[0].endswith("Run the job again to compute them anew.")
    again = run(job(), metrics=[gmean], listener=events.append)
    assert not np.isnan(again.results.titled("lda")[0].figures["gmean"].mean)
    assert [one.text for one in events if isinstance(one, Warned)]
    assert JobResults.read(store, "flowers").metrics_damage == ""


def test_a_damaged_description_of_values_is_mended_by_a_run(run):
    store = run(job(), metrics=[gmean]).results.store
    (store.folder / "artifacts" / KIND / "flowers" / "artifact.json").write_text("[]")
    assert "left out" in JobResults.read(store, "flowers").metrics_damage
    again = run(job(), metrics=[gmean])
    assert not np.isnan(again.results.titled("lda")[0].figures["gmean"].mean)


def test_a_job_without_metrics_is_written_as_ever():
    plain = Job.model_validate({"data": {"source": "iris"}, "classifiers": [{"method": "lda"}]})
    assert "metrics" not in json.loads(plain.model_dump_json())
    named = plain.model_copy(update={"metrics": ["a.b"]})
    assert json.loads(named.model_dump_json())["metrics"] == ["a.b"]


def test_python_runs_and_checks_with_functions(tmp_path):
    store = tmp_path / "store"
    assert "svm" in str(sortal.check(job(), store=store, metrics=[gmean]))
    results = sortal.run(job(), store=store, cores=1, quiet=True, metrics=[gmean])
    assert not np.isnan(results.best().figures["gmean"].mean)
    loaded = sortal.load("flowers", store=store)
    assert "gmean" in loaded.ranking().columns
    assert Store.open(store).artifacts.names(KIND) == ["flowers"]
