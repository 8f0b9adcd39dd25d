import math

import numpy as np
import torch

from sortal.networks.layer import Pass
from sortal.networks.network import Network
from sortal.networks.tangent import TangentDense

LAYER = TangentDense(units=400)
NETWORK = Network(shape=(9,), layers=(LAYER,))


def fitted(values, initialiser="normal", seed=0):
    state = NETWORK.start(seed, initialiser).unsqueeze(0)
    held = NETWORK.held(state)[0]
    LAYER.fit(values, held, torch.Generator().manual_seed(seed))
    return held


def sums(values, held):
    return (values[0] @ held.slots["weight"][0]).numpy() / 3


def test_weights_count_by_the_root_of_the_inputs():
    held, values = fitted(torch.randn(1, 20, 9).double()), torch.randn(1, 6, 9).double()
    expected = sums(values, held) + held.slots["bias"][0].numpy()
    result = LAYER.forward(values, held, Pass(members=1))[0]
    np.testing.assert_allclose(result.numpy(), expected, rtol=1e-12, atol=1e-12)


def test_every_unit_starts_with_deviation_one_over_the_examples():
    values = torch.randn(1, 50, 9).double() * torch.arange(1, 10) + 2
    for initialiser in ("normal", "uniform", "he_normal"):
        np.testing.assert_allclose(sums(values, fitted(values, initialiser)).std(axis=0), 1.0)


def test_kinks_lie_between_the_examples():
    values = torch.randn(1, 50, 9).double() + 5
    held = fitted(values)
    made, kinks = sums(values, held), -held.slots["bias"][0].numpy()
    assert (made.min(axis=0) <= kinks).all()
    assert (kinks <= made.max(axis=0)).all()
    # A convex mean of five keeps a third of the variance: the squares of flat shares sum to 1/3.
    assert abs((kinks - made.mean(axis=0)).std() - math.sqrt(1 / 3)) < 0.1


def test_inputs_that_never_vary_give_sums_of_size_one():
    held = fitted(torch.full((1, 30, 9), 0.1).double())
    np.testing.assert_allclose(np.abs(sums(torch.full((1, 2, 9), 0.1).double(), held)), 1.0)
    assert all(
        slot.isfinite().all() for slot in fitted(torch.zeros(1, 3, 9).double()).slots.values()
    )


def test_biases_learn_slowly_and_do_not_decay():
    network = Network(shape=(2,), layers=(TangentDense(units=1, bias_pace=0.1),))
    assert network.decayed.tolist() == [True, True, False]
    assert torch.equal(network.paces, torch.tensor([1.0, 1.0, 0.1]))
