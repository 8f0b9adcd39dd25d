import numpy as np
import pytest

from sortal.errors import OptionError, UserError
from sortal.plugins.declaration import resolve_arguments
from sortal.plugins.given_data import GivenData
from sortal.systems.clavis.builtin import datasets
from sortal.systems.clavis.builtin.classifiers import find

NAMES = ("lstm", "lstm_cnn")
SMALL = {
    "layer_size": 6,
    "embedding_vector_length": 4,
    "epochs": 2,
    "batch_size": 16,
    "learning_rate": 0.01,
}


def _texts(examples=96, length=24, words=30):
    """Texts in which words 1 to 5 stand for one class, 6 to 10 for the other, among others."""
    rng = np.random.default_rng(9)
    codes = np.arange(examples) % 2
    X = rng.integers(11, words, (examples, length))
    X[:, 8:20:2] = rng.integers(1, 6, (examples, 6)) + 5 * codes[:, None]
    return GivenData(
        name="texts",
        class_names=("glad", "sad"),
        X_train=X.astype(np.int32),
        y_train=codes,
        X_test=X[:0],
        y_test=codes[:0],
        specs={"num_words": words},
    )


TEXTS = _texts()


def _translated(name, source=TEXTS, **arguments):
    built_in = find(name)
    checked = resolve_arguments(arguments, built_in.declaration)
    assert checked.warnings == ()
    return built_in.translated(checked, source)


@pytest.fixture(scope="module")
def plain(learn):
    return {name: learn(name, TEXTS, {**SMALL, "dropout": 0.1}) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_words_tell_texts_apart(learn, halves, name):
    learnt = learn(name, TEXTS, {**SMALL, "epochs": 25, "learning_rate": 0.03})
    _, test = halves(TEXTS)
    assert (learnt.answers == TEXTS.y_train[test]).mean() > 0.85


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "changed",
    [
        {"layer_size": 5},
        {"embedding_vector_length": 5},
        {"epochs": 3},
        {"batch_size": 8},
        {"learning_rate": 0.02},
        {"dropout": 0.4},
        {"random_state": 3},
    ],
    ids=str,
)
def test_every_parameter_acts(learn, plain, name, changed):
    other = learn(name, TEXTS, {**SMALL, "dropout": 0.1, **changed})
    assert not np.allclose(plain[name].scores, other.scores, atol=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_early_stopping_its_patience_and_saving_act(name):
    translated = _translated(name, early_stopping_patience=4, save_model=True)
    assert translated.parameters["early_stopping"] == 4
    assert translated.save_model
    assert _translated(name, early_stopping=False).parameters["early_stopping"] == 0


@pytest.mark.parametrize("name", NAMES)
def test_data_that_are_no_texts_are_refused(name):
    with pytest.raises(UserError, match="expected num_words in the specs of sklearn_iris"):
        _translated(name, datasets.find("sklearn_iris").read(None))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "arguments",
    [
        {"layer_size": 0},
        {"embedding_vector_length": 0},
        {"learning_rate": 0},
        {"dropout": 1},
        {"epochs": 0},
        {"batch_size": 0},
    ],
    ids=str,
)
def test_networks_of_nothing_are_refused_by_name(name, arguments):
    (what,) = arguments
    with pytest.raises(OptionError, match=rf"{name}\.{what}"):
        _translated(name, **arguments)
