"""Scores that are called probabilities and cannot be any: no figure of probabilities is made of them."""

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from sortal.data.split import Part
from sortal.engines.inline import InlineEngine
from sortal.errors import UserError
from sortal.jobs.applying.predict import Predictor
from sortal.jobs.applying.predictor_folder import load_predictor, save_predictor
from sortal.jobs.ensembles.ensemble import ensemble
from sortal.jobs.imports.predictions import import_predictions
from sortal.jobs.launch import launch
from sortal.jobs.results.folds import pooled
from sortal.jobs.results.result import MemberResult
from sortal.jobs.results.results import JobResults
from sortal.jobs.running.run_options import RunOptions
from sortal.store.records.member_record import MemberRecord
from sortal.store.store import Store

METHOD = "sklearn.linear_model.LogisticRegression"
OF_PROBABILITIES = ("log_loss", "brier", "ece")


@pytest.fixture(autouse=True)
def scaled(monkeypatch):
    """A classifier whose probabilities are multiplied and shifted, by parameters that it has no use for."""
    given = LogisticRegression.predict_proba

    def predict_proba(self, X):
        return given(self, X) * self.intercept_scaling - (self.verbose / 100)

    monkeypatch.setattr(LogisticRegression, "predict_proba", predict_proba)


@pytest.fixture
def run(tmp_path):
    """Run classifiers of factors and shifts on iris, or on two independent targets."""

    def launched(*parameters, **changes):
        job = {
            "title": "flowers",
            "data": {"source": "iris"},
            "bootstrap": 20,
            "classifiers": [
                {"method": METHOD, "title": title, "parameters": given | {"max_iter": 300}}
                for title, given in parameters
            ],
            **changes,
        }
        return launch(
            job, store=tmp_path / "store", options=RunOptions(cores=1), engines=InlineEngine()
        ).results

    return launched


def stars(folder):
    """A table with two targets that have nothing to do with each other."""
    x = np.random.default_rng(1).normal(size=(120, 2))
    frame = pl.DataFrame({"a": x[:, 0], "b": x[:, 1]})
    frame = frame.with_columns(up=(pl.col("a") > 0).cast(int), wide=(pl.col("b") > 0).cast(int))
    frame.write_csv(folder / "stars.csv")
    return {
        "source": str(folder / "stars.csv"),
        "inputs": ["a", "b"],
        "label": ["up", "wide"],
        "targets": "independent",
        "split": {"test": 0.4},
    }


def test_each_member_is_judged_by_its_own_scores(run):
    results = run(("sure", {}), ("less", {"intercept_scaling": 0.9}), ("negative", {"verbose": 10}))
    sure, less, negative = (results.titled(t)[0] for t in ("sure", "less", "negative"))
    segments = results.store.members.find(m.entry.key for r in (sure, less) for m in r.members)
    assert len({place.segment for place in segments.values()}) == 1
    assert all(np.isfinite(sure.figures[name].mean) for name in OF_PROBABILITIES)
    for broken in (less, negative):
        assert all(np.isnan(broken.figures[name].mean) for name in OF_PROBABILITIES)
        assert broken.interval("log_loss") is None
        assert broken.figures["accuracy"].mean == sure.figures["accuracy"].mean
        assert broken.figures["roc_auc"].mean == pytest.approx(sure.figures["roc_auc"].mean)
        assert not broken.members[0].gives_probabilities
    assert less.notes[-1] == (
        "its scores are no probabilities: the scores of an example sum to between 0.9 and 0.9, not to 1. "
        "Log loss, Brier score and calibration error are left out."
    )
    assert "lie between -0.1" in negative.notes[-1]
    assert sure.notes == ()
    assert not sure.members[0].record.meant_as_probabilities


def test_sums_within_a_thousandth_are_probabilities(run):
    results = run(("near", {"intercept_scaling": 1.0008}), ("far", {"intercept_scaling": 1.002}))
    assert np.isfinite(results.titled("near")[0].figures["log_loss"].mean)
    assert np.isnan(results.titled("far")[0].figures["log_loss"].mean)


def test_training_scores_count_too(run):
    results = run(("less", {"intercept_scaling": 0.9}), training_figures=True)
    (less,) = results.titled("less")
    assert np.isnan(less.training_figures["log_loss"].mean)
    assert np.isfinite(less.training_figures["accuracy"].mean)
    assert less.members[0].scores[Part.TEST].examples == 38


