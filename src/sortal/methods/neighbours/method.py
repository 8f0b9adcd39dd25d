"""k nearest neighbours: one search, as deep as the largest k, serves every member."""

from collections.abc import Hashable, Iterator
from pathlib import Path
from time import perf_counter
from typing import ClassVar

import numpy as np
from pydantic import Field

from sortal.data.labels import Outputs
from sortal.data.prepared import Prepared
from sortal.data.split import Part
from sortal.methods.contract import base
from sortal.methods.contract.base import (
    Axis,
    Control,
    Cost,
    Failed,
    Member,
    Outcome,
    Population,
    Progress,
    Shape,
    Trained,
)
from sortal.methods.contract.outcomes import failed
from sortal.methods.neighbours.model import NeighboursModel, SearchOptions, Voter, Weighting
from sortal.methods.neighbours.search import Algorithm, Metric, minkowski_power


class KNeighborsParameters(base.Parameters):
    """Parameters of k nearest neighbours."""

    n_neighbors: int = Field(default=5, ge=1)
    """Training examples that vote."""
    weights: Weighting = "uniform"
    """Whether each vote counts the same or as the inverse of its distance."""
    metric: Metric = "minkowski"
    """How distance is measured."""
    p: float = Field(default=2.0, ge=1)
    """Power of the Minkowski distance; other metrics ignore it."""
    algorithm: Algorithm = "auto"
    """How neighbours are searched; it changes the speed, never the result."""


class KNeighbors(base.AbstractMethod):
    """Votes of the nearest training examples, equal to scikit-learn's `KNeighborsClassifier`.

    Where several training examples are equally near, the one that comes first in training
    counts first; scikit-learn leaves that open.
    """

    name: ClassVar[str] = "kneighbors"
    library: ClassVar[str] = "scikit-learn"
    summary: ClassVar[str] = "k nearest neighbours; all k from one search"
    Parameters: ClassVar[type[base.Parameters]] = KNeighborsParameters
    shares: ClassVar[frozenset[Axis]] = frozenset({Axis.SEED, Axis.TARGET})

    def group(self, member: Member) -> Hashable:
        """Members that look for neighbours in the same way share the search."""
        chosen = member.chosen(KNeighborsParameters)
        return (
            chosen.metric == "cosine",
            minkowski_power(chosen.metric, chosen.p),
            chosen.algorithm,
            member.target is None,
        )

    def cost(self, member: Member, shape: Shape) -> Cost:
        """Scoring compares every scored example with every training example."""
        votes = shape.scored * member.chosen(KNeighborsParameters).n_neighbors * shape.outputs
        pairs = shape.examples * shape.scored
        stored = 8.0 * shape.examples * (shape.features + shape.outputs)
        return Cost(
            seconds=1e-3 + pairs * (1e-10 * shape.features + 2e-9) + 5e-9 * votes,
            memory_bytes=3 * stored + 5e7,
            disk_bytes=stored,
        )

    def train(self, population: Population, data: Prepared, control: Control) -> Iterator[Outcome]:
        """Index the training examples; members that ask for more than there are fail alone."""
        started = perf_counter()
        matrix = data.inputs(Part.TRAIN).matrix()
        voters = []
        for member in population.members:
            wanted = member.chosen(KNeighborsParameters).n_neighbors
            if wanted > len(matrix):
                reason = f"n_neighbors is {wanted}, but there are {len(matrix)} training examples."
                yield Failed(member.key, reason)
            else:
                voters.append(member)
        if not voters:
            return
        try:
            model = _fit(voters, matrix, data)
        except Exception as error:  # noqa: BLE001 - reported as the members' failure
            for member in voters:
                yield failed(member.key, error)
            return
        control.report(Progress(1.0))
        each = (perf_counter() - started) / len(voters)
        yield Trained(model, dict.fromkeys(model.members, each))

    def load(self, folder: Path) -> NeighboursModel:
        """Read the training examples and index them again."""
        return NeighboursModel.load(folder, self.name)


def _fit(members: list[Member], matrix: np.ndarray, data: Prepared) -> NeighboursModel:
    labels = data.dataset.labels
    codes = np.asarray(labels.codes[data.split.train])
    if labels.outputs is Outputs.EXCLUSIVE:
        truth = (codes[:, None] == np.arange(len(labels.classes))).astype(np.uint8)
    else:
        truth = (codes == 1).astype(np.uint8)
    everything = tuple(range(truth.shape[1]))
    voters = tuple(
        Voter(
            key=member.key,
            neighbours=member.chosen(KNeighborsParameters).n_neighbors,
            weighting=member.chosen(KNeighborsParameters).weights,
            columns=everything if member.target is None else (labels.classes.index(member.target),),
        )
        for member in members
    )
    first = members[0].chosen(KNeighborsParameters)
    search = SearchOptions(first.metric, first.p, first.algorithm)
    return NeighboursModel(KNeighbors.name, voters, matrix, truth, search)
