import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from sortal.networks.activation import Activation, Maxout
from sortal.networks.dense import Dense
from sortal.networks.dropout import Dropout, draw_uniform
from sortal.networks.layer import Pass
from sortal.networks.names import ActivationName
from sortal.networks.network import Network
from sortal.networks.residual import Residual
from sortal.networks.stream import stream

TORCH = {
    "relu": nn.ReLU(),
    "leaky_relu": nn.LeakyReLU(0.2),
    "elu": nn.ELU(),
    "selu": nn.SELU(),
    "gelu": nn.GELU(),
    "silu": nn.SiLU(),
    "tanh": nn.Tanh(),
    "sigmoid": nn.Sigmoid(),
    "softplus": nn.Softplus(),
    "softsign": nn.Softsign(),
    "softmax": nn.Softmax(dim=-1),
    "hard_sigmoid": nn.Hardsigmoid(),
    "exponential": torch.exp,
    "linear": nn.Identity(),
}
CURVES = ActivationName.__args__


def dense(sizes, activation="relu"):
    features, *hidden, outputs = sizes
    layers = []
    for units in hidden:
        layers += [Dense(units=units), Activation(name=activation, slope=0.2)]
    return Network(shape=(features,), layers=(*layers, Dense(units=outputs)))


def state(network, members, dtype=torch.float64):
    generator = torch.Generator().manual_seed(members)
    return torch.randn(members, network.size, generator=generator, dtype=dtype)


def slopes_by_hand(network, held, values, weight, run):
    outputs, memories = network.record(values, held, run)
    into = torch.zeros(run.members, network.numbers, dtype=values.dtype)
    network.backward(weight.clone(), memories, held, network.slot_views(into))
    return outputs, into


def slopes_by_autograd(network, start, values, weight, run):
    leaf = start.clone().requires_grad_()
    outputs = network.forward(values, network.held(leaf), run)
    (slope,) = torch.autograd.grad((outputs * weight).sum(), leaf)
    return outputs.detach(), slope[:, : network.numbers]


@given(st.lists(st.integers(1, 6), min_size=2, max_size=5), st.integers(1, 3))
def test_views_cover_every_number_once(sizes, members):
    network = dense(sizes)
    flat = torch.zeros(members, network.size)
    for held in network.held(flat):
        for view in held.slots.values():
            view.add_(1)
    assert torch.equal(flat, torch.ones_like(flat))


def normal(*shape, scale=1.0):
    """The same draw every time."""
    drawn = torch.randn(*shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return scale * drawn


@pytest.mark.parametrize("activation", CURVES)
def test_forward_equals_a_sequence_of_torch_layers(activation):
    network = dense((3, 5, 4, 2), activation)
    start, inputs = state(network, 2), normal(7, 3)
    held = network.held(start)
    outputs = network.forward(inputs, held, Pass(members=2))
    for member in range(2):
        values = inputs
        for number, own in enumerate(held[::2]):
            values = values @ own.slots["weight"][member] + own.slots["bias"][member]
            if number < 2:
                values = TORCH[activation](values)
        torch.testing.assert_close(outputs[member], values)


@pytest.mark.parametrize("dropping", [False, True])
@pytest.mark.parametrize("activation", [*CURVES, "maxout"])
def test_slopes_written_by_hand_are_those_of_autograd(activation, dropping):
    curve = Maxout(pieces=2) if activation == "maxout" else Activation(name=activation, slope=0.2)
    hidden = (Dense(units=6), curve, *[Dropout()] * dropping)
    network = Network(
        shape=(3,),
        layers=(curve, *hidden, *hidden, Dense(units=2))
        if activation != "maxout"
        else (*hidden, *hidden, Dense(units=2)),
    )
    # Three exponentials on top of each other overflow unless they begin low.
    low = 0.1 if activation == "exponential" else 1.0
    start, values = low * state(network, 3), normal(7, 3, scale=low)
    weight = normal(3, 7, 2)
    kept, before = torch.tensor([1.0, 0.7, 0.5], dtype=torch.float64), values.clone()

    def run():
        uniform = draw_uniform([stream(seed) for seed in range(3)], 7, network.draws, start)
        return Pass(members=3, training=True, kept=kept, uniform=uniform)

    by_hand = slopes_by_hand(network, network.held(start), values, weight, run())
    by_autograd = slopes_by_autograd(network, start, values, weight, run())
    for one, other in zip(by_hand, by_autograd, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)
    assert torch.equal(values, before)


def test_slopes_are_added_to_what_is_there():
    network = dense((3, 4, 1))
    start, values = state(network, 2), torch.randn(5, 3, dtype=torch.float64)
    weight = torch.ones(2, 5, 1, dtype=torch.float64)
    held = network.held(start)
    _, whole = slopes_by_hand(network, held, values, weight, Pass(members=2))
    into = torch.zeros_like(whole)
    for rows in (slice(0, 2), slice(2, 5)):
        _, memories = network.record(values[rows], held, Pass(members=2))
        network.backward(weight[:, rows].clone(), memories, held, network.slot_views(into))
    torch.testing.assert_close(into, whole)


def test_a_network_without_hidden_layers_is_linear():
    network = dense((3, 2))
    assert network.numbers == network.size == 8
    assert network.drawn.tolist() == [True] * 6 + [False] * 2


@given(st.integers(1, 4), st.sampled_from(CURVES), st.booleans())
def test_a_description_makes_the_same_network_again(units, activation, bias):
    layers = (Dense(units=units, bias=bias), Activation(name=activation), Dropout(rate=0.5))
    network = Network(shape=(3,), layers=layers)
    assert Network.model_validate_json(network.model_dump_json()) == network


def test_the_widest_place_of_a_network_may_lie_within_a_block():
    block = Residual(layers=(Dense(units=40), Activation(name="relu"), Dense(units=3)))
    assert Network(shape=(3,), layers=(block, Dense(units=5))).units == 40
