"""Keras as plugins of 2020 know it, on the Keras of today, which runs on PyTorch.

A plugin's `import keras` gives views of Keras's modules. They pass everything on but a few words
that Keras 3 has dropped:

- `lr=` of optimizers is `learning_rate=`, and `decay=` its inverse-time schedule; one of whose
  rate nothing is said begins with that of then, also where a `Sequential` is told its name;
- `predict_classes` of a `Sequential` is the place of the largest output, of a single one whether
  it exceeds one half; its `predict_proba` is `predict`, its `fit_generator` is `fit`;
- `keras.layers.core` and its neighbours are `keras.layers`, `keras.utils.np_utils` is
  `keras.utils`; optimizers have names in small letters too, as `keras.optimizers.rmsprop`;
- `keras.preprocessing.image.ImageDataGenerator` is that of `image_generator.py`, whose batches
  `fit`, `fit_generator` and the like of a `Sequential` take; their options of reading in parallel
  (`workers=`) change nothing.

Keras itself, and whoever else uses it in this process, see nothing of this.
"""

import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial, wraps
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np

from sortal.errors import MissingExtra
from sortal.plugins.keras.image_generator import ImageDataGenerator, ImageFlow

NOTICE = (
    "on the installed Keras with PyTorch (KERAS_BACKEND), where a shim understands the words of 2020 "
    "(lr=, decay=, predict_classes, predict_proba)"
)
"""What a plugin that imports Keras runs on."""

_LAYERS = ("core", "convolutional", "pooling", "recurrent", "embeddings", "normalization", "merge")
_MOVED = {
    **{f"keras.layers.{name}": "keras.layers" for name in _LAYERS},
    "keras.utils.np_utils": "keras.utils",
}
"""Modules of 2020 that are part of others now."""


_GENERATOR = "keras.preprocessing.image.ImageDataGenerator"

