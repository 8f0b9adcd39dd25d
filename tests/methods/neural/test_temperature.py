import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar

from sortal.data.labels import Outputs
from sortal.data.split import Part
from sortal.methods.contract.base import Trained
from sortal.methods.neural.realmlp import RealMLP
from sortal.methods.neural.temperature import _factors, _told_classes
from sortal.testing.data import make_members, make_prepared

CHOSEN = {"hidden_layer_sizes": (16,), "epochs": 30, "batch_size": 32}


def trained(driver, data, **chosen):
    """Model of one seed with a temperature of its own, and without."""
    ways = ({**CHOSEN, **chosen}, {**CHOSEN, **chosen, "fit_temperature": False})
    found = []
    for way in ways:
        population = make_population(way)
        (outcome,) = RealMLP().train(population, data, driver())
        assert isinstance(outcome, Trained)
        found.append(outcome.model)
    return found


def make_population(way):
    from sortal.methods.contract.base import Population

    return Population(members=make_members(RealMLP(), (way,), seeds=(3,)))


def logits(model, data, part):
    scores = model.scores(data.inputs(part))[0].astype(np.float64)
    if model.outputs is Outputs.EXCLUSIVE:
        logs = np.log(scores)
        return logs - logs.mean(axis=1, keepdims=True)
    return np.log(scores) - np.log1p(-scores)


@pytest.mark.parametrize("outputs", Outputs)
def test_outputs_are_multiplied_by_one_number(driver, outputs):
    data = make_prepared(outputs)
    with_own, without = trained(driver, data)
    ratio = logits(with_own, data, Part.TEST) / logits(without, data, Part.TEST)
    np.testing.assert_allclose(ratio, np.median(ratio), rtol=1e-3)
    assert abs(np.median(ratio) - 1) > 0.01


def test_the_decisions_stay(driver):
    data = make_prepared(Outputs.EXCLUSIVE)
    with_own, without = trained(driver, data)
    inputs = data.inputs(Part.TEST)
    assert (with_own.scores(inputs).argmax(2) == without.scores(inputs).argmax(2)).all()


def test_the_number_makes_the_validation_loss_least():
    generator = torch.Generator().manual_seed(0)
    outputs = 3 * torch.randn(1, 200, 4, generator=generator, dtype=torch.float64)
    truth = torch.distributions.Categorical(logits=outputs[0] * 0.4).sample()[None]
    weights = torch.rand(1, 200, 1, generator=generator, dtype=torch.float64)
    free = torch.ones(1, 1, 4, dtype=torch.bool)
    told = _told_classes(truth, free.expand_as(outputs))
    found = _factors(outputs, told, weights, free, Outputs.EXCLUSIVE)

    def loss(factor):
        return float(-(told * (outputs * factor).log_softmax(2) * weights).sum())

    best = minimize_scalar(loss, bounds=(0.1, 10), method="bounded", options={"xatol": 1e-9})
    np.testing.assert_allclose(found, best.x, rtol=1e-6)


def test_few_correct_examples_do_not_lead_to_certainty():
    outputs = torch.tensor([[[2.0, 0.0, 0.0]] * 9], dtype=torch.float64)
    free = torch.ones(1, 1, 3, dtype=torch.bool)
    told = _told_classes(torch.zeros(1, 9, dtype=torch.int64), free.expand_as(outputs))
    factor = _factors(outputs, told, torch.ones(1, 9, 1), free, Outputs.EXCLUSIVE)
    given = (outputs * factor.view(-1, 1, 1)).softmax(2)[0, 0, 0]
    # Nine of nine, and a tenth whose truth is a third each.
    np.testing.assert_allclose(given, (9 + 1 / 3) / 10, rtol=1e-6)


def test_examples_without_weight_leave_everything_as_it_is():
    outputs = torch.randn(2, 5, 3, dtype=torch.float64)
    free = torch.ones(1, 1, 3, dtype=torch.bool)
    told = _told_classes(torch.zeros(2, 5, dtype=torch.int64), free.expand_as(outputs))
    factors = _factors(outputs, told, torch.zeros(1, 5, 1), free, Outputs.EXCLUSIVE)
    assert factors.tolist() == [1.0, 1.0]


def test_without_a_wish_nothing_is_held_out(driver):
    data = make_prepared(Outputs.EXCLUSIVE)
    _, without = trained(driver, data, keep_best=False)
    assert not RealMLP.Parameters(fit_temperature=False, keep_best=False).watches
    assert without.members
