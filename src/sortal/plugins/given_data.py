"""What a data set of ClaVis gives: training and test examples as arrays, held against the page's rules."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sortal.errors import DataError

CV_FOLDS = "cv_folds"
TEST_ONLY = "cv_folds_for_test_only"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GivenData:
    """Examples of one data set, as its plugin or a built-in one gives them.

    Raises:
        DataError: The arrays break a rule of the page; the text names data set, rule and value.
    """

    name: str
    """What jobs call it (`dataset`)."""

    description: str = ""

    class_names: tuple[str, ...]
    """One a class, in the order of labels; or one a target of several labels."""

    X_train: np.ndarray = field(repr=False)
    """Shape (examples, features), numbers; images and the like are flattened."""

    y_train: np.ndarray = field(repr=False)
    """Codes of classes, shape (examples,), int64; or 0 and 1, shape (examples, classes)."""

    X_test: np.ndarray = field(repr=False)
    """The same for test examples; shape (0, features) where the job divides."""

    y_test: np.ndarray = field(repr=False)

    specs: Mapping[str, Any] = field(default_factory=dict)
    """What classifiers are told: `original_shape`, `num_words`, `cv_folds`,
    `cv_folds_for_test_only`, and anything else."""

    notes: tuple[str, ...] = ()
    """What was changed of what the data set gives, in sentences."""

    def __post_init__(self) -> None:
        names = tuple(self.class_names)
        if not names or not all(isinstance(name, str) and name for name in names):
            self._refuse("class_names", "a list of texts, one a class", repr(self.class_names))
        if len(set(names)) < len(names):
            self._refuse("class_names", "a different name for each class", repr(list(names)))
        X_train = self._examples(self.X_train, "X_train")
        if not len(X_train):
            self._refuse("X_train", "one example or more", "none")
        X_test = np.asarray(self.X_test)
        X_test = self._examples(X_test if X_test.size else X_train[:0], "X_test")
        if X_test.shape[1] != X_train.shape[1]:
            expected = f"{X_train.shape[1]} features, as X_train has"
            self._refuse("X_test", expected, str(X_test.shape[1]))
        y_train = self._labels(self.y_train, "y_train", len(X_train))
        y_test = np.asarray(self.y_test)
        y_test = self._labels(y_test if y_test.size else y_train[:0], "y_test", len(X_test))
        if y_test.ndim != y_train.ndim:
            self._refuse("y_test", "labels of the same kind as y_train", f"shape {y_test.shape}")
        given = {"X_train": X_train, "y_train": y_train, "X_test": X_test, "y_test": y_test}
        for field_name, value in {"class_names": names, **given}.items():
            object.__setattr__(self, field_name, value)
        self._check_specs()

    @property
    def is_multilabel(self) -> bool:
        """Whether an example may have several classes at once, or none."""
        return self.y_train.ndim == 2

    @property
    def folds(self) -> np.ndarray | None:
        """Fold of each training example (of each test example if `folds_of_test`), int64, or None."""
        if self.specs.get(CV_FOLDS) is None:
            return None
        return np.asarray(self.specs[CV_FOLDS]).astype(np.int64)

    @property
    def folds_of_test(self) -> bool:
        """Whether folds divide the test examples alone, and all others always train."""
        return bool(self.specs.get(TEST_ONLY, False))

    @property
    def original_shape(self) -> tuple[int, ...] | None:
        """Shape of one example before it was flattened; None if the data set does not say."""
        shape = self.specs.get("original_shape")
        return None if shape is None else tuple(int(size) for size in shape[1:])

    def _examples(self, values: Any, what: str) -> np.ndarray:
        array = np.asarray(values)
        if array.ndim != 2:
            expected = "shape (num_samples, num_features), anything more flattened"
            self._refuse(what, expected, f"shape {array.shape}")
        if array.dtype.kind not in "biuf":
            self._refuse(what, "numbers alone", f"an array of type {array.dtype}")
        return array

    def _labels(self, values: Any, what: str, examples: int) -> np.ndarray:
        array, classes = np.asarray(values), len(self.class_names)
        shapes = [(examples,), (examples, classes)]
        if array.shape not in shapes:
            expected = f"shape {shapes[0]}, or {shapes[1]} of several labels"
            self._refuse(what, expected, f"shape {array.shape}")
        if array.dtype.kind not in "biuf" or not np.array_equal(array, np.round(array)):
            strange = next(
                (one for one in array.ravel().tolist() if not _is_whole(one)), array.dtype
            )
            self._refuse(what, "whole numbers", repr(strange))
        greatest = classes - 1 if array.ndim == 1 else 1
        outside = array[(array < 0) | (array > greatest)]
        if len(outside):
            self._refuse(what, f"labels from 0 to {greatest}", f"{outside[0]:g}")
        return array.astype(np.int64)

    def _check_specs(self) -> None:
        folds, shape = self.specs.get(CV_FOLDS), self.specs.get("original_shape")
        if folds is not None:
            of = "y_test" if self.folds_of_test else "y_train"
            array, examples = np.asarray(folds), len(getattr(self, of))
            if array.dtype.kind not in "iu" or array.shape != (examples,):
                came = f"an array of {array.dtype}, shape {array.shape}"
                self._refuse(CV_FOLDS, f"a whole number for each example of {of}", came)
        if shape is not None:
            features = self.X_train.shape[1]
            sizes = tuple(shape)[1:]
            if not all(map(_is_whole, sizes)) or math.prod(sizes) != features:
                expected = f"the shape before flattening, whose sizes give {features} features"
                self._refuse("original_shape", expected, repr(tuple(shape)))

    def _refuse(self, what: str, expected: str, came: str) -> None:
        raise DataError(f"data set {self.name}: {what}: expected {expected}, got {came}.")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | float | np.integer) and float(value).is_integer()
