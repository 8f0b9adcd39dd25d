"""Every option of a job acts: each test fails if its option is ignored."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn import preprocessing
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from sklearn.naive_bayes import GaussianNB

from sortal.data.split import Part
from sortal.job.problems import JobError

pytestmark = pytest.mark.usefixtures("inline")

NB = {"method": "gaussiannb"}


@pytest.fixture
def fit(run, survey_block):
    """Run classifiers on the survey with some options of `data` changed."""

    def launched(*classifiers: Any, job: Any = None, **data: Any):
        block = {**survey_block, **data}
        block = {key: value for key, value in block.items() if value is not None}
        listed = list(classifiers or [NB])
        return run({"data": block, "classifiers": listed, "bootstrap": 0, **(job or {})})

    return launched


def features(survey: pl.DataFrame, names: Any = None) -> np.ndarray:
    chosen = names or ["flux", "colour", "period", "skew", "amplitude"]
    return survey.select(chosen).fill_null(np.nan).to_numpy()


def stored_scores(launched: Any, title: str) -> np.ndarray:
    table = launched.results.scores(title)
    return table.select(name for name in table.columns if name.startswith("score_")).to_numpy()


@pytest.mark.parametrize("imputation", ["median", "mean", "most_frequent", "zero"])
@pytest.mark.parametrize(
    ("scaling", "scaler"),
    [
        ("standard", preprocessing.StandardScaler()),
        ("minmax", preprocessing.MinMaxScaler()),
        ("minmax_symmetric", preprocessing.MinMaxScaler((-1, 1))),
        ("robust", preprocessing.RobustScaler()),
        ("none", preprocessing.FunctionTransformer()),
    ],
)
def test_imputation_and_scaling_do_what_scikit_learn_does(imputation, scaling, scaler, fit, survey):
    launched = fit({"method": "logistic"}, imputation=imputation, scaling=scaling, weight=None,
                   inputs=["flux", "colour"])  # fmt: skip
    matrix, kind = features(survey, ["flux", "colour"]), survey["kind"].to_numpy()
    train, test = map(np.sort, train_test_split(np.arange(240), stratify=kind, random_state=0))
    strategy = {"strategy": "constant", "fill_value": 0.0}
    if imputation != "zero":
        strategy = {"strategy": imputation}
    imputer = SimpleImputer(**strategy).fit(matrix[train])
    scaler = scaler.fit(imputer.transform(matrix[train]))
    train_inputs, test_inputs = (
        scaler.transform(imputer.transform(matrix[rows])) for rows in (train, test)
    )
    expected = LogisticRegression(random_state=0).fit(train_inputs, kind[train])
    np.testing.assert_allclose(
        stored_scores(launched, "logistic"), expected.predict_proba(test_inputs), atol=1e-6
    )


def test_missing_values_stay_for_methods_that_take_them(fit):
    launched = fit({"method": "histgradientboosting"}, imputation="none", scaling="none")
    assert launched.summary.trained == 1
    assert launched.summary.failed == {}


def test_weights_train_and_judge(fit, survey):
    plain, weighted = fit(weight=None), fit()
    assert not np.allclose(
        stored_scores(plain, "gaussiannb"), stored_scores(weighted, "gaussiannb")
    )
    result = weighted.results.results[0]
    weights = survey["weight"].to_numpy()[weighted.results.splits[0].test]
    assert result.confusion.sum() == pytest.approx(weights.sum())
    assert plain.results.results[0].confusion.sum() == 60


def test_weights_change_only_metrics_if_a_method_ignores_them(fit):
    plain, weighted = fit({"method": "lda"}, weight=None), fit({"method": "lda"})
    assert np.array_equal(stored_scores(plain, "lda"), stored_scores(weighted, "lda"))
    before, after = (one.results.results[0].figures["accuracy"].mean for one in (plain, weighted))
    assert before != after


def test_a_subset_is_as_large_as_asked_for(fit):
    assert sum(map(len, _parts(fit(subset=100)))) == 100
    assert sum(map(len, _parts(fit(subset=0.5)))) == 120


def _parts(launched: Any, fold: int = 0) -> list[np.ndarray]:
    return [launched.results.splits[fold].rows(part) for part in Part]


def test_classes_choose_and_order_columns(fit, survey):
    launched = fit(classes=["star", "galaxy"])
    table = launched.results.scores("gaussiannb")
    assert table.columns[-2:] == ["score_star", "score_galaxy"]
    assert set(table["label"]) == {"star", "galaxy"}
    kept = survey.filter(pl.col("kind") != "quasar").height
    assert sum(map(len, _parts(launched))) == kept
    assert any("other classes" in note for note in launched.resolved.notes)


def test_inputs_and_excluded_columns_decide_what_is_seen(fit):
    chosen = fit(inputs=["skew", "flux"])
    excluded = fit(
        inputs=None,
        exclude=["colour", "period", "amplitude", "night", "fold", "role"],
    )
    assert chosen.resolved.dataset.names == {"features": ("skew", "flux")}
    assert excluded.resolved.dataset.names == {"features": ("flux", "skew")}
    np.testing.assert_allclose(
        stored_scores(chosen, "gaussiannb"), stored_scores(excluded, "gaussiannb"), atol=1e-6
    )


def test_parts_have_the_given_sizes_and_validation_is_scored(fit):
    launched = fit(split={"test": 0.2, "validation": 0.3})
    train, validation, test = _parts(launched)
    assert (len(train), len(validation), len(test)) == (120, 72, 48)
    member = launched.results.results[0].members[0]
    assert {part.value for part in member.scores} == {"validation", "test"}
    assert member.scores[Part.VALIDATION].examples == 72


def test_without_test_examples_validation_is_reported(fit):
    launched = fit(split={"test": 0.0, "validation": 0.5})
    assert launched.results.part is Part.VALIDATION
    assert launched.results.results[0].members[0].scores[Part.VALIDATION].examples == 120


def test_the_seed_of_the_split_divides_otherwise(fit):
    assert not np.array_equal(_parts(fit(split={"seed": 1}))[2], _parts(fit(split={"seed": 2}))[2])
    assert np.array_equal(_parts(fit(job={"seed": 1}))[2], _parts(fit(split={"seed": 1}))[2])


def test_groups_are_never_divided(fit, survey):
    launched = fit(group="night", split={"kind": "group", "test": 0.25})
    night = survey["night"].to_numpy()
    train, _, test = _parts(launched)
    assert len(test)
    assert not set(night[train]) & set(night[test])


def test_a_column_names_the_parts(fit, survey):
    launched = fit(split={"kind": "column", "column": "role"})
    role = survey["role"].to_numpy()
    for part, rows in zip(("train", "validation", "test"), _parts(launched), strict=True):
        assert set(role[rows]) == {part}
    assert sum(map(len, _parts(launched))) == 240


def test_files_are_the_parts(run, survey, tmp_path):
    survey[:150].write_csv(tmp_path / "a.csv")
    survey[150:].write_csv(tmp_path / "b.csv")
    source = {"train": str(tmp_path / "a.csv"), "test": str(tmp_path / "b.csv")}
    data = {"source": source, "label": "kind", "inputs": ["flux", "colour"], "imputation": "mean"}
    launched = run({"data": data, "classifiers": [NB], "bootstrap": 0})
    assert [len(rows) for rows in _parts(launched)] == [150, 0, 90]


@pytest.mark.parametrize(
    ("split", "folds"),
    [
        ({"stratified": False, "seed": 4}, KFold(4, shuffle=True, random_state=4)),
        ({"seed": 4}, StratifiedKFold(4, shuffle=True, random_state=4)),
    ],
)
def test_folds_are_scikit_learn_s_and_each_trains_on_the_others(split, folds, fit, survey):
    launched = fit(split={"kind": "folds", "folds": 4, **split}, weight=None)
    kind, matrix = survey["kind"].to_numpy(), features(survey)
    accuracies = []
    for number, (train, test) in enumerate(folds.split(matrix, kind)):
        assert np.array_equal(_parts(launched, number)[2], test)
        imputer = SimpleImputer(strategy="median").fit(matrix[train])
        scaler = preprocessing.StandardScaler().fit(imputer.transform(matrix[train]))
        inputs = scaler.transform(imputer.transform(matrix))
        accuracies.append(
            GaussianNB().fit(inputs[train], kind[train]).score(inputs[test], kind[test])
        )
    (result,) = launched.results.results
    assert result.figures["accuracy"].mean == pytest.approx(np.mean(accuracies), abs=1e-6)
    assert result.figures["accuracy"].sd == pytest.approx(np.std(accuracies, ddof=1), abs=1e-6)
    assert result.figures["accuracy"].n == 4
    assert result.interval("accuracy") is None
    assert launched.results.correct([result]).shape == (1, 240)
    assert launched.results.correct([result]).mean() == pytest.approx(
        np.trace(result.confusion) / 240
    )


@pytest.mark.parametrize("stratified", [True, False])
def test_folds_by_group_keep_groups_whole(stratified, fit, survey):
    split = {"kind": "folds", "folds": 3, "by_group": True, "stratified": stratified}
    launched = fit(group="night", split=split)
    night = survey["night"].to_numpy()
    for number in range(3):
        train, _, test = _parts(launched, number)
        assert not set(night[train]) & set(night[test])
    tested = np.concatenate([_parts(launched, number)[2] for number in range(3)])
    assert sorted(tested) == list(range(240))


def test_given_folds_are_tested_one_by_one(fit, survey):
    launched = fit(split={"kind": "given_folds", "column": "fold"})
    fold = survey["fold"].to_numpy()
    assert len(launched.results.splits) == 3
    for number in range(3):
        train, _, test = _parts(launched, number)
        assert set(fold[test]) == {number}
        assert number not in fold[train]


def test_seeds_are_reported_as_mean_and_spread(fit):
    block = {"method": "randomforest", "parameters": {"n_estimators": 3}, "seeds": 3}
    launched = fit(block, job={"seed": 10})
    (result,) = launched.results.results
    assert [member.entry.seed for member in result.members] == [10, 11, 12]
    values = [member.scores[Part.TEST].figures["accuracy"] for member in result.members]
    assert len(set(values)) > 1
    assert result.figures["accuracy"].mean == pytest.approx(np.mean(values))
    assert result.figures["accuracy"].sd == pytest.approx(np.std(values, ddof=1))
    listed = fit({**block, "seeds": [11, 12, 10]}, job={"seed": 10})
    assert listed.summary.stored == 3
    row = launched.results.ranking().to_dicts()[0]
    assert row["members"] == 3
    assert row["low"] is None
    assert row["sd"] == pytest.approx(
        np.std([m.scores[Part.TEST].figures["balanced_accuracy"] for m in result.members], ddof=1)
    )


def test_calibration_gives_probabilities_to_a_method_without(fit):
    launched = fit(
        {"method": "svm"},
        {"method": "svm", "title": "sigmoid", "calibrate": "sigmoid"},
        {"method": "svm", "title": "isotonic", "calibrate": "isotonic"},
    )
    loss = {r.title: r.figures["log_loss"].mean for r in launched.results.results}
    assert np.isnan(loss["svm"])
    assert loss["sigmoid"] > 0
    assert loss["isotonic"] not in (loss["sigmoid"], np.nan)
    for title in ("sigmoid", "isotonic"):
        np.testing.assert_allclose(stored_scores(launched, title).sum(axis=1), 1.0, atol=1e-5)
    assert any("no probabilities come from svm" in note for note in launched.resolved.notes)


def test_bootstrap_resamples_make_the_intervals(fit):
    (none,) = fit().results.results
    (some,) = fit({"method": "lda"}, job={"bootstrap": 200}).results.results
    assert none.interval("accuracy") is None
    low, high = some.interval("balanced_accuracy")
    assert low < some.figures["balanced_accuracy"].mean < high


def test_infinite_features_are_refused_or_missing(run, tmp_path):
    file = tmp_path / "wide.csv"
    rows = [f"{'inf' if n == 3 else n},{n % 5},{'a' if n % 2 else 'b'}" for n in range(40)]
    file.write_text("x,y,kind\n" + "\n".join(rows))
    data = {"source": str(file), "label": "kind", "imputation": "mean"}
    with pytest.raises(JobError, match="row 4: feature 'x' is infinite"):
        run({"data": data, "classifiers": [NB]})
    launched = run({"data": {**data, "infinite": "missing"}, "classifiers": [NB]})
    assert launched.summary.trained == 1


@pytest.fixture
def targets_file(tmp_path):
    """100 examples of two targets, one of them unknown for every fourth example."""
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(100, 3))
    variable = (inputs[:, 0] > 0).astype(int).astype(str)
    flare = (inputs[:, 1] + 0.3 * generator.normal(size=100) > 0).astype(int).astype(str)
    flare[::4] = ""
    table = {f"x{n}": column for n, column in enumerate(inputs.T)}
    path = tmp_path / "targets.csv"
    pl.DataFrame({**table, "variable": variable, "flare": flare}).write_csv(path)
    return path


def test_independent_targets_are_classifiers_of_their_own(run, targets_file):
    data = {
        "source": str(targets_file),
        "label": ["variable", "flare"],
        "targets": "independent",
    }
    launched = run({"data": data, "classifiers": [NB], "bootstrap": 0})
    results = launched.results
    assert results.targets == ("variable", "flare")
    by_target = {result.target: result for result in results.results}
    known = results.labels.known
    codes = results.labels.codes
    for target, column in (("variable", 0), ("flare", 1)):
        member = by_target[target].members[0]
        rows = results.splits[0].test
        judged = int((codes[rows, column] >= 0).sum())
        assert member.scores[Part.TEST].examples == judged
    assert not known.all()
    assert by_target["variable"].members[0].scores[Part.TEST].examples == 25
    assert by_target["flare"].members[0].scores[Part.TEST].examples < 25
    assert results.correct([by_target["flare"]]).shape[0] == 1
    assert results.ranking("flare")["title"].to_list() == ["gaussiannb"]
    assert len(results.only("flare").results) == 1
    assert results.scores("gaussiannb", "flare").columns == ["id", "label_flare", "score_flare"]


def test_multilabel_is_one_classifier_of_fully_known_examples(run, targets_file):
    data = {"source": str(targets_file), "label": ["variable", "flare"]}
    launched = run({"data": data, "classifiers": [NB], "bootstrap": 0})
    (result,) = launched.results.results
    codes = launched.results.labels.codes[launched.results.splits[0].test]
    assert result.members[0].scores[Part.TEST].examples == (codes >= 0).all(axis=1).sum()
    assert set(result.figures) >= {"subset_accuracy", "hamming_loss", "macro_f1"}
    assert launched.results.targets == (None,)
    assert launched.results.headline == "macro_f1"
    assert 0.5 < result.figures["macro_f1"].mean <= 1


def test_examples_of_unknown_class_take_no_part(run, tmp_path):
    rows = [f"{n},{['a', 'b', ''][n % 3]}" for n in range(90)]
    (tmp_path / "gaps.csv").write_text("x,kind\n" + "\n".join(rows))
    data = {"source": str(tmp_path / "gaps.csv"), "label": "kind"}
    launched = run({"data": data, "classifiers": [NB], "bootstrap": 0})
    (result,) = launched.results.results
    codes = launched.results.labels.codes
    assert result.members[0].scores[Part.TEST].examples == sum(
        codes[row] >= 0 for row in launched.results.splits[0].test
    )
    assert launched.results.labels.classes == ("a", "b")


def test_each_fold_may_be_a_result_of_its_own(fit):
    split = {"kind": "given_folds", "column": "fold", "each_fold": True}
    results = fit(NB, {"method": "naive"}, split=split).results
    (whole,) = results.titled("gaussiannb")
    folds = [results.titled(f"gaussiannb fold{number}")[0] for number in range(3)]
    assert [one.fold_of for one in (whole, *folds)] == ["", *["gaussiannb"] * 3]
    for fold, member in zip(folds, whole.members, strict=True):
        assert [one.entry.key for one in fold.members] == [member.entry.key]
    assert results.best() == whole
    assert results.tied() == {"gaussiannb"}
    assert len(results.comparison().titles) == 2
    assert results.outline().classifiers == 2
    assert results.outline().best == "gaussiannb"


def test_a_title_like_that_of_a_fold_is_refused(fit):
    split = {"kind": "given_folds", "column": "fold", "each_fold": True}
    with pytest.raises(JobError, match="which fold 1 of 'x' is called"):
        fit({**NB, "title": "x"}, {**NB, "title": "x fold1"}, split=split)


def test_without_a_split_all_examples_train_without_metrics(fit):
    results = fit(NB, {"method": "naive"}, split={"kind": "none"}).results
    assert [len(part) for part in _parts_of(results)] == [240, 0, 0]
    figures = [result.figures["accuracy"].mean for result in results.results]
    assert np.isnan(figures).all()
    assert results.best() is None
    assert len(results.ranking()) == 2


def _parts_of(results: Any) -> list[np.ndarray]:
    return [results.splits[0].rows(part) for part in Part]


def test_remarks_of_the_job_stay_with_the_result(fit):
    noted = fit({**NB, "title": "noted", "notes": ["as asked."]}, {**NB, "title": "plain"}).results
    assert "as asked." in noted.titled("noted")[0].notes
    assert "as asked." not in noted.titled("plain")[0].notes
    keys = {one.members[0].entry.key for one in noted.results}
    assert len(keys) == 1
