from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sortal.training.optimisers.build import build_optimiser
from sortal.training.optimisers.choice import EpsilonPlace, MemberRates, OptimiserKind
from sortal.training.optimisers.nadam import momentum_share
from sortal.training.optimisers.rates import Rates

KINDS = get_args(OptimiserKind)
UPDATES = 150


@pytest.fixture(autouse=True)
def _torch_is_exact() -> Iterator[None]:
    """NAdam in torch multiplies its momenta up in the default precision, not the parameters'."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


shares = st.floats(0, 0.999)
choice = st.builds(
    MemberRates,
    learning_rate=st.floats(0, 0.1),
    weight_decay=st.sampled_from([0.0, 0.01, 0.5]),
    momentum=shares,
    beta1=shares,
    beta2=shares,
    rho=shares,
    epsilon=st.floats(1e-10, 1e-2),
)


def _compare(ours, theirs):
    torch.testing.assert_close(ours, torch.stack(theirs).detach(), rtol=1e-6, atol=1e-9)


def _follow(references, theirs, slope, update):
    for row, reference in zip(theirs, references, strict=True):
        row.grad = slope(row.detach(), update)
        reference.step()


@pytest.mark.parametrize("kind", KINDS)
def test_many_updates_equal_torchs(kind, choices, reference, slope, start):
    ours, own = start.clone(), choices(kind)
    theirs = [row.clone().requires_grad_() for row in start]
    references = [reference(kind, one, [row]) for one, row in zip(own, theirs, strict=True)]
    optimiser, rates = build_optimiser(kind, ours), Rates.of(own, ours)
    for update in range(UPDATES):
        optimiser.step(ours, slope(ours, update), rates)
        _follow(references, theirs, slope, update)
    assert optimiser.steps == UPDATES
    assert ((ours - start).abs().amax(dim=1) > 0.02).all()
    _compare(ours, theirs)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(own=st.lists(choice, min_size=2, max_size=3))
def test_updates_equal_torchs_at_any_rates(kind, own, reference, slope, start):
    ours = start[: len(own)].clone()
    theirs = [row.clone().requires_grad_() for row in ours]
    references = [reference(kind, one, [row]) for one, row in zip(own, theirs, strict=True)]
    optimiser, rates = build_optimiser(kind, ours), Rates.of(own, ours)
    for update in range(8):
        optimiser.step(ours, slope(ours, update), rates)
        _follow(references, theirs, slope, update)
    _compare(ours, theirs)


@pytest.mark.parametrize("kind", KINDS)
def test_each_update_may_have_its_own_learning_rate(kind, choices, reference, slope, start):
    ours, own = start.clone(), choices(kind)
    theirs = [row.clone().requires_grad_() for row in start]
    references = [reference(kind, one, [row]) for one, row in zip(own, theirs, strict=True)]
    optimiser, rates = build_optimiser(kind, ours), Rates.of(own, ours)
    for update in range(20):
        # The first is 0, as in schedules that warm up.
        now = rates.learning_rate * (update % 7) / 5
        optimiser.step(ours, slope(ours, update), replace(rates, learning_rate=now))
        for rate, one in zip(now.flatten().tolist(), references, strict=True):
            one.param_groups[0]["lr"] = rate
        _follow(references, theirs, slope, update)
    _compare(ours, theirs)


@pytest.mark.parametrize("kind", KINDS)
def test_parameters_may_have_rates_of_their_own(kind, choices, reference, slope, start):
    ours, own = start.clone(), choices(kind)
    optimiser, rates = build_optimiser(kind, ours), Rates.of(own, ours)
    factors, decayed = torch.ones(40, dtype=torch.float64), torch.arange(40) < 25
    factors[25:] = 0.1
    rates = replace(
        rates,
        learning_rate=rates.learning_rate * factors,
        weight_decay=rates.weight_decay * decayed,
    )
    theirs = [row.clone() for row in start]
    for row, one in zip(theirs, own, strict=True):
        parts = [row[:25].requires_grad_(), row[25:].clone().requires_grad_()]
        slower = replace(one, learning_rate=0.1 * one.learning_rate, weight_decay=0.0)
        references = [reference(kind, one, parts[:1]), reference(kind, slower, parts[1:])]
        for update in range(20):
            gradient = slope(torch.cat(parts).detach(), update)
            for part, slopes, its in zip(parts, gradient.split([25, 15]), references, strict=True):
                part.grad = slopes
                its.step()
        row.data = torch.cat(parts).detach()
    for update in range(20):
        optimiser.step(ours, slope(ours, update), rates)
    _compare(ours, theirs)


@pytest.mark.parametrize("kind", KINDS)
def test_single_precision_stays_close_to_double(kind, choices, slope, start):
    ends = []
    for dtype in (torch.float32, torch.float64):
        ours = start.to(dtype)
        optimiser, rates = build_optimiser(kind, ours), Rates.of(choices(kind), ours)
        for update in range(50):
            optimiser.step(ours, slope(ours, update), rates)
        assert ours.dtype == dtype
        ends.append(ours.double())
    torch.testing.assert_close(*ends, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", ["adam", "nadam", "adamax"])
def test_the_first_update_keeps_its_digits_in_single_precision(kind, start):
    own = [MemberRates(learning_rate=1.0, beta1=0.999, beta2=0.9999)] * 3
    ends = []
    for dtype in (torch.float32, torch.float64):
        ours = torch.zeros_like(start, dtype=dtype)
        build_optimiser(kind, ours).step(ours, start.to(dtype), Rates.of(own, ours))
        ends.append(ours.double())
    torch.testing.assert_close(*ends, rtol=1e-6, atol=0)


def _in_the_efficient_form(gradients, learning_rate, epsilon, *, largest):
    """Steps of the form at the end of section 2 of Kingma & Ba, as Keras computes them."""
    mean = square = most = torch.zeros_like(gradients[0])
    total = torch.zeros_like(mean)
    for update, gradient in enumerate(gradients, start=1):
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        most = torch.maximum(most, square) if largest else square
        pace = learning_rate * (1 - 0.999**update) ** 0.5 / (1 - 0.9**update)
        total = total - pace * mean / (most.sqrt() + epsilon)
    return total


@pytest.mark.parametrize("kind", ["adam", "amsgrad", "adamw"])
def test_epsilon_may_be_added_before_the_correction(kind, slope, start):
    places = ("corrected", "uncorrected", "uncorrected")
    own = [MemberRates(learning_rate=0.01, epsilon=0.1, epsilon_added_to=place) for place in places]
    other = [MemberRates(learning_rate=0.01, epsilon=0.1)] * 3
    gradients = [slope(torch.zeros_like(start), update) for update in range(30)]
    ends = []
    for chosen in (own, other):
        ours = torch.zeros_like(start)
        optimiser, rates = build_optimiser(kind, ours), Rates.of(chosen, ours)
        for gradient in gradients:
            optimiser.step(ours, gradient.clone(), rates)
        ends.append(ours)
    expected = _in_the_efficient_form(gradients, 0.01, 0.1, largest=kind == "amsgrad")
    torch.testing.assert_close(ends[0][1:], expected[1:])
    assert torch.equal(ends[0][0], ends[1][0])
    assert (ends[0][1:] - ends[1][1:]).abs().min() > 1e-3


def test_members_alone_keep_the_place_of_their_epsilon(start):
    own = [
        MemberRates(learning_rate=0.1, epsilon_added_to=place) for place in get_args(EpsilonPlace)
    ]
    rates = Rates.of(own, start)
    assert rates.keep(torch.tensor([0])).uncorrected is None
    assert rates.keep(torch.tensor([1])).uncorrected.tolist() == [[True]]


def test_what_nadam_leaves_out_of_its_product_is_nothing():
    product = 1.0
    for update in range(1, 130):
        product *= momentum_share(update)
    assert 1 - product == 1
