import numpy as np
import pytest
import torch
from pydantic import ValidationError
from sklearn.datasets import load_digits

from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import Labels
from sortal.data.prepared import Prepared
from sortal.data.preparing.preparer import Preparation
from sortal.data.split import Part, Split
from sortal.methods.contract.base import Failed, Member, Shape, Trained
from sortal.methods.neural.cnn import CNN, CNNParameters, _network
from sortal.networks.layer import Pass

SMALL = {"filters": (4,), "hidden_layer_sizes": (8,), "epochs": 2, "batch_size": 32}
MNIST = {
    "filters": (32, 64),
    "convolutions": 2,
    "padding": "valid",
    "block_dropout": 0.25,
    "dropout": 0.5,
}
CIFAR = {
    "filters": (32, 32, 64, 64),
    "convolutions": 2,
    "padding": ("same", "valid", "same", "valid"),
    "hidden_layer_sizes": (512,),
    "block_dropout": 0.25,
    "dropout": 0.5,
    "augment": {"shift": 0.1, "flip": "horizontal"},
}


def data_of(arrays, codes, *, train=None):
    rows = np.random.default_rng(0).permutation(len(codes))
    ends = len(rows) if train is None else train
    dataset = Dataset(
        name="made",
        inputs=Inputs(arrays, np.arange(len(codes))),
        labels=Labels(codes, tuple(f"class{code}" for code in range(codes.max() + 1))),
        names={},
    )
    split = Split(train=rows[:ends], validation=rows[:0], test=rows[ends:])
    return Prepared.fit(dataset, split, Preparation())


def drawn_stamps(channels=2, count=60):
    """Stamps (examples, height, width, channels) whose class is where a bright spot is."""
    rng = np.random.default_rng(1)
    codes = np.arange(count) % 3
    stamps = 0.3 * rng.normal(size=(count, 6, 8, channels))
    stamps[np.arange(count), codes * 2, codes + 2, 0] += 3
    return stamps, codes


def drawn_network(parameters, shape, outputs=10):
    """The network that a method draws for flat features of a shape."""
    data = data_of({"features": np.zeros((2, np.prod(shape)))}, np.arange(2))
    chosen = CNNParameters(shape=shape, **parameters)
    member = Member(key="m", method="cnn", parameters=chosen, seed=0)
    return _network(data, member, int(np.prod(shape)), outputs)


def scores_of(outcomes, data, part=Part.TRAIN):
    found = {}
    for outcome in outcomes:
        assert isinstance(outcome, Trained), outcome
        scores = outcome.model.scores(data.inputs(part))
        found |= dict(zip(outcome.model.members, scores, strict=True))
    return found


def test_it_learns_digits_from_images(train):
    images, codes = load_digits(return_X_y=True)
    data = data_of({"features": images}, codes, train=1200)
    parameters = {
        "shape": (8, 8),
        "divisor": 16,
        "filters": (16, 32),
        "hidden_layer_sizes": (64,),
        "block_dropout": 0.1,
        "epochs": 8,
        "learning_rate": 0.003,
    }
    outcomes = train(CNN(), data, {"m": parameters})
    scores = scores_of(outcomes, data, Part.TEST)["m"]
    accuracy = (scores.argmax(axis=1) == data.labels(Part.TEST).codes).mean()
    assert accuracy > 0.97


@pytest.mark.parametrize(
    ("parameters", "shape", "numbers"),
    [(MNIST, (28, 28), 1_199_882), (CIFAR, (32, 32, 3), 1_250_858)],
    ids=["MNIST", "CIFAR-10"],
)
def test_keras_s_old_examples_have_the_parameters_of_keras(parameters, shape, numbers):
    network = drawn_network(parameters, shape)
    assert network.numbers == numbers


@pytest.mark.parametrize(
    ("parameters", "shape"),
    [(MNIST, (28, 28)), (CIFAR, (32, 32, 3)), ({"axes": 1, "filters": (8, 16)}, (50, 2))],
)
def test_the_cost_counts_the_weights_that_there_are(parameters, shape):
    chosen = CNNParameters(shape=shape, **parameters)
    member = Member(key="m", method="cnn", parameters=chosen, seed=0)
    size = Shape(examples=100, scored=100, features=int(np.prod(shape)), outputs=10)
    cost = CNN().cost(member, size)
    assert cost.disk_bytes / 4 == pytest.approx(drawn_network(parameters, shape).numbers, rel=0.01)


