"""The two functions that plugins import from `tools`."""

import numpy as np
import pytest

from sortal.errors import DataError, OptionError
from sortal.plugins.tools import check_argument, check_datasets_compatible

INFO = {
    "name": "svm",
    "parameters": [
        {"name": "C", "type": "float", "range": [0, 100], "default_value": 1.0},
        {"name": "kernel", "type": "string", "range": ["rbf", "poly"], "default_value": "rbf"},
    ],
}


def test_an_argument_that_can_be_used_is_used():
    assert check_argument("C", {"C": 3, "title": "x"}, INFO) == 3


def test_the_default_stands_in_for_no_argument():
    assert check_argument("C", {}, INFO) == 1.0


def test_an_unusable_argument_warns_and_becomes_the_default():
    with pytest.warns(UserWarning, match="C: expected a number from 0 to 100, got 101"):
        assert check_argument("C", {"C": 101}, INFO) == 1.0


def test_a_parameter_that_is_not_declared_is_the_plugin_s_error():
    with pytest.raises(OptionError, match=r"svm: check_argument.*did you mean kernel\?"):
        check_argument("kernal", {"kernal": "rbf"}, INFO)
    with pytest.raises(OptionError, match="it declares no parameter"):
        check_argument("C", {}, {"name": "naive", "parameters": None})


def dataset(names=("a", "b"), shape=None):
    specs = {} if shape is None else {"specs": {"original_shape": shape}}
    return {"class_names": list(names), **specs}


def test_compatible_datasets_give_their_names_and_first_shape():
    assert check_datasets_compatible(dataset(), dataset()) == (["a", "b"], None)
    shape = check_datasets_compatible(dataset(shape=(10, 8, 8)), dataset(shape=[20, 8, 8]))[1]
    assert shape == (10, 8, 8)
    shapes = dataset(shape=np.array([1, 4])), dataset(shape=np.array([2, 4]))
    assert list(check_datasets_compatible(*shapes)[1]) == [1, 4]


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (dataset(), dataset(("b", "a")), "the same class names"),
        (dataset(), dataset(("a",)), "the same class names"),
        (dataset(shape=(1, 8, 8)), dataset(), "got none of the second"),
        (dataset(), dataset(shape=(1, 8, 8)), "got none of the first"),
        (dataset(shape=(1, 8, 8)), dataset(shape=(1, 8, 9)), r"\(1, 8, 8\) and \(1, 8, 9\)"),
        (dataset(shape=(1, 8, 8)), dataset(shape=(1, 64)), "one original_shape"),
    ],
)
def test_others_are_refused(first, second, told):
    with pytest.raises(DataError, match=told):
        check_datasets_compatible(first, second)
