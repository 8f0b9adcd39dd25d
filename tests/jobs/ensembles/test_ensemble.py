"""Ensembles of real jobs: what they are, what is refused, and how long they live."""

import json
import shutil

import numpy as np
import polars as pl
import pytest

from sortal.cli.results import predict as command
from sortal.data.split import Part
from sortal.engines.inline import InlineEngine
from sortal.errors import Damaged, NotFound, OptionError, StoreBusy, UserError
from sortal.evaluation.scores import predict_labels
from sortal.jobs.applying.predict import Predictor
from sortal.jobs.ensembles.ensemble import ensemble
from sortal.jobs.launch import launch
from sortal.jobs.results.lookup import find_result
from sortal.jobs.results.results import JobResults
from sortal.jobs.running.run_options import RunOptions
from sortal.store.store import Store
from sortal.store.upkeep.collect import free_disk
from sortal.store.upkeep.merge import merge_stores
from sortal.store.upkeep.remove import remove_job, remove_members, remove_result
from sortal.store.upkeep.usage import measure_usage
from sortal.store.upkeep.verify import find_damages, quarantine

pytestmark = pytest.mark.usefixtures("inline")

CLASSIFIERS = [
    {"method": "gaussiannb"},
    {"method": "lda"},
    {"method": "lda", "title": "calibrated", "calibrate": "sigmoid"},
    {"method": "extratrees", "title": "trees", "parameters": {"n_estimators": 5}, "seeds": 3},
    {"method": "svm"},
    {"method": "naive"},
]
IRIS = {"source": "iris", "split": {"test": 0.4, "validation": 0.2}}
MEMBERS = ["flowers/gaussiannb", "flowers/calibrated", "flowers/trees"]


def job(**changes):
    return {
        "title": "flowers",
        "data": IRIS,
        "bootstrap": 40,
        "classifiers": CLASSIFIERS,
        **changes,
    }


@pytest.fixture(scope="module")
def flowers(tmp_path_factory):
    """A store in which the flowers have been run, not to be written to."""
    folder = tmp_path_factory.mktemp("flowers") / "store"
    launch(job(), store=folder, options=RunOptions(cores=1), engines=InlineEngine())
    return folder


@pytest.fixture
def store(flowers, tmp_path):
    """A copy of it."""
    return Store.open(shutil.copytree(flowers, tmp_path / "store"))


def keys_of(store, *names):
    members = [m for name in names for r in find_result(store, name)[1] for m in r.members]
    return [member.entry.key for member in members]


def entries(store, title, name="flowers"):
    return [e for e in store.jobs.read(name).ensembles if e.title == title]


def test_scores_and_spread_are_those_of_numpy_on_stored_scores(store):
    made = ensemble(store, MEMBERS, title="five")
    assert made.is_new
    assert made.members == 5
    (entry,) = entries(store, "five")
    stored = np.stack(store.members.scores(keys_of(store, *MEMBERS))).astype(np.float64)
    (scores,) = store.members.scores([entry.key])
    assert scores.shape == stored.shape[1:]
    np.testing.assert_allclose(scores, stored.mean(axis=0), atol=1e-7)
    (spread,) = store.members.spread([entry.key])
    np.testing.assert_allclose(spread, stored.std(axis=0, ddof=1), atol=1e-7)
    decided = predict_labels(stored.mean(axis=0)[None], made.results.outputs, probabilities=True)
    assert store.members.predicted([entry.key])[0].tolist() == decided[0].tolist()


def test_metrics_use_the_examples_and_resamples_of_the_members(store):
    from sklearn.metrics import balanced_accuracy_score, log_loss

    results = ensemble(store, MEMBERS, title="five").results
    (result,) = results.titled("five")
    table = results.scores("five")
    names = np.array(results.labels.classes)
    scores = table.select(f"score_{name}" for name in names).to_numpy()
    figures = result.members[0].scores[Part.TEST].figures
    truth = table["label"].to_numpy()
    expected = balanced_accuracy_score(truth, names[scores.argmax(axis=1)])
    assert figures["balanced_accuracy"] == pytest.approx(expected)
    assert figures["log_loss"] == pytest.approx(log_loss(truth, scores, labels=names), rel=1e-5)
    low, high = result.interval("balanced_accuracy")
    assert low <= figures["balanced_accuracy"] <= high
    validation = len(results.splits[0].validation)
    assert result.members[0].scores[Part.VALIDATION].examples == validation
    assert table.columns[-3:] == [f"spread_{name}" for name in names]


