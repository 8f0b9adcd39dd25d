"""What holds for a layer of any kind."""

import typing

import pytest
import torch

from sortal.networks.activation import Activation, Maxout
from sortal.networks.augment import Augment
from sortal.networks.branch import Branch
from sortal.networks.convolution import Conv1d, Conv2d, SeparableConv2d
from sortal.networks.dense import Dense
from sortal.networks.dropout import AlphaDropout, Dropout, draw_uniform
from sortal.networks.embedding import PeriodicEmbedding
from sortal.networks.flatten import Flatten
from sortal.networks.layer import Pass
from sortal.networks.lstm import LSTM
from sortal.networks.network import AnyLayer, Network
from sortal.networks.normalise import BatchNorm, LayerNorm
from sortal.networks.parametric import ParametricActivation
from sortal.networks.pooling import (
    AveragePool1d,
    AveragePool2d,
    GlobalAverage,
    GlobalMax,
    MaxPool1d,
    MaxPool2d,
)
from sortal.networks.rescale import Rescale
from sortal.networks.residual import Residual
from sortal.networks.robust_clip import RobustClip
from sortal.networks.scale import Scale
from sortal.networks.stream import stream
from sortal.networks.tangent import TangentDense
from sortal.networks.token_embedding import TokenEmbedding
from sortal.networks.unflatten import Unflatten
from sortal.training.examples.examples import Examples
from sortal.training.loop import step
from sortal.training.losses.categorical import CategoricalCrossEntropy
from sortal.training.optimisers.choice import MemberRates
from sortal.training.recipe import MemberPlan, Recipe
from sortal.training.tile import Tile

ROW, SIGNAL, STAMP, FLAT_STAMP = (6,), (2, 9), (3, 6, 5), (1, 6, 5)
CASES = [
    (Activation(name="tanh"), STAMP),
    (Maxout(), ROW),
    (Dense(units=4), ROW),
    (Dropout(), SIGNAL),
    (Dropout(rate=0.4, whole_channels=True), STAMP),
    (AlphaDropout(), ROW),
    (AlphaDropout(rate=0.3), STAMP),
    (Conv1d(channels=3, kernel=3), SIGNAL),
    (Conv1d(channels=3, kernel=4, stride=2, padding="same", bias=False), SIGNAL),
    (Conv1d(channels=2, kernel=5, padding=2), (1, 9)),
    (Conv2d(channels=4, kernel=(3, 2)), STAMP),
    (Conv2d(channels=2, kernel=(4, 3), stride=(2, 2), padding="same"), STAMP),
    (Conv2d(channels=2, kernel=(3, 3), padding=2, bias=False), FLAT_STAMP),
    (SeparableConv2d(channels=4, kernel=(3, 3), padding="same", multiplier=2), STAMP),
    (SeparableConv2d(channels=4, kernel=(3, 2), stride=(2, 1), bias=False), STAMP),
    (SeparableConv2d(channels=4, kernel=(2, 2), multiplier=3, padding="same"), FLAT_STAMP),
    (BatchNorm(), ROW),
    (BatchNorm(epsilon=0.1), SIGNAL),
    (BatchNorm(momentum=0.5), STAMP),
    (LayerNorm(), ROW),
    (LayerNorm(epsilon=0.1), SIGNAL),
    (LayerNorm(), STAMP),
    (MaxPool1d(), SIGNAL),
    (MaxPool1d(size=3, stride=2, padding="same"), SIGNAL),
    (MaxPool2d(size=(2, 3), padding="same"), STAMP),
    (AveragePool1d(size=2, padding="same"), SIGNAL),
    (AveragePool2d(size=(3, 2), stride=(2, 2), padding="same"), STAMP),
    (AveragePool2d(), STAMP),
    (GlobalAverage(), SIGNAL),
    (GlobalAverage(), STAMP),
    (GlobalMax(), STAMP),
    (Flatten(), STAMP),
    (Unflatten(channels=2, points=(3,)), ROW),
    (Unflatten(channels=3, points=(1, 2), order="first"), ROW),
    (Augment(shift=0.3), SIGNAL),
    (Augment(shift=0.2, flip="both"), STAMP),
    (Augment(flip="vertical"), STAMP),
    (LSTM(units=4), SIGNAL),
    (LSTM(units=3, sequence=True), SIGNAL),
    (TokenEmbedding(tokens=4, size=3), ROW),
    (RobustClip(centre=(0.1,) * 6, factor=(0.5, 0, 1, 2, 3, 4)), ROW),
    (PeriodicEmbedding(waves=3, size=2), ROW),
    (Scale(), ROW),
    (Rescale(factor=0.25), STAMP),
    (Activation(name="softmax"), STAMP),
    (ParametricActivation(name="selu"), ROW),
    (ParametricActivation(name="silu"), ROW),
    (TangentDense(units=4), ROW),
    (Residual(layers=(Dense(units=6), Activation(name="relu"))), ROW),
    (
        Residual(
            layers=(
                Dropout(),
                Conv2d(channels=4, kernel=(3, 3), stride=(2, 2), padding="same"),
                BatchNorm(),
                Activation(name="relu"),
                Residual(layers=(Conv2d(channels=4, kernel=(3, 3), padding="same"),)),
            ),
            shortcut=(Conv2d(channels=4, kernel=(1, 1), stride=(2, 2)), BatchNorm()),
        ),
        STAMP,
    ),
    (
        Branch(
            start=1,
            count=4,
            layers=(
                Unflatten(channels=1, points=(2, 2)),
                Augment(flip="horizontal"),
                Conv2d(channels=3, kernel=(2, 1)),
                BatchNorm(),
                Dropout(),
                Flatten(),
            ),
        ),
        ROW,
    ),
]
EVERY = pytest.mark.parametrize(
    ("layer", "shape"), CASES, ids=[f"{layer.kind}-{len(shape)}" for layer, shape in CASES]
)
MEMBERS, ROWS = 3, 4


