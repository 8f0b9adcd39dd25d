import math

import numpy as np
import torch

from sortal.networks.embedding import PeriodicEmbedding
from sortal.networks.layer import Pass
from sortal.networks.network import Network

LAYER = PeriodicEmbedding(waves=5, size=4)
NETWORK = Network(shape=(3,), layers=(LAYER,))


def drawn(seed, features=3, layer=LAYER):
    network = Network(shape=(features,), layers=(layer,))
    held = network.held(torch.zeros(1, network.size, dtype=torch.float64))[0]
    layer.fit(torch.zeros(1, 1, features), held, torch.Generator().manual_seed(seed))
    return held


def test_it_is_the_formula_of_the_paper():
    held, rows = drawn(0), torch.randn(7, 3, dtype=torch.float64)
    w, phase, weight, bias = (held.slots[name][0].numpy() for name in held.slots)
    expected = []
    for row in rows.numpy():
        made = [
            np.cos(2 * np.pi * w[f] * row[f] + phase[f]) @ weight[f] + bias[f] for f in range(3)
        ]
        expected.append(np.concatenate([*made, row]))
    result = LAYER.forward(rows.unsqueeze(0), held, Pass(members=1))[0]
    np.testing.assert_allclose(result.numpy(), expected, rtol=1e-12, atol=1e-12)


def test_it_starts_as_the_paper_does():
    slots = drawn(1, features=200, layer=PeriodicEmbedding(waves=16, spread=0.1)).slots
    assert abs(slots["frequency"].std() - 0.1) < 0.005
    assert abs(slots["frequency"].mean()) < 0.01
    assert slots["phase"].abs().max() <= math.pi
    assert abs(slots["phase"].std() - math.pi / math.sqrt(3)) < 0.05
    for name in ("weight", "bias"):
        assert 0.24 < slots[name].abs().max() <= 0.25


def test_all_of_it_learns_at_its_own_pace_and_decays():
    network = Network(shape=(3,), layers=(PeriodicEmbedding(pace=0.25),))
    assert (network.paces == 0.25).all()
    assert network.decayed.all()
