"""Jobs give the figures that a script written by hand with scikit-learn gives."""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
import pytest
import sklearn.datasets
from sklearn import metrics
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

SEED = 3
CLASSIFIERS = [
    {"method": "kneighbors", "parameters": {"n_neighbors": [3, 7]}},
    {"method": "logistic", "parameters": {"C": 0.5, "max_iter": 5000}},
    {"method": "gaussiannb"},
    {"method": "lda"},
    {"method": "randomforest", "parameters": {"n_estimators": [5, 20]}},
    {"method": "decisiontree", "parameters": {"max_depth": 4}},
    {"method": "svm", "parameters": {"C": 2.0}},
]
BY_HAND = {
    "kneighbors n_neighbors=3": KNeighborsClassifier(3),
    "kneighbors n_neighbors=7": KNeighborsClassifier(7),
    "logistic": LogisticRegression(C=0.5, max_iter=5000, random_state=SEED),
    "gaussiannb": GaussianNB(),
    "lda": LinearDiscriminantAnalysis(),
    "randomforest n_estimators=5": RandomForestClassifier(5, random_state=SEED),
    "randomforest n_estimators=20": RandomForestClassifier(20, random_state=SEED),
    "decisiontree": DecisionTreeClassifier(max_depth=4, random_state=SEED),
    "svm": SVC(C=2.0),
}
WITHOUT_WEIGHTS = {"kneighbors n_neighbors=3", "kneighbors n_neighbors=7", "lda"}


def figures_by_hand(
    title: str,
    features: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray | None,
) -> dict[str, float]:
    """The script: divide, impute, scale, fit, score."""
    rows = np.arange(len(labels))
    train, test = train_test_split(rows, test_size=0.25, stratify=labels, random_state=SEED)
    train, test = np.sort(train), np.sort(test)
    imputer = SimpleImputer(strategy="median").fit(features[train])
    scaler = StandardScaler().fit(imputer.transform(features[train]))
    inputs = scaler.transform(imputer.transform(features))
    weighed = weights is not None and title not in WITHOUT_WEIGHTS
    fitted = BY_HAND[title].fit(
        inputs[train], labels[train], **({"sample_weight": weights[train]} if weighed else {})
    )
    truth, said = labels[test], fitted.predict(inputs[test])
    by = {} if weights is None else {"sample_weight": weights[test]}
    figures = {
        "accuracy": metrics.accuracy_score(truth, said, **by),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, said, **by),
        "macro_f1": metrics.f1_score(truth, said, average="macro", **by),
        "mcc": metrics.matthews_corrcoef(truth, said, **by),
    }
    if hasattr(fitted, "predict_proba"):
        scores = fitted.predict_proba(inputs[test])
        binary = scores.shape[1] == 2
        figures["log_loss"] = metrics.log_loss(truth, scores, labels=fitted.classes_, **by)
        figures["roc_auc"] = metrics.roc_auc_score(
            truth, scores[:, 1] if binary else scores, multi_class="ovr", **by
        )
    return figures


def assert_equal(results: Any, features: Any, labels: Any, weights: Any = None) -> None:
    found = {result.title: result for result in results.results}
    assert found.keys() == BY_HAND.keys()
    for title, result in found.items():
        got: Mapping[str, Any] = result.figures
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the script's own: of steps, of constant features
            expected = figures_by_hand(title, features, labels, weights)
        for name, value in expected.items():
            assert got[name].mean == pytest.approx(value, rel=1e-6, abs=1e-6), f"{title}: {name}"


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "digits"])
def test_named_data_give_the_scores_of_a_script(name, run):
    bunch = getattr(sklearn.datasets, f"load_{name}")()
    data = {"source": name, "scaling": "standard"}
    launched = run({"data": data, "seed": SEED, "classifiers": CLASSIFIERS, "bootstrap": 0})
    assert launched.summary.exit_code == 0
    assert_equal(launched.results, bunch.data, bunch.target)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_weighted_table_with_gaps_scores_as_in_a_script(
    suffix, run, survey, survey_files, survey_block
):
    data = {**survey_block, "source": str(survey_files / f"survey.{suffix}")}
    launched = run({"data": data, "seed": SEED, "classifiers": CLASSIFIERS, "bootstrap": 0})
    features = survey.select(survey_block["inputs"]).fill_null(np.nan).to_numpy()
    assert_equal(launched.results, features, survey["kind"].to_numpy(), survey["weight"].to_numpy())
    assert launched.results.labels.classes == ("galaxy", "quasar", "star")
    notes = " ".join(launched.resolved.notes)
    assert "kneighbors, lda cannot use example weights" in notes
    ids = launched.results.scores("lda")["id"]
    assert set(ids) <= set(survey["name"])
    truth = dict(zip(survey["name"], survey["kind"], strict=True))
    told = launched.results.scores("lda").select("id", "label")
    assert all(truth[one] == label for one, label in told.iter_rows())


def test_csv_and_parquet_of_one_table_are_one_dataset(run, survey_files, survey_block, tmp_path):
    job = {"data": survey_block, "classifiers": [{"method": "lda"}], "bootstrap": 0}
    first = run(job, store=tmp_path / "store")
    parquet = {**survey_block, "source": str(survey_files / "survey.parquet")}
    second = run({**job, "data": parquet}, store=tmp_path / "store")
    assert first.summary.trained == 1
    assert second.summary.trained == 0
    assert isinstance(second.results.ranking(), pl.DataFrame)
