"""Save a network of stock Keras and what it says: run as a script that knows nothing of Sortal.

Arguments: a folder, in which `rows.npy`, `net.keras`, `net.h5` and `scores.npy` are left.
"""

import sys
from pathlib import Path

import keras
import numpy as np

folder = Path(sys.argv[1])
keras.utils.set_random_seed(3)
keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])  # so that names begin at dense_1
network = keras.Sequential(
    [
        keras.Input((24,)),
        keras.layers.Reshape((12, 2)),
        keras.layers.Conv1D(5, 3, padding="same", activation="relu"),
        keras.layers.BatchNormalization(),
        keras.layers.MaxPooling1D(2),
        keras.layers.Dropout(0.3),
        keras.layers.LSTM(4),
        keras.layers.Dense(3, activation="relu"),
        keras.layers.Dense(2, activation="softmax"),
    ]
)
drawn = np.random.default_rng(0)
network.set_weights([drawn.uniform(0.2, 1, size=one.shape) for one in network.get_weights()])
rows = drawn.normal(size=(20, 24)).astype(np.float32)
network.save(folder / "net.keras")
network.save(folder / "net.h5")
np.save(folder / "rows.npy", rows)
np.save(folder / "scores.npy", np.asarray(network.predict(rows, verbose=0)))
assert not [name for name in sys.modules if name.startswith("sortal")]