def test_it_is_ranked_compared_and_counted_like_any_other(store):
    results = ensemble(store, MEMBERS, title="five").results
    ranking = results.ranking()
    assert "five" in ranking["title"].to_list()
    assert ranking.filter(title="five")["method"].to_list() == ["ensemble"]
    assert "five" in results.comparison().titles
    about = results.outline()
    assert about.classifiers == 7
    assert about.members == about.done == 9
    assert find_result(store, "five")[1][0].title == "five"


def test_the_same_again_is_found_and_nothing_is_written(store):
    ensemble(store, MEMBERS, title="five")
    before = {path: path.stat().st_mtime_ns for path in store.folder.rglob("*.json*")}
    again = ensemble(store, MEMBERS[::-1], title="five")
    assert not again.is_new
    after = {path: path.stat().st_mtime_ns for path in store.folder.rglob("*.json*")}
    assert after == before


def test_two_titles_of_the_same_members_share_their_scores(store):
    ensemble(store, MEMBERS, title="five")
    segments = measure_usage(store)["segments"].count
    assert ensemble(store, MEMBERS, title="5").is_new
    assert measure_usage(store)["segments"].count == segments


def test_weights_are_by_classifier_and_shared_by_its_seeds(store):
    made = ensemble(store, ["lda", "trees"], title="weighted", weights=[2, 1])
    (entry,) = entries(store, "weighted")
    lda, *trees = (
        s.astype(np.float64) for s in store.members.scores(keys_of(store, "lda", "trees"))
    )
    expected = 2 / 3 * lda + np.mean(trees, axis=0) / 3
    np.testing.assert_allclose(store.members.scores([entry.key])[0], expected, atol=1e-7)
    assert sum(one.weight for one in entry.members) == pytest.approx(1)
    assert made.results.titled("weighted")[0].parameters["weights"] == [2, 1]
    other = ensemble(store, ["lda", "trees"], title="plain")
    assert entries(store, "plain")[0].key != entry.key
    assert other.is_new


def test_prediction_is_scoring_by_hand_with_the_decided_spread(store, tmp_path):
    """The uncertainty is the spread of the class that is decided for."""
    ensemble(store, ["lda", "trees"], title="weighted", weights=[2, 1])
    file = tmp_path / "new.csv"
    generator = np.random.default_rng(0)
    names = find_result(store, "lda")[1][0].members[0].record.inputs.names["features"]
    rows = generator.normal(size=(37, 4)) * 0.5 + [5.8, 3.0, 3.8, 1.2]
    pl.DataFrame(rows, schema=names).write_csv(file)

    def predict(title, seed=None, block=50_000):
        command.predict(
            title, [file], out=tmp_path / "out.parquet", store=store.folder,
            id_column=None, seed=seed, block=block, quiet=True,
        )  # fmt: skip
        return pl.read_parquet(tmp_path / "out.parquet")

    whole = predict("flowers/weighted")
    classes = ["setosa", "versicolor", "virginica"]
    assert whole.columns == [
        *("id", "class"),
        *(f"score_{c}" for c in classes),
        *(f"spread_{c}" for c in classes),
        "uncertainty",
    ]
    alone = [predict("flowers/lda"), *(predict("flowers/trees", seed) for seed in (0, 1, 2))]
    assert "uncertainty" not in alone[0].columns
    each = np.stack([one.select(f"score_{c}" for c in classes).to_numpy() for one in alone])
    weights = np.array([6, 1, 1, 1]) / 9
    mean = np.average(each, axis=0, weights=weights)
    squares = np.average((each - mean) ** 2, axis=0, weights=weights)
    spread = np.sqrt(squares / (1 - (weights**2).sum()))
    scores = whole.select(f"score_{c}" for c in classes).to_numpy()
    np.testing.assert_allclose(scores, mean, atol=1e-6)
    spreads = whole.select(f"spread_{c}" for c in classes).to_numpy()
    np.testing.assert_allclose(spreads, spread, atol=1e-6)
    winner = mean.argmax(axis=1)
    assert whole["class"].to_list() == [classes[i] for i in winner]
    np.testing.assert_allclose(whole["uncertainty"], spreads[np.arange(37), winner])
    for block in (1, 10):
        assert predict("flowers/weighted", block=block).equals(whole)
    with pytest.raises(UserError, match="leave the seed out"):
        predict("flowers/weighted", seed=0)


def test_stored_examples_get_the_stored_scores(store, tmp_path):
    from sklearn.datasets import load_iris

    results = ensemble(store, MEMBERS, title="five").results
    predictor = Predictor.load(store, results.titled("five"))
    (block,) = predictor.held(load_iris().data)
    stored = results.scores("five")
    rows = stored["id"].to_numpy().astype(int)
    scores = stored.select(pl.selectors.starts_with("score_")).to_numpy()
    np.testing.assert_allclose(block.scores[rows], scores, atol=1e-6)


