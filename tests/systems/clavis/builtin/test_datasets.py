import numpy as np
import pytest
from sklearn import datasets as sklearn_datasets
from sklearn.model_selection import cross_val_score
from sklearn.svm import SVC

from sortal.errors import DataError, NotFound
from sortal.systems.clavis.builtin.datasets import BUILT_IN, find

MADE = [name for name, data in BUILT_IN.items() if not data.needs]
ORIGINAL = {
    "sklearn_iris", "sklearn_wine", "sklearn_breast_cancer", "sklearn_digits",
    "sklearn_digits_cross_validation", "multi_label_test", "keras_mnist", "keras_fashion_mnist",
    "keras_cifar10", "keras_cifar100", "keras_imdb", "keras_reuters",
}  # fmt: skip


def test_every_data_set_of_the_original_is_there():
    assert set(BUILT_IN) >= ORIGINAL


@pytest.mark.parametrize(
    ("name", "load"),
    [
        ("sklearn_iris", "load_iris"),
        ("sklearn_wine", "load_wine"),
        ("sklearn_breast_cancer", "load_breast_cancer"),
        ("sklearn_digits", "load_digits"),
        ("sklearn_digits_cross_validation", "load_digits"),
    ],
)
def test_tables_are_those_of_scikit_learn(name, load):
    source, (X, y) = find(name).read(None), getattr(sklearn_datasets, load)(return_X_y=True)
    assert np.array_equal(source.X_train, X)
    assert np.array_equal(source.y_train, y)
    assert len(source.X_test) == 0
    assert len(source.class_names) == y.max() + 1


def test_digits_are_dealt_to_four_folds_in_turn():
    folds = find("sklearn_digits_cross_validation").read(None).folds
    assert folds[:6].tolist() == [0, 1, 2, 3, 0, 1]
    assert not find("sklearn_digits_cross_validation").read(None).folds_of_test


@pytest.mark.parametrize("name", ["sklearn_digits", "sklearn_digits_cross_validation"])
def test_digits_know_their_shape(name):
    assert find(name).read(None).original_shape == (8, 8)


def test_examples_of_several_classes_have_text_names():
    source = find("multi_label_test").read(None)
    assert source.is_multilabel
    assert source.X_train.shape == (500, 20)
    assert source.class_names == ("0", "1", "2", "3")
    sums = source.y_train.sum(axis=1)
    assert {0, 2, 4} <= set(sums)


@pytest.mark.parametrize("name", MADE)
def test_what_is_made_is_the_same_every_time_and_as_announced(name):
    one, other = find(name).read(None), find(name).read(None)
    assert np.array_equal(one.X_train, other.X_train)
    assert np.array_equal(one.X_test, other.X_test)
    about = find(name)
    assert (one.name, one.class_names, one.description) == (
        about.name,
        about.class_names,
        about.description,
    )


def test_another_corpus_is_harder_and_a_third_one_harder_still():
    source = find("cross_corpus_simulated_a_on_b_and_c").read(None)
    assert source.folds_of_test
    own = cross_val_score(SVC(), source.X_train, source.y_train).mean()
    model = SVC().fit(source.X_train, source.y_train)
    b, c = (
        model.score(source.X_test[source.folds == fold], source.y_test[source.folds == fold])
        for fold in (0, 1)
    )
    assert own > b > c > 0.5


def test_one_test_corpus_needs_no_folds():
    one, two = (
        find(f"cross_corpus_simulated_{tests}").read(None) for tests in ("a_on_b", "a_on_b_and_c")
    )
    assert one.folds is None
    assert np.array_equal(one.X_test, two.X_test[two.folds == 0])
    assert np.array_equal(one.X_train, two.X_train)


@pytest.mark.parametrize("name", sorted(set(BUILT_IN) - set(MADE)))
def test_without_a_folder_one_sentence_says_what_to_do(name, monkeypatch):
    monkeypatch.delenv("SORTAL_DATASETS", raising=False)
    with pytest.raises(DataError, match="--datasets") as refused:
        find(name).read(None)
    assert find(name).needs in str(refused.value)


def test_the_environment_names_the_folder_unless_an_option_does(monkeypatch, tmp_path):
    monkeypatch.setenv("SORTAL_DATASETS", str(tmp_path))
    with pytest.raises(DataError, match=f"expected mnist.npz or keras_mnist.npz in {tmp_path};"):
        find("keras_mnist").read(None)
    with pytest.raises(DataError, match=f"in {tmp_path / 'given'};"):
        find("keras_mnist").read(tmp_path / "given")


def test_an_unknown_name_offers_the_nearest():
    with pytest.raises(NotFound, match="Did you mean 'sklearn_iris'"):
        find("sklearn_irys")
