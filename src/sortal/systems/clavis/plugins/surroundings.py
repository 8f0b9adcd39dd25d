"""What is around a plugin while it trains: random streams of its own."""

import random
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

EXPECTED = ("Do not pass an `input_shape`", "__array__ implementation doesn't accept a copy")
"""Beginnings of warnings about the style of 2020, and of Keras about itself, which are no news."""


@contextmanager
def own_randomness(seed: int) -> Iterator[None]:
    """Seed the global generators of Python, NumPy and, where loaded, PyTorch and Keras.

    Plugins draw from them, as those of the page do. Afterwards all but Keras's go on where
    they were.

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
