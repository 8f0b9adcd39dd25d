"""The two Keras scripts of the CMS guide, from their formulas: NumPy and plain Keras 3, nothing of Sortal.

What they draw at random is handed in instead: starting weights, and the order in which each epoch
goes through the training events.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

os.environ.setdefault("KERAS_BACKEND", "torch")

Weights = Sequence[np.ndarray]
"""Kernel (inputs, units) and bias (units,) of each dense layer in turn, as Keras lists them."""

Order = Callable[[int], np.ndarray]
"""From the number of an epoch, counted from 0, to the rows of the training events in its order."""

SIGNAL = 1
"""The binary script's label of signal; background is 0. The other script's signal is class 0."""


@dataclass(frozen=True)
class Events:
    """One split as the scripts read it, files one after another; rows may be in any order."""

    variables: np.ndarray
    """Shape (events, variables)."""

    weights: np.ndarray
    """As they stand in the files, shape (events,)."""

    labels: np.ndarray
    """0 and 1 in the binary script, 0 (signal) to 4 in the other, shape (events,)."""


@dataclass(frozen=True)
class Ran:
    """What a script leaves behind."""

    history: dict[str, list[float]]
    """`loss`, `accuracy`, `val_loss`, `val_accuracy`, one number an epoch."""

    best_epoch: int
    """Of the least validation loss, counted from 0."""

    best: list[np.ndarray]
    """Weights of the best epoch."""

    last: list[np.ndarray]
    scores: dict[str, np.ndarray]
    """Outputs of the best epoch for `train`, `validation`, `test`: (events, 1) or (events, 5)."""

    last_scores: dict[str, np.ndarray]
    """The same of the last epoch, from which the binary script draws its ROC curves."""


def binary_weights(events: Events) -> np.ndarray:
    """Both classes weigh as much as there are background rows."""
    signal = events.labels == SIGNAL
    rows = np.count_nonzero(~signal)
    sums = np.where(signal, events.weights[signal].sum(), events.weights[~signal].sum())
    return events.weights * (rows / sums)


def root_weights(events: Events) -> np.ndarray:
    """Signal weighs as much as it has rows, a class of yield Y as much times sqrt(Y / Y of signal)."""
    yields = np.bincount(events.labels, weights=events.weights, minlength=5)
    rows = np.count_nonzero(events.labels == 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        factors = rows / yields * np.sqrt(yields / yields[0])
    return events.weights * factors[events.labels]


def to_unit_range(train: Events, variables: np.ndarray) -> np.ndarray:
    """Map the training events' range of each variable to [-1, 1]; others may fall outside."""
    top, bottom = train.variables.max(axis=0), train.variables.min(axis=0)
    return (2 * variables - top - bottom) / (top - bottom)


def run_binary_script(
    train: Events,
    validation: Events,
    test: Events | None = None,
    *,
    start: Weights,
    order: Order,
    epochs: int = 2000,
    batch_size: int = 5000,
    learning_rate: float = 5e-3,
    decay: float = 0.0,
    precision: str = "float32",
) -> Ran:
    """12-50-50-1 (or as `start` has it), relu and a sigmoid, binary cross-entropy.

    The scripts compute in float32. In float64 two ways of computing the same stay together
    longer: what rounding parts, a large learning rate drives apart.
    """
    with _precision(precision):
        return _run(
            {"train": train, "validation": validation, **({"test": test} if test else {})},
            {"train": binary_weights(train), "validation": binary_weights(validation)},
            lambda labels: labels[:, np.newaxis].astype(float),
            _model(start, ("relu", "sigmoid"), "binary_crossentropy", learning_rate, decay),
            order,
            epochs=epochs,
            batch_size=batch_size,
        )


def run_multiclass_script(
    train: Events,
    validation: Events,
    test: Events | None = None,
    *,
    start: Weights,
    order: Order,
    epochs: int = 1000,
    batch_size: int = 5000,
    learning_rate: float = 5e-5,
    decay: float = 1e-3,
    precision: str = "float32",
) -> Ran:
    """17-100-100-5 (or as `start` has it), tanh and a softmax, categorical cross-entropy."""
    with _precision(precision):
        return _run(
            {"train": train, "validation": validation, **({"test": test} if test else {})},
            {"train": root_weights(train), "validation": root_weights(validation)},
            lambda labels: np.eye(5)[labels],
            _model(start, ("tanh", "softmax"), "categorical_crossentropy", learning_rate, decay),
            order,
            epochs=epochs,
            batch_size=batch_size,
        )


@contextmanager
def _precision(name: str) -> Iterator[None]:
    import keras

    before, policy = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx(name)
    # Layers ask the policy, which Keras sets once and leaves as it is when floatx changes.
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_floatx(before)
        keras.config.set_dtype_policy(policy)


def _model(
    start: Weights, activations: tuple[str, str], loss: str, learning_rate: float, decay: float
) -> Any:
    """A compiled model at its start, with the activations of hidden layers and of the output.

    The scripts' `Adam(lr, decay=...)` divides lr by 1 + decay times the updates made; Keras 3 has
    that as a schedule.
    """
    import keras

    hidden, output = activations
    *sizes, outputs = (len(bias) for bias in start[1::2])
    layers = [keras.layers.Dense(units, activation=hidden) for units in sizes]
    layers.append(keras.layers.Dense(outputs, activation=output))
    model = keras.Sequential([keras.Input((len(start[0]),)), *layers])
    model.set_weights(list(start))
    rate = keras.optimizers.schedules.InverseTimeDecay(learning_rate, 1, decay)
    optimiser = keras.optimizers.Adam(rate if decay else learning_rate)
    model.compile(optimizer=optimiser, loss=loss, metrics=["accuracy"])
    return model


def _run(
    splits: dict[str, Events],
    weights: dict[str, np.ndarray],
    targets: Callable[[np.ndarray], np.ndarray],
    model: Any,
    order: Order,
    *,
    epochs: int,
    batch_size: int,
) -> Ran:
    train, validation = splits["train"], splits["validation"]
    x = {name: to_unit_range(train, events.variables) for name, events in splits.items()}
    y, validated = targets(train.labels), targets(validation.labels)
    history: dict[str, list[float]] = {}
    least, best_epoch, best = np.inf, 0, model.get_weights()
    for epoch in range(epochs):
        rows = order(epoch)
        found = model.fit(
            x["train"][rows],
            y[rows],
            sample_weight=weights["train"][rows],
            validation_data=(x["validation"], validated, weights["validation"]),
            validation_batch_size=len(validated),
            batch_size=batch_size,
            shuffle=False,
            verbose=0,
        ).history
        for name, (value,) in found.items():
            history.setdefault(name, []).append(float(value))
        if history["val_loss"][-1] < least:
            least, best_epoch, best = history["val_loss"][-1], epoch, model.get_weights()
    last = model.get_weights()
    last_scores = _scores(model, x)
    model.set_weights(best)
    return Ran(history, best_epoch, best, last, _scores(model, x), last_scores)


def _scores(model: Any, x: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        name: model.predict(values, batch_size=1 << 16, verbose=0) for name, values in x.items()
    }
