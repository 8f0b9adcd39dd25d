"""Data sets that come with scikit-learn, and its generator of examples with several classes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from sortal.plugins.given_data import CV_FOLDS, GivenData

_FOLDS = 4

DIGITS = tuple(map(str, range(10)))


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a data set before it is read."""

    name: str
    description: str
    class_names: tuple[str, ...]

    def source(self, X: np.ndarray, y: np.ndarray, **specs: Any) -> GivenData:
        """These examples, which the job divides."""
        return GivenData(
            name=self.name,
            description=self.description,
            class_names=self.class_names,
            X_train=X,
            y_train=y,
            X_test=X[:0],
            y_test=y[:0],
            specs=specs,
        )


_IRIS = About(
    "sklearn_iris", "scikit-learn | Iris", ("Iris Setosa", "Iris Versicolor", "Iris Virginica")
)
_WINE = About("sklearn_wine", "scikit-learn | Wine", ("1", "2", "3"))
_CANCER = About("sklearn_breast_cancer", "scikit-learn | Breast cancer", ("malignant", "benign"))
_DIGITS = About("sklearn_digits", "scikit-learn | Digits", DIGITS)
_DIGITS_FOLDS = About(
    "sklearn_digits_cross_validation", f"scikit-learn | Digits in {_FOLDS} folds", DIGITS
)
_SEVERAL = About(
    "multi_label_test", "Generated | Examples with several classes", ("0", "1", "2", "3")
)


def _table(about: About, load: str) -> GivenData:
    from sklearn import datasets

    X, y = getattr(datasets, load)(return_X_y=True)
    return about.source(X, y)


def _digits(about: About, *, folds: bool) -> GivenData:
    from sklearn import datasets

    X, y = datasets.load_digits(return_X_y=True)
    dealt = {CV_FOLDS: np.arange(len(X)) % _FOLDS} if folds else {}
    return about.source(X, y, original_shape=(len(X), 8, 8), **dealt)


def _several(about: About) -> GivenData:
    """500 examples of 20 counts, each of any of four classes at once, about two on average."""
    from sklearn.datasets import make_multilabel_classification

    X, y = make_multilabel_classification(
        n_samples=500,
        n_features=20,
        n_classes=len(about.class_names),
        n_labels=2,
        length=50,
        allow_unlabeled=True,
        random_state=42,
    )
    return about.source(X, y)


MADE: tuple[tuple[About, Callable[[], GivenData]], ...] = (
    (_IRIS, partial(_table, _IRIS, "load_iris")),
    (_WINE, partial(_table, _WINE, "load_wine")),
    (_CANCER, partial(_table, _CANCER, "load_breast_cancer")),
    (_DIGITS, partial(_digits, _DIGITS, folds=False)),
    (_DIGITS_FOLDS, partial(_digits, _DIGITS_FOLDS, folds=True)),
    (_SEVERAL, partial(_several, _SEVERAL)),
)
