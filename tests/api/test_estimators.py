"""Methods as scikit-learn estimators: scikit-learn's own checks, and equality with its classes."""

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_iris, make_multilabel_classification
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

from sortal.api import estimator_base as adapter
from sortal.api import estimators
from sortal.api.estimators import (
    EstimatorError,
    TrainingNote,
    estimator,
    estimator_class,
    estimator_names,
)
from sortal.errors import NotFound
from sortal.methods import registry
from sortal.methods.contract.base import Failed

_BRIEF = {"epochs": 12, "batch_size": 32, "learning_rate": 0.1}

QUICK: dict[str, dict[str, Any]] = {
    "adaboost": {"n_estimators": 10},
    "cnn": {"axes": 1, "filters": (4,), "pooling": "none", "hidden_layer_sizes": (), **_BRIEF},
    "extratrees": {"n_estimators": 10},
    "histgradientboosting": {"max_iter": 10},
    "mlp": {
        "epochs": 20,
        "batch_size": 8,
        "learning_rate": 0.01,
        "hidden_layer_sizes": (16,),
    },
    "lstm": {"layer_sizes": (4,), **_BRIEF},
    "randomforest": {"n_estimators": 10},
    "realmlp": {"epochs": 20, "batch_size": 16, "hidden_layer_sizes": (16,)},
}
"""Parameters under which the checks, which fit hundreds of times, are quick."""

_BY_CLASS = (
    "class_weight of a method is a choice of words; classes by name weigh through sample_weight"
)
_STEPS = "the contract between methods and models does not count the solver's steps"
_CERTAIN = (
    "the check refuses an array of probabilities that holds exactly 0 or 1; a vote may be unanimous"
)
_REPEATS = {
    "adaboost": "scikit-learn's AdaBoost, which trains it, is not equivalent either",
    "cnn": "minibatches are made of rows: repeated rows make others",
    "lstm": "minibatches are made of rows: repeated rows make others",
    "mlp": "minibatches are made of rows: repeated rows make others",
    "randomforest": "bootstraps draw rows: repeated rows are drawn otherwise",
    "realmlp": "minibatches are made of rows: repeated rows make others",
    "svm": "libsvm orders its variables by rows, and stops at a tolerance",
    "xgboost": "cut points of bins depend on rows, never on weights",
}


def expected_failures(built: Any) -> dict[str, str]:
    """Checks that an estimator is known to fail, each with its reason."""
    method, failures = built.method_name, {}
    parameters = built.get_params()
    if "class_weight" in parameters:
        failures["check_class_weight_classifiers"] = _BY_CLASS
    if "max_iter" in parameters:
        failures["check_non_transformer_estimators_n_iter"] = _STEPS
    if method in ("naive", "kneighbors", "decisiontree", "randomforest", "extratrees"):
        failures["check_classifiers_multilabel_output_format_predict_proba"] = _CERTAIN
    if method in _REPEATS:
        failures["check_sample_weight_equivalence_on_dense_data"] = _REPEATS[method]
    return failures


ALL = [estimator(name, **QUICK.get(name, {})) for name in estimator_names()]
NAMES = pytest.mark.parametrize("name", estimator_names())


# Data of the checks is often degenerate on purpose, and notes say so.
NOTES = pytest.mark.filterwarnings("ignore::sortal.api.estimators.TrainingNote")


@NOTES
# scikit-learn's GaussianNB takes the logarithm of the prior of a class without weight.
@pytest.mark.filterwarnings("ignore:divide by zero encountered in log:RuntimeWarning")
@parametrize_with_checks(ALL, expected_failed_checks=expected_failures)
def test_scikit_learns_checks_pass(estimator, check):
    check(estimator)


def expected_failures_of_calibration(built: Any) -> dict[str, str]:
    """The same, where maps are fitted on folds."""
    folds = {"check_sample_weight_equivalence_on_dense_data": "folds are made of rows"}
    return expected_failures(built) | folds


