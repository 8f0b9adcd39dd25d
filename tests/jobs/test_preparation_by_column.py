"""Jobs whose columns are prepared each in its own way, beside pipelines of scikit-learn."""

import numpy as np
import polars as pl
import pytest
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import sortal
from sortal.jobs.applying.predict import Predictor
from sortal.store.store import Store

pytestmark = pytest.mark.usefixtures("inline")

IMPUTATION = {"a": {"kind": "constant", "value": -1}, "b": {"kind": "knn", "neighbours": 3}}
SCALING = {"a": "minmax", "others": "standard"}


@pytest.fixture
def table(tmp_path):
    """120 examples of which the first 80 train, and gaps in two of three columns."""
    rng = np.random.default_rng(4)
    label = rng.integers(0, 2, 120)
    columns = {name: rng.normal(size=120) + label for name in "abc"}
    for name in "ab":
        columns[name][rng.random(120) < 0.2] = np.nan
    parts = np.repeat(["train", "test"], [80, 40])
    frame = pl.DataFrame({**columns, "label": label, "part": parts}, nan_to_null=True)
    frame.write_csv(tmp_path / "table.csv")
    return frame


def job(tmp_path, **data):
    split = {"kind": "column", "column": "part"}
    return {
        "title": "columns",
        "data": {"source": str(tmp_path / "table.csv"), "label": "label", "split": split, **data},
        "bootstrap": 0,
        "classifiers": [{"method": "logistic", "parameters": {"C": 2.0, "max_iter": 1000}}],
    }


def by_hand(frame):
    """The script: impute and scale each column, fit, and give probabilities of all examples."""
    raw = frame.select("a", "b", "c").to_numpy()
    train, label = raw[:80], frame["label"].to_numpy()
    filled = KNNImputer(n_neighbors=3).fit(train).transform(raw)
    constant = SimpleImputer(strategy="constant", fill_value=-1)
    first = MinMaxScaler().fit(constant.fit_transform(train[:, :1]))
    others = StandardScaler().fit(filled[:80, 1:])
    inputs = np.hstack(
        [first.transform(constant.transform(raw[:, :1])), others.transform(filled[:, 1:])]
    )
    fitted = LogisticRegression(C=2.0, max_iter=1000).fit(inputs[:80], label[:80])
    return fitted.predict_proba(inputs)


def test_a_job_scores_and_predicts_as_a_script_does(table, run, tmp_path):
    launched = run(job(tmp_path, imputation=IMPUTATION, scaling=SCALING))
    (result,) = launched.results.ranked
    expected = by_hand(table)
    np.testing.assert_allclose(
        launched.results.store.members.scores([result.members[0].entry.key])[0],
        expected[80:],
        atol=1e-6,
    )
    table.drop("label", "part").write_csv(tmp_path / "new.csv")
    predictor = Predictor.load(launched.results.store, [result])
    (found,) = predictor.files([tmp_path / "new.csv"])
    np.testing.assert_allclose(found.scores, expected, atol=1e-6)


def test_a_rerun_computes_nothing_and_another_rule_does(table, run, tmp_path):
    assert run(job(tmp_path, imputation=IMPUTATION, scaling=SCALING)).summary.trained == 1
    assert run(job(tmp_path, imputation=IMPUTATION, scaling=SCALING)).summary.trained == 0
    other = {**IMPUTATION, "a": {"kind": "constant", "value": -2}}
    assert run(job(tmp_path, imputation=other, scaling=SCALING)).summary.trained == 1


def test_a_map_that_says_one_word_finds_the_results_of_the_word(table, run, tmp_path):
    assert run(job(tmp_path, imputation="mean", scaling="standard")).summary.trained == 1
    again = job(tmp_path, imputation={"others": "mean"}, scaling=dict.fromkeys("abc", "standard"))
    assert run(again).summary.trained == 0


def test_a_gap_that_no_rule_fills_is_refused_before_training(table, tmp_path):
    with pytest.raises(sortal.JobError, match="a method that takes missing values"):
        sortal.run(job(tmp_path, imputation={"a": "mean"}), store=tmp_path / "store")
    assert Store.existing(tmp_path / "store") is None


def test_an_unknown_column_is_a_problem_with_the_nearest(table, tmp_path):
    with pytest.raises(sortal.JobError, match=r"data\.scaling\.aa.*'a'"):
        sortal.run(job(tmp_path, scaling={"aa": "minmax"}), store=tmp_path / "store")


def test_dropped_rows_are_counted_and_take_no_part(table, run, tmp_path):
    rule = {"a": "drop", "b": "mean"}
    launched = run(job(tmp_path, imputation=rule))
    lacking = table["a"].null_count()
    assert (
        f"{lacking} of 120 examples are left out, for a value is missing "
        f"(data.imputation: drop): 'a' in {lacking}."
    ) in launched.resolved.notes
    assert len(launched.resolved.dataset) == 120 - lacking
    table.filter(pl.col("a").is_not_null()).write_csv(tmp_path / "table.csv")
    alone = run(job(tmp_path, imputation={"b": "mean"}), store=tmp_path / "other")
    scores = [
        one.results.store.members.scores([one.results.ranked[0].members[0].entry.key])[0]
        for one in (launched, alone)
    ]
    np.testing.assert_array_equal(*scores)


def test_new_examples_with_such_a_gap_get_no_class(table, run, tmp_path):
    launched = run(job(tmp_path, imputation={"a": "drop", "b": "mean"}))
    table.drop("label", "part").write_csv(tmp_path / "new.csv")
    predictor = Predictor.load(launched.results.store, launched.results.ranked)
    (found,) = predictor.files([tmp_path / "new.csv"])
    np.testing.assert_array_equal(found.blank, table["a"].is_null().to_numpy())
    (sentence,) = [one for one in predictor.warnings() if "have no prediction" in one]
    assert "column 'a' is missing, and training left such examples out" in sentence


def test_data_without_a_whole_example_is_refused(table, tmp_path):
    table.with_columns(a=pl.lit(None, pl.Float64)).write_csv(tmp_path / "table.csv")
    rule = {"a": "drop", "b": "mean"}
    with pytest.raises(sortal.JobError, match="drop leaves no example"):
        sortal.run(job(tmp_path, imputation=rule), store=tmp_path / "store")


def test_signals_have_no_rule_that_drops(tmp_path):
    np.savez(tmp_path / "table.npz", signal=np.ones((9, 5)), labels=np.arange(9) % 2)
    data = {"source": str(tmp_path / "table.npz"), "label": "labels", "imputation": "drop"}
    asked = {"title": "signals", "data": data, "classifiers": [{"method": "gaussiannb"}]}
    with pytest.raises(sortal.JobError, match="another imputation for signals"):
        sortal.run(asked, store=tmp_path / "store")
