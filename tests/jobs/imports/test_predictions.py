"""Predictions of classifiers trained elsewhere: judged as ours are, matched, refused, kept, deleted."""

import shutil

import numpy as np
import polars as pl
import pytest

import sortal
from sortal.data.split import Part, Split
from sortal.engines.inline import InlineEngine
from sortal.errors import DataError, NotFound, OptionError, UserError
from sortal.jobs.applying.predict import Predictor
from sortal.jobs.ensembles.ensemble import ensemble
from sortal.jobs.imports.predictions import import_predictions
from sortal.jobs.launch import launch
from sortal.jobs.pictures.classifier_map import classifier_map
from sortal.jobs.results.lookup import find_result
from sortal.jobs.results.results import JobResults
from sortal.jobs.running.run_options import RunOptions
from sortal.store.store import Store
from sortal.store.upkeep.collect import free_disk
from sortal.store.upkeep.remove import remove_job, remove_result
from sortal.store.upkeep.usage import measure_usage
from sortal.store.upkeep.verify import find_damages

pytestmark = pytest.mark.usefixtures("inline")


def job(**changes):
    return {
        "title": "flowers",
        "data": {"source": "iris", "split": {"test": 0.4, "validation": 0.2}},
        "bootstrap": 40,
        "classifiers": [{"method": "lda"}, {"method": "gaussiannb"}],
        **changes,
    }


@pytest.fixture(scope="module")
def flowers(tmp_path_factory):
    """Stores in which the flowers have been run, not to be written to: one division, and folds."""
    folder = tmp_path_factory.mktemp("flowers") / "store"
    folds = {"source": "iris", "split": {"kind": "folds", "folds": 3}}
    for one in (job(), job(title="folds", data=folds)):
        launch(one, store=folder, options=RunOptions(cores=1), engines=InlineEngine())
    return folder


@pytest.fixture
def store(flowers, tmp_path):
    """A copy of it."""
    return Store.open(shutil.copytree(flowers, tmp_path / "store"))


@pytest.fixture
def theirs(store):
    """What `lda` says of the reported flowers, as a file of somebody else would hold it."""
    return JobResults.read(store, "flowers").scores("lda")


def written(tmp_path, frame, name="theirs.csv"):
    path = tmp_path / name
    frame.write_parquet(path) if path.suffix == ".parquet" else frame.write_csv(path)
    return path


def titled(results, title):
    (result,) = results.titled(title)
    return result


@pytest.mark.parametrize("name", ["theirs.csv", "theirs.tsv.gz", "theirs.parquet"])
def test_our_own_scores_in_a_file_get_our_metrics_and_intervals(store, theirs, tmp_path, name):
    shuffled = theirs.sample(fraction=1.0, shuffle=True, seed=3)
    path = tmp_path / name
    if name.endswith(".gz"):
        import gzip

        path.write_bytes(gzip.compress(shuffled.write_csv(separator="\t").encode()))
    else:
        written(tmp_path, shuffled, name)
    made = import_predictions(store, [path], job="flowers")
    assert (made.titles, made.new, made.is_new_job) == (("theirs",), ("theirs",), False)
    own, other = titled(made.results, "lda"), titled(made.results, "theirs")
    first, second = own.members[0].scores[Part.TEST], other.members[0].scores[Part.TEST]
    assert second.figures == pytest.approx(first.figures, rel=1e-5, nan_ok=True)
    assert second.intervals["balanced_accuracy"] == first.intervals["balanced_accuracy"]
    assert second.confusion == first.confusion
    agree = made.results.correct([own, other])
    assert agree[0].tolist() == agree[1].tolist()
    assert made.results.scores("theirs").equals(made.results.scores("lda"))


def test_it_is_ranked_tied_compared_mapped_found_and_counted(store, theirs, tmp_path):
    path = written(tmp_path, theirs)
    results = import_predictions(store, [path], job="flowers", title="far away").results
    row = results.ranking().row(by_predicate=pl.col("title") == "far away", named=True)
    assert row["method"] == "imported"
    assert row["fit_seconds"] is None
    assert row["tied"]
    assert "far away" in results.comparison().titles
    assert "far away" in {one.title for one in classifier_map(results).classifiers}
    assert results.outline().classifiers == 3
    assert find_result(store, "far away")[1][0].title == "far away"
    assert titled(results, "far away").member_table()["fit_seconds"].to_list() == [None]
    assert len(titled(results, "far away").timing_table()) == 1


def test_decisions_alone_get_no_metrics_of_probabilities(store, theirs, tmp_path):
    said = theirs.select("id", "label", pl.col("label").alias("class"))
    results = import_predictions(store, [written(tmp_path, said)], job="flowers").results
    result = titled(results, "theirs")
    assert result.figures["accuracy"].mean == 1.0
    assert np.isnan(result.figures["log_loss"].mean)
    assert any("only its decisions" in note for note in result.notes)


