from typing import Any, get_args

import pytest
import torch

from sortal.errors import NotFound
from sortal.training.optimisers.build import build_optimiser
from sortal.training.optimisers.choice import MemberRates, OptimiserKind, usual_rates
from sortal.training.optimisers.rates import Rates

READABLE = ("momentum", "beta1", "beta2", "rho", "epsilon")


@pytest.mark.parametrize("kind", get_args(OptimiserKind))
def test_an_optimiser_starts_with_nothing_remembered(kind):
    like = torch.ones(2, 7, dtype=torch.float64)
    optimiser = build_optimiser(kind, like)
    assert optimiser.steps == 0
    for held in optimiser.memory.values():
        assert torch.equal(held, torch.zeros_like(like))


@pytest.mark.parametrize("kind", get_args(OptimiserKind))
def test_usual_rates_are_exactly_what_an_optimiser_reads(kind, slope, start):
    def end(**changed: float) -> torch.Tensor:
        usual: dict[str, Any] = {**usual_rates(kind), **changed}
        ours, choice = start.clone(), MemberRates(learning_rate=0.1, **usual)
        optimiser, rates = build_optimiser(kind, ours), Rates.of([choice] * 3, ours)
        for update in range(3):
            optimiser.step(ours, slope(ours, update), rates)
        return ours

    same = {name: torch.equal(end(), end(**{name: 0.3})) for name in READABLE}
    assert [name for name in READABLE if not same[name]] == sorted(
        usual_rates(kind), key=READABLE.index
    )


def test_an_unknown_optimiser_is_met_with_the_nearest_name():
    with pytest.raises(NotFound, match="adamw"):
        build_optimiser("adamv", torch.zeros(1, 1))  # type: ignore[arg-type]
