"""Data sets of plugins: what the page shows is read, and what breaks a rule is refused with the value found."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_iris

from sortal.errors import DataError
from sortal.plugins.class_names import as_texts
from sortal.plugins.loading.load import load
from sortal.systems.clavis.batch.dataset import dataset_of
from sortal.systems.clavis.batch.jobfile import BatchDataBlock

from .conftest import write

DATASET = """\
import numpy as np

NAMES = {names}


def get_info():
    return {{'name': {name}, 'description': 'for tests', 'class_names': NAMES}}


def get_data(datasets_path):
    data = {{
        'X_train': np.arange(12.0).reshape(6, 2),
        'y_train': np.array([0, 1, 2, 0, 1, 2]),
        'X_test': np.array([]),
        'y_test': np.array([]),
        'class_names': NAMES,
    }}
    {change}
    return data
"""


@pytest.fixture
def dataset(modules: Path):
    """Write a data set's plugin, changed as a test wishes, and load it."""

    def make(change: str = "", *, names: str = "['a', 'b', 'c']", name: str = "'made'"):
        text = DATASET.format(change=change, names=names, name=name)
        write(modules, {"datasets/made/__init__.py": text})
        return load([modules])

    return make


def test_the_iris_plugin_of_the_page_is_read_as_it_stands(page_plugins):
    source = page_plugins.dataset("sklearn_iris").read()
    iris = load_iris()
    np.testing.assert_array_equal(source.X_train, iris.data)
    np.testing.assert_array_equal(source.y_train, iris.target)
    assert source.class_names == ("Iris Setosa", "Iris Versicolor", "Iris Virginica")
    assert len(source.X_test) == 0
    assert source.description == "ScikitLearn | Iris"


def test_the_mnist_plugin_finds_its_file_and_gives_its_shape(page_plugins, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path.parent)
    source = page_plugins.dataset("keras_mnist").read()
    assert source.X_train.shape == (400, 64)
    assert source.X_test.shape == (100, 64)
    assert source.specs["original_shape"] == (400, 8, 8)
    assert source.original_shape == (8, 8)


def test_the_path_given_is_absolute_and_that_of_all_data_sets(dataset, modules):
    plugins = dataset("data['specs'] = {'path': datasets_path}")
    assert plugins.dataset("made").read().specs["path"] == str(modules / "datasets")


def test_folds_of_training_and_of_test_examples_are_read(dataset):
    plugins = dataset("data['specs'] = {'cv_folds': np.array([1, 1, 2, 2, 3, 3])}")
    assert list(plugins.dataset("made").read().folds) == [1, 1, 2, 2, 3, 3]
    plugins = dataset(
        "data.update(X_test=np.ones((2, 2)), y_test=np.array([0, 1]));"
        "data['specs'] = {'cv_folds': np.array([1, 2]), 'cv_folds_for_test_only': True}"
    )
    source = plugins.dataset("made").read()
    assert source.folds_of_test
    assert list(source.folds) == [1, 2]


@pytest.mark.parametrize(
    "change",
    [
        "data['specs'] = {'cv_folds_for_test_only': True}",
        "data['specs'] = {'cv_folds': np.array([]).astype(int), 'cv_folds_for_test_only': True}",
        "data.update(X_test=np.ones((1, 2)), y_test=np.array([0]));"
        "data['specs'] = {'cv_folds': np.array([1, 1, 1, 2, 2, 2])}",
    ],
)
def test_unfit_folds_of_test_examples_are_refused_if_enabled(dataset, change):
    source = dataset(change).dataset("made").read()
    job = {"title": "a job", "dataset": "made", "test_size": 0.5}
    with pytest.raises(DataError, match="or set disable_cross_validation"):
        dataset_of(source, BatchDataBlock.model_validate(job))
    disabled = BatchDataBlock.model_validate({**job, "disable_cross_validation": True})
    assert dataset_of(source, disabled).dataset.folds is None


