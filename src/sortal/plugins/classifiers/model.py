"""A plugin's trained classifier as a model: asked block by block, never stored."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sortal.data.inputs import Inputs
from sortal.data.labels import UNKNOWN, Labels
from sortal.errors import NotSavable
from sortal.methods.contract.base import Key
from sortal.methods.contract.outcomes import collecting_warnings
from sortal.plugins.classifiers.answers import Reading
from sortal.plugins.classifiers.random_streams import own_randomness


@dataclass(frozen=True, slots=True, eq=False)
class KnownTruth:
    """Labels of the examples of a job's own data, by id.

    The page gives the true labels to functions that predict, and its reference classifier
    needs them. They get them where they are known, which is so for the examples that a job
    is judged by; for any other example, and where an id names several, they get -1.
    """

    ids: np.ndarray = field(repr=False)
    """Ascending, each once."""

    codes: np.ndarray = field(repr=False)
    """In the order of `ids`, shape (examples,) or (examples, labels)."""

    @classmethod
    def of(cls, ids: np.ndarray, labels: Labels) -> "KnownTruth":
        """Sort the labels of all examples."""
        codes = np.array(labels.codes, dtype=np.int64)
        unique, places, counts = np.unique(ids, return_index=True, return_counts=True)
        table = codes[places]
        table[counts > 1] = UNKNOWN
        return cls(unique, table)

    def find(self, ids: np.ndarray) -> np.ndarray:
        """Labels of some examples, as an array of their own."""
        places = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        found = self.codes[places]
        found[self.ids[places] != ids] = UNKNOWN
        return found


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PluginModel:
    """One trained classifier of a plugin."""

    members: tuple[Key, ...]
    """One."""

    classifier: Any = field(repr=False)
    reading: Reading
    truth: KnownTruth
    seed: int
    """The member's. Each block that it is asked for begins with it, as training did."""

    def scores(self, inputs: Inputs) -> np.ndarray:
        """Ask the classifier; shape (1, examples, outputs).

        It gets arrays of its own, which it may change. What it draws from the global generators
        depends on the seed and on the examples of the block alone, whatever was asked before.

        Raises:
            DataError: What it answers is of no use.
        """
        X = np.array(inputs.matrix())
        y = self.truth.find(np.asarray(inputs.ids))
        function = getattr(self.classifier, self.reading.answer.value)
        if len(X) == 0:
            outputs = 1 if self.reading.single else self.reading.seen.columns
            return np.empty((1, 0, outputs))
        with (
            collecting_warnings(),
            own_randomness(self.seed),
        ):  # told while it trained, if it tells anything
            answered = function(X, y)
        return self.reading.scores(answered, len(X))[None]

    def pick(self, keys: tuple[Key, ...]) -> "PluginModel":  # noqa: ARG002 - there is one
        """Itself."""
        return self

    def save(self, folder: Path) -> None:  # noqa: ARG002 - nothing is written
        """Refuse: nobody but a plugin knows how to keep what it trained."""
        raise NotSavable(
            f"{self.reading.plugin} is a classifier of a plugin, whose models only the plugin itself "
            "can keep; a job with --plugins trains it again."
        )