def test_folds_are_averaged_within_themselves(run, tmp_path):
    data = {"source": "iris", "split": {"kind": "folds", "folds": 3}}
    run(job(data=data))
    store = Store.open(tmp_path / "store")
    results = ensemble(store, ["lda", "gaussiannb"], title="both").results
    (result,) = results.titled("both")
    assert [member.entry.fold for member in result.members] == [0, 1, 2]
    for entry in entries(store, "both"):
        assert len(entry.members) == 2
        parts = np.stack(store.members.scores([one.key for one in entry.members]))
        np.testing.assert_allclose(
            store.members.scores([entry.key])[0], parts.mean(axis=0), atol=1e-7
        )
    assert result.confusion.sum() == 150
    assert results.correct([result]).mean() > 0.9
    with pytest.raises(UserError, match="folds are never averaged together"):
        ensemble(store, ["lda"], title="alone")


def test_independent_targets_are_averaged_each_for_itself(run, tmp_path):
    inputs = np.random.default_rng(1).normal(size=(80, 2))
    truth = (inputs > 0).astype(int)
    schema = {"x": inputs[:, 0], "y": inputs[:, 1], "red": truth[:, 0], "hot": truth[:, 1]}
    pl.DataFrame(schema).write_csv(tmp_path / "two.csv")
    data = {
        "source": str(tmp_path / "two.csv"),
        "label": ["red", "hot"],
        "targets": "independent",
    }
    run(job(title="two", data=data, classifiers=[{"method": "gaussiannb"}, {"method": "lda"}]))
    store = Store.open(tmp_path / "store")
    made = ensemble(store, ["two"], title="both")
    assert [result.target for result in made.results.titled("both")] == ["red", "hot"]
    assert made.table()["target"].to_list() == ["red"] * 3 + ["hot"] * 3
    command.predict(
        "two/both", [tmp_path / "two.csv"], out=tmp_path / "out.csv", store=store.folder,
        id_column=None, seed=None, block=30, quiet=True,
    )  # fmt: skip
    table = pl.read_csv(tmp_path / "out.csv")
    assert table.columns == [
        "id", "red", "hot", "score_red", "score_hot", "spread_red", "spread_hot"
    ]  # fmt: skip
    assert (table["red"] == pl.Series(truth[:, 0])).mean() > 0.9


def test_a_target_unknown_in_the_test_part_is_only_averaged(run, tmp_path):
    """It has no metrics."""
    x = np.random.default_rng(0).normal(size=60)
    partly = np.where(np.arange(60) < 40, (x > 0.3).astype(int).astype(str), "")
    role = ["train"] * 40 + ["test"] * 20
    table = pl.DataFrame({"x": x, "a": (x > 0).astype(int), "b": partly, "role": role})
    table.write_csv(tmp_path / "gappy.csv")
    data = {
        "source": str(tmp_path / "gappy.csv"),
        "label": ["a", "b"],
        "targets": "independent",
        "split": {"kind": "column", "column": "role"},
    }
    run(job(title="gappy", data=data, classifiers=[{"method": "gaussiannb"}, {"method": "lda"}]))
    results = ensemble(Store.open(tmp_path / "store"), ["gappy"], title="both").results
    judged = {r.target: r.members[0].scores[Part.TEST].examples for r in results.titled("both")}
    assert judged == {"a": 20, "b": 0}


def test_a_job_stands_for_all_of_it_that_can_be_averaged(store):
    made = ensemble(store, ["flowers"], title="all")
    assert [one.name for one in made.averaged] == [
        f"flowers/{title}" for title in ("gaussiannb", "lda", "calibrated", "trees")
    ]
    assert made.left_out == (
        "flowers/svm gives no probabilities, and other scores cannot be averaged",
        "flowers/naive is a reference, which is there to compare with",
    )
    table = made.table()
    assert table["classifier"][0] == "all"
    assert table["seed"].to_list() == [None, 0, 0, 0, 0, 1, 2]
    assert table["low"].null_count() == 0


