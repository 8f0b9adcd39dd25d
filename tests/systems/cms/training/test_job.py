from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.data.labels import Outputs
from sortal.job.models import Job, TrainingWeights
from sortal.job.read import read_mapping
from sortal.job.settings import read_settings
from sortal.jobs.planning.resolve import resolve
from sortal.systems.cms.data.classes import class_map
from sortal.systems.cms.settings import MulticlassSettings
from sortal.systems.cms.training.job import dataset_of, network_job, peer_job, training_weights

PARTS = ["train"] * 5 + ["validation"] * 5 + ["test"] * 5
NAMES = ["S_1", "Wj", "TT", "ZJ", "VV"] * 3


@pytest.fixture
def held(events):
    return events(NAMES, weights=np.linspace(0.5, 2, 15), parts=PARTS, numbers=range(15))


def members(job: Job, dataset) -> int:
    """How many networks a job comes to, once the data and the methods have had their say."""
    file = read_mapping(job.model_dump(mode="json", exclude_unset=True))
    return len(resolve(file, None, given=dataset).entries)


def test_a_binary_dataset_has_one_target_a_multiclass_one_each(held, settings):
    binary = dataset_of(held, class_map(held, settings()), settings())
    assert binary.labels.outputs is Outputs.INDEPENDENT
    assert binary.labels.classes == ("Signal",)
    assert binary.labels.codes[:, 0].tolist() == held.is_signal.tolist()
    given = MulticlassSettings()
    multiclass = dataset_of(held, class_map(held, given), given)
    assert multiclass.labels.classes == ("Signal", "Wjets", "TTbar", "Z2nu", "Other")
    assert multiclass.labels.codes.tolist() == [0, 1, 2, 3, 4] * 3
    np.testing.assert_array_equal(multiclass.weights, held.weights)
    np.testing.assert_array_equal(multiclass.parts, held.parts)
    assert multiclass.names == {"features": ("x",)}


def test_with_folds_the_event_number_takes_the_place_of_parts(held, settings):
    given = settings(folds=3, event_number="event")
    dataset = dataset_of(held, class_map(held, given), given)
    assert dataset.parts is None
    assert dataset.folds.tolist() == [0, 1, 2] * 5
    split = network_job(given, "folds").data.split
    assert (split.kind, split.validation) == ("given_folds", True)


def test_the_scripts_networks_are_the_defaults(settings):
    (binary,) = network_job(settings(), "first").classifiers
    assert binary.seeds == [0]
    wanted = {
        "hidden_layer_sizes": [50, 50],
        "activation": "relu",
        "initialiser": "he_normal",
        "output_initialiser": "glorot_uniform",
        "learning_rate": 5e-3,
        "decay": 0.0,
        "epochs": 2000,
        "batch_size": 5000,
        "keep_best": True,
    }
    assert wanted.items() <= binary.parameters.items()
    (multiclass,) = network_job(MulticlassSettings(), "all").classifiers
    assert multiclass.seeds == list(range(10))
    wanted = {
        "hidden_layer_sizes": [100, 100],
        "activation": "tanh",
        "learning_rate": 5e-5,
        "decay": {"values": [1e-3, 1e-4]},
        "epochs": 1000,
    }
    assert wanted.items() <= multiclass.parameters.items()


def test_runs_and_decays_are_one_population_of_so_many_networks(held):
    given = MulticlassSettings(runs=3, decays=[0.1, 0.2, 0.3], seed=5)
    job = network_job(given, "all")
    assert job.classifiers[0].seeds == [5, 6, 7]
    assert members(job, dataset_of(held, class_map(held, given), given)) == 9


def test_compat_has_the_script_s_optimiser_losses_and_weights(held, settings):
    compat = settings(compat=True)
    (block,) = network_job(compat, "first").classifiers
    wanted = {
        "epsilon": 1e-7,
        "epsilon_added_to": "uncorrected",
        "weight_scale": "none",
        "accuracy": "unweighted",
        "keep_best": {"values": [True, False]},
    }
    assert wanted.items() <= block.parameters.items()
    assert training_weights(compat).each_part
    assert (
        members(network_job(compat, "first"), dataset_of(held, class_map(held, compat), compat))
        == 2
    )
    (multiclass,) = network_job(MulticlassSettings(compat=True), "all").classifiers
    assert multiclass.parameters["keep_best"] is True


def test_another_optimiser_has_no_options_of_adam(held, settings):
    given = settings(compat=True, optimiser="sgd")
    assert members(network_job(given, "sgd"), dataset_of(held, class_map(held, given), given)) == 2


@pytest.mark.parametrize(
    ("balance", "power"), [("binary", 0), ("sqrt", 0.5), ("natural", 1), (0.3, 0.3)]
)
def test_a_balance_is_a_power_of_yields(balance, power, settings):
    weights = TrainingWeights(negative="keep", power=power, reference="not Signal")
    assert training_weights(settings(balance=balance)) == weights
    assert training_weights(MulticlassSettings(balance=balance)).reference == "Signal"


@given(power=st.floats(0, 10))
def test_any_power_of_0_or_more_may_be_given(power):
    typed = read_settings(MulticlassSettings, None, {"balance": str(power)})
    assert typed.power == MulticlassSettings(balance=power).power == power


def test_scalings_are_those_of_the_settings(settings):
    scalings = {
        "minmax": "minmax_symmetric",
        "standard": "standard",
        "whiten": "whiten",
        "none": "none",
    }
    for ours, theirs in scalings.items():
        assert network_job(settings(normalisation=ours), "n").data.scaling == theirs


def test_peers_of_negative_weights_train_on_absolute_ones(held, events, settings):
    given = settings(compare=["xgboost", "lda"])
    signed = events(["S", "B"], weights=[1, -1])
    kept = peer_job(given, "first", held)
    assert [block.method for block in kept.classifiers] == ["xgboost", "lda"]
    assert kept.data.training_weights.negative == "keep"
    assert peer_job(given, "first", signed).data.training_weights.negative == "absolute"
    dropped = settings(compare=["xgboost"], negative_weights="drop")
    assert peer_job(dropped, "first", signed).data.training_weights.negative == "drop"


def test_notes_on_events_go_with_the_data_set(held, settings):
    noted = replace(held, notes=("mind this",))
    assert dataset_of(noted, class_map(noted, settings()), settings()).notes == ("mind this",)
