"""A small population of networks and its data, made alike in every process."""

import numpy as np

from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import Labels
from sortal.data.prepared import Prepared
from sortal.data.preparing.preparer import Preparation
from sortal.data.split import Split
from sortal.methods.contract.base import Member, Population
from sortal.methods.neural.mlp import MLP


def made_data() -> Prepared:
    """Three overlapping classes, 200 rows to train and 50 to validate."""
    rng = np.random.default_rng(3)
    codes = np.arange(250) % 3
    matrix = rng.normal(size=(250, 6)) + np.eye(3, 6)[codes]
    dataset = Dataset(
        name="made",
        inputs=Inputs({"features": matrix}, np.arange(250)),
        labels=Labels(codes, ("a", "b", "c")),
        names={"features": tuple("uvwxyz")},
    )
    rows = np.arange(250)
    split = Split(train=rows[:200], validation=rows[200:], test=rows[:0])
    return Prepared.fit(dataset, split, Preparation(scaling="standard"))


def population(**shared: str) -> Population:
    """Three members with dropout, of which one stops early."""
    chosen = [
        {"dropout": 0.1, "early_stopping": 2, "learning_rate": 0.05},
        {"dropout": 0.3, "early_stopping": 40, "weight_decay": 0.01},
        {"dropout": 0.2, "early_stopping": 40},
    ]
    return Population(
        members=tuple(
            Member(
                key=f"m{seed}",
                method="mlp",
                parameters=MLP.Parameters(
                    hidden_layer_sizes=(16,), batch_size=8, epochs=25, **shared, **parameters
                ),
                seed=seed,
            )
            for seed, parameters in enumerate(chosen)
        )
    )