_SMALL = {
    name.lower(): name
    for name in ("SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "Adamax", "Nadam")
}
"""Optimizers by the names in small letters that Keras 2.3 had beside."""

_PARALLEL = ("workers", "use_multiprocessing", "max_queue_size")
"""Options of reading in parallel, which Keras 3 has no more."""

_OF_THEN: dict[str, dict[str, float]] = {
    "Adadelta": {"learning_rate": 1.0},
    "Adagrad": {"learning_rate": 0.01, "initial_accumulator_value": 0.0},
    "Adamax": {"learning_rate": 0.002},
    "Nadam": {"learning_rate": 0.002},
}
"""What optimizers of Keras 2.3 began with, where Keras 3 begins with something else."""


def import_view(name: str, names: Sequence[str]) -> ModuleType:
    """What `import name`, or `from name import names`, gives to a plugin.

    Raises:
        ImportError: Keras is not installed, or has no such module.
    """
    module = _view(name)
    for wanted in names:
        place = f"{name}.{wanted}"
        if place in _MOVED or (wanted != "*" and not hasattr(module, wanted)):
            _import_part(place)
    return module if names else _view("keras")


class _View(ModuleType):
    """A module of Keras with the words of 2020."""

    def __init__(self, name: str, real: ModuleType) -> None:
        super().__init__(name, real.__doc__)
        self._real = real
        self.__all__ = [one for one in dir(real) if not one.startswith("_")]

    def __getattr__(self, name: str) -> Any:
        place = f"{self.__name__}.{name}"
        if place in _MOVED:
            return _view(place)
        if place == _GENERATOR:
            return ImageDataGenerator
        if self.__name__ == "keras.optimizers" and name in _SMALL:
            return getattr(self, _SMALL[name])
        found = getattr(self._real, name)
        if isinstance(found, ModuleType):
            return _view(place)
        return _translated(self.__name__, name, found)


@cache
def _view(name: str) -> _View:
    return _View(name, _import(_MOVED.get(name, name)))


def _import_part(name: str) -> None:
    """Import what may be a module; if it is none, the plugin's own import says so."""
    if name in _MOVED:
        _view(name)
        return
    try:
        _view(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise


def _import(name: str) -> ModuleType:
    if "keras" not in sys.modules:
        os.environ.setdefault("KERAS_BACKEND", "torch")
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name == "keras":
            raise ImportError(str(MissingExtra("a plugin that imports Keras", "keras"))) from error
        raise


def _translated(module: str, name: str, found: Any) -> Any:
    """One name of a module, with the words of 2020 where it had other ones."""
    if module == "keras.optimizers" and isinstance(found, type):
        return _optimizer(found)
    if name == "Sequential" and isinstance(found, type):
        return _model(found)
    if name in {"load_model", "clone_model", "model_from_json"}:
        return _loader(found)
    return found


@cache
def _optimizer(kind: type) -> Callable[..., Any]:
    """An optimizer's class, as a function that knows `lr` and `decay`."""

    @wraps(kind, updated=())
    def make(*args: Any, **options: Any) -> Any:
        if "lr" in options:
            _say("lr= of an optimizer is passed on as learning_rate=")
            options["learning_rate"] = options.pop("lr")
        if then := _left_to_then(kind, args, options):
            told = ", ".join(f"{word}={value:g}" for word, value in then.items())
            _say(f"{kind.__name__} begins with {told}, as it did then")
            options |= then
        decay = options.pop("decay", 0.0)
        if decay:
            rate = _decayed(kind, args, options, decay)
            if args:
                args = (rate, *args[1:])
            else:
                options["learning_rate"] = rate
        return kind(*args, **options)

    return make


def _left_to_then(kind: type, args: tuple[Any, ...], options: dict[str, Any]) -> dict[str, float]:
    """What nothing is said of and was otherwise in 2020; the first argument is the rate."""
    said = {*options, *(("learning_rate",) if args else ())}
    then = _OF_THEN.get(kind.__name__, {}) if len(args) < 2 else {}
    return {word: value for word, value in then.items() if word not in said}


def _named_of_then(optimizer: Any) -> Any:
    """An optimizer, made here if it is the name of one that began otherwise in 2020."""
    known = {name.lower(): name for name in _OF_THEN}
    if not isinstance(optimizer, str) or optimizer.lower() not in known:
        return optimizer
    return getattr(_view("keras.optimizers"), known[optimizer.lower()])()


def _decayed(kind: type, args: tuple[Any, ...], options: dict[str, Any], decay: float) -> Any:
    """The rate divided by 1 + decay * updates, as `decay=` meant."""
    _say("decay= of an optimizer is passed on as keras.optimizers.schedules.InverseTimeDecay")
    rate = args[0] if args else options.get("learning_rate", kind().learning_rate)
    schedules: Any = _import("keras").optimizers.schedules
    return schedules.InverseTimeDecay(float(rate), decay_steps=1, decay_rate=decay)


@cache
def _model(kind: Any) -> type:
    """A class of models with the methods that it had in 2020; files know it as Keras's own."""
    added = {name: function for name, function in _METHODS.items() if not hasattr(kind, name)}

    @wraps(kind.compile)
    def compile_(model: Any, optimizer: Any = "rmsprop", *args: Any, **options: Any) -> Any:
        return kind.compile(model, _named_of_then(optimizer), *args, **options)

    added["compile"] = compile_
    added |= {name: _feeding(getattr(kind, name)) for name in _FED}
    return type(kind.__name__, (kind,), {**added, "__module__": kind.__module__})


def _loader(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose models get the methods of 2020."""

    @wraps(function)
    def load(*args: Any, **options: Any) -> Any:
        model = function(*args, **options)
        for name in _FED:
            object.__setattr__(model, name, partial(_feeding(getattr(type(model), name)), model))
        for name, method in _METHODS.items():
            if not hasattr(model, name):
                object.__setattr__(model, name, partial(method, model))
        return model

    return load


_FED = {"fit": "steps_per_epoch", "evaluate": "steps", "predict": "steps"}
"""Methods that take batches of an `ImageDataGenerator`, and how they call the number of batches."""


def _feeding(method: Callable[..., Any]) -> Callable[..., Any]:
    """A model's method that takes flows of images, and the options of reading in parallel."""
    steps = _FED[method.__name__]

    @wraps(method)
    def call(model: Any, x: Any = None, *args: Any, **options: Any) -> Any:
        for name in _PARALLEL:
            options.pop(name, None)
        if isinstance(x, ImageFlow):
            # Keras 3 ends an epoch with the pass over a data set, Keras 2 went on to the next pass.
            options[steps] = options.get(steps) or len(x)
            if method.__name__ == "fit":
                options["shuffle"] = False  # the flow has its own order
            x = _endless(x)
        given = options.get("validation_data")
        if isinstance(given, ImageFlow):
            options["validation_steps"] = options.get("validation_steps") or len(given)
            options["validation_data"] = _endless(given)
        return method(model, x, *args, **options)

    return call


def _endless(flow: ImageFlow) -> Iterator[Any]:
    """A generator, which is what Keras 3 takes as batches without end."""
    yield from flow


def _predict_classes(model: Any, x: Any, batch_size: int | None = None, verbose: int = 0) -> Any:
    _say("predict_classes is the place of the largest output of predict")
    outputs = np.asarray(model.predict(x, batch_size=batch_size, verbose=verbose))
    return np.argmax(outputs, axis=-1) if outputs.shape[-1] > 1 else (outputs > 0.5).astype(int)


def _predict_proba(model: Any, x: Any, batch_size: int | None = None, verbose: int = 0) -> Any:
    _say("predict_proba is predict")
    return model.predict(x, batch_size=batch_size, verbose=verbose)


def _fit_generator(
    model: Any, generator: Any, steps_per_epoch: int | None = None, *args: Any, **options: Any
) -> Any:
    """The second argument is the number of batches here, and the number of epochs the third."""
    _say("fit_generator is fit")
    if args:
        options["epochs"], *args_left = args
        if args_left:
            raise TypeError("fit_generator: name the arguments behind epochs, such as verbose=0.")
    return model.fit(generator, steps_per_epoch=steps_per_epoch, **options)


def _evaluate_generator(
    model: Any, generator: Any, steps: int | None = None, **options: Any
) -> Any:
    _say("evaluate_generator is evaluate")
    return model.evaluate(generator, steps=steps, **options)


def _predict_generator(model: Any, generator: Any, steps: int | None = None, **options: Any) -> Any:
    _say("predict_generator is predict")
    return model.predict(generator, steps=steps, **options)


_METHODS: dict[str, Callable[..., Any]] = {
    "predict_classes": _predict_classes,
    "predict_proba": _predict_proba,
    "fit_generator": _fit_generator,
    "evaluate_generator": _evaluate_generator,
    "predict_generator": _predict_generator,
}


def _say(text: str) -> None:
    warnings.warn(f"Keras of 2020: {text}.", stacklevel=3)
