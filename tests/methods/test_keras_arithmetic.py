"""Networks follow Keras epoch by epoch where they start alike and see the same minibatches."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp

from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import Labels, Outputs
from sortal.data.prepared import Prepared
from sortal.data.preparing.preparer import Preparation
from sortal.data.split import Part, Split
from sortal.methods.contract.base import Member, Population, Trained
from sortal.methods.neural.mlp import MLP
from sortal.networks.dense import Dense
from sortal.networks.initialise import draw_weights
from sortal.networks.network import Network
from sortal.networks.stream import stream, stream_seed
from sortal.training.examples.batches import epoch_order

# Keras itself copies its variables in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SCRIPTS = Path(__file__).parent.parent / "systems" / "cms"
LIKE_KERAS = {
    "epsilon": 1e-7,
    "epsilon_added_to": "uncorrected",
    "initialiser": "he_normal",
    "output_initialiser": "glorot_uniform",
    "weight_scale": "none",
    "accuracy": "unweighted",
    "batch_size": 5000,
    "keep_best": True,
}
BINARY = {**LIKE_KERAS, "hidden_layer_sizes": (50, 50), "learning_rate": 5e-3}
MULTICLASS = {
    **LIKE_KERAS,
    "hidden_layer_sizes": (100, 100),
    "activation": "tanh",
    "learning_rate": 5e-5,
    "schedule": "inverse_time",
}
NAMES = {
    "loss": "loss",
    "val_loss": "validation_loss",
    "accuracy": "accuracy",
    "val_accuracy": "validation_accuracy",
}


@pytest.fixture
def scripts(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import keras_scripts

    return keras_scripts


@pytest.fixture
def simulate(scripts):
    """Makes events of classes that overlap, with weights that differ by class."""

    def simulate(rows, variables, classes, seed):
        random = np.random.default_rng(seed)
        labels = random.choice(len(classes), size=rows, p=classes)
        centres = np.random.default_rng(0).normal(scale=0.5, size=(len(classes), variables))
        values = random.normal(size=(rows, variables)) + centres[labels]
        values *= np.geomspace(0.01, 1000, variables)
        weights = random.exponential(size=rows) * 2.0 ** labels.astype(float)
        return scripts.Events(values, weights, labels)

    return simulate


def prepared(scripts, train, validation, scale, outputs):
    """The same data for Sortal: in the scripts' range and weights, training events first."""
    parts = (train, validation)
    count = len(train.labels)
    every = np.arange(count + len(validation.labels))
    matrix = np.concatenate([scripts.to_unit_range(train, part.variables) for part in parts])
    codes = np.concatenate([part.labels for part in parts])
    names = ("signal",) if outputs is Outputs.INDEPENDENT else tuple("STWZO")
    labels = Labels(codes.reshape(len(codes), *([1] if len(names) == 1 else [])), names, outputs)
    dataset = Dataset(
        name="events",
        inputs=Inputs({"features": matrix}, every),
        labels=labels,
        names={"features": tuple(f"x{number}" for number in range(matrix.shape[1]))},
        weights=np.concatenate([scale(part) for part in parts]),
    )
    split = Split(train=every[:count], validation=every[count:], test=every[:0])
    return Prepared.fit(dataset, split, Preparation())


def start(sizes, seed):
    """Kernels and biases with which a member of this seed starts."""
    features, *units = sizes
    network = Network(shape=(features,), layers=tuple(Dense(units=count) for count in units))
    state = network.start(seed, "he_normal", "glorot_uniform")
    slots = [held.slots for held in network.held(state.unsqueeze(0))]
    return [held[name][0].numpy() for held in slots for name in ("weight", "bias")]


def order(data):
    """Rows of the training events in the order of each epoch."""
    seed, rows = stream_seed(data.split.fingerprint), len(data.split.train)
    return lambda epoch: epoch_order(seed, epoch, rows).numpy()


