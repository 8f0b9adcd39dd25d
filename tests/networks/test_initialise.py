import math

import pytest
import torch

from sortal.networks.activation import Activation
from sortal.networks.dense import Dense
from sortal.networks.initialise import draw_weights, variance
from sortal.networks.names import Initialiser
from sortal.networks.network import Network
from sortal.networks.stream import stream

NETWORK = Network(shape=(30,), layers=(Dense(units=40), Dense(units=5)))
SPREADS = {
    "glorot_uniform": math.sqrt(2 / 70),
    "glorot_normal": math.sqrt(2 / 70),
    "he_uniform": math.sqrt(2 / 30),
    "he_normal": math.sqrt(2 / 30),
    "lecun_uniform": math.sqrt(1 / 30),
    "lecun_normal": math.sqrt(1 / 30),
    "uniform": 0.05 / math.sqrt(3),
    "normal": 0.05,
}


@pytest.mark.parametrize("initialiser", Initialiser.__args__)
def test_weights_have_the_spread_and_the_limits_of_keras(initialiser):
    weight = torch.empty(30, 4000, dtype=torch.float64)
    draw_weights(weight, initialiser, (30, 40), stream(5))
    spread = SPREADS[initialiser]
    assert weight.std().item() == pytest.approx(spread, rel=0.01)
    assert abs(weight.mean().item()) < 0.02 * spread
    end = {"uniform": math.sqrt(3), "normal": 2 / 0.87962566103423978}[initialiser.split("_")[-1]]
    if initialiser == "normal":
        assert weight.abs().max() > 3 * spread
    else:
        assert weight.abs().max().item() == pytest.approx(end * spread, rel=0.01)


def test_biases_start_at_zero_and_weights_do_not():
    for held in NETWORK.held(NETWORK.start(5, "he_normal")[None]):
        assert held.slots["weight"].abs().min() > 0
        assert not held.slots["bias"].any()


def test_a_layers_own_initialiser_comes_before_the_members():
    own = Network(shape=(30,), layers=(Dense(units=40, initialiser="he_uniform"), Dense(units=5)))
    mixed, plain = own.start(5, "glorot_uniform"), NETWORK.start(5, "glorot_uniform")
    ratio = mixed[: 30 * 40] / plain[: 30 * 40]
    torch.testing.assert_close(ratio, torch.full_like(ratio, math.sqrt(70 / 30)))
    assert torch.equal(mixed[31 * 40 :], plain[31 * 40 :])


def test_the_output_layer_may_start_otherwise():
    mixed, plain = NETWORK.start(5, "he_uniform", "he_normal"), NETWORK.start(5, "he_uniform")
    hidden = 31 * 40
    assert torch.equal(mixed[:hidden], plain[:hidden])
    assert (mixed[hidden : hidden + 200] != plain[hidden : hidden + 200]).all()
    assert torch.equal(NETWORK.start(5, "he_uniform", "he_uniform"), plain)
    behind = Network(shape=(30,), layers=(*NETWORK.layers, Activation(name="tanh")))
    assert torch.equal(behind.start(5, "he_uniform", "he_normal"), mixed)


def test_a_start_depends_on_the_seed_alone():
    first, again = (NETWORK.start(5, "glorot_uniform") for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, NETWORK.start(6, "glorot_uniform"))


def test_a_start_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    NETWORK.start(5, "he_normal")
    assert torch.equal(before, torch.get_rng_state())


def test_he_looks_at_the_inputs_alone():
    assert variance("he_uniform", 6, 100) == variance("he_normal", 6, 1) == 1 / 3
