"""Classifiers of other packages by import path, where they follow scikit-learn's conventions.

Only packages that were installed are looked into: a module that merely lies in the working
directory is not imported.
"""

import inspect
import math
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import packages_distributions
from typing import Any, ClassVar

from pydantic import ConfigDict, ValidationInfo, create_model, field_validator

from sortal.errors import OptionError
from sortal.job.type_names import nearest
from sortal.methods.contract import base
from sortal.methods.one_at_a_time.one_by_one import OneByOne

_TRUSTED = (
    # Plain Python, or checked after loading (methods/model_files/native_checks.py).
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.tree._tree.Tree",
)


@cache
def method_of_class(path: str) -> base.Method:
    """Make a method of a class.

    Args:
        path: Import path of a class with `fit` and `predict`, in an installed package.

    Raises:
        OptionError: The path leads to no classifier of an installed package.
    """
    distribution = _distribution(path)
    found = _import_class(path)
    defaults = _defaults(found)

    class Imported(_Imported):
        name: ClassVar[str] = path
        library: ClassVar[str] = distribution
        summary: ClassVar[str] = _first_line(found)
        Parameters: ClassVar[type[base.Parameters]] = _parameters(found, defaults)
        missing_allowed: ClassVar[bool] = _takes_missing(found)
        weights_allowed: ClassVar[bool] = "sample_weight" in inspect.signature(found.fit).parameters
        estimator: ClassVar[str] = path
        seeded: ClassVar[bool] = "random_state" in defaults
        _usual: ClassVar[Mapping[str, Any]] = defaults

    return Imported()


class _Imported(OneByOne):
    """What all classifiers from elsewhere have in common."""

    trusted: ClassVar[tuple[str, ...]] = _TRUSTED
    _usual: ClassVar[Mapping[str, Any]]

    def probabilities(self, parameters: Any) -> bool:
        """Whether the class has `predict_proba` under these parameters."""
        return hasattr(self.build(parameters, 0), "predict_proba")

    def options(self, parameters: Any, seed: int) -> dict[str, Any]:
        """What differs from the defaults, so that those which cannot be spelt in a file hold."""
        given = {
            name: value
            for name, value in parameters.model_dump().items()
            if not _is_same(value, self._usual[name])
        }
        if self.seeded and parameters.random_state is None:
            given["random_state"] = seed
        return given


def _distribution(path: str) -> str:
    package = path.partition(".")[0]
    known = packages_distributions()
    if package not in known:
        close = nearest(package, known)
        hint = f", such as {close!r}" if close else ""
        raise OptionError("method", path, f"a classifier of an installed package{hint}")
    return known[package][0]


def _import_class(path: str) -> Any:
    module_name, _, name = path.rpartition(".")
    try:
        module = import_module(module_name)
    except ImportError as error:
        raise OptionError("method", path, f"the import path of a classifier ({error})") from error
    found = getattr(module, name, None)
    if found is None:
        close = nearest(name, (other for other in dir(module) if _is_classifier(module, other)))
        hint = f", such as {close!r}" if close else ""
        raise OptionError("method", path, f"a classifier of {module_name}{hint}")
    if not _is_classifier(module, name):
        raise OptionError("method", path, "a classifier: a class with fit and predict")
    return found


def _is_classifier(module: Any, name: str) -> bool:
    """Whether it is a class that classifies, as far as a class can tell."""
    found = getattr(module, name, None)
    if not inspect.isclass(found) or not (hasattr(found, "fit") and hasattr(found, "predict")):
        return False
    from sklearn.base import BaseEstimator, ClassifierMixin

    if issubclass(found, ClassifierMixin) or not issubclass(found, BaseEstimator):
        return True
    return getattr(found, "_estimator_type", "") == "classifier"


def _defaults(found: Any) -> dict[str, Any]:
    """Parameters of the class's constructor and their defaults; those it must be given are left out."""
    kinds = inspect.Parameter
    signature = inspect.signature(found).parameters.values()
    defaults = {
        one.name: one.default
        for one in signature
        if one.kind in (kinds.POSITIONAL_OR_KEYWORD, kinds.KEYWORD_ONLY)
        and one.default is not kinds.empty
    }
    if any(one.kind is kinds.VAR_KEYWORD for one in signature) and hasattr(found, "get_params"):
        defaults = {**found().get_params(deep=False), **defaults}
    return {name: value for name, value in defaults.items() if _is_plain(value)}


def _parameters(found: Any, defaults: Mapping[str, Any]) -> type[base.Parameters]:
    """A model with a field per parameter, checked as the class itself would check it."""
    required = [name for name in _required(found) if name not in defaults]
    fields: dict[str, Any] = {
        **dict.fromkeys(required, (Any, ...)),
        **{name: (Any, value) for name, value in defaults.items()},
    }
    with warnings.catch_warnings():
        # A parameter may be called like a method of pydantic's models (`copy`).
        warnings.filterwarnings("ignore", message='Field name "', category=UserWarning)
        return create_model(
            f"{found.__name__}Parameters",
            __base__=_Parameters,
            __doc__=f"Parameters of {found.__name__}.",
            __validators__={"allowed": field_validator("*")(_check(found))},
            **fields,
        )


class _Parameters(base.Parameters):
    """Base of parameters of classes from elsewhere."""

    model_config = ConfigDict(protected_namespaces=())


def _check(found: Any) -> Callable[[Any, ValidationInfo], Any]:
    constraints = getattr(found, "_parameter_constraints", {})

    def check(value: Any, info: ValidationInfo) -> Any:
        name = info.field_name or ""
        if not _is_plain(value):
            raise ValueError(
                "expected a finite number, a text, true, false, null, or a list of them"
            )
        if name == "decision_function_shape" and value == "ovo":
            raise ValueError("expected ovr: scores of pairs of classes are no scores of classes")
        if isinstance(constraints, dict) and name in constraints:
            from sklearn.utils._param_validation import validate_parameter_constraints

            validate_parameter_constraints(
                {name: constraints[name]}, {name: value}, caller_name=found.__name__
            )
        return value

    return check


def _required(found: Any) -> list[str]:
    kinds = inspect.Parameter
    return [
        one.name
        for one in inspect.signature(found).parameters.values()
        if one.kind in (kinds.POSITIONAL_OR_KEYWORD, kinds.KEYWORD_ONLY)
        and one.default is kinds.empty
    ]


def _takes_missing(found: Any) -> bool:
    """Whether the class says that it takes NaN; one that cannot be asked does not."""
    if _required(found) or not hasattr(found, "__sklearn_tags__"):
        return False
    return bool(found().__sklearn_tags__().input_tags.allow_nan)


def _is_plain(value: Any) -> bool:
    """Whether a value can stand in a job file."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(part) for key, part in value.items())
    return value is None or isinstance(value, (bool, int, str))


def _is_same(value: Any, default: Any) -> bool:
    """Whether a value is the default; a list counts as a tuple, true does not count as 1."""
    if isinstance(default, tuple) and isinstance(value, list):
        value = tuple(value)
    return type(value) is type(default) and bool(value == default)


def _first_line(found: Any) -> str:
    lines = (inspect.getdoc(found) or "").strip().splitlines()
    return lines[0] if lines else f"{found.__name__} of {found.__module__}"
