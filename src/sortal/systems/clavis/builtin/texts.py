"""Networks of long short-term memory for texts as codes of words: those of the original's plugins."""

from collections.abc import Callable, Mapping
from typing import Any

from sortal.errors import OptionError, UserError
from sortal.plugins.declaration import Checked, Declaration, Declared
from sortal.plugins.given_data import GivenData
from sortal.systems.clavis.builtin.keras_perceptron import (
    OPTIMISERS,
    early_stopping,
    real,
    switch,
    training,
    whole,
)
from sortal.systems.clavis.builtin.translation import BuiltIn, Translated, seed_declared


def _parameters(dropout: float) -> tuple[Declared, ...]:
    return (
        switch("save_model", "Write the trained network to saved_models/", default=False),
        whole("layer_size", "Units of a layer of memory", (0, 100_000), 100),
        whole("epochs", "Epochs, at most", (0, 10_000), 5),
        *early_stopping(default=True),
        whole("batch_size", "Examples an update", (0, 100_000), 32),
        real("learning_rate", "Learning rate", (0, 100), 0.001),
        whole("embedding_vector_length", "Numbers that stand for a word", (0, 100_000), 64),
        real("dropout", "Share of numbers silenced", (0, 1), dropout),
        seed_declared(),
    )


def _memory(values: Mapping[str, Any]) -> dict[str, Any]:
    """Two layers of memory."""
    return {"layer_sizes": [values["layer_size"]] * 2, "dropout": float(values["dropout"])}


def _convolved_memory(values: Mapping[str, Any]) -> dict[str, Any]:
    """A convolution, then one layer of memory."""
    return {
        "embedding_dropout": float(values["dropout"]),
        "filters": [64],
        "kernel_size": 5,
        "padding": "valid",
        "pool_size": 4,
        "layer_sizes": [values["layer_size"]],
    }


def _translation(
    name: str, draw: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> Callable[[Checked, GivenData], Translated]:
    def translate(checked: Checked, source: GivenData) -> Translated:
        values = dict(checked.values)
        words = source.specs.get("num_words")
        if not isinstance(words, int):
            raise UserError(
                f"{name} needs texts as codes of words: expected num_words in the specs of "
                f"{source.name}, got {words!r}."
            )
        _refuse_nothing(values, name)
        return Translated(
            method="lstm",
            parameters={
                "num_words": words,
                "embedding_size": values["embedding_vector_length"],
                "optimiser": "adam",
                **OPTIMISERS["adam"],
                "learning_rate": float(values["learning_rate"]),
                **draw(values),
                **training(values, name),
            },
            seed=values["random_state"],
            save_model=values["save_model"],
        )

    return translate


def _refuse_nothing(values: Mapping[str, Any], name: str) -> None:
    """Refuse networks of nothing, which the ranges of the original allow."""
    for what in ("layer_size", "embedding_vector_length"):
        if values[what] < 1:
            raise OptionError(f"{name}.{what}", values[what], "1 or more")
    if values["learning_rate"] <= 0:
        raise OptionError(f"{name}.learning_rate", values["learning_rate"], "a number above 0")
    if values["dropout"] >= 1:
        raise OptionError(f"{name}.dropout", values["dropout"], "a share below 1")


CLASSIFIERS = (
    BuiltIn(
        declaration=Declaration(
            name="lstm",
            short="LSTM",
            description="Two layers of long short-term memory, for texts",
            parameters=_parameters(0.0),
        ),
        translate=_translation("lstm", _memory),
    ),
    BuiltIn(
        declaration=Declaration(
            name="lstm_cnn",
            short="LSTM CNN",
            description="A convolution, then long short-term memory, for texts",
            parameters=_parameters(0.25),
        ),
        translate=_translation("lstm_cnn", _convolved_memory),
    ),
)
