"""A grown forest that scores all its prefixes in one pass over its trees."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from sortal.data.inputs import Inputs
from sortal.errors import Damaged
from sortal.methods.contract.base import Key
from sortal.methods.contract.class_columns import ClassColumns
from sortal.methods.ensembles.prefixes import Prefixes
from sortal.methods.model_files.files import damaged_if_unreadable, read_model, write_model
from sortal.methods.model_files.tree_arrays import pack_trees, unpack_trees

_ROWS = 256
"""Fewest examples that are worth a thread."""


class ForestModel:
    """Trees in the order they were grown, and the members that average the first of them."""

    def __init__(
        self,
        kind: str,
        prefixes: Prefixes,
        trees: list[Any],
        seen: ClassColumns,
        features: int,
        *,
        threads: int = 1,
    ) -> None:
        """Keep only trees that a member uses.

        Args:
            kind: Name of the method.
            prefixes: Trees of each member.
            trees: `tree_` of fitted trees, at least as many as the largest member uses.
            seen: Classes that training saw.
            features: Numbers in one example.
            threads: Threads to score with.
        """
        self.members = prefixes.keys
        self._prefixes, self._seen = prefixes, seen
        self._kind, self._features = kind, features
        self._trees = trees[: prefixes.largest]
        self._threads = threads

    def scores(self, inputs: Inputs) -> np.ndarray:
        """Mean class shares of each member's trees, shape (members, examples, outputs)."""
        matrix = np.ascontiguousarray(inputs.matrix(), dtype=np.float32)
        scores = np.empty((len(self.members), len(matrix), self._seen.columns))
        # Threads take rows, not trees, so that sums are always taken in the same order.
        step = max(_ROWS, -(-len(matrix) // self._threads))
        blocks = [slice(start, start + step) for start in range(0, len(matrix), step)]
        with ThreadPoolExecutor(self._threads) as pool:
            for done in [pool.submit(self._average, matrix[b], scores[:, b]) for b in blocks]:
                done.result()
        return scores

    def _average(self, matrix: np.ndarray, scores: np.ndarray) -> None:
        """Add tree after tree, and read each member's mean off at its last one."""
        places = self._prefixes.places()
        widths = [len(codes) for codes in self._seen.codes]
        total = np.zeros((len(matrix), len(widths), max(widths)))
        for count, tree in enumerate(self._trees, start=1):
            total += tree.predict(matrix).reshape(total.shape)
            for place in places.get(count, ()):
                mean = total / count
                parts = [mean[:, output, :width] for output, width in enumerate(widths)]
                self._seen.place(parts, scores[place])

    def pick(self, keys: tuple[Key, ...]) -> "ForestModel":
        """A model of these members; trees beyond the largest of them are dropped."""
        prefixes = self._prefixes.pick(keys)
        return ForestModel(
            self._kind, prefixes, self._trees, self._seen, self._features, threads=self._threads
        )

    def save(self, folder: Path) -> None:
        """Write the trees once for all members."""
        about = {
            "kind": self._kind,
            "members": self._prefixes.describe(),
            "seen": self._seen.describe(),
            "features": self._features,
        }
        write_model(folder, about, pack_trees(self._trees))

    @classmethod
    def load(cls, folder: Path, kind: str) -> "ForestModel":
        """Read what `save` wrote.

        Raises:
            Damaged: The files are not what was written.
        """
        about, arrays = read_model(folder, kind)
        with damaged_if_unreadable(folder):
            seen = ClassColumns.read(about["seen"])
            features = int(about["features"])
            trees = unpack_trees(arrays, features, [len(codes) for codes in seen.codes])
            prefixes = Prefixes.read(about["members"])
            if prefixes.largest != len(trees):
                raise Damaged(f"{folder}: {len(trees)} trees, but members use {prefixes.largest}.")
            return cls(kind, prefixes, trees, seen, features)