def test_layers_stand_as_in_kerass_old_example():
    kinds = [layer.kind for layer in drawn_network(CIFAR, (32, 32, 3)).layers]
    block = ["conv2d", "activation", "conv2d", "activation", "max_pool2d", "dropout"]
    dense = ["flatten", "dense", "activation", "dropout", "dense"]
    assert kinds == ["unflatten", "augment", *block, *block, *dense]


def test_scores_are_those_of_torch_s_layers_with_equal_weights():
    parameters = {**MNIST, "filters": (3, 5), "hidden_layer_sizes": (7,), "batch_norm": True}
    network = drawn_network(parameters, (10, 9, 2), outputs=4)
    state = torch.randn(1, network.size, generator=torch.Generator().manual_seed(0)) * 0.3
    state[:, network.numbers :].abs_()
    held = network.held(state)
    parts = []
    for layer, own in zip(network.layers, held, strict=True):
        tensors = {name: one[0] for name, one in {**own.slots, **own.buffers}.items()}
        match layer.kind:
            case "conv2d":
                built = torch.nn.Conv2d(*tensors["weight"].shape[1::-1], 3)
                built.load_state_dict(tensors)
            case "batch_norm":
                size = len(tensors["scale"])
                built = (torch.nn.BatchNorm2d if size in (3, 5) else torch.nn.BatchNorm1d)(size)
                built.eps = layer.epsilon
                names = {"scale": "weight", "shift": "bias"}
                names |= {"mean": "running_mean", "variance": "running_var"}
                kept = {names[name]: one for name, one in tensors.items()}
                built.load_state_dict(kept, strict=False)
            case "dense":
                built = torch.nn.Linear(*tensors["weight"].shape)
                built.load_state_dict({"weight": tensors["weight"].T, "bias": tensors["bias"]})
            case "max_pool2d":
                built = torch.nn.MaxPool2d(2)
            case "activation":
                built = torch.nn.ReLU()
            case "flatten":
                built = Unchannelled()
            case _:
                continue
        parts.append(built)
    rows = torch.randn(6, 180, generator=torch.Generator().manual_seed(1))
    expected = torch.nn.Sequential(*parts).eval()(rows.view(6, 10, 9, 2).permute(0, 3, 1, 2))
    result = network.forward(rows, held, Pass(members=1))[0]
    torch.testing.assert_close(result, expected.detach(), rtol=1e-5, atol=1e-5)


class Unchannelled(torch.nn.Module):
    """Flattening with channels last, as Keras does."""

    def forward(self, values):
        return values.permute(0, 2, 3, 1).flatten(1)


def test_images_of_any_layout_are_the_same_images(train):
    stamps, codes = drawn_stamps()
    first = stamps.transpose(0, 3, 1, 2)
    given = {
        "flat": ({"features": stamps.reshape(60, -1)}, {"shape": (6, 8, 2)}),
        "flat, channel by channel": (
            {"features": first.reshape(60, -1)},
            {"shape": (6, 8, 2), "channels": "first"},
        ),
        "channels behind": ({"stamp": stamps}, {"channels": "last"}),
        "as stamps are": ({"stamp": first}, {}),
    }
    found = []
    for arrays, parameters in given.values():
        data = data_of(arrays, codes)
        outcomes = train(CNN(), data, {"m": {**SMALL, **parameters}})
        found.append(scores_of(outcomes, data)["m"])
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], atol=1e-5)


def test_a_table_beside_the_image_joins_before_hidden_layers(train):
    stamps, codes = drawn_stamps()
    table = np.eye(3)[(codes * 2) % 3] * 4 + np.random.default_rng(2).normal(size=(60, 3))
    blind = np.random.default_rng(3).normal(size=stamps.shape).transpose(0, 3, 1, 2)
    data = data_of({"features": table, "dmdt": blind}, codes)
    parameters = {**SMALL, "epochs": 40, "learning_rate": 0.01, "global_pooling": "average"}
    scores = scores_of(train(CNN(), data, {"m": parameters}), data)["m"]
    assert (scores.argmax(axis=1) == data.labels(Part.TRAIN).codes).mean() > 0.9


def test_a_signal_is_convolved_along_its_points(train):
    rng = np.random.default_rng(4)
    codes = np.arange(90) % 3
    signals = 0.3 * rng.normal(size=(90, 24, 2))
    starts = rng.integers(0, 18, size=90)
    for row, (code, start) in enumerate(zip(codes, starts, strict=True)):
        shape = ([2, -2, 2, -2], [2, 2, -2, -2], [2, 2, 2, 2])[code]
        signals[row, start : start + 4, 1] += shape
    data = data_of({"signal": signals}, codes)
    parameters = {
        "filters": (8,),
        "kernel_size": 5,
        "hidden_layer_sizes": (),
        "global_pooling": "max",
        "epochs": 60,
        "learning_rate": 0.02,
    }
    scores = scores_of(train(CNN(), data, {"m": parameters}), data)["m"]
    assert (scores.argmax(axis=1) == data.labels(Part.TRAIN).codes).mean() > 0.95


