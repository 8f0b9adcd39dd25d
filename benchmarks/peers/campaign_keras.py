"""Keras 3, one `fit` after another, on the backend that KERAS_BACKEND names.

Models are compiled once a decay and traced before the clock starts, which a user's loop over
twenty models would not: a training starts from new weights and an empty optimiser. The new
weights are those that ours start from, drawn before the clock starts, so that losses compare.
"""

import keras
import numpy as np

from peers.campaign import CLASSES, DECAYS, EPSILON, FEATURES, HIDDEN, LEARNING_RATE, Training
from peers.task import Fitted, Table, Work
from sortal.networks.dense import Dense
from sortal.networks.network import Network

_MODELS: dict[float, keras.Model] = {}
_STARTS: list[list[np.ndarray]] = []
_SEEDS = 10


def load(table: Table) -> Table:
    for decay in DECAYS:
        _MODELS.setdefault(decay, compiled(decay))
    _STARTS[:] = [start(seed) for seed in range(_SEEDS)]
    return table


def train(data: Table, work: Work) -> Fitted:
    trainings = [Training.numbered(number) for number in work.seeds]
    kept = [train_one(data, work, training) for training in trainings]
    updates = int(_MODELS[trainings[-1].decay].optimizer.iterations.numpy())

    def score() -> np.ndarray:
        found = []
        for training, weights in zip(trainings, kept, strict=True):
            model = _MODELS[training.decay]
            model.set_weights(weights)
            features = data.validation.features
            found.append(model.predict(features, batch_size=len(features), verbose=0))
        return np.stack(found)

    return Fitted(updates, score)


def train_one(data: Table, work: Work, training: Training) -> list[np.ndarray]:
    """Fit from a new start; give back the last weights."""
    keras.utils.set_random_seed(training.seed)
    model, rows, held = _MODELS[training.decay], data.train, data.validation
    begin_again(model, _STARTS[training.seed])
    model.fit(
        rows.features,
        one_hot(rows.truth),
        sample_weight=rows.weights,
        validation_data=(held.features, one_hot(held.truth), held.weights),
        batch_size=work.batch_size,
        epochs=work.epochs,
        verbose=0,
    )
    return model.get_weights()


def compiled(decay: float) -> keras.Model:
    hidden = [keras.layers.Dense(units, activation="tanh") for units in HIDDEN]
    output = keras.layers.Dense(CLASSES, activation="softmax")
    model = keras.Sequential([keras.Input((FEATURES,)), *hidden, output])
    rate = keras.optimizers.schedules.InverseTimeDecay(LEARNING_RATE, 1, decay)
    optimiser = keras.optimizers.Adam(rate, epsilon=EPSILON)
    model.compile(optimizer=optimiser, loss="categorical_crossentropy", metrics=["accuracy"])
    return model


def start(seed: int) -> list[np.ndarray]:
    """Kernels and biases of ours."""
    layers = tuple(Dense(units=units) for units in (*HIDDEN, CLASSES))
    network = Network(shape=(FEATURES,), layers=layers)
    state = network.start(seed, "he_normal", "glorot_uniform").unsqueeze(0)
    return [
        held.slots[name][0].numpy() for held in network.held(state) for name in ("weight", "bias")
    ]


def begin_again(model: keras.Model, weights: list[np.ndarray]) -> None:
    """These weights, and an optimiser that has made no update."""
    model.set_weights(weights)
    for variable in model.optimizer.variables:
        variable.assign(np.zeros(variable.shape, dtype=variable.dtype))


def one_hot(truth: np.ndarray) -> np.ndarray:
    return np.eye(CLASSES, dtype=np.float32)[truth.astype(np.int64)]
