"""Prepared data and trained members for tests of methods."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import Labels, Outputs
from sortal.data.prepared import Prepared
from sortal.data.preparing.preparer import Preparation
from sortal.data.split import Split
from sortal.methods.contract.base import (
    Member,
    Method,
    Model,
    Outcome,
    Population,
    Progress,
    Trained,
    Verdict,
)


class Driver:
    """A driver that writes down progress and answers as told."""

    def __init__(self, answer: Callable[[Progress], Verdict] = lambda _: Verdict()) -> None:
        self.progress: list[Progress] = []
        self._answer = answer

    def report(self, progress: Progress) -> Verdict:
        self.progress.append(progress)
        return self._answer(progress)


@pytest.fixture
def driver() -> type[Driver]:
    return Driver


@pytest.fixture
def prepare() -> Callable[..., Prepared]:
    """Makes prepared data of a matrix and codes; every row trains."""

    def prepare(
        matrix: np.ndarray,
        codes: np.ndarray,
        *,
        classes: Sequence[str] | None = None,
        weights: np.ndarray | None = None,
    ) -> Prepared:
        outputs = Outputs.EXCLUSIVE if codes.ndim == 1 else Outputs.INDEPENDENT
        count = int(codes.max()) + 1 if codes.ndim == 1 else codes.shape[1]
        names = tuple(classes or (f"class{number}" for number in range(count)))
        dataset = Dataset(
            name="made",
            inputs=Inputs({"features": matrix}, np.arange(len(matrix))),
            labels=Labels(codes, names, outputs),
            names={"features": tuple(f"f{number}" for number in range(matrix.shape[1]))},
            weights=weights,
        )
        rows = np.arange(len(matrix))
        split = Split(train=rows, validation=rows[:0], test=rows[:0])
        return Prepared.fit(dataset, split, Preparation())

    return prepare


@pytest.fixture
def train() -> Callable[..., list[Outcome]]:
    """Trains members given as parameters by key; `where` holds what else describes a member."""

    def train(
        method: Method,
        data: Prepared,
        members: Mapping[str, Mapping[str, Any]],
        *,
        where: Mapping[str, Mapping[str, Any]] | None = None,
        seed: int = 3,
        threads: int = 1,
        control: Driver | None = None,
    ) -> list[Outcome]:
        population = Population(
            members=tuple(
                Member(
                    key=key,
                    method=method.name,
                    parameters=method.Parameters(**parameters),
                    **{"seed": seed, **(where or {}).get(key, {})},
                )
                for key, parameters in members.items()
            ),
            threads=threads,
        )
        return list(method.train(population, data, control or Driver()))

    return train


@pytest.fixture
def noisy_classes() -> tuple[np.ndarray, np.ndarray]:
    """Three overlapping classes of continuous features, (240, 6) and codes (240,)."""
    rng = np.random.default_rng(11)
    codes = np.arange(240) % 3
    return rng.normal(size=(240, 6)) + 0.8 * np.eye(3, 6)[codes], codes


@pytest.fixture
def noisy_targets() -> tuple[np.ndarray, np.ndarray]:
    """Three independent targets of continuous features, (240, 6) and codes (240, 3)."""
    rng = np.random.default_rng(12)
    matrix = rng.normal(size=(240, 6))
    return matrix, (matrix[:, :3] + 0.7 * rng.normal(size=(240, 3)) > 0).astype(np.int64)


@pytest.fixture
def by_key() -> Callable[[Iterable[Outcome]], dict[str, tuple[Model, Trained]]]:
    """Tells outcomes apart: the model of each trained member alone, and the outcome it came with."""

    def by_key(outcomes: Iterable[Outcome]) -> dict[str, tuple[Model, Trained]]:
        return {
            key: (outcome.model.pick((key,)), outcome)
            for outcome in outcomes
            if isinstance(outcome, Trained)
            for key in outcome.model.members
        }

    return by_key
