"""`mlpc_keras`: the page's perceptron of Keras, trained as one of a population of networks."""

from dataclasses import replace
from typing import Any

from sortal.errors import OptionError
from sortal.plugins.declaration import Checked, Declaration, Declared
from sortal.plugins.given_data import GivenData
from sortal.systems.clavis.builtin.translation import BuiltIn, Translated, seed_declared

VALIDATION_SHARE = 0.2
"""Share of the training examples that validates (`validation_split`). Keras takes the last ones as
they lie, which of sorted examples are of one class; here they are drawn, stratified by class."""

ACTIVATIONS = {
    "softmap": "softmax",
    "softmax": "softmax",
    **{
        name: name
        for name in (
            "elu",
            "selu",
            "softplus",
            "softsign",
            "relu",
            "tanh",
            "sigmoid",
            "hard_sigmoid",
            "exponential",
            "linear",
        )
    },
}
"""Ours by theirs; they misspell softmax, which is understood as it should be spelt too."""

_EPSILON = {"epsilon": 1e-7}
OPTIMISERS: dict[str, dict[str, Any]] = {
    "sgd": {},
    "rmsprop": {"rho": 0.9, **_EPSILON},
    "adagrad": _EPSILON,
    "adadelta": {"rho": 0.95, **_EPSILON},
    "adam": {"epsilon_added_to": "uncorrected", **_EPSILON},
    "adamax": _EPSILON,
    "nadam": _EPSILON,
}
"""What Keras chooses where torch, whose defaults ours are, chooses otherwise."""

_SHORT = "hidden_layer_sizes_short"


def switch(name: str, description: str, *, default: bool) -> Declared:
    """Declare a parameter that is true or false."""
    return Declared(name=name, description=description, type="boolean", default=default)


def whole(name: str, description: str, bounds: tuple[int, int], default: int) -> Declared:
    """Declare a whole number."""
    return Declared(
        name=name, description=description, type="integer", range=bounds, default=default
    )


def real(name: str, description: str, bounds: tuple[float, float], default: float) -> Declared:
    """Declare a number."""
    return Declared(name=name, description=description, type="float", range=bounds, default=default)


def early_stopping(*, default: bool) -> tuple[Declared, ...]:
    """Declare whether training stops early, and after how many epochs without a gain."""
    patience = "Epochs to wait for a better validation loss"
    return (
        switch("early_stopping", "Stop early, with the best weights", default=default),
        whole("early_stopping_patience", patience, (0, 1_000_000), 10),
    )


_DECLARATION = Declaration(
    name="mlpc_keras",
    short="MLPC (k)",
    description="Multi-layer perceptron as Keras computes it",
    parameters=(
        switch("save_model", "Write the trained network to saved_models/", default=False),
        Declared(
            name="activation",
            description="Activation function of the hidden layers",
            type="string",
            range=tuple(ACTIVATIONS),
            default="relu",
        ),
        Declared(
            name="hidden_layer_sizes",
            description="Units of each hidden layer",
            type="array",
            items=whole("units", "Units of a layer", (1, 100_000), 100),
            default=[100, 100],
        ),
        Declared(
            name=_SHORT,
            description="Layers x units of each; stands before hidden_layer_sizes",
            type="string",
            pattern=r"[1-9]\d{0,2}x[1-9]\d{0,4}",
            pattern_in_words="layers x units of each, such as '2x100'",
            default="2x100",
        ),
        Declared(
            name="optimizer",
            description="Optimiser",
            type="string",
            range=tuple(OPTIMISERS),
            default="adam",
        ),
        real("learning_rate_init", "Learning rate", (0, 1), 0.001),
        real("dropout", "Share of units silenced behind each hidden layer", (0, 1), 0.5),
        whole("batch_size", "Examples an update", (1, 512), 64),
        whole("epochs", "Epochs, at most", (0, 10_000), 50),
        *early_stopping(default=False),
        seed_declared(),
        whole("verbose", "0: silent, 1: one line in the end, 2: one an epoch", (0, 10), 1),
    ),
)


def training(values: dict[str, Any], name: str) -> dict[str, Any]:
    """How a network of Keras is trained, as parameters of our networks.

    Args:
        values: `epochs`, `batch_size`, `early_stopping` and `early_stopping_patience`.
        name: The classifier, for messages.

    Raises:
        OptionError: Nothing would be learnt.
    """
    for what in ("epochs", "batch_size"):
        if values[what] < 1:
            raise OptionError(f"{name}.{what}", values[what], "1 or more, to learn something")
    # Keras stops at the first epoch without a gain, whether it is to wait for one or for none.
    patience = max(1, values["early_stopping_patience"])
    return {
        "epochs": values["epochs"],
        "batch_size": values["batch_size"],
        "early_stopping": patience if values["early_stopping"] else 0,
        "held_out": VALIDATION_SHARE,
        "training_loss": False,
        "accuracy": "unweighted",
    }


def _translate(checked: Checked, source: GivenData) -> Translated:  # noqa: ARG001 - the same for any data
    values = dict(checked.values)
    if values["learning_rate_init"] <= 0:
        expected = "a number above 0, to learn something"
        raise OptionError("mlpc_keras.learning_rate_init", values["learning_rate_init"], expected)
    if values["dropout"] >= 1:
        expected = "a share below 1, which would silence every unit"
        raise OptionError("mlpc_keras.dropout", values["dropout"], expected)
    if _SHORT in checked.missing:
        del values[_SHORT]
    else:
        layers, units = map(int, values[_SHORT].split("x"))
        values["hidden_layer_sizes"] = [units] * layers
    translated = Translated(
        method="mlp",
        parameters={
            "hidden_layer_sizes": list(values["hidden_layer_sizes"]),
            "activation": ACTIVATIONS[values["activation"]],
            "optimiser": values["optimizer"],
            **OPTIMISERS[values["optimizer"]],
            "learning_rate": float(values["learning_rate_init"]),
            "dropout": float(values["dropout"]),
            **training(values, "mlpc_keras"),
        },
        seed=values["random_state"],
        values=values,
    )
    return replace(translated, save_model=values["save_model"], verbose=values["verbose"])


CLASSIFIERS = (BuiltIn(declaration=_DECLARATION, translate=_translate),)
