"""Every method as a scikit-learn estimator: one class per method, made from its parameters.

A fitted estimator is a population of one: trained through the same contract, and deciding by
the same rule, as a member of a job whose examples all train, without imputation and scaling.
"""

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any, cast

from sortal.api.estimator_base import (
    EstimatorError,
    PlainEstimator,
    TrainingNote,
    WeightedEstimator,
)
from sortal.errors import NotFound
from sortal.job.type_names import describe
from sortal.methods import registry
from sortal.methods.contract.base import Method

__all__ = ["EstimatorError", "TrainingNote", "estimator", "estimator_class", "estimator_names"]

_OWN = {
    "seed": (0, "a whole number of 0 or more", "Seed of all randomness."),
    "random_state": (
        None,
        "a whole number of 0 or more, a RandomState of numpy, or None",
        "As scikit-learn names the seed: it stands before `seed` if it is given. Ensembles of "
        "scikit-learn's, such as BaggingClassifier, give each of their members one of its own.",
    ),
    "calibrate": (
        None,
        "sigmoid, isotonic or None",
        "Turn scores into probabilities with a map fitted on folds of the training examples.",
    ),
}
"""Parameters that every estimator has beside its method's own: default, values, meaning."""


def estimator(method: str, /, **parameters: Any) -> Any:
    """Make a scikit-learn estimator of a method.

    Args:
        method: Name of a method, such as `kneighbors` (`sortal.list_methods()` lists them).
        parameters: Parameters of the method (`sortal.list_parameters(method)`), `seed`,
            `random_state`, which stands before it, and `calibrate` (`sigmoid`, `isotonic` or
            None). They are checked by `fit`.

    Returns:
        An estimator that is not fitted yet.

    Raises:
        NotFound: There is no such method, or it has no such parameter.

    >>> estimator("kneighbors", n_neighbors=3)
    KNeighborsEstimator(n_neighbors=3)
    """
    return estimator_class(method)(**parameters)


def estimator_names() -> tuple[str, ...]:
    """Names of the methods that are estimators: all that learn from what they are given."""
    return tuple(name for name in registry.method_names() if name != "optimal")


@cache
def estimator_class(method: str) -> type:
    """The class of a method's estimators, such as `KNeighborsEstimator`.

    It can also be imported from this module by its name.

    Raises:
        NotFound: There is no such method, or it is `optimal`, which knows its own data alone.
    """
    if method not in estimator_names():
        raise NotFound("estimator", method, estimator_names())
    found = registry.find(method)
    base = WeightedEstimator if found.weights_allowed else PlainEstimator
    name = _class_name(found)
    namespace = {
        "__module__": __name__,
        "__qualname__": name,
        "__doc__": _documentation(found),
        "__init__": _constructor(found),
        "method_name": method,
    }
    return type(name, (base,), namespace)


def __getattr__(name: str) -> type:
    for method in estimator_names() if name.endswith("Estimator") else ():
        if _class_name(registry.find(method)) == name:
            return estimator_class(method)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *(_class_name(registry.find(name)) for name in estimator_names())]


def _class_name(method: Method) -> str:
    return f"{type(method).__name__}Estimator"


def _constructor(method: Method) -> Callable[..., None]:
    """An `__init__` that keeps what it is given, with a signature for scikit-learn to read."""
    own = {
        name: field.get_default(call_default_factory=True)
        for name, field in method.Parameters.model_fields.items()
    }
    defaults = {**own, **{name: default for name, (default, *_) in _OWN.items()}}

    def __init__(self: Any, **given: Any) -> None:  # noqa: N807 - becomes the method of a class
        for name in given:
            if name not in defaults:
                raise NotFound("parameter", name, defaults, where=method.name)
        for name, default in defaults.items():
            setattr(self, name, given.get(name, default))

    kinds = inspect.Parameter
    signature = inspect.Signature(
        [
            kinds("self", kinds.POSITIONAL_OR_KEYWORD),
            *(kinds(name, kinds.KEYWORD_ONLY, default=value) for name, value in defaults.items()),
        ]
    )
    cast("Any", __init__).__signature__ = signature
    return __init__


def _documentation(method: Method) -> str:
    lines = [f"{method.summary[:1].upper()}{method.summary[1:].rstrip('.')}.", ""]
    lines += ["Parameters", "----------"]
    for name, field in method.Parameters.model_fields.items():
        default = field.get_default(call_default_factory=True)
        lines.append(f"{name} : {describe(field.annotation, field.metadata)}, default={default!r}")
        lines.append(f"    {' '.join((field.description or '').split())}")
    for name, (default, values, meaning) in _OWN.items():
        lines += [f"{name} : {values}, default={default!r}", f"    {meaning}"]
    return "\n".join(lines)