@pytest.fixture(params=["one by one", "side by side"])
def arranged(request, monkeypatch):
    """Members as a CPU likes them, and as a GPU does."""
    if request.param == "side by side":
        monkeypatch.setattr("sortal.networks.beside.is_side_by_side", lambda _: True)


class Acted:
    """One layer with random tensors, forward and backward."""

    def __init__(self, layer, shape, *, members=range(MEMBERS), shared=False):
        self.layer, self.members = layer, list(members)
        self.network = Network(shape=shape, layers=(layer,))
        self.state = torch.cat([self._drawn(seed, self.network.size) for seed in self.members])
        self.state[:, self.network.numbers :].abs_()
        given = [0] if shared else self.members
        self.values = torch.cat([self._drawn(seed + 9, ROWS, *shape) for seed in given])
        if isinstance(layer, TokenEmbedding):
            self.values = self.values.abs().mul(2).floor().clamp(max=layer.tokens - 1)
        self.weight = torch.cat(
            [self._drawn(seed + 18, ROWS, *self.network.shapes[-1]) for seed in self.members]
        )

    @property
    def held(self):
        return self.network.held(self.state)[0]

    def run(self, *, training=True):
        kept = torch.tensor([0.9 - 0.2 * seed for seed in self.members], dtype=torch.float64)
        streams = [stream(seed) for seed in self.members]
        uniform = draw_uniform(streams, ROWS, self.network.draws, self.state)
        return Pass(members=len(self.members), training=training, kept=kept, uniform=uniform)

    def by_hand(self, *, deep=True):
        result, memory = self.layer.record(self.values, self.held, self.run(), deep=deep)
        kept, into = result.clone(), torch.zeros(len(self.members), self.network.numbers).double()
        below = self.layer.backward(
            self.weight.clone(), memory, self.held, self.network.slot_views(into)[0], deep=deep
        )
        return kept, into, below

    def by_autograd(self):
        leaf, values = self.state.clone().requires_grad_(), self.values.clone().requires_grad_()
        result = self.layer.forward(values, self.network.held(leaf)[0], self.run())
        total = (result * self.weight).sum()
        slopes = torch.autograd.grad(total, (leaf, values), allow_unused=True)
        own = torch.zeros_like(leaf) if slopes[0] is None else slopes[0]
        below = torch.zeros_like(values) if slopes[1] is None else slopes[1]
        return result.detach(), own[:, : self.network.numbers], below

    @staticmethod
    def _drawn(seed, *shape):
        generator = torch.Generator().manual_seed(seed)
        return torch.randn(1, *shape, generator=generator, dtype=torch.float64)


def assert_same(one, other, **tolerance):
    for first, second in zip(one, other, strict=True):
        torch.testing.assert_close(first, second, **{"rtol": 1e-9, "atol": 1e-11, **tolerance})


