"""Every method by its name; what stands behind a name is imported when it is asked for.

Methods that a command provides from its user's folders (`contract/user_methods.py`) are found by their full
names, and by plain ones that a job means them by.
"""

from functools import cache
from importlib import import_module
from typing import cast

from sortal.errors import NotFound
from sortal.methods.contract.base import Method
from sortal.methods.contract.user_methods import (
    find_provided,
    full_name,
    is_unusable,
    plain_name,
    plain_names,
)

REFERENCES = frozenset({"naive", "optimal"})
"""Methods that mark the ends of every scale and compete with none."""

_CALLED = REFERENCES | {"optimal_multi_label"}
"""What ClaVis calls them, whose own programs are plugins of these names."""

_PLACES = {
    "optimal": "references:Optimal",
    "naive": "references:Naive",
    "kneighbors": "neighbours.method:KNeighbors",
    "logistic": "one_at_a_time.logistic:Logistic",
    "svm": "one_at_a_time.svm:SVM",
    "gaussiannb": "one_at_a_time.gaussian:GaussianNB",
    "lda": "one_at_a_time.gaussian:LDA",
    "qda": "one_at_a_time.gaussian:QDA",
    "gaussianprocess": "one_at_a_time.gaussian_process:GaussianProcess",
    "decisiontree": "one_at_a_time.decision_tree:DecisionTree",
    "randomforest": "ensembles.forest:RandomForest",
    "extratrees": "ensembles.forest:ExtraTrees",
    "adaboost": "ensembles.boosting:AdaBoost",
    "histgradientboosting": "ensembles.boosting:HistGradientBoosting",
    "xgboost": "ensembles.xgboost:XGBoost",
    "mlp": "neural.mlp:MLP",
    "realmlp": "neural.realmlp:RealMLP",
    "cnn": "neural.cnn:CNN",
    "lstm": "neural.lstm:LSTM",
}


def is_reference(name: str) -> bool:
    """Whether a method only marks an end of the scale, and competes with none.

    Plugins are not judged by their names, but by what they do once they are trained.

    >>> is_reference("optimal"), is_reference("optimal@0a1b2c3d"), is_reference("svm")
    (True, False, False)
    """
    return name in _CALLED


def is_called_reference(name: str) -> bool:
    """Whether a method has the name of a reference, also if it is a plugin's.

    >>> is_called_reference("optimal@0a1b2c3d"), is_called_reference("svm@0a1b2c3d")
    (True, False)
    """
    return is_reference(plain_name(name))


def method_names() -> tuple[str, ...]:
    """Names of the built-in methods, references first, then from plain to intricate."""
    return tuple(_PLACES)


def known_names() -> tuple[str, ...]:
    """Names that a job may use: of built-in methods, and of provided ones that have plain names."""
    names = dict.fromkeys([*_PLACES, *plain_names()])
    return tuple(name for name in names if not is_unusable(name))


def choose(name: str, calibration: str = "") -> Method:
    """Find the method that a job means by a name; see `find`, which knows no user's plain names."""
    return find(full_name(name), calibration)


def find(name: str, calibration: str = "") -> Method:
    """Find a method.

    Args:
        name: A built-in name, the full one of a provided method, or the import path of a
            scikit-learn-compatible classifier of an installed package, such as
            `sklearn.linear_model.RidgeClassifier`.
        calibration: `sigmoid` or `isotonic`; empty for scores as they come.

    Raises:
        NotFound: There is no such method.
        OptionError: The import path leads to no classifier, or there is no such calibration.
        UserError: It is a provided method whose source no folder given holds.
    """
    method = find_provided(name) or _found(name)
    if not calibration:
        return method
    from sortal.methods.calibration.calibrated import calibrated

    return calibrated(method, calibration)


def _found(name: str) -> Method:
    if name in _PLACES:
        return _built_in(name)
    if "." in name:
        return _imported(name)
    raise NotFound("method", name, known_names())


@cache
def _built_in(name: str) -> Method:
    module, _, attribute = _PLACES[name].partition(":")
    return cast("Method", getattr(import_module(f"sortal.methods.{module}"), attribute)())


def _imported(path: str) -> Method:
    from sortal.methods.one_at_a_time.import_path import method_of_class

    return method_of_class(path)
