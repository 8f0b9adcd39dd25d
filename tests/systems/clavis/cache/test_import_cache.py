"""`sortal clavis import`: what becomes of a cache in the store, and that a rerun changes nothing."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics

from sortal.data.labels import Labels
from sortal.data.split import Part
from sortal.evaluation.scores import evaluate
from sortal.store.store import Store
from sortal.store.upkeep.collect import free_disk
from sortal.store.upkeep.merge import merge_stores
from sortal.store.upkeep.remove import remove_job
from sortal.store.upkeep.usage import measure_usage
from sortal.store.upkeep.verify import find_damages
from sortal.systems.clavis.explorer import explore

GOLDEN = Path(__file__).parent.parent / "golden"
JOB = "iris - ClaVis"
PLUGIN = """\
def get_info():
    return {"name": "pets", "description": "for tests", "class_names": ["cat", "dog", "eel"]}


def get_data(datasets_path):
    raise RuntimeError("nobody asked for data")
"""


def test_a_job_of_figures_alone_is_made_and_shown(cache):
    block = cache.data()
    block.classifier("KNN 5", cache.iris(3), cache.iris(1), n_neighbors=5)
    block.classifier("best", cache.iris(0), method="optimal")
    ran = cache.bring()
    assert ran.code == 0
    assert any(line.split()[:3] == ["iris", "-", "ClaVis"] for line in ran.lines)
    assert f"show it: sortal show '{JOB}' --store {ran.store}" in ran.out
    results = ran.results(JOB)
    (knn,), (best,) = results.titled("KNN 5"), results.titled("best")
    assert (knn.method, dict(knn.parameters)) == ("kneighbors", {"n_neighbors": 5})
    assert (knn.fit_seconds, knn.score_seconds) == (0.5, 0.25)
    assert best.is_reference
    assert results.labels.classes == ("Iris Setosa", "Iris Versicolor", "Iris Virginica")
    assert results.part is Part.TEST
    shown = cache.sortal("show", JOB)
    assert "KNN 5 is best; who is tied with it cannot be told from figures alone." in shown.out
    assert shown.out.count("parameters are those that were asked for") == 1
    assert "Iris Virginica" in cache.sortal("show", f"{JOB}/KNN 5").out


labelled = st.integers(2, 60).flatmap(
    lambda n: st.tuples(
        hnp.arrays(np.int64, n, elements=st.integers(0, 3)),
        hnp.arrays(np.int64, n, elements=st.integers(0, 3)),
    )
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=labelled)
def test_metrics_are_those_of_scikit_learn_and_of_our_jobs(cache, said):
    truth, predicted = said
    folder = cache.another()
    folder.data(dataset="nobody knows").classifier("one", folder.scores(truth, predicted))
    ran = folder.bring()
    assert ran.code == 0, ran.out
    (result,) = ran.results(JOB).titled("one")
    figures = {name: spread.mean for name, spread in result.figures.items()}
    known, codes = np.unique(np.concatenate([truth, predicted]), return_inverse=True)
    labels = Labels(codes[: len(truth)], tuple(map(str, range(len(known)))))
    decided = np.eye(len(known))[codes[len(truth) :]]
    (ours,) = evaluate(decided[None], labels, None, probabilities=False, resamples=0, seed=0)
    blank = {"roc_auc", "average_precision"}
    for name, value in ours.figures.items():
        expected = np.nan if name in blank else value
        assert figures[name] == pytest.approx(expected, nan_ok=True), name
    assert result.confusion.tolist() == ours.confusion
    assert result.class_table()["support"].to_list() == [
        ours.per_class[one]["support"] for one in labels.classes
    ]
    assert figures["accuracy"] == pytest.approx(metrics.accuracy_score(truth, predicted))
    for average in ("macro", "weighted"):
        theirs = metrics.precision_recall_fscore_support(
            truth, predicted, average=average, zero_division=0
        )
        for name, value in zip(("precision", "recall", "f1"), theirs[:3], strict=True):
            assert figures[f"{average}_{name}"] == pytest.approx(value)
    if len(set(truth)) > 1 and len(set(predicted)) > 1:
        assert figures["mcc"] == pytest.approx(metrics.matthews_corrcoef(truth, predicted))
        assert figures["kappa"] == pytest.approx(metrics.cohen_kappa_score(truth, predicted))


def test_a_rerun_changes_nothing_and_says_so(cache):
    block = cache.data()
    for wrong in range(4):
        block.classifier(f"KNN {wrong}", cache.iris(wrong), n_neighbors=wrong)
    before = cache.bring()
    record = before.record(JOB)
    files = {path: path.stat().st_mtime_ns for path in (before.store / "segments").rglob("*")}
    again = cache.bring()
    assert again.code == 0
    assert "nothing to import: the store has all of them." in again.out
    assert again.record(JOB) == record
    assert {
        path: path.stat().st_mtime_ns for path in (again.store / "segments").rglob("*")
    } == files


def test_a_grown_cache_adds_what_is_new(cache):
    block = cache.data()
    block.classifier("first", cache.iris(1))
    cache.bring()
    block.classifier("second", cache.iris(2), n_neighbors=2)
    cache.data("wine", "sklearn_wine").classifier("first", cache.iris(3))
    ran = cache.bring()
    assert {result.title for result in ran.results(JOB).results} == {"first", "second"}
    assert ran.results("wine - ClaVis").results[0].figures["accuracy"].mean == pytest.approx(
        28 / 30
    )
    assert measure_usage(Store.open(ran.store))["segments"].count == 3


def test_many_classifiers_are_one_segment(cache):
    block = cache.data()
    for number in range(60):
        block.classifier(f"KNN {number}", cache.iris(number % 7), n_neighbors=number)
    ran = cache.bring()
    assert len(ran.results(JOB).results) == 60
    assert measure_usage(Store.open(ran.store))["segments"].count == 1
    assert find_damages(Store.open(ran.store)) == []


def test_data_blocks_of_one_title_have_their_hash_in_the_name(cache):
    blocks = [cache.data(random_state=seed) for seed in (1, 2)]
    for block in blocks:
        block.classifier("KNN", cache.iris(1))
    ran = cache.bring()
    names = Store.open(ran.store).jobs.names()
    assert names == sorted(f"{JOB} {block.name[5:13]}" for block in blocks)
    cache.data(random_state=3).classifier("KNN", cache.iris(1))
    cache.bring()
    assert Store.open(ran.store).jobs.names() == sorted([*names, JOB])


def test_a_job_that_was_run_here_keeps_its_name(cache):
    cache.data().classifier("KNN", cache.iris(1))
    ran = cache.bring()
    store = Store.open(ran.store)
    changes = {"figures_alone": False, "asked": {}}
    record = store.jobs.read(JOB).model_copy(update=changes)
    store.jobs.write(record)
    cache.bring()
    assert len(store.jobs.names()) == 2
    assert store.jobs.read(JOB) == record


def test_equal_titles_are_told_apart_and_stay_so(cache):
    block = cache.data()
    first = block.classifier("KNN", cache.iris(1), n_neighbors=1)
    cache.bring()
    for number in range(2, 5):
        block.classifier("KNN", cache.iris(number), n_neighbors=number)
    ran = cache.bring()
    titles = {r.title: r.parameters["n_neighbors"] for r in ran.results(JOB).results}
    assert titles["KNN"] == 1
    assert sorted(titles.values()) == [1, 2, 3, 4]
    assert first.name not in ran.out
    assert cache.bring().record(JOB) == ran.record(JOB)


def test_a_classifier_of_folds_is_made_where_all_are_there(cache):
    block = cache.data()
    folds = [cache.iris(wrong) for wrong in (1, 2, 5)]
    for number, scores in enumerate(folds):
        block.classifier(f"KNN fold{number}", scores, scores, n_neighbors=3)
    block.classifier("KNN", cache.mean(folds), cache.mean(folds), n_neighbors=3)
    block.classifier("KNN fold9", cache.iris(4), n_neighbors=9)
    results = cache.bring().results(JOB)
    (whole,) = results.titled("KNN")
    assert [member.entry.fold for member in whole.members] == [0, 1, 2]
    accuracies = [fold["accuracy"] for fold in folds]
    assert whole.figures["accuracy"].mean == pytest.approx(np.mean(accuracies))
    assert whole.figures["accuracy"].sd == pytest.approx(np.std(accuracies, ddof=1))
    assert whole.confusion.tolist() == np.sum([f["conf_matrix"] for f in folds], axis=0).tolist()
    assert {r.title: r.fold_of for r in results.results} == {
        "KNN": "",
        "KNN fold0": "KNN",
        "KNN fold1": "KNN",
        "KNN fold2": "KNN",
        "KNN fold9": "",
    }
    assert cache.sortal("store", "rm", f"{JOB}/KNN").code == 0
    assert [r.title for r in results.read(results.store, JOB).results] == ["KNN fold9"]


@pytest.mark.parametrize("number", [0, 1])
def test_means_of_missing_folds_are_those_of_the_file(cache, number):
    block = cache.data()
    folds = [cache.iris(1), cache.iris(2)]
    if number:
        block.classifier("KNN fold0", folds[0])
    block.classifier("KNN", cache.mean(folds))
    (whole,) = cache.bring().results(JOB).titled("KNN")
    mean = cache.mean(folds)
    assert whole.figures["accuracy"].mean == mean["accuracy"]
    assert whole.figures["weighted_f1"].mean == mean["pre_rec_fs_supp"][2]
    assert whole.interval("accuracy") is None
    assert any("rounded to tenths" in note for note in whole.notes)


def test_several_labels_rank_by_subset_accuracy(cache):
    truth = np.random.default_rng(0).integers(0, 2, (40, 4))
    block = cache.data("labels", "multi_label_test")
    block.classifier("half", cache.scores(truth, np.vstack([truth[:20], 1 - truth[20:]])))
    block.classifier("all", cache.scores(truth, truth), method="optimal_multi_label")
    ran = cache.bring()
    results = ran.results("labels - ClaVis")
    assert [result.title for result in results.ranked] == ["all", "half"]
    assert results.ranking()["subset_accuracy"].to_list() == [1.0, 0.5]
    assert results.best().title == "half"
    assert np.isnan(results.best().figures["macro_f1"].mean)
    assert len(results.labels.classes) == 4
    unknown = cache.data("other", "nobody knows")
    unknown.classifier("half", cache.scores(truth, 1 - truth))
    assert cache.bring().results("other - ClaVis").labels.classes == ()
    for command in (["show", "other - ClaVis"], ["show", "other - ClaVis/half"], ["list"]):
        assert cache.sortal(*command).code == 0


def test_a_matrix_that_leaves_classes_out_belongs_to_none(cache):
    block = cache.data()
    block.classifier("full", cache.iris(1))
    block.classifier("small", cache.scores([0, 2, 2, 2], [0, 0, 2, 2]))
    ran = cache.bring()
    (small,) = ran.results(JOB).titled("small")
    assert small.confusion_classes == ("1 of 2", "2 of 2")
    assert len(small.class_table()) == 0
    assert any("leaves out classes" in note for note in small.notes)
    assert small.figures["balanced_accuracy"].mean == pytest.approx((1 + 2 / 3) / 2)
    shown = cache.sortal("show", f"{JOB}/small", "--figures", str(cache.folder.parent / "figures"))
    assert shown.code == 0
    assert "Iris" not in shown.out


def test_classes_are_named_by_plugins_and_numbered_without(cache, monkeypatch):
    modules = cache.folder.parent / "modules"
    (modules / "datasets" / "pets").mkdir(parents=True)
    (modules / "datasets" / "pets" / "__init__.py").write_text(PLUGIN)
    monkeypatch.chdir(cache.folder.parent)
    cache.data("pets", "pets").classifier("KNN", cache.iris(1))
    numbered = cache.bring().results("pets - ClaVis")  # modules/ is near, and not loaded
    assert numbered.labels.classes == ("0", "1", "2")
    assert "--plugins" in " ".join(numbered.record.notes)
    kept = cache.bring("--plugins", modules)
    assert kept.results("pets - ClaVis").labels.classes == ("0", "1", "2")
    cache.sortal("store", "rm", "pets - ClaVis")
    named = cache.bring("--plugins", modules).results("pets - ClaVis")
    assert named.labels.classes == ("cat", "dog", "eel")
    assert "--plugins" not in " ".join(named.record.notes)
    assert cache.bring().results("pets - ClaVis").labels.classes == ("cat", "dog", "eel")


def test_names_of_another_data_set_are_not_taken(cache):
    block = cache.data()
    block.classifier("ten", cache.scores(np.arange(10), np.arange(10)))
    assert cache.bring().results(JOB).labels.classes == tuple("0123456789")
    grown = cache.scores(np.arange(11), np.arange(11))
    path = block.classifier("eleven", grown)
    ran = cache.bring()
    assert ran.code == 1
    assert f"{path.name}, conf_matrix: expected at most 10 rows" in ran.out


@pytest.mark.parametrize(
    "words",
    [
        ["map", JOB],
        ["map", JOB, "--by", "scores"],
        ["project", JOB],
        ["ensemble", JOB, "--title", "all"],
        ["ensemble", f"{JOB}/KNN 1", f"{JOB}/KNN 2", "--title", "both"],
        ["import", "theirs.csv", "--job", JOB],
        ["predict", f"{JOB}/KNN 1", "theirs.csv", "--out", "out.csv"],
        ["export", f"{JOB}/KNN 1", "--out", "out.safetensors"],
        ["show", f"{JOB}/KNN 1", "--history"],
    ],
)
def test_what_needs_examples_or_a_model_is_refused(cache, words, monkeypatch):
    monkeypatch.chdir(cache.folder.parent)
    Path("theirs.csv").write_text("id,label,a,b\n1,a,0.5,0.5\n")
    block = cache.data()
    for number in (1, 2):
        block.classifier(f"KNN {number}", cache.iris(number), n_neighbors=number)
    cache.bring()
    ran = cache.sortal(*words)
    assert ran.code == 2
    assert "imported" in ran.out
    assert len(ran.out.strip().splitlines()) == 1


def test_the_explorer_lists_shows_and_deletes(cache, capsys):
    block = cache.data()
    for number in (1, 2):
        block.classifier(f"KNN {number}", cache.iris(number), n_neighbors=number)
    store = Store.open(cache.bring().store)
    answers = iter(["s 1", "s 1", "d 1", "y", "b", "g", "q"])
    assert explore(store, lambda _: next(answers)) == 0
    told = capsys.readouterr().out
    assert "confusion matrix" in told
    assert "n_neighbors" in told
    assert "error" not in told
    assert [entry.title for entry in store.jobs.read(JOB).imported] == ["KNN 2"]


def test_it_is_merged_and_freed_like_any_other(cache, tmp_path):
    cache.data().classifier("KNN", cache.iris(1))
    ran = cache.bring()
    other = Store.open(tmp_path / "other")
    merged = merge_stores(other, Store.open(ran.store))
    assert (merged.jobs, merged.segments, merged.datasets) == (1, 1, 1)
    assert find_damages(other) == []
    remove_job(other, JOB)
    freed = free_disk(other)
    assert (freed.segments, freed.datasets) == (1, 1)


def test_a_cache_that_clavis_wrote_gives_what_it_gave(cache):
    """Written by its last state, of 2021, with scikit-learn 1.9: iris, digits in folds, labels."""
    for path in (GOLDEN / "cache").iterdir():
        (cache.folder / path.name).write_bytes(path.read_bytes())
    ran = cache.bring()
    assert ran.code == 0, ran.out
    given = {}
    for name in Store.open(ran.store).jobs.names():
        results = ran.results(name)
        given[name] = {
            result.title: {
                "figures": {n: round(of.mean, 9) for n, of in result.figures.items() if of.n},
                "training": {
                    n: round(of.mean, 9) for n, of in result.training_figures.items() if of.n
                },
                "members": len(result.members),
                "fold_of": result.fold_of,
                "confusion": result.confusion.tolist(),
            }
            for result in results.results
        }
    expected = json.loads((GOLDEN / "cache.json").read_text(encoding="utf-8"))
    assert given == expected
