"""The script's four pickled lists, written when they are asked for and never read."""

import io
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path

from sortal.store.files import atomic


def write_pickles(folder: Path, course: Mapping[str, Sequence[float]]) -> None:
    """Write acc.pickle, loss.pickle, val_acc.pickle and val_loss.pickle: lists of numbers, one an epoch."""
    for name, values in course.items():
        held = io.BytesIO()
        pickle.dump([float(value) for value in values], held)
        atomic.write_bytes(folder / f"{name}.pickle", held.getvalue())