def test_several_labels_are_read_as_an_indicator(dataset):
    plugins = dataset("data['y_train'] = np.eye(6, 3, dtype=int)")
    assert plugins.dataset("made").read().is_multilabel


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("data['X_train'] = np.zeros((6, 2, 2))", "X_train: expected shape (num_samples"),
        ("data['X_train'] = np.array([['a', 'b']] * 6)", "X_train: expected numbers alone"),
        ("data['X_train'][4, 1] = np.nan", "got nan in row 4, column 1"),
        ("data['X_train'][0, 0] = np.inf", "got inf in row 0, column 0"),
        ("data['y_train'] = np.array([0, 1, 2])", "got shape (3,)"),
        ("data['y_train'] = np.array([0, 1, 2, 5000, 1, 2])", "labels from 0 to 999, got 5000"),
        ("data['y_train'] = np.array([0, 1, 2, -1, 1, 2])", "labels from 0 to 2, got -1"),
        ("data['y_train'] = np.array([0, 1, 2, 0.5, 1, 2])", "whole numbers, got 0.5"),
        ("data['y_train'] = 2 * np.eye(6, 3)", "labels from 0 to 1, got 2"),
        ("data['y_train'] = np.eye(6, 2)", "got shape (6, 2)"),
        ("data['X_test'] = np.ones((2, 3))", "X_test: expected 2 features"),
        ("data['X_test'] = np.ones((2, 2))", "y_test: expected"),
        ("del data['X_test'], data['y_test']", "a dictionary with X_test, y_test"),
        ("data['class_names'] = ['a', 'b', 'd']", "class_names: expected those of get_info()"),
        ("data['class_names'] = ['b', 'a', 'c']", "class_names: expected those of get_info()"),
        ("data['specs'] = []", "specs: expected a dictionary, got []"),
        ("data['specs'] = {'original_shape': (6, 3)}", "original_shape"),
        ("data['specs'] = {'original_shape': (2,)}", "original_shape"),
        ("data['specs'] = {'cv_folds': [1, 1, 1, 2, 2, 2]}", "a numpy array"),
        ("data['specs'] = {'cv_folds': np.array([1, 2])}", "cv_folds"),
        ("data['specs'] = {'cv_folds': np.linspace(0, 1, 6)}", "cv_folds"),
        ("data['specs'] = {'cv_folds_for_test_only': 1}", "True or False, got 1"),
        ("data = [1]", "get_data: expected a dictionary, got list"),
        ("raise KeyError('digits')", "get_data raised KeyError: 'digits' (__init__.py, line 18)"),
    ],
)
def test_data_that_breaks_a_rule_is_refused_with_its_value(dataset, change, told):
    plugins = dataset(change)
    with pytest.raises(DataError) as caught:
        plugins.dataset("made").read()
    assert told in str(caught.value)
    assert "data set made" in str(caught.value)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"names": "[[0], [1], [2]]"}, "texts alone, such as [str(x) for x in range(10)], got [0]"),
        ({"names": "'abc'"}, "a list of texts"),
        ({"names": "{'a': 0}"}, "a list of texts"),
        ({"names": "[]"}, "a list of texts"),
        ({"name": "'my data'"}, "letters, digits and _ alone, got 'my data'"),
        ({"name": "3"}, "letters, digits and _ alone, got 3"),
    ],
)
def test_a_plugin_that_breaks_a_rule_is_broken(dataset, words, told):
    (broken,) = dataset(**words).broken
    assert told in broken.reason
    assert broken.kind == "data set"


@pytest.mark.parametrize(
    ("names", "texts", "told"),
    [
        ("[0, 1, 2]", ("0", "1", "2"), "0 (int), 1 (int), 2 (int)"),
        ("[x for x in range(3)]", ("0", "1", "2"), "such names are used as text"),
        ("list(np.arange(3))", ("0", "1", "2"), "0 (int)"),
        ("np.arange(3)", ("0", "1", "2"), "0 (int)"),
        ("[0.5, 1.0, 2e30]", ("0.5", "1.0", "2e+30"), "0.5 (float)"),
        ("[True, False, None]", ("True", "False", "None"), "None (NoneType)"),
        ("[1, '1', 1.0]", ("1", "1 (2)", "1.0"), "equal; they are called '1 (2)'"),
        ("['a', 'a', 'a (2)']", ("a", "a (3)", "a (2)"), "equal; they are called 'a (3)'"),
        ("['a', '', 'b']", ("a", "class 1", "b"), "empty or equal; they are called 'class 1'"),
        ("['a', 'b']", ("a", "b", "2"), "has 2 names and the labels have 3 classes"),
        ("['2', 'b']", ("2", "b", "2 (2)"), "the others are called '2 (2)'"),
    ],
)
def test_class_names_become_texts_with_a_warning(dataset, names, texts, told):
    source = dataset(names=names).dataset("made").read()
    assert source.class_names == texts
    assert any(told in note for note in source.notes)
    assert all(note.startswith("data set made: class_names") for note in source.notes)


def test_class_names_that_are_right_are_not_warned_of(dataset):
    assert dataset(names="('a', 'b', ' c ')").dataset("made").read().notes == ()


def test_classes_without_a_name_are_named_in_the_labels(dataset):
    source = dataset("data['y_train'] = np.eye(6, 4, dtype=int)").dataset("made").read()
    assert source.class_names == ("a", "b", "c", "3")


@given(
    st.lists(st.sampled_from(["a", "", " ", "a (2)", 1, 1.0, True, None, np.int64(1)]), min_size=1)
)
def test_class_names_become_texts_that_differ(names):
    texts, warnings = as_texts(names)
    assert len(set(texts)) == len(texts) == len(names)
    assert all(text.strip() for text in texts)
    assert bool(warnings) == (list(texts) != names)


def test_what_reading_raised_is_kept_for_its_traceback(dataset):
    plugins = dataset("open('/no/such/file')")
    with pytest.raises(DataError) as caught:
        plugins.dataset("made").read()
    assert isinstance(caught.value.__cause__, FileNotFoundError)


def test_what_reading_prints_leaves_stdout_alone(dataset, capsys):
    dataset("print('downloading')").dataset("made").read()
    out, err = capsys.readouterr()
    assert (out, err) == ("", "downloading\n")
