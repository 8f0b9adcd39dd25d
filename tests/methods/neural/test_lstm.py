from dataclasses import dataclass

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import Labels
from sortal.data.prepared import Prepared
from sortal.data.preparing.preparer import Preparation
from sortal.data.split import Part, Split
from sortal.errors import DataError
from sortal.methods.contract.base import Failed, Member, Shape, Trained
from sortal.methods.neural.lstm import LSTM, LSTMParameters, _network
from sortal.networks.layer import Pass

WORDS, LENGTH = 40, 16
SMALL = {"num_words": WORDS, "embedding_size": 6, "layer_sizes": (8,), "batch_size": 32}


@dataclass(frozen=True)
class Sentences:
    """Rows of tokens, among them one of two marks; the class is which of them comes first."""

    tokens: np.ndarray
    codes: np.ndarray

    @classmethod
    def drawn(cls, count=400, seed=0):
        rng = np.random.default_rng(seed)
        tokens = rng.integers(3, WORDS, size=(count, LENGTH))
        codes = np.arange(count) % 2
        for row, code in enumerate(codes):
            places = np.sort(rng.choice(LENGTH, size=2, replace=False))
            tokens[row, places] = (1, 2) if code else (2, 1)
        return cls(tokens, codes)


def data_of(tokens, codes, *, name="features", scaling="none", train=None):
    rows, ends = np.arange(len(codes)), len(codes) if train is None else train
    dataset = Dataset(
        name="made",
        inputs=Inputs({name: tokens}, rows),
        labels=Labels(codes, tuple(f"class{code}" for code in range(codes.max() + 1))),
        names={},
    )
    split = Split(train=rows[:ends], validation=rows[:0], test=rows[ends:])
    return Prepared.fit(dataset, split, Preparation(scaling=scaling))


def drawn_network(parameters, data, outputs=2):
    member = Member(key="m", method="lstm", parameters=LSTMParameters(**parameters), seed=0)
    return _network(data, member, data.dataset.inputs.width, outputs)


def scores_of(outcomes, data, part=Part.TRAIN):
    found = {}
    for outcome in outcomes:
        assert isinstance(outcome, Trained), outcome
        scores = outcome.model.scores(data.inputs(part))
        found |= dict(zip(outcome.model.members, scores, strict=True))
    return found


@pytest.mark.parametrize("convolved", [False, True])
def test_it_learns_which_of_two_words_came_first(train, convolved):
    """The counts of words tell nothing here: only their order does."""
    sentences = Sentences.drawn(900)
    data = data_of(sentences.tokens, sentences.codes, train=600)
    convolution = {"filters": (16,), "kernel_size": 3, "pool_size": 2} if convolved else {}
    parameters = {
        **SMALL,
        **convolution,
        "layer_sizes": (24,),
        "epochs": 30,
        "learning_rate": 0.02,
    }
    scores = scores_of(train(LSTM(), data, {"m": parameters}), data, Part.TEST)["m"]
    assert (scores.argmax(axis=1) == data.labels(Part.TEST).codes).mean() > 0.9


def test_scores_are_those_of_torch_s_layers_with_equal_weights():
    sentences = Sentences.drawn(12)
    data = data_of(sentences.tokens, sentences.codes)
    network = drawn_network({**SMALL, "layer_sizes": (7, 5), "dropout": 0.3}, data)
    state = torch.randn(1, network.size, generator=torch.Generator().manual_seed(0)) * 0.4
    slots = [{name: one[0] for name, one in own.slots.items()} for own in network.held(state)]
    table, *memories, dense = [own for own in slots if own]
    values = torch.nn.functional.embedding(torch.from_numpy(sentences.tokens), table["weight"])
    for own in memories:
        built = torch.nn.LSTM(own["weight"].shape[1], len(own["bias"][0]), batch_first=True)
        names = {"weight_ih_l0": own["weight"], "weight_hh_l0": own["recurrent"]}
        bias = own["bias"].flatten()
        built.load_state_dict({**names, "bias_ih_l0": bias, "bias_hh_l0": torch.zeros_like(bias)})
        values = built(values)[0]
    expected = values[:, -1] @ dense["weight"] + dense["bias"]
    rows = torch.from_numpy(sentences.tokens).float()
    result = network.forward(rows, network.held(state), Pass(members=1))[0]
    torch.testing.assert_close(result, expected.detach(), rtol=1e-5, atol=1e-5)


def test_kerass_old_examples_have_their_layers_and_numbers():
    data = data_of(np.zeros((4, 80), dtype=np.int64), np.arange(4) % 2)
    plain = drawn_network({"num_words": 20000, "embedding_size": 128, "layer_sizes": (128,)}, data)
    assert [layer.kind for layer in plain.layers] == ["token_embedding", "lstm", "dense"]
    assert plain.numbers == 20000 * 128 + 131_584 + 2 * 129
    convolved = {"filters": (64,), "padding": "valid", "embedding_dropout": 0.25}
    both = drawn_network({"num_words": 20000, "layer_sizes": (70,), **convolved}, data)
    kinds = [layer.kind for layer in both.layers]
    middle = ["conv1d", "activation", "max_pool1d"]
    assert kinds == ["token_embedding", "dropout", *middle, "lstm", "dense"]
    assert both.shapes[5] == (64, 19)
    assert both.numbers == 20000 * 64 + 20_544 + 37_800 + 2 * 71