def test_the_best_are_chosen_by_validation_and_never_by_test(store, run):
    made = ensemble(store, ["flowers"], title="two best", best=2)
    values = {one.name: one.validated() for one in ensemble(store, ["flowers"], title="a").averaged}
    chosen = {one.name for one in made.averaged}
    assert len(chosen) == 2
    assert min(values[name] for name in chosen) >= max(
        value for name, value in values.items() if name not in chosen
    )
    run(job(title="untested", data={"source": "iris", "split": {"test": 0.4}}))
    with pytest.raises(UserError, match=r"test examples choose nothing.*data\.split\.validation"):
        ensemble(store, ["untested"], title="x", best=2)
    with pytest.raises(OptionError, match="best: expected 1 to 4"):
        ensemble(store, ["flowers"], title="x", best=5)


@pytest.mark.parametrize(
    ("names", "options", "kind", "told"),
    [
        (["lda", "svm"], {}, UserError, "flowers/svm gives no probabilities.*`calibrate`"),
        (["lda", "naive"], {}, UserError, "flowers/naive is a reference"),
        (["lda", "ldaa"], {}, NotFound, "'lda'"),
        (["lda", "lda"], {}, UserError, "flowers/lda is named twice"),
        (["flowers", "lda"], {}, UserError, "flowers/lda is named twice"),
        (["lda"], {}, UserError, "one member: an ensemble needs two or more"),
        (["lda", "trees"], {"title": "svm"}, UserError, "a classifier under the title 'svm'"),
        (["lda", "trees"], {"title": " "}, OptionError, "a title"),
        (["lda", "trees"], {"job": "flower"}, NotFound, "'flowers'"),
        (["lda", "trees"], {"weights": [1]}, OptionError, "each of the 2 classifiers"),
        (["lda", "trees"], {"weights": [1, 0]}, OptionError, "above zero"),
        (["lda", "trees"], {"weights": [1, 1], "best": 1}, OptionError, "the best are chosen"),
    ],
)
def test_what_cannot_be_averaged_is_refused_by_name(names, options, kind, told, store):
    before = store.jobs.read("flowers")
    with pytest.raises(kind, match=told):
        ensemble(store, names, **{"title": "new", **options})
    assert store.jobs.read("flowers") == before


def test_a_taken_title_and_an_ensemble_of_ensembles_are_refused(store):
    ensemble(store, MEMBERS, title="five")
    with pytest.raises(UserError, match=r"other members.*sortal store rm 'flowers/five'"):
        ensemble(store, MEMBERS[:2], title="five")
    with pytest.raises(UserError, match="flowers/five is itself an ensemble"):
        ensemble(store, ["five", "lda"], title="six")


def test_classifiers_of_other_data_or_splits_are_refused(store, run, survey_block):
    run(job(title="later", data={**IRIS, "split": {"test": 0.3}}))
    with pytest.raises(UserError, match="later/lda is of another split than flowers/lda"):
        ensemble(store, ["flowers/lda", "later/lda"], title="x")
    run(job(title="other", data=survey_block))
    with pytest.raises(UserError, match="other/lda is of other data than flowers/lda"):
        ensemble(store, ["flowers/lda", "other/lda"], title="x")
    folds = {"source": "iris", "split": {"kind": "folds", "folds": 2}}
    run(job(title="folded", data=folds))
    with pytest.raises(UserError, match="folded/lda has other folds"):
        ensemble(store, ["flowers/lda", "folded/lda"], title="x")
    with pytest.raises(UserError, match="job 'later' divides the data otherwise"):
        ensemble(store, MEMBERS, title="x", job="later")
    with pytest.raises(UserError, match="job 'other' is of other data"):
        ensemble(store, MEMBERS, title="x", job="other")


def test_jobs_of_one_split_are_averaged_and_listed_where_asked(store, run):
    run(job(title="more", classifiers=[{"method": "qda"}], data={**IRIS, "scaling": "standard"}))
    made = ensemble(store, ["flowers/lda", "more/qda"], title="across", job="more")
    assert made.results.name == "more"
    assert "across" in made.results.ranking()["title"].to_list()
    assert not store.jobs.read("flowers").ensembles
    run(job(title="again"))
    with pytest.raises(UserError, match="share a member"):
        ensemble(store, ["flowers/lda", "again/lda"], title="twice")


def test_a_classifier_that_is_not_whole_is_refused(store):
    remove_members(store, keys_of(store, "trees")[:1])
    with pytest.raises(UserError, match="flowers/trees has 2 of its 3 members: run its job"):
        ensemble(store, MEMBERS, title="x")


def test_damaged_members_are_not_averaged(store):
    (key,) = keys_of(store, "lda")
    path = store.members.segments.get(store.members.find([key])[key].segment).folder / "scores.npy"
    path.write_bytes(path.read_bytes()[:-4] + b"\x00\x00\x80\x3f")
    with pytest.raises(Damaged, match=r"scores\.npy"):
        ensemble(store, ["lda", "trees"], title="x")


