"""Save networks with stock Keras and say what they predict: run as a script of its own.

Arguments: a folder holding images.npy (examples, 16, 16, 1) and rows.npy (examples, 4). It gets
cnn.h5, cnn.keras, mlp.h5 and mlp.keras with cnn.npy and mlp.npy, their predictions.
"""

import sys
import warnings
from pathlib import Path

import keras
import numpy as np
from keras import layers

warnings.simplefilter("ignore")
keras.utils.set_random_seed(3)
folder = Path(sys.argv[1])
cnn = keras.Sequential(
    [
        keras.Input((16, 16, 1)),
        layers.Conv2D(6, (3, 3), padding="same"),
        layers.Activation("relu"),
        layers.Conv2D(5, (3, 3)),
        layers.Activation("relu"),
        layers.MaxPooling2D((2, 2)),
        layers.Dropout(0.25),
        layers.Conv2D(4, (2, 2), activation="relu"),
        layers.Flatten(),
        layers.Dense(12, activation="relu"),
        layers.Dropout(0.5),
        layers.Dense(2),
        layers.Activation("softmax"),
    ]
)
mlp = keras.Sequential(
    [
        keras.Input((4,)),
        layers.Dense(7, activation="tanh"),
        layers.Dropout(0.1),
        layers.Dense(3, activation="softmax"),
    ]
)
for name, model, rows in (("cnn", cnn, "images"), ("mlp", mlp, "rows")):
    model.compile(loss="sparse_categorical_crossentropy")
    np.save(folder / f"{name}.npy", model.predict(np.load(folder / f"{rows}.npy"), verbose=0))
    for ending in ("h5", "keras"):
        model.save(folder / f"{name}.{ending}")
