"""Ours: one population of `mlp` through the method contract, in float32, its default."""

import numpy as np

from peers.task import HIDDEN, LEARNING_RATE, Fitted, Table, Work
from side_by_side import THREADS, Silent
from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import Labels, Outputs
from sortal.data.prepared import Prepared
from sortal.data.preparing.preparer import Preparation
from sortal.data.split import Part, Split
from sortal.methods.contract.base import Member, Population, Trained
from sortal.methods.neural.mlp import MLP


def load(table: Table) -> Prepared:
    """Make one dataset of both parts, with nothing scaled."""
    features, truth, weights = (
        np.concatenate([getattr(table.train, name), getattr(table.validation, name)])
        for name in ("features", "truth", "weights")
    )
    rows, trained = np.arange(len(truth)), len(table.train)
    dataset = Dataset(
        name="simulated",
        inputs=Inputs({"features": features}, rows),
        labels=Labels(truth[:, None].astype(np.int64), ("signal",), Outputs.INDEPENDENT),
        names={"features": tuple(f"f{number}" for number in range(features.shape[1]))},
        weights=weights.astype(np.float64),
    )
    # As test examples, so that training validates nothing, as the peers do not.
    split = Split(train=rows[:trained], validation=rows[:0], test=rows[trained:])
    data = Prepared.fit(dataset, split, Preparation())
    for part in (Part.TRAIN, Part.TEST):
        data.inputs(part)
    return data


def train(data: Prepared, work: Work) -> Fitted:
    """Train all members as one population."""
    method = MLP()
    parameters = method.Parameters(
        hidden_layer_sizes=HIDDEN,
        learning_rate=LEARNING_RATE,
        batch_size=work.batch_size,
        epochs=work.epochs,
    )
    members = tuple(
        Member(key=str(seed), method=method.name, parameters=parameters, seed=seed, weights="given")
        for seed in work.seeds
    )
    population = Population(members=members, threads=THREADS)
    outcomes = list(method.train(population, data, Silent()))
    if not all(isinstance(outcome, Trained) for outcome in outcomes):
        raise SystemExit(f"not trained: {outcomes}")
    # The contract tells epochs, not updates.
    epochs = {len(rows) for outcome in outcomes for rows in outcome.history.values()}
    minibatches = -(-len(data.split.train) // work.batch_size)

    def score() -> np.ndarray:
        inputs = data.inputs(Part.TEST)
        scores = {
            key: found[:, 0]
            for outcome in outcomes
            for key, found in zip(outcome.model.members, outcome.model.scores(inputs), strict=True)
        }
        return np.stack([scores[key] for key in population.keys])

    return Fitted(max(epochs) * minibatches if len(epochs) == 1 else 0, score)