def test_a_running_job_is_not_given_an_ensemble(store):
    with store.leases.take("flowers"), pytest.raises(StoreBusy, match="flowers"):
        ensemble(store, MEMBERS, title="x")


def test_it_outlives_a_rerun_of_its_job_and_goes_with_its_data(store, run):
    ensemble(store, MEMBERS, title="five")
    run(job(classifiers=CLASSIFIERS[:1]))
    results = JobResults.read(store, "flowers")
    assert {result.title for result in results.results} == {"gaussiannb", "five"}
    told = []
    run(job(data={**IRIS, "split": {"test": 0.3}}), listener=told.append)
    assert not entries(store, "five")
    assert any("the ensemble 'five'" in getattr(event, "text", "") for event in told)


def test_a_classifier_of_the_job_takes_the_title_back(store, run):
    ensemble(store, MEMBERS, title="five")
    told = []
    run(job(classifiers=[{"method": "lda", "title": "five"}]), listener=told.append)
    assert not entries(store, "five")
    assert any("the ensemble 'five'" in getattr(event, "text", "") for event in told)


def test_members_that_an_ensemble_needs_outlive_their_job(store, run, tmp_path):
    run(job(title="home", classifiers=[{"method": "qda"}]))
    ensemble(store, ["home/qda", "flowers/lda"], title="kept", job="home")
    needed = keys_of(store, "flowers/lda", "home/qda")
    remove_job(store, "flowers")
    free_disk(store)
    assert store.members.find(needed).keys() == set(needed)
    predictor = Predictor.load(store, JobResults.read(store, "home").titled("kept"))
    (block,) = predictor.held(np.ones((3, 4)))
    assert block.spread.shape == (3, 3)
    remove_result(store, "home", "kept")
    assert store.members.find(needed).keys() == {needed[1]}
    remove_job(store, "home")
    assert free_disk(store).datasets == 1
    assert measure_usage(store)["members"].count == 0


def test_deleting_an_ensemble_leaves_what_its_job_has(store):
    ensemble(store, MEMBERS, title="five")
    ensemble(store, ["lda", "trees"], title="four")
    assert remove_result(store, "flowers", "five") == 1
    with pytest.raises(NotFound, match="There is: four"):
        remove_result(store, "flowers", "five")
    with pytest.raises(NotFound, match="ensemble"):
        remove_result(store, "flowers", "lda")
    assert len(JobResults.read(store, "flowers").results) == 7
    assert ensemble(store, MEMBERS, title="five").is_new


def test_figures_outlive_a_deleted_member_and_applying_names_it(store):
    results = ensemble(store, MEMBERS, title="five").results
    remove_members(store, keys_of(store, "gaussiannb"))
    free_disk(store)
    again = JobResults.read(store, "flowers")
    assert again.titled("five")[0].figures == results.titled("five")[0].figures
    assert "spread_setosa" in again.scores("five").columns
    with pytest.raises(UserError, match=r"its member flowers/gaussiannb \(seed 0\) is not in"):
        Predictor.load(store, again.titled("five"))


def test_lost_scores_are_made_again_by_the_same_call(store):
    ensemble(store, MEMBERS, title="five")
    (entry,) = entries(store, "five")
    scores = store.members.scores([entry.key])[0]
    folder = store.members.segments.get(store.members.find([entry.key])[entry.key].segment).folder
    (folder / "spread.npy").write_bytes(b"")
    for damage in find_damages(store):
        quarantine(store, damage)
    assert not store.members.find([entry.key])
    assert ensemble(store, MEMBERS, title="five").is_new
    assert np.array_equal(store.members.scores([entry.key])[0], scores)
    assert find_damages(store) == []


def test_merging_brings_an_ensemble_with_its_job(store, tmp_path):
    expected = ensemble(store, MEMBERS, title="five").results.ranking()
    other = Store.open(tmp_path / "other")
    merge_stores(other, store)
    assert JobResults.read(other, "flowers").ranking().equals(expected)
    assert Predictor.load(other, JobResults.read(other, "flowers").titled("five"))


def test_records_from_before_there_were_ensembles_are_read(store):
    path = store.folder / "jobs" / "flowers.json"
    record = json.loads(path.read_text())
    del record["ensembles"], record["bootstrap"]
    path.write_text(json.dumps(record))
    assert len(JobResults.read(store, "flowers").results) == 6
    result = ensemble(store, MEMBERS, title="five").results.titled("five")[0]
    assert result.interval("balanced_accuracy")
