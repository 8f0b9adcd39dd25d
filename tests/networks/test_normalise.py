import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from sortal.networks.layer import Pass
from sortal.networks.network import Network
from sortal.networks.normalise import BatchNorm, LayerNorm

TORCH = {1: nn.BatchNorm1d, 2: nn.BatchNorm1d, 3: nn.BatchNorm2d}


def seeded(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def passed(network, state, values, *, training):
    held, layer = network.held(state)[0], network.layers[0]
    run = Pass(members=len(state), training=training)
    if training:
        return layer.record(values, held, run, deep=True)[0]
    return layer.forward(values, held, run)


@pytest.mark.parametrize("shape", [(5,), (3, 4), (3, 4, 2)])
def test_batches_are_normalised_as_torch_does_but_for_the_count(shape):
    network = Network(shape=shape, layers=(BatchNorm(momentum=0.9, epsilon=0.01),))
    state = seeded(2, network.size)
    state[:, network.numbers :] = torch.tensor([0.0] * shape[0] + [1.0] * shape[0])
    slots = network.held(state)[0].slots
    peers = []
    for member in range(2):
        peer = TORCH[len(shape)](shape[0], eps=0.01, momentum=0.1).double()
        peer.load_state_dict(
            {"weight": slots["scale"][member], "bias": slots["shift"][member]}, strict=False
        )
        peers.append(peer)
    count = 6 * torch.Size(shape[1:]).numel()
    for batch in range(3):
        values = 2 * seeded(2, 6, *shape, seed=batch) + 1
        result = passed(network, state, values, training=True)
        for member, peer in enumerate(peers):
            torch.testing.assert_close(result[member], peer(values[member]))
    buffers = network.held(state)[0].buffers
    for member, peer in enumerate(peers):
        torch.testing.assert_close(buffers["mean"][member], peer.running_mean)
        start = 0.9**3
        biased = start + (peer.running_var - start) * (count - 1) / count
        torch.testing.assert_close(buffers["variance"][member], biased)
        peer.running_var.copy_(biased)
        peer.eval()
    values = seeded(2, 6, *shape, seed=9)
    result = passed(network, state, values, training=False)
    for member, peer in enumerate(peers):
        torch.testing.assert_close(result[member], peer(values[member]))


@settings(max_examples=30)
@given(
    rows=st.integers(2, 6),
    shape=st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple),
    size=st.floats(0.1, 100),
)
def test_normalised_channels_have_mean_0_and_variance_1(rows, shape, size):
    network = Network(shape=shape, layers=(BatchNorm(epsilon=1e-12),))
    state = network.start(0, "normal").repeat(2, 1)
    values = size * seeded(2, rows, *shape) + 5
    result = passed(network, state, values, training=True)
    over = tuple(dim for dim in range(1, result.ndim) if dim != 2)
    torch.testing.assert_close(result.mean(over), torch.zeros(2, shape[0]).double())
    torch.testing.assert_close(
        result.square().mean(over), torch.ones(2, shape[0]).double(), rtol=1e-6, atol=1e-6
    )


@pytest.mark.parametrize("shape", [(4,), (4, 1), (4, 1, 1)])
def test_a_minibatch_of_one_row_gives_the_shift(shape):
    network = Network(shape=shape, layers=(BatchNorm(),))
    state = network.start(0, "normal")[None]
    network.held(state)[0].slots["shift"].fill_(0.5)
    result = passed(network, state, seeded(1, 1, *shape), training=True)
    torch.testing.assert_close(result, torch.full_like(result, 0.5))
    held = network.held(state)[0].buffers
    torch.testing.assert_close(held["variance"], torch.full((1, 4), 0.99).double())


def test_running_figures_start_at_0_and_1_and_are_no_parameters():
    network = Network(shape=(3,), layers=(BatchNorm(),))
    assert network.start(1, "he_normal").tolist() == [1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1]
    assert network.numbers == 6
    assert not network.drawn.any()
    assert network.mixes_rows


@pytest.mark.parametrize("shape", [(5,), (3, 4), (3, 4, 2)])
def test_layer_norm_takes_the_channels_of_each_point(shape):
    network = Network(shape=shape, layers=(LayerNorm(),))
    state, values = seeded(2, network.size), seeded(2, 3, *shape)
    slots = network.held(state)[0].slots
    result = passed(network, state, values, training=True)
    for member in range(2):
        alone = nn.functional.layer_norm(
            values[member].movedim(1, -1),
            shape[:1],
            slots["scale"][member],
            slots["shift"][member],
            1e-3,
        )
        torch.testing.assert_close(result[member], alone.movedim(-1, 1))
    assert not network.mixes_rows
