"""Score rows with stock Keras alone: run as a script in a process that knows nothing of Sortal.

Standard input is a JSON list of requests: `model` (path for load_model), or `weights` (path
for load_weights) with `layers` (class names and options) to load them into; `rows`, `out`: .npy.
"""

import json
import sys

import keras
import numpy as np

for request in json.load(sys.stdin):
    rows = np.load(request["rows"])
    if "model" in request:
        model = keras.saving.load_model(request["model"])
    else:
        layers = [getattr(keras.layers, name)(**options) for name, options in request["layers"]]
        model = keras.Sequential([keras.Input(rows.shape[1:]), *layers])
        model.load_weights(request["weights"])
    np.save(request["out"], np.asarray(model.predict(rows, verbose=0)))
assert not [name for name in sys.modules if name.startswith("sortal")]