@pytest.mark.parametrize(
    "parameters",
    [
        {"num_words": 2000, "layer_sizes": (30, 20)},
        {"num_words": 2000, "filters": (64,), "hidden_layer_sizes": (9,)},
        {"shape": (40, 2)},
    ],
)
def test_the_cost_counts_the_weights_that_there_are(parameters):
    data = data_of(np.zeros((4, 80), dtype=np.int64), np.arange(4) % 2)
    chosen = LSTMParameters(**parameters)
    member = Member(key="m", method="lstm", parameters=chosen, seed=0)
    cost = LSTM().cost(member, Shape(examples=100, scored=100, features=80, outputs=2))
    expected = drawn_network(parameters, data).numbers
    assert cost.disk_bytes / 4 == pytest.approx(expected, rel=0.02)


def test_signals_are_read_without_a_table(train):
    rng = np.random.default_rng(5)
    codes = np.arange(120) % 2
    rise = np.where(codes, 1.0, -1.0)[:, None] * np.linspace(-1, 1, 20)
    signals = rise + 0.3 * rng.normal(size=(120, 20))
    found = []
    for name, array, more in (
        ("signal", signals, {}),
        ("features", signals, {}),
        ("features", signals, {"shape": (10, 2)}),
        ("signal", signals.reshape(120, 10, 2), {}),
    ):
        data = data_of(array, codes, name=name)
        parameters = {"layer_sizes": (6,), "epochs": 20, "learning_rate": 0.05, **more}
        found.append(scores_of(train(LSTM(), data, {"m": parameters}), data)["m"])
        assert (found[-1].argmax(axis=1) == codes).mean() > 0.95
    np.testing.assert_allclose(found[1], found[0], atol=1e-5)
    np.testing.assert_allclose(found[3], found[2], atol=1e-5)


def test_members_are_what_they_are_alone(train):
    sentences = Sentences.drawn(80)
    data = data_of(sentences.tokens, sentences.codes)
    members = {
        f"m{number}": {**SMALL, "epochs": 3, "dropout": 0.1 + 0.1 * number} for number in range(3)
    }
    seeds = {key: {"seed": number} for number, key in enumerate(members)}
    together = scores_of(train(LSTM(), data, members, where=seeds), data)
    for key, parameters in members.items():
        alone = train(LSTM(), data, {key: parameters}, where={key: seeds[key]})
        np.testing.assert_allclose(scores_of(alone, data)[key], together[key], atol=1e-5)


@pytest.mark.parametrize(("wrong", "part"), [(40, 0), (-1, 79), (2.5, 79)])
def test_a_value_that_is_no_token_fails_every_member(train, wrong, part):
    sentences = Sentences.drawn(80)
    tokens = sentences.tokens.astype(float)
    tokens[part, 3] = wrong
    data = data_of(tokens, sentences.codes, train=60)
    (outcome,) = train(LSTM(), data, {"m": {**SMALL, "epochs": 1}})
    assert isinstance(outcome, Failed)
    assert f"whole numbers from 0 to 39 (num_words 40), got {wrong:g}" in outcome.reason


def test_scaled_tokens_are_refused_and_unseen_ones_when_scoring(train):
    sentences = Sentences.drawn(80)
    scaled = data_of(sentences.tokens, sentences.codes, scaling="standard")
    (outcome,) = train(LSTM(), scaled, {"m": {**SMALL, "epochs": 1}})
    assert "tokens are not to be scaled" in outcome.reason
    data = data_of(sentences.tokens, sentences.codes)
    (outcome,) = train(LSTM(), data, {"m": {**SMALL, "epochs": 1}})
    assert not any("scaled" in note for note in outcome.notes["m"])
    unseen = Inputs({"features": np.full((2, LENGTH), WORDS)}, np.arange(2))
    with pytest.raises(DataError, match="got 40"):
        outcome.model.scores(unseen)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"num_words": 9, "shape": (3, 2)}, "shape has no effect with num_words"),
        ({"embedding_size": 9}, "embedding_size has no effect without num_words"),
        ({"embedding_dropout": 0.5}, "embedding_dropout has no effect without num_words"),
        ({"convolutions": 3}, "convolutions has no effect without filters"),
        ({"kernel_size": 9}, "kernel_size has no effect without filters"),
        ({"padding": "valid"}, "padding has no effect without filters"),
        ({"pooling": "average"}, "pooling has no effect without filters"),
        ({"pool_size": 7}, "pool_size has no effect without filters"),
        ({"block_dropout": 0.5}, "block_dropout has no effect without filters"),
        ({"filters": (4,), "pooling": "none", "pool_size": 7}, "no effect without pooling"),
        ({"layer_sizes": ()}, "layer_sizes"),
        ({"precision": "bfloat16"}, "precision"),
    ],
)
def test_options_of_no_effect_are_refused(parameters, said):
    with pytest.raises(ValidationError, match=said):
        LSTMParameters(**parameters)


@pytest.mark.parametrize("filters", [(), (4,)])
def test_parameters_that_were_stored_whole_are_read_again(filters):
    chosen = LSTMParameters(filters=filters, pooling="none" if filters else "max")
    assert LSTMParameters(**chosen.model_dump(mode="json")) == chosen