def test_independent_decision_values_keep_their_threshold(run, tmp_path):
    data = stars(tmp_path)
    results = run(("sure", {}), ("wide", {"intercept_scaling": 1.5, "verbose": 25}), data=data)
    for target in ("up", "wide"):
        sure, wide = (results.titled(title, target)[0] for title in ("sure", "wide"))
        assert np.isfinite(sure.figures["brier"].mean)
        assert np.isnan(wide.figures["brier"].mean)
        assert wide.figures["macro_f1"].mean == sure.figures["macro_f1"].mean
        assert "not between 0 and 1. Log loss and Brier score are left out" in wide.notes[-1]
    new = tmp_path / "stars.csv"
    sure, wide = (Predictor.load(results.store, results.titled(t)) for t in ("sure", "wide"))
    (expected,), (got,) = sure.files([new]), wide.files([new])
    np.testing.assert_array_equal(got.decided, expected.decided)
    save_predictor(wide, tmp_path / "kept")
    (again,) = load_predictor(tmp_path / "kept").files([new])
    np.testing.assert_array_equal(again.decided, expected.decided)


def test_what_is_no_probability_is_not_averaged(run):
    classifiers = [{"method": METHOD, "title": "less", "parameters": {"intercept_scaling": 0.9}}]
    folds = {"source": "iris", "split": {"kind": "folds", "folds": 3}}
    results = run(classifiers=classifiers, data=folds)
    with pytest.raises(UserError, match="no probabilities"):
        Predictor.load(results.store, results.titled("less"))
    with pytest.raises(UserError, match="gives no probabilities"):
        ensemble(results.store, ["flowers/less"], title="mean")
    judged = pooled(results, results.titled("less")[0])
    assert np.isnan(judged.figures["log_loss"])
    assert judged.figures["accuracy"] > 0.9


def test_keys_do_not_depend_on_what_scores_are(run):
    results = run(("sure", {}), ("less", {"intercept_scaling": 0.9}))
    before = [member.entry.key for result in results.results for member in result.members]
    again = run(("sure", {}), ("less", {"intercept_scaling": 0.9}))
    assert [m.entry.key for result in again.results for m in result.members] == before
    assert again.record.runs[-1].trained == 0


def test_an_older_record_reads_as_it_was_judged(run):
    results = run(("less", {"intercept_scaling": 0.9}))
    (less,) = results.titled("less")
    stored = less.members[0].record.to_json()
    del stored["meant_as_probabilities"]
    record = MemberRecord.from_json({**stored, "probabilities": True}, "an older record")
    member = MemberResult(entry=less.members[0].entry, record=record, scores=record.figures)
    assert member.gives_probabilities
    assert member.means_probabilities


@pytest.fixture
def said(tmp_path):
    """Probabilities of somebody's classifier on iris, and the truth."""
    stream = np.random.default_rng(4)
    target = load_iris().target
    scores = stream.dirichlet(np.ones(3), size=150) + 2 * np.eye(3)[target]
    return scores / scores.sum(axis=1, keepdims=True), load_iris().target_names[target]


@pytest.mark.parametrize(
    ("change", "sound", "told"),
    [
        (lambda scores: scores, True, ""),
        (lambda scores: scores.round(2), True, ""),
        (lambda scores: scores.round(1), True, ""),
        (lambda scores: scores.astype("f4"), True, ""),
        (lambda scores: np.eye(3)[scores.argmax(axis=1)], True, ""),
        (lambda scores: scores * 1.003, False, "sum to between 1.003 and 1.003"),
        (lambda scores: 100 * scores, False, "sum to between 100 and 100"),
        (np.log, False, "they lie between"),
        (lambda scores: scores - 1 / 3, False, "they lie between"),
    ],
)
def test_an_import_is_held_to_the_digits_of_its_file(tmp_path, said, change, sound, told):
    scores, names = said
    frame = pl.DataFrame(change(scores), schema=["setosa", "versicolor", "virginica"])
    frame = frame.with_columns(id=pl.Series(range(150)), label=pl.Series(names))
    frame.write_csv(tmp_path / "theirs.csv")
    store = Store.open(tmp_path / "store")
    (theirs,) = import_predictions(store, [tmp_path / "theirs.csv"], job="new").results.results
    for name in OF_PROBABILITIES:
        assert np.isfinite(theirs.figures[name].mean) == sound
    assert told in theirs.notes[-1]
    assert any("no probabilities" in note for note in theirs.notes) != sound
    again = import_predictions(store, [tmp_path / "theirs.csv"], job="new")
    assert again.new == ()
    assert isinstance(again.results, JobResults)
