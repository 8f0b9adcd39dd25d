"""Every method against every check that ships for authors of methods."""

from collections.abc import Mapping
from typing import Any

import pytest

from sortal.methods import registry
from sortal.testing.contracts import Subject, all_checks
from sortal.testing.training import NotApplicable

SMALL_CNN = {
    "shape": [2, 3],
    "filters": [4],
    "hidden_layer_sizes": [8],
    "learning_rate": 0.1,
}
SMALL_LSTM = {"layer_sizes": [6], "learning_rate": 0.1, "precision": "float64"}

PARAMETERS: Mapping[str, tuple[dict[str, Any], ...]] = {
    "optimal": ({},),
    "naive": ({}, {"strategy": "prior"}),
    "kneighbors": ({"n_neighbors": 1}, {"n_neighbors": 7}, {"n_neighbors": 7, "metric": "cosine"}),
    "logistic": ({}, {"C": 0.1}, {"penalty": "l1", "solver": "saga", "max_iter": 1000}),
    "svm": ({}, {"kernel": "linear"}, {"kernel": "poly", "degree": 2, "class_weight": "balanced"}),
    "gaussiannb": ({}, {"var_smoothing": 0.1}),
    "lda": ({}, {"solver": "lsqr", "shrinkage": "auto"}),
    "qda": ({"reg_param": 0.1}, {"reg_param": 0.5}),
    "gaussianprocess": ({}, {"length_scale": 3.0}, {"fit_length_scale": True}),
    "decisiontree": ({}, {"max_depth": 2}, {"max_features": "sqrt"}),
    "randomforest": ({"n_estimators": 3}, {"n_estimators": 5}, {"n_estimators": 3, "max_depth": 2}),
    "extratrees": ({"n_estimators": 3}, {"n_estimators": 5}),
    "adaboost": ({"n_estimators": 3}, {"n_estimators": 6}),
    "histgradientboosting": ({"max_iter": 3}, {"max_iter": 6}),
    "xgboost": ({"n_estimators": 3}, {"n_estimators": 6}, {"n_estimators": 3, "max_depth": 2}),
    "mlp": (
        {"epochs": 40, "learning_rate": 0.03},
        {"epochs": 20, "learning_rate": 0.05},
        {"epochs": 30, "learning_rate": 0.05, "hidden_layer_sizes": [8]},
    ),
    "realmlp": (
        {"epochs": 12, "hidden_layer_sizes": [16]},
        {"epochs": 8, "hidden_layer_sizes": [16], "fit_temperature": False, "label_smoothing": 0.0},
        {"epochs": 8, "hidden_layer_sizes": [8], "embedding_size": 1, "dropout": 0.0},
    ),
    "cnn": (
        {"epochs": 15, **SMALL_CNN},
        {"epochs": 12, **SMALL_CNN, "shape": [6]},
        {"epochs": 12, **SMALL_CNN, "augment": {"flip": "horizontal"}},
    ),
    "lstm": (
        {"epochs": 15, **SMALL_LSTM},
        {"epochs": 12, **SMALL_LSTM, "filters": [4], "kernel_size": 3, "pool_size": 2},
    ),
    "sklearn.linear_model.RidgeClassifier": ({}, {"alpha": 10.0}),
    "sklearn.linear_model.SGDClassifier": ({"loss": "log_loss"}, {"loss": "hinge"}),
    "sklearn.neighbors.NearestCentroid": ({}, {"shrink_threshold": 0.1}),
    "sklearn.tree.ExtraTreeClassifier": ({}, {"max_depth": 2}),
}

FAILING = {"kneighbors": {"n_neighbors": 1000}}

TOLERANCE = {"cnn": 1e-5, "lstm": 1e-5, "mlp": 1e-5, "realmlp": 1e-5, "xgboost": 1e-6}

CALIBRATED = (
    ("svm", "sigmoid"),
    ("gaussiannb", "isotonic"),
    ("randomforest", "sigmoid"),
    ("optimal", "sigmoid"),
)

# Their scores stay as they are when a class gets heavier: the truth, or boundaries, decide.
DEAF = {"optimal"}

# scikit-learn's forests draw the examples of a tree by weight.
DRAWN = {"randomforest"}


def _subject(name: str, calibration: str = "") -> Subject:
    return Subject(
        method=registry.find(name, calibration),
        parameters=PARAMETERS[name],
        tolerance=TOLERANCE.get(name, 0.0),
        failing=FAILING.get(name),
        weighs_by_class=name not in DEAF,
        draws_by_weight=name in DRAWN,
    )


SUBJECTS = [
    *(pytest.param(name, "", id=name) for name in PARAMETERS),
    *(pytest.param(name, kind, id=f"{name}-{kind}") for name, kind in CALIBRATED),
]


def test_every_built_in_method_is_checked():
    assert set(registry.method_names()) <= set(PARAMETERS)


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.__name__)
@pytest.mark.parametrize(("name", "calibration"), SUBJECTS)
def test_method_keeps_the_contract(name, calibration, check):
    try:
        check(_subject(name, calibration))
    except NotApplicable as reason:
        pytest.skip(str(reason))