@NOTES
@parametrize_with_checks(
    [estimator("svm", calibrate="sigmoid")],
    expected_failed_checks=expected_failures_of_calibration,
)
def test_scikit_learns_checks_pass_for_a_calibrated_estimator(estimator, check):
    check(estimator)


@NAMES
def test_an_expected_failure_is_of_a_check_that_exists(name):
    known = {check.func.__name__ for _, check in estimator_checks_generator(ALL[0])}
    known |= {check.func.__name__ for _, check in estimator_checks_generator(estimator("logistic"))}
    assert set(expected_failures(estimator(name))) <= known


@pytest.mark.parametrize(
    ("name", "parameters", "theirs"),
    [
        ("kneighbors", {"n_neighbors": 3}, KNeighborsClassifier(n_neighbors=3)),
        ("logistic", {"max_iter": 5000}, LogisticRegression(max_iter=5000)),
        ("randomforest", {"n_estimators": 20}, RandomForestClassifier(20, random_state=0)),
    ],
)
def test_probabilities_are_those_of_scikit_learns_class(name, parameters, theirs):
    X, y = load_iris(return_X_y=True, as_frame=True)
    ours = estimator(name, **parameters).fit(X, y)
    theirs.fit(X, y)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-9)
    assert (ours.predict(X) == theirs.predict(X)).all()
    assert ours.feature_names_in_.tolist() == X.columns.tolist()
    assert not hasattr(ours, "decision_function")


def test_decision_values_of_two_classes_are_those_of_the_second():
    X, y = load_breast_cancer(return_X_y=True)
    ours, theirs = estimator("svm", C=0.5).fit(X, y), SVC(C=0.5).fit(X, y)
    np.testing.assert_allclose(ours.decision_function(X), theirs.decision_function(X), atol=1e-9)
    assert not hasattr(ours, "predict_proba")


def test_calibration_gives_a_method_without_probabilities_some():
    X, y = load_iris(return_X_y=True)
    calibrated = estimator("svm", calibrate="isotonic").fit(X, y)
    assert not hasattr(calibrated, "decision_function")
    np.testing.assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1)


def test_parameters_changed_after_training_change_no_prediction():
    X, y = load_iris(return_X_y=True)
    fitted = estimator("svm").fit(X, y)
    before = fitted.decision_function(X)
    fitted.set_params(calibrate="sigmoid")
    np.testing.assert_array_equal(fitted.decision_function(X), before)


@NOTES
@NAMES
def test_independent_targets_train_on_an_indicator_matrix(name):
    X, y = make_multilabel_classification(80, n_classes=3, random_state=0)
    fitted = estimator(name, **QUICK.get(name, {})).fit(X, y)
    scores = getattr(fitted, "predict_proba", None) or fitted.decision_function
    threshold = 0.5 if hasattr(fitted, "predict_proba") else 0.0
    assert fitted.predict(X).shape == y.shape
    assert fitted.predict(X).dtype == y.dtype
    np.testing.assert_array_equal(fitted.predict(X), scores(X) > threshold)


@NOTES
@NAMES
def test_text_labels_come_back_as_they_are(name):
    X, y = load_iris(return_X_y=True)
    words = np.array(["setosa", "versicolor", "virginica"], dtype=object)[y]
    fitted = estimator(name, **QUICK.get(name, {})).fit(X / 8, words)
    assert set(fitted.predict(X / 8)) <= set(words)
    assert fitted.classes_.tolist() == ["setosa", "versicolor", "virginica"]


@NOTES
@NAMES
def test_a_fitted_estimator_survives_a_process_boundary(name):
    X, y = load_iris(return_X_y=True)
    fitted = estimator(name, **QUICK.get(name, {})).fit(X / 8, y)
    back = pickle.loads(pickle.dumps(fitted))
    assert type(back) is type(fitted) is estimator_class(name)
    np.testing.assert_array_equal(back.predict(X / 8), fitted.predict(X / 8))


