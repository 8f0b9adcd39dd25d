"""Every method by its name; what stands behind a name is imported when it is asked for."""

from functools import cache
from importlib import import_module
from typing import cast

from sortal.errors import NotFound
from sortal.methods.base import Method

REFERENCES = frozenset({"naive", "optimal"})
"""Methods that mark the ends of every scale and compete with none."""

_PLACES = {
    "optimal": "references:Optimal",
    "naive": "references:Naive",
    "kneighbors": "neighbours:KNeighbors",
    "logistic": "linear:Logistic",
    "svm": "support_vector:SVM",
    "gaussiannb": "gaussian:GaussianNB",
    "lda": "gaussian:LDA",
    "qda": "gaussian:QDA",
    "gaussianprocess": "gaussian_process:GaussianProcess",
    "decisiontree": "tree:DecisionTree",
    "randomforest": "forest:RandomForest",
    "extratrees": "forest:ExtraTrees",
    "adaboost": "boosting:AdaBoost",
    "histgradientboosting": "boosting:HistGradientBoosting",
    "xgboost": "xgboosting:XGBoost",
    "mlp": "mlp:MLP",
    "realmlp": "realmlp:RealMLP",
}


def method_names() -> tuple[str, ...]:
    """Names of the built-in methods, references first, then from plain to intricate."""
    return tuple(_PLACES)


def summaries() -> dict[str, str]:
    """One line about each built-in method, by name; loads no library behind any of them."""
    return {name: find(name).summary for name in _PLACES}


def find(name: str, calibration: str = "") -> Method:
    """Find a method.

    Args:
        name: A built-in name, or the import path of a scikit-learn-compatible classifier of
            an installed package, such as `sklearn.linear_model.RidgeClassifier`.
        calibration: `sigmoid` or `isotonic`; empty for scores as they come.

    Raises:
        NotFound: There is no such method.
        OptionError: The import path leads to no classifier, or there is no such calibration.
    """
    if name not in _PLACES and "." not in name:
        raise NotFound("method", name, _PLACES)
    method = _built_in(name) if name in _PLACES else _imported(name)
    if not calibration:
        return method
    from sortal.methods.calibrated import calibrated

    return calibrated(method, calibration)


@cache
def _built_in(name: str) -> Method:
    module, _, attribute = _PLACES[name].partition(":")
    return cast("Method", getattr(import_module(f"sortal.methods.{module}"), attribute)())


def _imported(path: str) -> Method:
    from sortal.methods.imported import imported

    return imported(path)