def test_the_cases_cover_every_kind_of_layer():
    kinds = {layer.kind for layer, _ in CASES}
    union = typing.get_args(AnyLayer)[0]
    assert kinds == {kind.model_fields["kind"].default for kind in typing.get_args(union)}


@EVERY
def test_slopes_by_hand_are_those_of_autograd(layer, shape, arranged):
    acted = Acted(layer, shape)
    assert_same(acted.by_hand(), acted.by_autograd())


@EVERY
def test_values_that_all_members_see_give_what_copies_would(layer, shape, arranged):
    shared, copied = Acted(layer, shape, shared=True), Acted(layer, shape)
    copied.values = shared.values.expand_as(copied.values).clone()
    result, own, below = shared.by_hand(deep=False)
    expected, of_slots, _ = copied.by_autograd()
    assert below is None
    assert_same((result.expand_as(expected), own), (expected, of_slots))
    assert_same([shared.state], [after_training(copied)])


def after_training(acted):
    acted.by_hand(deep=False)
    return acted.state


@EVERY
def test_a_member_alone_is_what_it_is_among_others(layer, shape, arranged):
    together, alone = Acted(layer, shape), Acted(layer, shape, members=[1])
    for one, other in zip(together.by_hand(), alone.by_hand(), strict=True):
        torch.testing.assert_close(one[1:2], other, rtol=1e-9, atol=1e-11)
    torch.testing.assert_close(together.state[1:2], alone.state)


@EVERY
def test_outside_training_a_member_computes_the_same_alone(layer, shape, arranged):
    together, alone = Acted(layer, shape), Acted(layer, shape, members=[2])
    both = [
        acted.layer.forward(acted.values, acted.held, acted.run(training=False))
        for acted in (together, alone)
    ]
    torch.testing.assert_close(both[0][2:], both[1])


@EVERY
def test_values_that_may_not_be_written_over_are_not(layer, shape):
    acted = Acted(layer, shape)
    before = acted.values.clone()
    acted.by_hand()
    assert torch.equal(acted.values, before)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [case for case in CASES if not case[0].needs_result],
    ids=lambda one: getattr(one, "kind", len(one) if isinstance(one, tuple) else one),
)
def test_results_written_over_by_the_next_layer_do_no_harm(layer, shape):
    acted = Acted(layer, shape)
    result, memory = layer.record(acted.values, acted.held, acted.run(), deep=True)
    result.fill_(torch.nan)
    into = torch.zeros(MEMBERS, acted.network.numbers).double()
    sums = acted.network.slot_views(into)[0]
    below = layer.backward(acted.weight.clone(), memory, acted.held, sums, deep=True)
    assert_same((into, below), acted.by_hand()[1:])


@EVERY
def test_slopes_may_be_written_over(layer, shape):
    acted = Acted(layer, shape)
    below = acted.by_hand()[2]
    expected = below * 2
    assert torch.equal(below.mul_(2), expected)


@EVERY
def test_buffers_change_in_training_alone(layer, shape):
    acted = Acted(layer, shape)
    before = acted.state.clone()
    layer.forward(acted.values, acted.held, acted.run(training=False))
    assert torch.equal(acted.state, before)
    acted.by_hand()
    numbers = acted.network.numbers
    assert torch.equal(acted.state[:, :numbers], before[:, :numbers])
    assert (acted.state[:, numbers:] != before[:, numbers:]).all()


@EVERY
def test_forward_keeps_the_buffers_as_record_does(layer, shape):
    recorded, forwarded = Acted(layer, shape), Acted(layer, shape)
    recorded.by_hand()
    forwarded.layer.forward(forwarded.values, forwarded.held, forwarded.run())
    torch.testing.assert_close(recorded.state, forwarded.state)


@EVERY
def test_a_description_makes_the_same_layer_again(layer, shape):
    network = Network(shape=shape, layers=(layer,))
    again = Network.model_validate_json(network.model_dump_json())
    assert again == network
    assert again.shapes == network.shapes
    assert again.slots == network.slots


@EVERY
def test_shapes_are_told_beforehand(layer, shape):
    acted = Acted(layer, shape)
    assert acted.by_hand()[0].shape[2:] == acted.network.shapes[-1]