def trained(data, driver, *parameters):
    """Outcome of members of seeds 0, 1 and so on."""
    members = tuple(
        Member(
            key=f"m{seed}",
            method="mlp",
            parameters=MLP.Parameters(**chosen),
            seed=seed,
            weights="given",
        )
        for seed, chosen in enumerate(parameters)
    )
    (outcome,) = MLP().train(Population(members=members), data, driver())
    assert isinstance(outcome, Trained)
    return outcome


def assert_same(outcome, key, data, ran, *, loss, accuracy):
    """They differ by no more than that in any epoch, and scores of the best one by `accuracy`."""
    for theirs, ours in NAMES.items():
        mine = [row[ours] for row in outcome.history[key]]
        allowed = loss if theirs.endswith("loss") else accuracy
        np.testing.assert_allclose(mine, ran.history[theirs], rtol=0, atol=allowed, err_msg=ours)
    scores = outcome.model.pick((key,)).scores(data.inputs(Part.VALIDATION))[0]
    np.testing.assert_allclose(scores, ran.scores["validation"], rtol=0, atol=accuracy)


@pytest.mark.parametrize("initialiser", ["he_normal", "glorot_uniform"])
def test_starting_weights_follow_the_distribution_of_keras(scripts, initialiser):
    import keras

    drawn = keras.initializers.get({"class_name": initialiser, "config": {"seed": 1}})((100, 2000))
    ours = torch.empty(100, 2000, dtype=torch.float64)
    draw_weights(ours, initialiser, (100, 2000), stream(1))
    theirs = np.asarray(drawn.detach())
    assert ks_2samp(ours.ravel().numpy(), theirs.ravel()).pvalue > 1e-3
    assert ours.abs().max().item() == pytest.approx(np.abs(theirs).max(), rel=1e-3)


def precisions(float32):
    """In float64 both agree as well as Keras sums up, which is in float32 always.

    In float32 itself rounding grows with every update, and decides on which side of one half
    an event falls.
    """
    slow = pytest.param("float32", float32, 5e-4, marks=pytest.mark.slow)
    return pytest.mark.parametrize(
        ("precision", "loss", "accuracy"), [("float64", 1e-6, 1e-6), slow]
    )


@precisions(1e-4)
def test_a_binary_network_follows_keras(*, scripts, simulate, driver, precision, loss, accuracy):
    train, validation = (simulate(rows, 12, [0.8, 0.2], rows) for rows in (22_500, 6_000))
    data = prepared(scripts, train, validation, scripts.binary_weights, Outputs.INDEPENDENT)
    outcome = trained(data, driver, {**BINARY, "precision": precision, "epochs": 20})
    ran = scripts.run_binary_script(
        train,
        validation,
        start=start((12, 50, 50, 1), 0),
        order=order(data),
        epochs=20,
        precision=precision,
    )
    assert_same(outcome, "m0", data, ran, loss=loss, accuracy=accuracy)


@precisions(1e-5)
def test_five_class_networks_follow_keras_at_any_decay(
    *, scripts, simulate, driver, precision, loss, accuracy
):
    shares = [0.1, 0.4, 0.3, 0.15, 0.05]
    train, validation = (simulate(rows, 17, shares, rows) for rows in (22_500, 6_000))
    data = prepared(scripts, train, validation, scripts.root_weights, Outputs.EXCLUSIVE)
    decays, chosen = (1e-3, 1e-4), {**MULTICLASS, "precision": precision, "epochs": 20}
    outcome = trained(data, driver, *({**chosen, "decay": decay} for decay in decays))
    for seed, decay in enumerate(decays):
        ran = scripts.run_multiclass_script(
            train,
            validation,
            start=start((17, 100, 100, 5), seed),
            order=order(data),
            epochs=20,
            decay=decay,
            precision=precision,
        )
        assert_same(outcome, f"m{seed}", data, ran, loss=loss, accuracy=accuracy)
