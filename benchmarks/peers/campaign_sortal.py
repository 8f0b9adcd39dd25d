"""Ours: populations of `mlp`, one a seed, as a job with `shuffle: own` trains them."""

import os

import numpy as np

from peers.campaign import CLASSES, EPSILON, HIDDEN, LEARNING_RATE, Training
from peers.task import Fitted, Table, Work
from side_by_side import Silent
from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import Labels
from sortal.data.prepared import Prepared
from sortal.data.preparing.preparer import Preparation
from sortal.data.split import Part, Split
from sortal.methods.contract.base import Member, Outcome, Population, Trained
from sortal.methods.neural.mlp import MLP

PRECISION = "CAMPAIGN_PRECISION"
"""Environment variable that names it."""


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
        labels=Labels(truth.astype(np.int64), tuple("abcde"[:CLASSES])),
        names={"features": tuple(f"f{number}" for number in range(features.shape[1]))},
        weights=weights.astype(np.float64),
    )
    split = Split(train=rows[:trained], validation=rows[trained:], test=rows[:0])
    return Prepared.fit(dataset, split, Preparation())


def train(data: Prepared, work: Work) -> Fitted:
    """Train the members population by population, as the planner groups them."""
    method = MLP()
    members = [member(work, number) for number in work.seeds]
    groups: dict[object, list[Member]] = {}
    for one in members:
        groups.setdefault(method.group(one), []).append(one)
    outcomes: list[Outcome] = []
    for group in groups.values():
        outcomes += method.train(Population(members=tuple(group)), data, Silent())
    if not all(isinstance(outcome, Trained) for outcome in outcomes):
        raise SystemExit(f"not trained: {outcomes}")
    epochs = {len(rows) for outcome in outcomes for rows in outcome.history.values()}
    minibatches = -(-len(data.split.train) // work.batch_size)

    def score() -> np.ndarray:
        scores = {}
        for outcome in outcomes:
            found = outcome.model.scores(data.inputs(Part.VALIDATION))
            scores |= zip(outcome.model.members, found, strict=True)
        return np.stack([scores[one.key] for one in members])

    return Fitted(max(epochs) * minibatches if len(epochs) == 1 else 0, score)


def member(work: Work, number: int) -> Member:
    training = Training.numbered(number)
    parameters = MLP.Parameters(
        hidden_layer_sizes=HIDDEN,
        activation="tanh",
        initialiser="he_normal",
        output_initialiser="glorot_uniform",
        learning_rate=LEARNING_RATE,
        epsilon=EPSILON,
        epsilon_added_to="uncorrected",
        schedule="inverse_time",
        decay=training.decay,
        batch_size=work.batch_size,
        epochs=work.epochs,
        shuffle="own",
        weight_scale="none",
        accuracy="unweighted",
        training_loss=False,
        precision=os.environ[PRECISION],
    )
    return Member(
        key=str(number), method="mlp", parameters=parameters, seed=training.seed, weights="given"
    )
