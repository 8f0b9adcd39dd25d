from typing import get_args

import pytest
import torch

from sortal.training.optimisers.build import build_optimiser
from sortal.training.optimisers.choice import MemberRates, OptimiserKind
from sortal.training.optimisers.rates import Rates

KINDS = get_args(OptimiserKind)


def _advance(optimiser, parameters, rates, slope, *, updates):
    for _ in range(updates):
        optimiser.step(parameters, slope(parameters, optimiser.steps), rates)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rows", [[2, 0], [1]])
def test_members_go_on_alike_when_others_leave(kind, rows, choices, slope, start):
    whole, left, index = start.clone(), start.clone(), torch.tensor(rows)
    rates = Rates.of(choices(kind), start)
    together, parted = build_optimiser(kind, whole), build_optimiser(kind, left)
    _advance(together, whole, rates, slope, updates=12)
    _advance(parted, left, rates, slope, updates=5)
    parted.keep(index)
    left = left[index]
    _advance(parted, left, rates.keep(index), slope, updates=7)
    torch.testing.assert_close(left, whole[index], rtol=1e-12, atol=1e-13)
    assert all(held.shape == left.shape for held in parted.memory.values())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_steps_and_memory_are_its_whole_state(kind, dtype, choices, slope, start):
    going = start.to(dtype)
    rates, first = Rates.of(choices(kind), going), build_optimiser(kind, going)
    _advance(first, going, rates, slope, updates=140)
    resumed, second = going.clone(), build_optimiser(kind, going)
    second.steps = first.steps
    for name in second.memory:
        second.memory[name] = first.memory[name].clone()
    _advance(first, going, rates, slope, updates=10)
    _advance(second, resumed, rates, slope, updates=10)
    assert torch.equal(resumed, going)


@pytest.mark.parametrize("kind", KINDS)
def test_parameters_may_be_a_view_into_a_larger_tensor(kind, choices, slope, start):
    state = torch.cat([start, torch.full((3, 5), 7.0, dtype=start.dtype)], dim=1)
    view, plain, rates = state[:, :40], start.clone(), Rates.of(choices(kind), start)
    _advance(build_optimiser(kind, view), view, rates, slope, updates=5)
    _advance(build_optimiser(kind, plain), plain, rates, slope, updates=5)
    torch.testing.assert_close(view, plain, rtol=1e-12, atol=1e-13)
    assert (state[:, 40:] == 7).all()


def test_only_coupled_decay_is_scaled_by_the_gradient(start):
    choice = MemberRates(learning_rate=0.1, weight_decay=0.5)
    ends = {}
    for kind in ("adam", "adamw"):
        ours = start.clone()
        optimiser, rates = build_optimiser(kind, ours), Rates.of([choice] * 3, ours)
        optimiser.step(ours, torch.zeros_like(ours), rates)
        ends[kind] = ours
    torch.testing.assert_close(ends["adamw"], start * (1 - 0.1 * 0.5))
    torch.testing.assert_close(ends["adam"], start - 0.1 * start.sign(), rtol=0, atol=1e-5)


def test_averages_of_zero_gradients_do_not_become_denormal(choices):
    parameters = torch.ones(1, 4)
    rates, adam = Rates.of(choices("adam")[:1], parameters), build_optimiser("adam", parameters)
    adam.step(parameters, torch.ones(1, 4), rates)
    for _ in range(2500):
        adam.step(parameters, torch.zeros(1, 4), rates)
        mean = adam.memory["mean"].abs()
        assert ((mean == 0) | (mean >= torch.finfo(torch.float32).tiny)).all()
    assert not mean.any()
