import numpy as np
import pytest

from sortal.errors import OptionError, UserError
from sortal.systems.clavis.builtin import classifiers, datasets
from sortal.systems.clavis.builtin.classifiers import find
from sortal.systems.clavis.declaration import check
from sortal.systems.clavis.source import Source

DIGITS = datasets.find("sklearn_digits").read(None)
IRIS = datasets.find("sklearn_iris").read(None)
TRAINED = ("mnist_cnn", "cifar10_cnn")


def _images(examples=120, side=16, channels=1):
    """Bright squares in one of two corners of noise, in bytes."""
    rng = np.random.default_rng(8)
    images = rng.integers(0, 60, (examples, side, side, channels)).astype(float)
    codes = np.arange(examples) % 2
    for image, code in zip(images, codes, strict=True):
        corner = slice(1, side // 2) if code else slice(side // 2, side - 1)
        image[corner, corner] += 150
    shape = images.shape if channels > 1 else images.shape[:3]
    X = images.reshape(examples, -1)
    return Source(
        name="squares",
        class_names=("lower", "upper"),
        X_train=X,
        y_train=codes,
        X_test=X[:0],
        y_test=codes[:0],
        specs={"original_shape": shape},
    )


SQUARES = _images()
COLOURED = _images(channels=3)
QUICK = {"epochs": 2, "steps_per_epoch": 4, "batch_size": 8}


def _translated(name, source=SQUARES, **arguments):
    built_in = find(name)
    checked = check(arguments, built_in.declaration)
    assert checked.warnings == ()
    return built_in.translated(checked, source)


@pytest.fixture(scope="module")
def plain(learn):
    return {name: learn(name, SQUARES, QUICK) for name in TRAINED}


@pytest.mark.parametrize("source", [SQUARES, COLOURED], ids=["grey", "coloured"])
def test_images_are_told_apart_with_and_without_channels(learn, halves, source):
    learnt = learn("mnist_cnn", source, {"epochs": 4, "batch_size": 8})
    _, test = halves(source)
    assert (learnt.answers == source.y_train[test]).mean() > 0.9
    assert learnt.history[-1]["validation_accuracy"] > 0.9


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize(
    "changed", [{"epochs": 3}, {"batch_size": 16}, {"random_state": 4}, {"steps_per_epoch": 2}], ids=str
)  # fmt: skip
def test_every_parameter_of_training_acts(learn, plain, name, changed):
    other = learn(name, SQUARES, {**QUICK, **changed})
    assert not np.allclose(plain[name].scores, other.scores, atol=1e-7)


def test_augmentation_acts(learn, plain):
    other = learn("cifar10_cnn", SQUARES, {**QUICK, "data_augmentation": False})
    assert not np.allclose(plain["cifar10_cnn"].scores, other.scores, atol=1e-7)


def test_images_too_small_to_be_moved_are_mirrored_alone_and_that_is_told():
    small, large = _translated("cifar10_cnn", DIGITS), _translated("cifar10_cnn", SQUARES)
    assert small.parameters["augment"] == {"flip": "horizontal"}
    assert "8 x 8 points and does not move them" in small.notices[0]
    assert large.parameters["augment"] == {"shift": 0.1, "flip": "horizontal"}
    assert large.notices == ()


@pytest.mark.parametrize("name", [*TRAINED])
def test_early_stopping_and_its_patience_act(name):
    chosen = [
        _translated(name, early_stopping=on, early_stopping_patience=wait)
        for on, wait in ((True, 10), (True, 3), (True, 0), (False, 10))
    ]
    assert [one.parameters["early_stopping"] for one in chosen] == [10, 3, 1, 0]


def test_an_epoch_without_augmentation_is_at_most_one_pass():
    many = {"steps_per_epoch": 1000, "batch_size": 32}
    assert _translated("mnist_cnn", **many).parameters["steps_per_epoch"] == 0
    assert _translated("mnist_cnn", **QUICK | {"batch_size": 8}).parameters["steps_per_epoch"] == 4
    assert _translated("cifar10_cnn", **many).parameters["steps_per_epoch"] == 1000
    bare = _translated("cifar10_cnn", data_augmentation=False, **many)
    assert bare.parameters["steps_per_epoch"] == 0


def test_networks_to_save_are_told_to_the_runner():
    assert _translated("mnist_cnn", save_model=True).save_model
    assert not _translated("mnist_cnn").save_model


@pytest.mark.parametrize("name", [*TRAINED, "cifar10_cnn_pretrained"])
def test_data_without_a_shape_of_images_are_refused(name):
    with pytest.raises(UserError, match="needs images: expected an original_shape"):
        _translated(name, IRIS)


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize("what", ["epochs", "batch_size"])
def test_nothing_to_train_is_refused_by_name(name, what):
    with pytest.raises(OptionError, match=f"{name}.{what}"):
        _translated(name, **{what: 0})


def test_a_missing_file_is_named(tmp_path):
    absent = str(tmp_path / "absent.h5")
    for name in ("mlpc_keras_pretrained", "cifar10_cnn_pretrained", "cifar10_cnn_finetuned"):
        with pytest.raises(UserError, match=r"there is no file .*absent\.h5"):
            _translated(name, model_file=absent)


def test_the_twenty_one_classifiers_of_the_original_and_the_page_s_are_there():
    assert len(classifiers.BUILT_IN) == 22
