"""Small data made from a seed, and members to train on it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import Labels, Outputs
from sortal.data.prepared import Prepared
from sortal.data.preparing.preparer import Preparation
from sortal.data.split import Split
from sortal.methods.contract.base import Member, Method

TRAINING = 54
VALIDATION = 12
TEST = 14


def make_prepared(
    outputs: Outputs = Outputs.EXCLUSIVE,
    *,
    weights: np.ndarray | None = None,
    absent: int | None = None,
    target: str | None = None,
    seed: int = 7,
) -> Prepared:
    """Make 80 examples of 6 features in 3 overlapping classes, or with 3 independent targets.

    Args:
        outputs: Whether the classes exclude each other.
        weights: Weight of each of the 80 examples.
        absent: Code of a class (EXCLUSIVE) that occurs in no training example, or of a target
            (INDEPENDENT) that is true of none.
        target: The one target that labels are reduced to.
        seed: Seed of the features.
    """
    count = TRAINING + VALIDATION + TEST
    rng = np.random.default_rng(seed)
    classes = np.arange(count) % 3
    matrix = rng.normal(size=(count, 6)) + 1.2 * np.eye(3, 6)[classes]
    codes = classes
    if outputs is Outputs.INDEPENDENT:
        codes = (matrix[:, :3] + 0.5 * rng.normal(size=(count, 3)) > 0.5).astype(np.int64)
    rows = np.arange(count)
    train = rows[:TRAINING]
    if absent is not None and outputs is Outputs.EXCLUSIVE:
        train = train[codes[train] != absent]
    if absent is not None and outputs is Outputs.INDEPENDENT:
        codes[train, absent] = 0
    dataset = Dataset(
        name="made",
        inputs=Inputs({"features": matrix}, rows),
        labels=Labels(codes, ("red", "green", "blue"), outputs),
        names={"features": tuple(f"f{number}" for number in range(6))},
        weights=weights,
    )
    split = Split(
        train=train,
        validation=rows[TRAINING : TRAINING + VALIDATION],
        test=rows[TRAINING + VALIDATION :],
    )
    return Prepared.fit(dataset, split, Preparation(), target)


def make_members(
    method: Method,
    parameters: Sequence[Mapping[str, Any]],
    *,
    seeds: Sequence[int] = (0,),
    targets: Sequence[str | None] = (None,),
    weights: str = "",
) -> tuple[Member, ...]:
    """Make a member of every combination, with keys `member0`, `member1`, ...

    Args:
        method: The method.
        parameters: Parameters as a job would give them.
        seeds: Seeds of members.
        targets: Targets that members predict.
        weights: `given` for members that see the data's weights.
    """
    combinations = [
        (given, seed, target) for given in parameters for seed in seeds for target in targets
    ]
    return tuple(
        Member(
            key=f"member{number}",
            method=method.name,
            parameters=method.Parameters.model_validate(given),
            seed=seed,
            target=target,
            weights=weights,
        )
        for number, (given, seed, target) in enumerate(combinations)
    )
