"""A fold trains exactly as a dataset that never held the other rows."""

import numpy as np
import pytest
import torch

from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import Labels
from sortal.data.prepared import Prepared
from sortal.data.preparing.preparer import Preparation
from sortal.data.split import Split
from sortal.networks.activation import Activation
from sortal.networks.dense import Dense
from sortal.networks.network import Network
from sortal.networks.normalise import BatchNorm
from sortal.training.examples.gather import gather
from sortal.training.examples.targets import TargetSpec
from sortal.training.loop import train


def dataset(matrix: np.ndarray, codes: np.ndarray, weights: np.ndarray) -> Dataset:
    return Dataset(
        name="made",
        inputs=Inputs({"features": matrix}, np.arange(len(matrix))),
        labels=Labels(codes, ("a", "b", "c")),
        names={"features": tuple("uvwxyz")},
        weights=weights,
    )


@pytest.fixture
def fold_and_alone() -> tuple[Prepared, Prepared]:
    """Three quarters of 240 rows as a fold, and as all that there is."""
    rng = np.random.default_rng(3)
    codes = np.arange(240) % 3
    matrix, weights = rng.normal(size=(240, 6)) + np.eye(3, 6)[codes], rng.random(240)
    matrix[::4] *= 100
    fold = np.flatnonzero(np.arange(240) % 4 != 0)
    nothing = fold[:0]
    whole = dataset(matrix, codes, weights)
    part = dataset(matrix[fold], codes[fold], weights[fold])
    preparation = Preparation(scaling="standard")
    everything = Split(train=np.arange(len(fold)), validation=nothing, test=nothing)
    return (
        Prepared.fit(whole, Split(train=fold, validation=nothing, test=nothing), preparation),
        Prepared.fit(part, everything, preparation),
    )


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_fold_trains_as_if_the_other_rows_had_never_been(
    *, fold_and_alone, recipe, course, tile, watch, precision
):
    network = Network(
        shape=(6,),
        layers=(Dense(units=8), BatchNorm(), Activation(name="relu"), Dense(units=3)),
    )
    chosen = recipe(network=network, batch_size=32, precision=precision)
    lesson = TargetSpec(target=None, weighted=True, balanced=True)
    ended = []
    for data in fold_and_alone:
        examples, _ = gather(
            data,
            [lesson],
            validated=False,
            precision=getattr(torch, precision),
            device=torch.device("cpu"),
        )
        one = tile(chosen, course(epochs=3), rows=len(examples))
        train(one, examples, None, watch())
        assert one.optimiser.steps == 18
        ended.append(one.ended["a"].state)
    assert torch.equal(*ended)