def test_augmented_members_with_dropout_train_the_same_alone(train):
    stamps, codes = drawn_stamps()
    data = data_of({"features": stamps.reshape(60, -1)}, codes)
    common = {**SMALL, "shape": (6, 8, 2), "augment": {"shift": 0.2, "flip": "both"}}
    members = {f"m{rate}": {**common, "dropout": rate} for rate in (0.1, 0.3, 0.5)}
    seeds = {key: {"seed": number} for number, key in enumerate(members)}
    together = scores_of(train(CNN(), data, members, where=seeds), data)
    for key, parameters in members.items():
        alone = train(CNN(), data, {key: parameters}, where={key: seeds[key]})
        np.testing.assert_allclose(scores_of(alone, data)[key], together[key], atol=1e-5)


def test_augmented_training_sees_other_examples_in_every_epoch(train):
    stamps, codes = drawn_stamps()
    data = data_of({"features": stamps.reshape(60, -1)}, codes)
    common = {**SMALL, "shape": (6, 8, 2), "batch_size": 60, "learning_rate": 1e-12, "epochs": 4}
    losses = {}
    for augment in (None, {"flip": "horizontal"}):
        (outcome,) = train(CNN(), data, {"m": {**common, "augment": augment}})
        losses[augment is None] = [row["loss"] for row in outcome.history["m"]]
    assert np.ptp(losses[True]) < 1e-6
    assert np.diff(losses[False]).all()
    assert len(set(losses[False])) == 4


@pytest.mark.parametrize(
    ("arrays", "parameters", "reason"),
    [
        ({"features": (6,)}, {}, "shape: expected height, width and channels of the 6 features"),
        ({"features": (6,)}, {"shape": (2, 4)}, r"shape: expected the 6 numbers of input features"),
        ({"features": (6,)}, {"shape": (2, 3), "axes": 1, "input": "x"}, "no input named 'x'"),
        ({"features": (6,)}, {"shape": (6,), "axes": 2}, "height, width and perhaps channels"),
        ({"a": (6,), "b": (6,)}, {}, "input: expected the name of the one to convolve, of a, b"),
        ({"stamp": (1, 2, 2)}, {"pool_size": 3}, "max_pool2d: window"),
        ({"stamp": (1, 4, 4)}, {"augment": {"shift": 0.1}}, "augment.shift: expected at least"),
    ],
)
def test_what_does_not_fit_the_data_is_every_members_reason(train, arrays, parameters, reason):
    codes = np.arange(8) % 2
    given = {name: np.zeros((8, *shape)) for name, shape in arrays.items()}
    members = {key: {**SMALL, **parameters} for key in ("a", "b")}
    outcomes = train(CNN(), data_of(given, codes), members)
    assert [outcome.key for outcome in outcomes] == ["a", "b"]
    assert all(isinstance(outcome, Failed) for outcome in outcomes)
    assert all(reason in outcome.reason for outcome in outcomes)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"filters": (4, 4, 4), "convolutions": 2}, "convolutions 2 does not divide the 3"),
        ({"filters": (4, 4), "convolutions": (2, 1)}, "convolutions sum to 3, and filters are 2"),
        ({"kernel_size": (3, 3, 3)}, "kernel_size lists 3, expected 2"),
        ({"padding": ("same",)}, "padding lists 1, expected 2"),
        ({"convolutions": 2, "block_dropout": (0.1, 0.2)}, "block_dropout lists 2, expected 1"),
        ({"filters": ()}, "filters needs one convolution or more"),
        ({"pooling": "none", "pool_size": 3}, "pool_size has no effect without pooling"),
        ({"augment": {}}, "augment needs a shift or a flip"),
        ({"epochs": 0}, "epochs 0 trains nothing, and needs start_from"),
    ],
)
def test_wrong_lengths_and_options_without_effect_are_refused(parameters, said):
    with pytest.raises(ValidationError, match=said):
        CNNParameters(**parameters)


def test_a_list_says_each_blocks_convolutions():
    chosen = CNNParameters(filters=(2, 3, 4), convolutions=(2, 1), kernel_size=(5, 3, 3))
    assert [list(block) for block in chosen.blocks] == [[0, 1], [2]]
    layers = list(chosen.convolutions_along(2))
    assert [one.kernel for one in layers if one.kind == "conv2d"] == [(5, 5), (3, 3), (3, 3)]