def test_scores_that_sum_to_no_1_are_no_probabilities(store, theirs, tmp_path):
    raw = theirs.with_columns(pl.selectors.starts_with("score_") * 7 - 2)
    results = import_predictions(store, [written(tmp_path, raw)], job="flowers").results
    ours, other = (titled(results, title).figures for title in ("lda", "theirs"))
    assert np.isnan(other["log_loss"].mean)
    assert other["roc_auc"].mean == pytest.approx(ours["roc_auc"].mean, abs=1e-6)


def test_a_job_with_folds_takes_one_file_of_all_folds(store, tmp_path):
    results = JobResults.read(store, "folds")
    ids = store.datasets.get(results.record.dataset).inputs.ids
    labels = np.array(results.labels.classes)[results.labels.codes]
    frame = pl.DataFrame({"id": ids, "label": labels, "predicted": labels})
    made = import_predictions(store, [written(tmp_path, frame)], job="folds")
    result = titled(made.results, "theirs")
    assert [member.entry.fold for member in result.members] == [0, 1, 2]
    assert result.confusion.sum() == 150
    assert result.figures["accuracy"].mean == 1.0
    assert made.results.correct([result]).all()
    with pytest.raises(UserError, match="theirs cannot be applied: its model was not stored"):
        Predictor.load(store, [result])
    with pytest.raises(DataError, match=r"expected all 150 test .* 1 are missing.* 149\."):
        import_predictions(store, [written(tmp_path, frame.head(149), "cut.csv")], job="folds")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.with_columns(id=pl.lit(5000)).head(1), "line 2, column 'id'.*'5000', which"),
        (lambda f: pl.concat([f, f.head(1)]), "line 62, column 'id': expected ids that differ"),
        (
            lambda f: f.with_columns(label=pl.Series(["setosa"] * 59 + ["virginica"])),
            r"line \d+, column 'label': expected '\w+', the label of \d+ in 'flowers', got",
        ),
        (lambda f: f.drop("score_setosa"), "there is none for 'setosa'"),
        (
            lambda f: f.with_columns(score_setosa=pl.lit("much")),
            "line 2, column 'score_setosa': expected a number, got 'much'",
        ),
        (
            lambda f: f.with_columns(score_setosa=pl.lit(None)),
            "line 2, column 'score_setosa': expected a finite score, got nothing",
        ),
        (lambda f: f.with_columns(label=pl.lit(None)), "line 2, column 'label': expected a class"),
        (lambda f: f.rename({"id": "name"}), "expected a column 'id', or --id to name it"),
        (lambda f: f.head(0), "no rows"),
        (lambda f: f.select("id", "label", predicted=pl.lit("rose")), "column 'predicted'.*'rose'"),
    ],
)
def test_a_mismatch_is_refused_by_place_and_writes_nothing(
    store, theirs, tmp_path, change, message
):
    before = store.jobs.read("flowers")
    good = written(tmp_path, theirs, "good.csv")
    with pytest.raises(DataError, match=f"theirs.csv.*{message}"):
        import_predictions(store, [good, written(tmp_path, change(theirs))], job="flowers")
    assert store.jobs.read("flowers") == before


def test_an_example_that_was_trained_on_is_named_as_such(store, theirs, tmp_path):
    (split,) = JobResults.read(store, "flowers").splits
    frame = theirs.with_columns(id=pl.lit(int(split.train[0]))).head(1)
    with pytest.raises(DataError, match=r"60 test examples of 'flowers', got .* a train example"):
        import_predictions(store, [written(tmp_path, frame)], job="flowers")


def test_a_second_import_is_found_and_a_namesake_is_refused(store, theirs, tmp_path):
    path = written(tmp_path, theirs)
    import_predictions(store, [path], job="flowers")
    record = store.jobs.read("flowers")
    assert import_predictions(store, [path], job="flowers").new == ()
    assert store.jobs.read("flowers") == record
    for title in ("theirs", "gaussiannb"):
        other = written(tmp_path, theirs.drop("score_setosa").with_columns(setosa=pl.lit(0.5)))
        with pytest.raises(UserError, match=f"another classifier under the title '{title}'"):
            import_predictions(store, [other], job="flowers", title=title)


def test_titles_are_one_a_file(store, theirs, tmp_path):
    path = written(tmp_path, theirs)
    with pytest.raises(OptionError, match="title of one file"):
        import_predictions(store, [path, path], job="flowers", title="one")
    with pytest.raises(UserError, match="two files would be titled 'theirs'"):
        import_predictions(store, [path, path], job="flowers")


def test_an_import_can_neither_predict_nor_be_averaged(store, theirs, tmp_path):
    results = import_predictions(store, [written(tmp_path, theirs)], job="flowers").results
    with pytest.raises(UserError, match="theirs cannot be applied: its model was not stored"):
        Predictor.load(store, results.titled("theirs"))
    with pytest.raises(UserError, match="flowers/theirs was imported"):
        ensemble(store, ["flowers/theirs", "flowers/lda"], title="both")
    assert ensemble(store, ["flowers"], title="both").left_out == (
        "flowers/theirs was imported, and has scores of reported examples alone",
    )


