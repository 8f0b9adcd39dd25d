"""Training examples that are asked for their nearest, and the members that count the votes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from sortal.data.inputs import Inputs
from sortal.errors import Damaged
from sortal.methods.contract.base import Key
from sortal.methods.model_files.files import damaged_if_unreadable, read_model, write_model
from sortal.methods.neighbours.search import Algorithm, Metric, NeighbourSearch

Weighting: TypeAlias = Literal["uniform", "distance"]

_BLOCK = 1 << 22
"""Numbers that one step of scoring may hold."""


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """How members of one model look for neighbours."""

    metric: Metric
    p: float
    algorithm: Algorithm


@dataclass(frozen=True, slots=True, kw_only=True)
class Voter:
    """One member: how many neighbours it asks, how it counts them, which outputs it gives."""

    key: Key
    neighbours: int
    weighting: Weighting
    columns: tuple[int, ...]
    """Columns of the model's truth."""


class NeighboursModel:
    """Training examples with their truth, and the members that ask them."""

    def __init__(
        self,
        kind: str,
        voters: tuple[Voter, ...],
        examples: np.ndarray,
        truth: np.ndarray,
        search: SearchOptions,
    ) -> None:
        """Index the examples.

        Args:
            kind: Name of the method.
            voters: Members that ask for no more neighbours than there are examples.
            examples: Shape (examples, features).
            truth: One 0 or 1 for each class or target, shape (examples, columns), uint8.
            search: How neighbours are looked for.
        """
        self.members = tuple(voter.key for voter in voters)
        self._kind, self._voters, self._search = kind, voters, search
        self._examples, self._truth = examples, truth
        width = max(max(voter.columns) for voter in voters)
        deepest = max(voter.neighbours for voter in voters)
        if len(examples) != len(truth) or deepest > len(truth) or width >= truth.shape[1]:
            raise Damaged("stored neighbours: examples, truth and members do not fit together.")
        self._nearest = NeighbourSearch(examples, search.metric, search.p, search.algorithm)
        self._votes = truth.astype(np.float64)

    def scores(self, inputs: Inputs) -> np.ndarray:
        """Shares of the neighbours' votes, shape (members, examples, outputs)."""
        matrix = inputs.matrix()
        scores = np.empty((len(self._voters), len(matrix), len(self._voters[0].columns)))
        deepest = max(voter.neighbours for voter in self._voters)
        step = max(1, _BLOCK // (4 * (deepest + 8) + self._truth.shape[1] + matrix.shape[1]))
        for start in range(0, len(matrix), step):
            block = slice(start, start + step)
            distances, rows = self._nearest.search(matrix[block], deepest)
            self._count(distances, rows, scores[:, block])
        return scores

    def _count(self, distances: np.ndarray, rows: np.ndarray, scores: np.ndarray) -> None:
        """Add up votes from the nearest on, and read each member's score off at its k."""
        weightings = {voter.weighting for voter in self._voters}
        for weighting in sorted(weightings):
            places: dict[int, list[int]] = {}
            for place, voter in enumerate(self._voters):
                if voter.weighting == weighting:
                    places.setdefault(voter.neighbours, []).append(place)
            weights = _weights(distances) if weighting == "distance" else np.ones_like(distances)
            votes = np.zeros((len(rows), self._votes.shape[1]))
            total = np.zeros((len(rows), 1))
            for nth in range(max(places)):
                weight = weights[:, nth, None]
                votes += weight * self._votes[rows[:, nth]]
                total += weight
                for place in places.get(nth + 1, ()):
                    scores[place] = votes[:, self._voters[place].columns] / total

    def pick(self, keys: tuple[Key, ...]) -> "NeighboursModel":
        """A model of these members; the training examples are shared with this one."""
        by_key = {voter.key: voter for voter in self._voters}
        voters = tuple(by_key[key] for key in keys)
        return NeighboursModel(self._kind, voters, self._examples, self._truth, self._search)

    def save(self, folder: Path) -> None:
        """Write the training examples once for all members."""
        about = {
            "kind": self._kind,
            "metric": self._search.metric,
            "p": self._search.p,
            "algorithm": self._search.algorithm,
            "voters": [(v.key, v.neighbours, v.weighting, v.columns) for v in self._voters],
        }
        write_model(folder, about, {"examples": self._examples, "truth": self._truth})

    @classmethod
    def load(cls, folder: Path, kind: str) -> "NeighboursModel":
        """Read what `save` wrote.

        Raises:
            Damaged: The files are not what was written.
        """
        about, arrays = read_model(folder, kind)
        with damaged_if_unreadable(folder):
            voters = tuple(
                Voter(key=key, neighbours=int(k), weighting=weighting, columns=tuple(columns))
                for key, k, weighting, columns in about["voters"]
            )
            search = SearchOptions(about["metric"], float(about["p"]), about["algorithm"])
            return cls(kind, voters, arrays["examples"], arrays["truth"], search)


def _weights(distances: np.ndarray) -> np.ndarray:
    """Inverse distances; where neighbours are at distance zero, they alone count."""
    with np.errstate(divide="ignore", over="ignore"):
        weights = 1.0 / distances
    infinite = np.isinf(weights)
    touching = infinite.any(axis=1)
    weights[touching] = infinite[touching]
    return weights
