import numpy as np
import pytest

from sortal.errors import OptionError, UserError
from sortal.plugins.declaration import resolve_arguments
from sortal.systems.clavis.builtin import classifiers, datasets
from sortal.systems.clavis.builtin.classifiers import find

DIGITS = datasets.find("sklearn_digits").read(None)
IRIS = datasets.find("sklearn_iris").read(None)
TRAINED = ("mnist_cnn", "cifar10_cnn")


QUICK = {"epochs": 2, "steps_per_epoch": 4, "batch_size": 8}


@pytest.fixture
def translated(squares):
    """Translates arguments for images, or for another data set."""

    def translated(name, source=squares, **arguments):
        built_in = find(name)
        checked = resolve_arguments(arguments, built_in.declaration)
        assert checked.warnings == ()
        return built_in.translated(checked, source)

    return translated


@pytest.fixture(scope="module")
def plain(learn, squares):
    return {name: learn(name, squares, QUICK) for name in TRAINED}


@pytest.mark.parametrize("which", ["squares", "coloured"])
def test_images_are_told_apart_with_and_without_channels(learn, halves, request, which):
    source = request.getfixturevalue(which)
    learnt = learn("mnist_cnn", source, {"epochs": 4, "batch_size": 8})
    _, test = halves(source)
    assert (learnt.answers == source.y_train[test]).mean() > 0.9
    assert learnt.history[-1]["validation_accuracy"] > 0.9


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize(
    "changed", [{"epochs": 3}, {"batch_size": 16}, {"random_state": 4}, {"steps_per_epoch": 2}], ids=str
)  # fmt: skip
def test_every_parameter_of_training_acts(squares, learn, plain, name, changed):
    other = learn(name, squares, {**QUICK, **changed})
    assert not np.allclose(plain[name].scores, other.scores, atol=1e-7)


def test_augmentation_acts(squares, learn, plain):
    other = learn("cifar10_cnn", squares, {**QUICK, "data_augmentation": False})
    assert not np.allclose(plain["cifar10_cnn"].scores, other.scores, atol=1e-7)


def test_images_too_small_to_shift_are_mirrored_with_a_note(squares, translated):
    small, large = translated("cifar10_cnn", DIGITS), translated("cifar10_cnn", squares)
    assert small.parameters["augment"] == {"flip": "horizontal"}
    assert "8 x 8 points and does not move them" in small.notices[0]
    assert large.parameters["augment"] == {"shift": 0.1, "flip": "horizontal"}
    assert large.notices == ()


@pytest.mark.parametrize("name", [*TRAINED])
def test_early_stopping_and_its_patience_act(translated, name):
    chosen = [
        translated(name, early_stopping=on, early_stopping_patience=wait)
        for on, wait in ((True, 10), (True, 3), (True, 0), (False, 10))
    ]
    assert [one.parameters["early_stopping"] for one in chosen] == [10, 3, 1, 0]


def test_an_epoch_without_augmentation_is_at_most_one_pass(translated):
    many = {"steps_per_epoch": 1000, "batch_size": 32}
    assert translated("mnist_cnn", **many).parameters["steps_per_epoch"] == 0
    assert translated("mnist_cnn", **QUICK | {"batch_size": 8}).parameters["steps_per_epoch"] == 4
    assert translated("cifar10_cnn", **many).parameters["steps_per_epoch"] == 1000
    bare = translated("cifar10_cnn", data_augmentation=False, **many)
    assert bare.parameters["steps_per_epoch"] == 0


def test_networks_to_save_are_told_to_the_runner(translated):
    assert translated("mnist_cnn", save_model=True).save_model
    assert not translated("mnist_cnn").save_model


@pytest.mark.parametrize("name", [*TRAINED, "cifar10_cnn_pretrained"])
def test_data_without_a_shape_of_images_are_refused(translated, name):
    with pytest.raises(UserError, match="needs images: expected an original_shape"):
        translated(name, IRIS)


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize("what", ["epochs", "batch_size"])
def test_nothing_to_train_is_refused_by_name(translated, name, what):
    with pytest.raises(OptionError, match=f"{name}.{what}"):
        translated(name, **{what: 0})


def test_a_missing_file_is_named(translated, tmp_path):
    absent = str(tmp_path / "absent.h5")
    for name in ("mlpc_keras_pretrained", "cifar10_cnn_pretrained", "cifar10_cnn_finetuned"):
        with pytest.raises(UserError, match=r"there is no file .*absent\.h5"):
            translated(name, model_file=absent)


@pytest.mark.parametrize("name", TRAINED)
def test_a_saved_network_says_the_same_again(squares, learn, plain, saved, name):
    path = saved(plain[name], squares)
    again = learn("cifar10_cnn_pretrained", squares, {"model_file": path})
    np.testing.assert_allclose(again.scores, plain[name].scores, atol=1e-5)


def test_fine_tuning_begins_where_the_file_ends(squares, learn, plain, saved):
    path = saved(plain["cifar10_cnn"], squares)
    tuned = learn("cifar10_cnn_finetuned", squares, {**QUICK, "model_file": path})
    apart = np.abs(tuned.scores - plain["cifar10_cnn"].scores).max()
    assert 1e-6 < apart < 0.2
    assert tuned.history[0]["loss"] < plain["cifar10_cnn"].history[0]["loss"]


def test_the_original_s_21_classifiers_and_the_page_s_are_there():
    assert len(classifiers.BUILT_IN) == 22
