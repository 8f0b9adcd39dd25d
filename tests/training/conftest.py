"""Small recipes, courses and examples for tests of the trainer."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from sortal.methods.contract.base import Verdict
from sortal.networks.activation import Activation
from sortal.networks.dense import Dense
from sortal.networks.dropout import Dropout
from sortal.networks.network import AnyLayer, Network
from sortal.training.examples.examples import Examples
from sortal.training.losses.categorical import CategoricalCrossEntropy
from sortal.training.optimisers.choice import MemberRates
from sortal.training.recipe import MemberPlan, Recipe
from sortal.training.reporting import ProgressReporter
from sortal.training.stopping.rule import StopRule
from sortal.training.tile import Tile

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    # Not `torch_threads`, which flushes denormal numbers, and hypothesis refuses to draw without them.
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def dense_network(sizes: tuple[int, ...], activation: str, *, dropout: bool) -> Network:
    features, *hidden, outputs = sizes
    layers: list[AnyLayer] = []
    for units in hidden:
        layers += [Dense(units=units), Activation(name=activation)]
        layers += [Dropout()] * dropout
    return Network(shape=(features,), layers=(*layers, Dense(units=outputs)))


@pytest.fixture
def recipe() -> Callable[..., Recipe]:
    def recipe(
        *,
        sizes: tuple[int, ...] = (6, 16, 3),
        activation: str = "relu",
        dropout: bool = False,
        **chosen: Any,
    ) -> Recipe:
        defaults: dict[str, Any] = {
            "network": dense_network(sizes, activation, dropout=dropout),
            "loss": CategoricalCrossEntropy(),
            "optimiser": "adam",
            "batch_size": 16,
            "data_seed": 1,
        }
        return Recipe(**{**defaults, **chosen})

    return recipe


RATES = (
    "learning_rate",
    "weight_decay",
    "momentum",
    "beta1",
    "beta2",
    "rho",
    "epsilon",
    "epsilon_added_to",
)


@pytest.fixture
def course() -> Callable[..., MemberPlan]:
    """Rates and stopping rules may be given by name among a member's own."""

    def course(key: str = "a", **chosen: Any) -> MemberPlan:
        rates = {name: chosen.pop(name) for name in RATES if name in chosen}
        rule = {name: chosen.pop(name) for name in ("patience", "min_gain") if name in chosen}
        own = {"seed": 0, "lesson": 0, "epochs": 3, **chosen}
        choice = MemberRates(**{"learning_rate": 0.01, **rates})
        return MemberPlan(key=key, rates=choice, stop=StopRule(**rule), **own)

    return course


@pytest.fixture
def examples() -> Callable[..., Examples]:
    """Three classes that the features tell apart."""

    def examples(rows: int = 100, *, seed: int = 0, dtype: torch.dtype = torch.float32) -> Examples:
        generator = torch.Generator().manual_seed(seed)
        truth = torch.arange(rows) % 3
        features = torch.randn(rows, 6, generator=generator, dtype=dtype)
        features[torch.arange(rows), truth] += 1.5
        return Examples(features, truth[None], torch.ones(1, rows, dtype=dtype), None)

    return examples


@pytest.fixture
def tile() -> Callable[..., Tile]:
    def tile(recipe: Recipe, *courses: MemberPlan, rows: int = 100) -> Tile:
        return Tile(recipe, courses, CPU, rows=rows)

    return tile


@pytest.fixture
def watch() -> Callable[..., ProgressReporter]:
    """Watches without snapshots, unless told otherwise."""

    def watch(
        answer: Callable[[Tile, float], Verdict] | None = None, **chosen: Any
    ) -> ProgressReporter:
        return ProgressReporter(report=answer or (lambda *_: Verdict()), **chosen)

    return watch