def test_an_import_survives_reruns_but_not_a_job_of_other_data(store, theirs, run, tmp_path):
    import_predictions(store, [written(tmp_path, theirs)], job="flowers")
    launched = run(job(classifiers=[{"method": "lda"}]), store.folder)
    assert titled(launched.results, "theirs").method == "imported"
    told = []
    run(job(data={"source": "iris"}), store.folder, listener=told.append)
    assert not store.jobs.read("flowers").imported
    assert any("imported classifier 'theirs'" in getattr(one, "text", "") for one in told)


def test_it_is_deleted_alone_and_freed(store, theirs, tmp_path):
    import_predictions(store, [written(tmp_path, theirs)], job="flowers")
    members = measure_usage(store)["members"].count
    free_disk(store)
    assert titled(JobResults.read(store, "flowers"), "theirs")
    assert remove_result(store, "flowers", "theirs") == 1
    with pytest.raises(NotFound):
        JobResults.read(store, "flowers").titled("theirs")
    assert free_disk(store).segments == 1
    assert measure_usage(store)["members"].count == members - 1
    assert find_damages(store) == []


def test_a_new_job_is_made_of_ids_and_labels(tmp_path, theirs):
    store = Store.open(tmp_path / "new")
    kind = theirs["label"]
    plain = theirs.rename({f"score_{c}": c for c in kind.unique()})
    first = written(tmp_path, plain, "first.csv")
    second = written(
        tmp_path, theirs.select("id", "label", prediction=pl.lit("setosa")), "second.parquet"
    )
    made = import_predictions(store, [first, second], job="contest")
    assert made.is_new_job
    assert made.titles == made.new == ("first", "second")
    results = JobResults.read(Store.open(tmp_path / "new"), "contest")
    assert results.ranking()["title"].to_list() == ["first", "second"]
    assert results.scores("first")["label"].to_list() == kind.to_list()
    assert [len(results.splits[0].rows(part)) for part in Part] == [0, 0, 60]
    assert len(classifier_map(results).classifiers) == 4
    assert find_damages(store) == []
    cut = written(tmp_path, plain.head(9), "cut.csv")
    with pytest.raises(DataError, match="51 are missing"):
        import_predictions(store, [cut], job="contest")
    remove_job(store, "contest")
    assert free_disk(store).datasets == 1


def test_a_new_job_needs_labels_that_are_classes_of_its_scores(tmp_path):
    store = Store.open(tmp_path / "new")
    frame = pl.DataFrame({"id": [1, 2], "a": [0.5, 0.1], "b": [0.5, 0.9]})
    with pytest.raises(DataError, match="expected a column 'label' of true classes"):
        import_predictions(store, [written(tmp_path, frame)], job="two")
    labelled = written(tmp_path, frame.with_columns(truth=pl.Series(["a", "c"])))
    with pytest.raises(
        DataError, match=r"line 3, column 'truth': expected one of .* a, b, got 'c'"
    ):
        import_predictions(store, [labelled], job="two", label_column="truth")
    assert store.jobs.names() == []
    with pytest.raises(NotFound, match="truth"):
        import_predictions(store, [labelled], job="two", label_column="truht")


def test_examples_without_features_cannot_be_projected(tmp_path, theirs):
    results = sortal.import_predictions(
        written(tmp_path, theirs), job="contest", store=tmp_path / "new"
    )
    assert "theirs" in results.ranking()["title"]
    with pytest.raises(UserError, match="contest: its examples were imported without features"):
        results.projection("pca")


def test_independent_targets_are_refused_by_name(run, tmp_path):
    inputs = np.random.default_rng(1).normal(size=(80, 2))
    truth = (inputs > 0).astype(int)
    frame = pl.DataFrame({"x": inputs[:, 0], "y": inputs[:, 1], "a": truth[:, 0], "b": truth[:, 1]})
    path = written(tmp_path, frame, "two.csv")
    data = {"source": str(path), "label": ["a", "b"], "targets": "independent"}
    run(job(title="two", data=data, classifiers=[{"method": "gaussiannb"}]))
    with pytest.raises(UserError, match="two has independent targets"):
        import_predictions(Store.open(tmp_path / "store"), [path], job="two")


def test_only_an_import_s_split_may_lack_training_examples():
    none, rows = np.zeros(0, dtype=np.int64), np.arange(3)
    with pytest.raises(DataError, match="no example to train on"):
        Split(train=none, validation=none, test=rows)
    assert Split(train=none, validation=none, test=rows, trained_elsewhere=True).fingerprint


def test_ids_beyond_int64_join_files_of_different_types(store, tmp_path):
    ids = [2**63 + number for number in range(40)]
    truth = np.arange(40) % 2
    columns = {"label": truth, "score_0": 1 - truth * 0.75, "score_1": truth * 0.75}
    text = written(tmp_path, pl.DataFrame({"id": list(map(str, ids)), **columns}), "text.csv")
    typed = pl.DataFrame(
        {"id": pl.Series(ids[::-1], dtype=pl.UInt64), **{n: v[::-1] for n, v in columns.items()}}
    )
    import_predictions(store, [text], job="events")
    made = import_predictions(store, [written(tmp_path, typed, "typed.parquet")], job="events")
    assert made.new == ("typed",)
    assert made.results.scores("typed")["id"].to_list() == list(map(str, ids))