def every_kind():
    """A stamp's way through all layers that stamps and features go through."""
    conv = Conv2d(channels=4, kernel=(3, 3), padding="same")
    return Network(
        shape=(2, 12, 12),
        layers=(
            SeparableConv2d(channels=4, kernel=(3, 3), padding="same"),
            BatchNorm(),
            Activation(name="relu"),
            MaxPool2d(),
            Dropout(rate=0.1, whole_channels=True),
            Residual(layers=(conv, BatchNorm(), Activation(name="relu"), Dropout(), conv)),
            Activation(name="leaky_relu"),
            AveragePool2d(size=(2, 2), padding="same"),
            LayerNorm(),
            Conv2d(channels=6, kernel=(2, 2), stride=(2, 2), padding="same"),
            Flatten(),
            AlphaDropout(),
            Residual(layers=(Dense(units=12), Maxout()), shortcut=(Dense(units=6), BatchNorm())),
            Dense(units=3),
        ),
    )


def signals():
    """A signal's way."""
    return Network(
        shape=(1, 40),
        layers=(
            Conv1d(channels=6, kernel=5, padding="same"),
            MaxPool1d(),
            Activation(name="relu"),
            Dropout(),
            BatchNorm(),
            Conv1d(channels=6, kernel=3, stride=2),
            AveragePool1d(),
            LayerNorm(),
            Residual(layers=(Conv1d(channels=6, kernel=3, padding="same"), BatchNorm())),
            GlobalAverage(),
            Dense(units=3),
        ),
    )


def trained(network, seeds, updates, **chosen):
    """Updates by the trainer's own step; first and last losses, and the tile."""
    recipe = Recipe(
        network=network,
        loss=CategoricalCrossEntropy(),
        optimiser="sgd",
        batch_size=24,
        data_seed=0,
        **chosen,
    )
    rates = MemberRates(learning_rate=0.05)
    courses = [
        MemberPlan(
            key=str(seed), seed=seed, lesson=0, epochs=1, rates=rates, dropout=0.05 * (seed % 3)
        )
        for seed in seeds
    ]
    tile = Tile(recipe, courses, torch.device("cpu"), rows=24)
    truth = torch.arange(24) % 3
    values = torch.randn(24, *network.shape, generator=torch.Generator().manual_seed(0))
    values[torch.arange(24), 0, truth] += 3.0
    batch, losses = Examples(values, truth[None], torch.ones(1, 24), None), []
    for _ in range(updates):
        before = tile.tally.sums["loss"].clone()
        step(tile, batch)
        losses.append(tile.tally.sums["loss"] - before)
    return losses, tile.state


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("network", [every_kind(), signals()], ids=["stamps", "signals"])
def test_networks_of_all_layers_learn(network, precision):
    losses, state = trained(network, range(2), 60, precision=precision)
    assert (losses[-1] < 0.5 * losses[0]).all()
    assert state.isfinite().all()


@pytest.mark.parametrize("network", [every_kind(), signals()], ids=["stamps", "signals"])
def test_ten_updates_alone_equal_ten_among_five(network, arranged):
    together, alone = trained(network, range(5), 10)[1], trained(network, [3], 10)[1]
    torch.testing.assert_close(together[3], alone[0], rtol=0, atol=1e-5)


@pytest.mark.parametrize("network", [every_kind(), signals()], ids=["stamps", "signals"])
def test_a_network_backward_by_hand_has_the_slopes_of_autograd(network, arranged):
    generator = torch.Generator().manual_seed(4)
    start = torch.stack([network.start(seed, "he_normal") for seed in range(2)])
    values = torch.randn(5, *network.shape, generator=generator, dtype=torch.float64)
    kept = torch.tensor([0.9, 0.7], dtype=torch.float64)

    def run():
        uniform = draw_uniform([stream(seed) for seed in range(2)], 5, network.draws, start)
        return Pass(members=2, training=True, kept=kept, uniform=uniform)

    leaf = start.clone().requires_grad_()
    outputs = network.forward(values, network.held(leaf), run())
    weight = torch.randn(outputs.shape, generator=generator, dtype=torch.float64)
    (expected,) = torch.autograd.grad((outputs * weight).sum(), leaf)
    into, held = torch.zeros(2, network.numbers).double(), network.held(start)
    with torch.no_grad():
        recorded, memories = network.record(values, held, run())
        network.backward(weight.clone(), memories, held, network.slot_views(into))
    assert_same((recorded, into), (outputs.detach(), expected[:, : network.numbers]))