@NAMES
def test_signature_and_documentation_hold_every_parameter(name):
    made = estimator_class(name)
    fields = registry.find(name).Parameters.model_fields
    own = ("seed", "random_state", "calibrate")
    assert list(made().get_params()) == sorted([*fields, *own])
    for parameter in (*fields, *own):
        assert f"\n{parameter} : " in made.__doc__
    assert getattr(estimators, made.__name__) is made
    assert made.__name__ in dir(estimators)


def test_an_estimator_shows_what_differs_from_the_defaults():
    assert repr(estimator("kneighbors", n_neighbors=3)) == "KNeighborsEstimator(n_neighbors=3)"


def test_a_grid_search_in_a_pipeline_takes_numpys_numbers():
    X, y = load_iris(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), estimator("kneighbors"))
    grid = {
        "kneighborsestimator__n_neighbors": np.arange(1, 8, 3),
        "kneighborsestimator__weights": np.array(["uniform", "distance"]),
    }
    search = GridSearchCV(pipeline, grid, cv=3, error_score="raise").fit(X, y)
    theirs = make_pipeline(StandardScaler(), KNeighborsClassifier())
    renamed = {name.replace("estimator__", "classifier__"): of for name, of in grid.items()}
    expected = GridSearchCV(theirs, renamed, cv=3).fit(X, y)
    np.testing.assert_allclose(
        search.cv_results_["mean_test_score"], expected.cv_results_["mean_test_score"]
    )


def test_scorers_of_scikit_learn_take_its_scores():
    X, y = load_breast_cancer(return_X_y=True)
    for name in ("svm", "gaussiannb"):
        assert cross_val_score(estimator(name), X, y, cv=3, scoring="roc_auc").min() > 0.9


def test_members_of_a_bagging_have_seeds_of_their_own():
    X, y = load_iris(return_X_y=True)
    network = estimator("mlp", epochs=3, hidden_layer_sizes=(4,), batch_size=50)
    whole = {"bootstrap": False, "n_estimators": 3}  # only the seeds differ
    bagging = BaggingClassifier(network, random_state=0, **whole).fit(X, y)
    first, second, third = (member.predict_proba(X) for member in bagging.estimators_)
    assert not np.array_equal(first, second)
    assert not np.array_equal(second, third)
    again = BaggingClassifier(network, random_state=0, **whole).fit(X, y)
    assert np.array_equal(again.predict_proba(X), bagging.predict_proba(X))


def test_members_of_a_vote_have_their_own_seeds_in_a_pipeline():
    X, y = load_iris(return_X_y=True)
    forest = make_pipeline(StandardScaler(), estimator("extratrees", n_estimators=3))
    bagging = BaggingClassifier(forest, n_estimators=2, bootstrap=False, random_state=0)
    one, two = bagging.fit(X[::3], y[::3]).estimators_
    assert not np.array_equal(one.predict_proba(X), two.predict_proba(X))
    vote = VotingClassifier([("a", forest), ("b", estimator("gaussiannb"))], voting="soft")
    assert vote.fit(X, y).score(X, y) > 0.9
    search = GridSearchCV(forest, {"extratreesestimator__random_state": [1, 2]}, cv=2)
    assert search.fit(X, y).best_params_.keys() == {"extratreesestimator__random_state"}


def test_random_state_stands_before_the_seed():
    X, y = load_iris(return_X_y=True)

    def scores(**given):
        forest = estimator("extratrees", n_estimators=3, **given)
        return forest.fit(X[::3], y[::3]).predict_proba(X)

    assert np.array_equal(scores(seed=7), scores(seed=1, random_state=7))
    assert np.array_equal(scores(seed=7), scores(random_state=np.int64(7)))
    assert np.array_equal(scores(), scores(random_state=None))
    drawn = [scores(random_state=np.random.RandomState(3)) for _ in range(2)]
    assert np.array_equal(*drawn)
    shared = np.random.RandomState(3)
    assert not np.array_equal(scores(random_state=shared), scores(random_state=shared))


