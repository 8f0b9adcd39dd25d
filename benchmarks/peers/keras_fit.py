"""Keras 3, one `fit` after another, on the backend that KERAS_BACKEND names.

Every model is built, compiled and traced anew, as in a user's loop over seeds.
"""

import keras
import numpy as np

from peers.task import FEATURES, HIDDEN, LEARNING_RATE, Fitted, Rows, Table, Work


def load(table: Table) -> Table:
    return table


def train(data: Table, work: Work) -> Fitted:
    models = [train_one(data.train, work, seed) for seed in work.seeds]

    def score() -> np.ndarray:
        features = data.validation.features
        found = [model.predict(features, batch_size=len(features), verbose=0) for model in models]
        # Or each round would be slower than the last.
        keras.utils.clear_session()
        return np.stack(found)[:, :, 0]

    return Fitted(max(int(model.optimizer.iterations) for model in models), score)


def train_one(rows: Rows, work: Work, seed: int) -> keras.Model:
    keras.utils.set_random_seed(seed)
    hidden = [keras.layers.Dense(units, activation="relu") for units in HIDDEN]
    output = keras.layers.Dense(1, activation="sigmoid")
    model = keras.Sequential([keras.Input((FEATURES,)), *hidden, output])
    # Keras's own epsilon is 1e-7; the others' is 1e-8.
    optimiser = keras.optimizers.Adam(LEARNING_RATE, epsilon=1e-8)
    model.compile(optimizer=optimiser, loss="binary_crossentropy")
    model.fit(
        rows.features,
        rows.truth,
        sample_weight=rows.weights,
        batch_size=work.batch_size,
        epochs=work.epochs,
        verbose=0,
    )
    return model
