"""Boosted ensembles of scikit-learn, read round by round."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from sortal.errors import Damaged
from sortal.methods.ensembles.links import logistic, softmax
from sortal.methods.model_files.tree_arrays import (
    check_nodes,
    check_offsets,
    pack_trees,
    unpack_trees,
)


class StagedEnsemble(Protocol):
    """One boosted ensemble for one truth."""

    kind: str

    @property
    def rounds(self) -> int:
        """Rounds it has; 0 if it never needed any."""
        ...

    def stages(self, matrix: np.ndarray) -> Iterator[np.ndarray]:
        """Decision after each round; the array may be changed by the next step."""
        ...

    def probabilities(self, decision: np.ndarray) -> np.ndarray:
        """Probabilities of the seen classes, shape (examples, seen classes)."""
        ...

    def cut(self, rounds: int) -> "StagedEnsemble":
        """Keep the first rounds."""
        ...

    def pack(self) -> dict[str, np.ndarray]:
        """Everything as arrays."""
        ...


class SingleClass:
    """What is learnt from a single class: that class."""

    kind = "always"
    rounds = 0

    def stages(self, matrix: np.ndarray) -> Iterator[np.ndarray]:
        """Nothing is learnt, so there is one stage at most."""
        yield np.ones((len(matrix), 1))

    def probabilities(self, decision: np.ndarray) -> np.ndarray:
        """Certainty."""
        return decision

    def cut(self, rounds: int) -> "SingleClass":  # noqa: ARG002 - nothing to cut
        """Stays as it is."""
        return self

    def pack(self) -> dict[str, np.ndarray]:
        """Holds nothing."""
        return {}


class AdaBoostStages:
    """AdaBoost: small trees that vote, each with its weight (SAMME, doi:10.4310/SII.2009.v2.n3.a8)."""

    kind = "stumps"

    def __init__(self, trees: Sequence[Any], weights: np.ndarray) -> None:
        """Keep trees in the order of training with their weights, shape (trees,)."""
        self._trees, self._weights = trees, weights

    @property
    def rounds(self) -> int:
        """Trees."""
        return len(self._trees)

    def stages(self, matrix: np.ndarray) -> Iterator[np.ndarray]:
        """Weighted mean of votes: 1 for the class chosen, -1/(classes - 1) for each other."""
        matrix = np.ascontiguousarray(matrix, dtype=np.float32)
        classes = int(self._trees[0].n_classes[0])
        votes, weights = np.zeros((len(matrix), classes)), 0.0
        for tree, weight in zip(self._trees, self._weights, strict=True):
            choice = tree.predict(matrix).reshape(votes.shape).argmax(axis=1)
            chosen = choice[:, None] == np.arange(classes)
            votes += np.where(chosen, weight, -weight / (classes - 1))
            weights += weight
            yield votes / weights

    def probabilities(self, decision: np.ndarray) -> np.ndarray:
        """Softmax of the mean votes over one less than the number of classes."""
        return softmax(decision / (decision.shape[1] - 1))

    def cut(self, rounds: int) -> "AdaBoostStages":
        """Keep the first trees."""
        return AdaBoostStages(self._trees[:rounds], self._weights[:rounds])

    def pack(self) -> dict[str, np.ndarray]:
        """Trees end to end, and their weights."""
        return {**pack_trees(self._trees), "weights": self._weights}

    @classmethod
    def unpack(
        cls, arrays: Mapping[str, np.ndarray], features: int, classes: int
    ) -> "AdaBoostStages":
        """Read what `pack` gave."""
        trees = unpack_trees(arrays, features, [classes])
        if arrays["weights"].shape != (len(trees),):
            raise Damaged("stored trees: there is not one weight for each.")
        return cls(trees, arrays["weights"])


class GradientStages:
    """Histogram gradient boosting: leaf values added round by round to a first guess."""

    kind = "gradients"

    def __init__(self, nodes: Sequence[Sequence[np.ndarray]], baseline: np.ndarray) -> None:
        """Keep the trees.

        Args:
            nodes: Node records of each tree: by round, then by class (one if there are two).
            baseline: First guess, shape (trees of a round,).
        """
        self._nodes, self._baseline = nodes, baseline

    @property
    def rounds(self) -> int:
        """Rounds, each with one tree or one a class."""
        return len(self._nodes)

    def stages(self, matrix: np.ndarray) -> Iterator[np.ndarray]:
        """Sums of leaf values, shape (examples, trees of a round)."""
        from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

        matrix = np.ascontiguousarray(matrix, dtype=np.float64)
        no_bits = np.zeros((0, 8), dtype=np.uint32)
        no_map = np.zeros(matrix.shape[1], dtype=np.uint32)
        total = np.zeros((len(matrix), len(self._baseline)), order="F")
        total += self._baseline
        for trees in self._nodes:
            for column, nodes in enumerate(trees):
                tree = TreePredictor(nodes, no_bits, no_bits)
                total[:, column] += tree.predict(matrix, no_bits, no_map, 1)
            yield total

    def probabilities(self, decision: np.ndarray) -> np.ndarray:
        """Logistic for two classes, softmax for more."""
        return softmax(decision) if decision.shape[1] > 1 else logistic(decision[:, 0])

    def cut(self, rounds: int) -> "GradientStages":
        """Keep the first rounds."""
        return GradientStages(self._nodes[:rounds], self._baseline)

    def pack(self) -> dict[str, np.ndarray]:
        """Trees end to end, round by round."""
        trees = [nodes for round_ in self._nodes for nodes in round_]
        counts = [len(nodes) for nodes in trees]
        return {
            "nodes": np.concatenate(trees),
            "offsets": np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            "baseline": self._baseline,
        }

    @classmethod
    def unpack(
        cls, arrays: Mapping[str, np.ndarray], features: int, classes: int
    ) -> "GradientStages":
        """Read what `pack` gave."""
        from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE

        nodes, offsets, baseline = arrays["nodes"], arrays["offsets"], arrays["baseline"]
        check_offsets(offsets, len(nodes))
        width = 1 if classes == 2 else classes
        if nodes.dtype != PREDICTOR_RECORD_DTYPE or baseline.shape != (width,):
            raise Damaged("stored trees: not of this version of scikit-learn.")
        if (len(offsets) - 1) % width or nodes["is_categorical"].any():
            raise Damaged("stored trees: rounds are incomplete.")
        leaf = nodes["is_leaf"].astype(bool)
        check_nodes(offsets, leaf, (nodes["left"], nodes["right"]), nodes["feature_idx"], features)
        trees = [nodes[a:b].copy() for a, b in pairwise(offsets)]
        return cls([trees[at : at + width] for at in range(0, len(trees), width)], baseline)


def unpack_stages(
    kind: str, arrays: Mapping[str, np.ndarray], features: int, classes: int
) -> StagedEnsemble:
    """Read what the `pack` of a kind of course gave."""
    if kind == SingleClass.kind:
        return SingleClass()
    if kind == AdaBoostStages.kind:
        return AdaBoostStages.unpack(arrays, features, classes)
    if kind == GradientStages.kind:
        return GradientStages.unpack(arrays, features, classes)
    raise Damaged(f"stored ensemble: no kind {kind!r}.")
