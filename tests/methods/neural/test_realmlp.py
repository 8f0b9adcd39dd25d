from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from sklearn.datasets import load_wine

from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import Labels
from sortal.data.prepared import Prepared
from sortal.data.preparing.preparer import Preparation
from sortal.data.split import Part, Split
from sortal.methods.contract.base import Failed, Member, Paused, Population, Trained
from sortal.methods.neural.realmlp import RealMLP
from sortal.metrics.probability import log_losses
from sortal.networks.network import Network

SMALL = {"hidden_layer_sizes": (16, 16), "epochs": 6, "batch_size": 32}


def wine(*, scaling="standard", stretch=1.0, gap=None, validated=0):
    matrix, codes = load_wine(return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(codes))
    matrix = matrix * stretch
    if gap is not None:
        matrix[rows[0], 0] = gap
    dataset = Dataset(
        name="wine",
        inputs=Inputs({"features": matrix}, np.arange(len(codes))),
        labels=Labels(codes, ("a", "b", "c")),
        names={"features": tuple(f"f{number}" for number in range(13))},
    )
    ends = 120 - validated
    split = Split(train=rows[:ends], validation=rows[ends:120], test=rows[120:])
    return Prepared.fit(dataset, split, Preparation(scaling=scaling))


def population(*chosen, **shared):
    return Population(
        members=tuple(
            Member(
                key=f"m{number}",
                method="realmlp",
                parameters=RealMLP.Parameters(**{**SMALL, **one}),
                seed=number,
            )
            for number, one in enumerate(chosen or ({},))
        ),
        **shared,
    )


def trained(driver, asked, data):
    found = {}
    for outcome in RealMLP().train(asked, data, driver()):
        assert isinstance(outcome, Trained), outcome
        found |= {key: (outcome.model.pick((key,)), outcome) for key in outcome.model.members}
    return found


def test_it_learns_wine_at_its_defaults_but_for_time(driver):
    data = wine()
    asked = population({"hidden_layer_sizes": (64, 64), "epochs": 60})
    ((model, outcome),) = trained(driver, asked, data).values()
    scores = model.scores(data.inputs(Part.TEST))[0]
    truth = data.labels(Part.TEST).codes
    assert (scores.argmax(axis=1) == truth).mean() > 0.93
    assert log_losses(truth, scores).mean() < 0.25
    assert len(outcome.history["m0"]) == 60


def test_its_defaults_are_those_of_the_paper():
    chosen = RealMLP.Parameters()
    rates = chosen.choice()
    assert (rates.learning_rate, rates.weight_decay) == (0.04, 0.02)
    assert (rates.beta1, rates.beta2) == (0.9, 0.95)
    assert (chosen.epochs, chosen.batch_size, chosen.dropout) == (256, 256, 0.15)
    assert chosen.label_smoothing == 0.1
    assert type(chosen.learning_rate_schedule()).__name__ == "CosLog4"


def test_other_optimisers_need_no_beta():
    assert RealMLP.Parameters(optimiser="sgd").choice().momentum == 0
    with pytest.raises(ValidationError, match="beta2 has no effect"):
        RealMLP.Parameters(optimiser="sgd", beta2=0.9)


@pytest.mark.parametrize("stretch", [1.0, 1000.0])
def test_scaling_of_the_job_changes_nothing_but_rounding(driver, stretch):
    scores = []
    for data in (wine(), wine(scaling="none", stretch=stretch)):
        asked = population({"precision": "float64"})
        ((model, outcome),) = trained(driver, asked, data).values()
        scores.append(model.scores(data.inputs(Part.TEST)))
        assert not any("scaled" in note for note in outcome.notes["m0"])
    np.testing.assert_allclose(scores[0], scores[1], atol=1e-5)


def test_members_of_different_rates_train_the_same_alone(driver):
    chosen = (
        {"learning_rate": 0.02, "dropout": 0.3},
        {"epochs": 4, "weight_decay": 0.0},
        {"initialiser": "uniform", "fit_temperature": False},
    )
    asked, data = population(*({"precision": "float64", **one} for one in chosen)), wine()
    assert len({RealMLP().group(member) for member in asked.members}) == 1
    together = trained(driver, asked, data)
    for member in asked.members:
        alone = trained(driver, replace(asked, members=(member,)), data)
        np.testing.assert_allclose(
            together[member.key][0].scores(data.inputs(Part.TEST)),
            alone[member.key][0].scores(data.inputs(Part.TEST)),
            atol=1e-9,
        )


def test_members_of_other_shapes_or_paces_train_apart():
    other = ({}, {"waves": 8}, {"embedding_size": 1}, {"scale_pace": 1.0}, {"activation": "relu"})
    groups = {RealMLP().group(member) for member in population(*other).members}
    assert len(groups) == len(other)


def test_the_same_job_gives_the_same_bits(driver):
    data = wine()
    first, again = (trained(driver, population(), data)["m0"][0] for _ in range(2))
    assert torch.equal(first.state, again.state)


def test_a_paused_training_goes_on_as_if_it_had_not_been(driver, tmp_path):
    data = wine()
    asked = population({}, {"dropout": 0.4}, resume=tmp_path)
    paused = list(RealMLP().train(replace(asked, budget=3), data, driver()))
    assert all(isinstance(outcome, Paused) for outcome in paused)
    went_on, straight = (
        trained(driver, asked, data),
        trained(driver, population({}, {"dropout": 0.4}), data),
    )
    for key, (model, _) in straight.items():
        assert torch.equal(went_on[key][0].state, model.state)


@pytest.mark.parametrize("gap", [np.nan, np.inf])
def test_missing_features_are_refused_with_the_cure(driver, gap):
    (failed,) = RealMLP().train(population(), wine(scaling="none", gap=gap), driver())
    assert isinstance(failed, Failed)
    assert "data.imputation" in failed.reason


def test_scaling_and_clipping_are_part_of_a_stored_model(driver, tmp_path):
    data = wine(scaling="none")
    model = trained(driver, population(), data)["m0"][0]
    model.save(tmp_path)
    loaded = RealMLP().load(tmp_path)
    assert type(loaded.network) is Network
    assert loaded.network.layers == model.network.layers
    rows = data.inputs(Part.TRAIN).matrix()
    np.testing.assert_allclose(loaded.network.layers[0].centre, np.median(rows, axis=0))
    test = data.inputs(Part.TEST)
    assert np.array_equal(loaded.scores(test), model.scores(test))


def test_very_large_numbers_score_almost_like_large_ones(driver):
    data = wine(scaling="none")
    model = trained(driver, population(), data)["m0"][0]
    rows = np.array(data.inputs(Part.TEST).matrix()[:1])
    far, farther = rows.copy(), rows.copy()
    far[0, 0], farther[0, 0] = 1e6, 1e9
    scores = [model.scores(Inputs({"features": one}, np.arange(1))) for one in (far, farther)]
    np.testing.assert_allclose(scores[0], scores[1], atol=1e-5)


def test_it_learns_in_bfloat16_too(driver):
    data = wine()
    asked = population({"precision": "bfloat16", "epochs": 40})
    ((model, _),) = trained(driver, asked, data).values()
    truth = data.labels(Part.TEST).codes
    assert (model.scores(data.inputs(Part.TEST))[0].argmax(axis=1) == truth).mean() > 0.9
