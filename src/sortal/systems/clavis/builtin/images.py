"""Convolutional networks for images, and networks that were saved: those of the original's plugins."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from sortal.errors import OptionError, UserError
from sortal.plugins.declaration import Checked, Declaration, Declared
from sortal.plugins.given_data import GivenData
from sortal.systems.clavis.builtin.keras_perceptron import early_stopping, switch, training, whole
from sortal.systems.clavis.builtin.stored_layers import convolutional_network, dense_network
from sortal.systems.clavis.builtin.translation import BuiltIn, Translated, seed_declared

_BYTES = 255.0
"""What the original divides the numbers of images by."""

_KERAS = {"epsilon": 1e-7}
_MNIST = {
    "filters": [32, 64],
    "convolutions": 2,
    "padding": "valid",
    "block_dropout": 0.25,
    "hidden_layer_sizes": [128],
    "dropout": 0.5,
    # Adadelta as Keras had it in 2020; Keras 3 begins with steps a thousand times as short.
    "optimiser": "adadelta",
    "learning_rate": 1.0,
    "rho": 0.95,
    **_KERAS,
}
_CIFAR_UPDATES = {
    "optimiser": "rmsprop",
    "learning_rate": 1e-4,
    "rho": 0.9,
    **_KERAS,
    "schedule": "inverse_time",
    "decay": 1e-6,
}
_CIFAR = {
    "filters": [32, 32, 64, 64],
    "convolutions": 2,
    "padding": ["same", "valid", "same", "valid"],
    "block_dropout": 0.25,
    "hidden_layer_sizes": [512],
    "dropout": 0.5,
    **_CIFAR_UPDATES,
}
_SHIFT = 0.1
"""How far augmentation moves images, as a share of their height and width."""

_SAVE = switch("save_model", "Write the trained network to saved_models/", default=False)
_AUGMENT = switch("data_augmentation", "Move and mirror training images", default=True)
_TRAINING = (
    *early_stopping(default=True),
    whole("epochs", "Epochs, at most", (0, 10_000), 20),
    whole("steps_per_epoch", "Updates an epoch; 0 for one pass", (0, 1_000_000), 1000),
    whole("batch_size", "Examples an update", (0, 100_000), 32),
    seed_declared(),
)
_FILE = Declared(
    name="model_file",
    description="File of a saved network (.h5 or .keras), seen from where the batch runs",
    type="string",
    default="./saved_models/model.h5",
)

_Draw: TypeAlias = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Parameters of `cnn` that are the network and its updates, from the values of a configuration."""


def _built_in(
    names: tuple[str, str, str],
    parameters: tuple[Declared, ...],
    translate: Callable[[Checked, GivenData], Translated],
) -> BuiltIn:
    name, short, description = names
    declaration = Declaration(
        name=name, short=short, description=description, parameters=parameters
    )
    return BuiltIn(declaration=declaration, translate=translate)


def _image(source: GivenData, name: str) -> dict[str, Any]:
    """How the images lie in the features."""
    shape = source.original_shape
    if shape is None or len(shape) not in (2, 3):
        came = "gives none" if shape is None else f"gives {shape} an example"
        raise UserError(
            f"{name} needs images: expected an original_shape of (examples, height, width) or with "
            f"channels behind, and {source.name} {came}."
        )
    return {"shape": list(shape), "divisor": _BYTES}


def _steps(values: Mapping[str, Any], source: GivenData, *, augmented: bool) -> int:
    """Updates of an epoch, 0 for one pass: without augmentation a second one shows nothing new."""
    steps: int = values["steps_per_epoch"]
    if not augmented and steps * values["batch_size"] >= len(source.X_train):
        return 0
    return steps


def _augmentation(image: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """How images are moved and mirrored, and what the user should know of it."""
    height, width = image["shape"][:2]
    if min(height, width) * _SHIFT >= 1:
        return {"shift": _SHIFT, "flip": "horizontal"}, ()
    note = (
        f"data_augmentation mirrors these images of {height} x {width} points and does not move "
        "them: a tenth is less than a point."
    )
    return {"flip": "horizontal"}, (note,)


def _trained(name: str, draw: _Draw) -> Callable[[Checked, GivenData], Translated]:
    """A translation of a classifier that trains on images."""

    def translate(checked: Checked, source: GivenData) -> Translated:
        values = dict(checked.values)
        augmented = bool(values.get("data_augmentation", False))
        image = _image(source, name)
        augment, notices = _augmentation(image) if augmented else ({}, ())
        return Translated(
            method="cnn",
            parameters={
                **image,
                **training(values, name),
                "steps_per_epoch": _steps(values, source, augmented=augmented),
                **({"augment": augment} if augmented else {}),
                **draw(values),
            },
            seed=values["random_state"],
            save_model=values["save_model"],
            notices=notices,
        )

    return translate


def _started(values: Mapping[str, Any]) -> dict[str, Any]:
    """The layers of a file, its weights, and the updates of `cifar10_cnn`."""
    path = _path(values)
    return {**convolutional_network(path), **_CIFAR_UPDATES, "start_from": str(path)}


def _pretrained_images(checked: Checked, source: GivenData) -> Translated:
    path, image = _path(checked.values), _image(source, "cifar10_cnn_pretrained")
    loaded = {**convolutional_network(path), "start_from": str(path), "epochs": 0}
    return Translated(method="cnn", parameters={**image, **loaded})


def _pretrained_table(checked: Checked, source: GivenData) -> Translated:  # noqa: ARG001
    path = _path(checked.values)
    loaded = {**dense_network(path), "start_from": str(path), "epochs": 0}
    return Translated(method="mlp", parameters=loaded)


def _path(values: Mapping[str, Any]) -> Path:
    """The file; absolute, because workers run elsewhere."""
    if not values["model_file"]:
        raise OptionError("model_file", values["model_file"], "the name of a file")
    return Path(values["model_file"]).expanduser().absolute()


CLASSIFIERS = (
    _built_in(
        ("mlpc_keras_pretrained", "MLPC (k pre)", "Multi-layer perceptron from a file"),
        (_FILE,),
        _pretrained_table,
    ),
    _built_in(
        ("mnist_cnn", "MNIST CNN", "Convolutional network for images such as MNIST's"),
        (_SAVE, *_TRAINING),
        _trained("mnist_cnn", lambda _: _MNIST),
    ),
    _built_in(
        ("cifar10_cnn", "C10 CNN", "Convolutional network for images such as CIFAR-10's"),
        (_SAVE, _AUGMENT, *_TRAINING),
        _trained("cifar10_cnn", lambda _: _CIFAR),
    ),
    _built_in(
        ("cifar10_cnn_pretrained", "C10 CNN (pre)", "Convolutional network from a file"),
        (_FILE,),
        _pretrained_images,
    ),
    _built_in(
        (
            "cifar10_cnn_finetuned",
            "C10 CNN (fine-t)",
            "Convolutional network from a file, trained on",
        ),
        (_FILE, _SAVE, _AUGMENT, *_TRAINING),
        _trained("cifar10_cnn_finetuned", _started),
    ),
)
