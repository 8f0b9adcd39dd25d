import numpy as np
import pytest

from sortal.errors import DataError
from sortal.plugins.given_data import GivenData

NOTHING = np.array([])


def _source(**changed):
    given = {
        "name": "made",
        "class_names": ["a", "b"],
        "X_train": np.arange(12.0).reshape(6, 2),
        "y_train": np.array([0, 1, 0, 1, 0, 1]),
        "X_test": NOTHING,
        "y_test": NOTHING,
    }
    return GivenData(**{**given, **changed})


def test_the_page_s_empty_test_arrays_get_the_training_shape():
    source = _source()
    assert (source.X_test.shape, source.y_test.shape) == ((0, 2), (0,))
    assert source.y_train.dtype == np.int64
    assert source.class_names == ("a", "b")
    assert not source.is_multilabel


def test_several_labels_are_0_and_1_and_rows_may_be_empty():
    source = _source(y_train=np.array([[0, 0], [1, 1], [0, 1], [0, 0], [1, 0], [1, 1]]))
    assert source.is_multilabel
    assert source.y_test.shape == (0, 2)


def test_lists_and_whole_numbers_in_floats_are_numbers_too():
    source = _source(X_train=[[1, 2], [3, 4]], y_train=[0.0, 1.0])
    assert source.X_train.shape == (2, 2)
    assert source.y_train.tolist() == [0, 1]


def test_folds_of_training_and_of_test_examples_are_distinct():
    folds = np.array([1, 1, 2, 2, 3, 3])
    assert _source(specs={"cv_folds": folds}).folds.tolist() == folds.tolist()
    assert not _source(specs={"cv_folds": folds}).folds_of_test
    tests = {"X_test": np.zeros((2, 2)), "y_test": [0, 1]}
    source = _source(**tests, specs={"cv_folds": np.array([0, 1]), "cv_folds_for_test_only": True})
    assert source.folds_of_test
    assert source.folds.tolist() == [0, 1]
    assert _source().folds is None


def test_the_original_shape_is_that_of_one_example():
    source = _source(X_train=np.zeros((6, 12)), specs={"original_shape": (6, 2, 2, 3)})
    assert source.original_shape == (2, 2, 3)
    assert _source().original_shape is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"X_train": np.zeros((6, 2, 2))},
            r"X_train: expected shape \(num_samples, num_features\)",
        ),
        ({"X_train": np.array([["1", "2"]] * 6)}, "X_train: expected numbers alone"),
        ({"X_train": np.zeros((0, 2)), "y_train": NOTHING}, "one example or more, got none"),
        (
            {"X_test": np.zeros((2, 3)), "y_test": [0, 1]},
            "expected 2 features, as X_train has, got 3",
        ),
        ({"X_test": np.zeros((2, 2))}, r"y_test: expected shape \(2,\)"),
        ({"y_train": np.zeros(5)}, r"y_train: expected shape \(6,\)"),
        ({"y_train": np.zeros((6, 1))}, r"y_train: expected shape \(6,\)"),
        ({"y_train": [0, 1, 2, 0, 0, 0]}, "y_train: expected labels from 0 to 1, got 2"),
        ({"y_train": [0, 1, -1, 0, 0, 0]}, "labels from 0 to 1, got -1"),
        ({"y_train": [0, 1, 0.5, 0, 0, 0]}, "whole numbers, got 0.5"),
        ({"y_train": [0, 1, np.nan, 0, 0, 0]}, "whole numbers, got nan"),
        ({"y_train": ["a"] * 6}, "whole numbers"),
        ({"y_train": np.full((6, 2), 2)}, "labels from 0 to 1, got 2"),
        ({"class_names": [0, 1]}, "class_names: expected a list of texts"),
        ({"class_names": ["a", "a"]}, "a different name for each class"),
        ({"class_names": []}, "class_names"),
        ({"specs": {"cv_folds": np.zeros(5, int)}}, "cv_folds: expected a whole number for each"),
        ({"specs": {"cv_folds": np.zeros(6)}}, "cv_folds: expected a whole number"),
        ({"specs": {"original_shape": (6, 3)}}, "original_shape: expected the shape before"),
    ],
)
def test_data_that_break_a_rule_are_refused_by_name_and_value(changed, said):
    with pytest.raises(DataError, match=said) as refused:
        _source(**changed)
    assert str(refused.value).startswith("data set made: ")


def test_several_labels_in_training_and_one_in_test_are_refused():
    with pytest.raises(DataError, match="labels of the same kind as y_train"):
        _source(y_train=np.zeros((6, 2)), X_test=np.zeros((2, 2)), y_test=[0, 1])
