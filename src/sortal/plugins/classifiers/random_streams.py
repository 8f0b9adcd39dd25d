"""What is around a plugin while it trains or predicts: random streams of its own."""

import random
import sys
import warnings
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from typing import Any

import numpy as np

from sortal.plugins.keras import keras_2020

EXPECTED = ("Do not pass an `input_shape`", "__array__ implementation doesn't accept a copy")
"""Beginnings of warnings about the style of 2020, and of Keras about itself, which are no news."""


def import_generators(packages: Collection[str]) -> None:
    """Import PyTorch and Keras where a plugin will, so that `own_randomness` finds them.

    Plugins may import them inside functions: what they draw first would be of no seed.

    Args:
        packages: What the plugin imports. One that is missing is passed over: the plugin tells.
    """
    with suppress(ImportError):
        if "keras" in packages:
            keras_2020.import_view("keras", ())
        if "torch" in packages:
            import_module("torch")


@contextmanager
def own_randomness(seed: int) -> Iterator[None]:
    """Seed the global generators of Python, NumPy and, where loaded, PyTorch and Keras.

    Plugins draw from them, as those of the page do. Afterwards all but Keras's go on where
    they were. A warning tells of PyTorch that was imported in between.

    Args:
        seed: The member's; what a plugin draws depends on nothing else.
    """
    number = int(np.random.SeedSequence(seed).generate_state(1)[0])
    with ExitStack() as stack:
        stack.callback(random.setstate, random.getstate())
        stack.callback(np.random.set_state, np.random.get_state())  # noqa: NPY002
        torch: Any = sys.modules.get("torch")
        if torch is not None:
            stack.enter_context(torch.random.fork_rng(devices=[]))
            torch.manual_seed(number)
        random.seed(number)
        np.random.seed(number)  # noqa: NPY002 - plugins draw from this very generator
        keras: Any = sys.modules.get("keras")
        if keras is not None:
            keras.utils.set_random_seed(number)
        yield
        if torch is None and "torch" in sys.modules:
            warnings.warn(
                "PyTorch was imported while it trained, too late for its seed: what it drew "
                "cannot be drawn again. Import it in the plugin itself.",
                stacklevel=2,
            )