def test_a_seed_decides_and_a_clone_trains_to_the_same():
    X, y = load_iris(return_X_y=True)
    one = estimator("randomforest", n_estimators=5, seed=1).fit(X, y)
    same, other = clone(one).fit(X, y), clone(one).set_params(seed=2).fit(X, y)
    np.testing.assert_array_equal(one.predict_proba(X), same.predict_proba(X))
    assert (one.predict_proba(X) != other.predict_proba(X)).any()


def test_weights_reach_the_method():
    X, y = load_iris(return_X_y=True)
    weights = np.where(y == 2, 0.0, 1.0)
    fitted = estimator("decisiontree").fit(X, y, sample_weight=weights)
    assert set(fitted.predict(X)) == {0, 1}


def test_missing_values_pass_where_the_method_takes_them():
    X, y = load_iris(return_X_y=True)
    X[::7, 0] = np.nan
    assert estimator("histgradientboosting", max_iter=5).fit(X, y).score(X, y) > 0.9
    with pytest.raises(ValueError, match="contains NaN"):
        estimator("kneighbors").fit(X, y)


def test_what_training_noticed_is_a_warning_and_is_kept():
    X, y = load_iris(return_X_y=True)
    with pytest.warns(TrainingNote, match="^logistic: .*converge"):
        fitted = estimator("logistic", max_iter=2).fit(X, y)
    assert len(fitted.notes_) == 1


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"n_neighbors": 0}, r"kneighbors.n_neighbors: expected a whole number.* got 0\."),
        ({"metric": "manhatan"}, r"kneighbors.metric: .* Did you mean 'manhattan'\?"),
        ({"seed": -1}, r"seed: expected a whole number from 0 to 2147483647, got -1\."),
        ({"seed": None}, r"seed: expected a whole number .* got None\."),
        ({"random_state": -1}, r"random_state: expected a whole number .* got -1\."),
        ({"random_state": 1.5}, r"random_state: expected a whole number .* got 1\.5\."),
        ({"calibrate": "platt"}, r"expected sigmoid or isotonic, got 'platt'\."),
    ],
)
def test_a_wrong_value_is_told_by_fit_as_a_value_error(parameters, text):
    X, y = load_iris(return_X_y=True)
    wrong = estimator("kneighbors", **parameters)
    assert hasattr(wrong, "predict_proba")
    with pytest.raises(ValueError, match=text) as raised:
        wrong.fit(X, y)
    assert isinstance(raised.value, EstimatorError)


def test_wrong_names_are_told_with_the_nearest():
    with pytest.raises(
        NotFound, match=r"'n_neighbours' in kneighbors\. Did you mean 'n_neighbors'"
    ):
        estimator("kneighbors", n_neighbours=3)
    with pytest.raises(NotFound, match="no estimator named 'optimal'"):
        estimator("optimal")
    with pytest.raises(AttributeError, match="NoSuchEstimator"):
        _ = estimators.NoSuchEstimator


def test_a_failed_training_has_its_reason_and_traceback():
    X, y = load_iris(return_X_y=True)
    with pytest.raises(EstimatorError, match=r"cannot be trained \(n_samples=3, n_features=4\)"):
        estimator("kneighbors").fit(X[::50], y[::50])
    failed = Failed("svm", "no luck.", "Traceback: here")
    assert adapter._cannot_train(failed, X).__notes__ == ["Traceback: here"]


def test_labels_of_several_classes_and_outputs_are_refused():
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match="got several classes in 2 columns"):
        estimator("kneighbors").fit(X, np.column_stack([y, y]))


def test_large_data_is_scored_block_by_block(monkeypatch):
    X, y = load_iris(return_X_y=True)
    fitted = estimator("gaussiannb").fit(X, y)
    whole = fitted.predict_proba(X)
    monkeypatch.setattr(adapter, "_BLOCK", 40)
    np.testing.assert_array_equal(fitted.predict_proba(X), whole)
