from dataclasses import replace

import numpy as np
import pytest

from sortal.errors import OptionError
from sortal.methods.neural.mlp import MLP
from sortal.plugins.declaration import resolve_arguments
from sortal.systems.clavis.builtin import classifiers, datasets
from sortal.systems.clavis.builtin.keras_perceptron import ACTIVATIONS, OPTIMISERS

MLPC = classifiers.find("mlpc_keras")
IRIS = datasets.find("sklearn_iris").read(None)
SCALED = replace(IRIS, X_train=(IRIS.X_train - IRIS.X_train.mean(0)) / IRIS.X_train.std(0))
SMALL = {"hidden_layer_sizes": [12, 12], "epochs": 6, "batch_size": 16, "dropout": 0.1}


def _translated(**arguments):
    checked = resolve_arguments(arguments, MLPC.declaration)
    assert checked.warnings == ()
    return MLPC.translated(checked, IRIS)


@pytest.fixture(scope="module")
def plain(learn):
    return learn("mlpc_keras", SCALED, SMALL)


def test_it_learns_iris(learn):
    arguments = {"dropout": 0.2, "learning_rate_init": 0.01, "epochs": 60}
    learnt = learn("mlpc_keras", SCALED, arguments)
    assert learnt.history[-1]["validation_accuracy"] > 0.85
    assert learnt.history[-1]["accuracy"] > 0.85
    # Classes lie one after another in the data: the last fifth alone would be of one class.
    assert len(set(learnt.answers)) == 3


@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if name != "relu"])
def test_every_activation_acts(learn, plain, activation):
    other = learn("mlpc_keras", SCALED, {**SMALL, "activation": activation})
    assert np.isfinite(other.scores).all()
    assert not np.allclose(plain.scores, other.scores, atol=1e-4)


@pytest.mark.parametrize("optimizer", [name for name in OPTIMISERS if name != "adam"])
def test_every_optimiser_acts(learn, plain, optimizer):
    other = learn("mlpc_keras", SCALED, {**SMALL, "optimizer": optimizer})
    assert not np.allclose(plain.scores, other.scores, atol=1e-4)


@pytest.mark.parametrize(
    "changed",
    [
        {"hidden_layer_sizes": [12]},
        {"hidden_layer_sizes_short": "3x5"},
        {"learning_rate_init": 0.01},
        {"dropout": 0.6},
        {"dropout": 0},
        {"batch_size": 64},
        {"epochs": 12},
        {"random_state": 5},
        {"early_stopping": True, "early_stopping_patience": 1, "learning_rate_init": 1.0},
    ],
    ids=str,
)
def test_every_other_parameter_of_training_acts(learn, plain, changed):
    other = learn("mlpc_keras", SCALED, {**SMALL, **changed})
    assert not np.allclose(plain.scores, other.scores, atol=1e-4)


def test_patience_says_when_training_ends(learn):
    wild = {**SMALL, "epochs": 60, "early_stopping": True, "learning_rate_init": 0.5}
    lengths = [
        len(learn("mlpc_keras", SCALED, {**wild, "early_stopping_patience": wait}).history)
        for wait in (0, 1, 8)
    ]
    assert lengths[0] == lengths[1] < lengths[2]


def test_a_fifth_validates_even_without_early_stopping(learn, plain):
    assert all("validation_loss" in row and "loss" in row for row in plain.history)
    assert "15 training examples were held out to validate" in " ".join(
        plain.outcome.notes.get("m", ())
    )


def test_the_short_form_of_layer_sizes_precedes_the_long_one():
    translated = _translated(hidden_layer_sizes=[7], hidden_layer_sizes_short="3x20")
    assert translated.parameters["hidden_layer_sizes"] == [20, 20, 20]
    assert translated.values["hidden_layer_sizes"] == [20, 20, 20]
    assert _translated(hidden_layer_sizes=[7]).parameters["hidden_layer_sizes"] == [7]


def test_a_short_form_that_did_not_run_is_not_recorded():
    assert "hidden_layer_sizes_short" not in _translated(hidden_layer_sizes=[7]).values


@pytest.mark.parametrize("short", ["2by100", "x100", "2x", "0x5", "2x100x3", ""])
def test_a_short_form_that_cannot_be_read_gives_the_default(short):
    checked = resolve_arguments({"hidden_layer_sizes_short": short}, MLPC.declaration)
    assert checked.values["hidden_layer_sizes_short"] == "2x100"
    assert "layers x units of each, such as '2x100'" in checked.warnings[0]


def test_wishes_for_the_runner_are_passed_on():
    plain, wishing = _translated(), _translated(save_model=True, verbose=2)
    assert (plain.save_model, plain.verbose) == (False, 1)
    assert (wishing.save_model, wishing.verbose) == (True, 2)
    assert plain.parameters == wishing.parameters


@pytest.mark.parametrize(
    "arguments", [{"epochs": 0}, {"learning_rate_init": 0}, {"dropout": 1}], ids=str
)
def test_values_that_prevent_learning_are_refused_by_name(arguments):
    (name,) = arguments
    with pytest.raises(OptionError, match=rf"mlpc_keras\.{name}"):
        _translated(**arguments)


def test_updates_are_those_of_keras():
    chosen = {name: _translated(optimizer=name).parameters for name in OPTIMISERS}
    rates = {name: MLP.Parameters(**dict(given)).choice() for name, given in chosen.items()}
    assert rates["adam"].epsilon_added_to == "uncorrected"
    assert rates["rmsprop"].rho == 0.9
    assert rates["adadelta"].rho == 0.95
    assert {one.epsilon for name, one in rates.items() if name != "sgd"} == {1e-7}
