import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR

from sortal.errors import OptionError
from sortal.training.schedules.annealing import Cosine, CosLog4, FlatCos, OneCycle
from sortal.training.schedules.span import Span

SPAN = Span(5, 30)
UPDATES = np.arange(SPAN.updates)


def test_a_cosine_over_the_training_equals_torchs(by_torch):
    ours = Cosine(min_factor=0.05).factors(UPDATES, SPAN)
    theirs = by_torch(lambda one: CosineAnnealingLR(one, 150, eta_min=0.05), 150)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("rise", [0.1, 0.3, 1.0])
@pytest.mark.parametrize(("anneal", "theirs"), [("cosine", "cos"), ("linear", "linear")])
def test_one_cycle_equals_torchs(by_torch, rise, anneal, theirs):
    ours = OneCycle(rise=rise, start_factor=0.1, end_factor=0.001, anneal=anneal)
    reference = by_torch(
        lambda one: OneCycleLR(
            one,
            1.0,
            total_steps=150,
            pct_start=rise,
            anneal_strategy=theirs,
            cycle_momentum=False,
            div_factor=10,
            final_div_factor=100,
        ),
        150,
    )
    np.testing.assert_allclose(ours.factors(UPDATES, SPAN), reference, rtol=0, atol=1e-12)


def test_the_defaults_of_one_cycle_are_torchs(by_torch):
    reference = by_torch(lambda one: OneCycleLR(one, 1.0, 150, cycle_momentum=False), 150)
    np.testing.assert_allclose(OneCycle().factors(UPDATES, SPAN), reference, rtol=0, atol=1e-12)


def test_a_training_of_one_update_is_made_at_the_base_rate():
    assert OneCycle().factors(np.array([0]), Span(1, 1)).tolist() == [1.0]


def test_coslog4_is_0_at_the_ends_of_its_four_growing_cycles():
    made = np.array([0, 1, 3, 7, 15])
    np.testing.assert_allclose(CosLog4().factors(made, Span(15, 1)), 0, atol=1e-12)


def test_coslog4_follows_its_formula():
    factors = CosLog4().factors(np.arange(20), Span(20, 1))
    worked = [0.5 * (1 - math.cos(2 * math.pi * math.log(1 + 15 * t / 20, 2))) for t in range(20)]
    np.testing.assert_allclose(factors, worked, rtol=0, atol=1e-12)


def test_flat_cos_is_flat_for_half_and_then_falls_to_zero():
    factors = FlatCos().factors(np.array([0, 3, 4, 5, 6, 7, 8]), Span(8, 1))
    half = math.sqrt(0.5)
    expected = [1, 1, 1, (1 + half) / 2, 0.5, (1 - half) / 2, 0]
    np.testing.assert_allclose(factors, expected, rtol=0, atol=1e-12)


@given(
    st.one_of(
        st.builds(Cosine, min_factor=st.floats(0, 1)),
        st.builds(CosLog4),
        st.builds(FlatCos),
        st.builds(
            OneCycle,
            rise=st.floats(0.01, 1),
            start_factor=st.floats(0, 1),
            end_factor=st.floats(0, 1),
            anneal=st.sampled_from(["cosine", "linear"]),
        ),
    ),
    st.integers(1, 7),
    st.integers(1, 7),
)
def test_factors_stay_in_range_and_depend_on_progress_alone(schedule, updates_per_epoch, epochs):
    span = Span(updates_per_epoch, epochs)
    factors = schedule.factors(np.arange(span.updates + 3), span)
    least = min(getattr(schedule, name, 1.0) for name in ("start_factor", "end_factor"))
    least = getattr(schedule, "min_factor", least if isinstance(schedule, OneCycle) else 0.0)
    assert factors.min() >= least - 1e-12
    assert factors.max() <= 1 + 1e-12
    other = schedule.factors(np.arange(span.updates + 3), Span(epochs, updates_per_epoch))
    assert factors.tolist() == other.tolist()


@given(st.floats(0, 1), st.integers(2, 60))
def test_a_cosine_never_rises(least, updates):
    for schedule in (Cosine(min_factor=least), FlatCos()):
        factors = schedule.factors(np.arange(updates), Span(updates, 1))
        assert (np.diff(factors) <= 1e-15).all()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Cosine(min_factor=2), "cosine.min_factor: .* got 2."),
        (lambda: OneCycle(rise=0), "one_cycle.rise: expected a number above 0 and of at most 1"),
        (lambda: OneCycle(anneal="cos"), "one_cycle.anneal: expected one of cosine, linear"),
        (lambda: Span(0, 3), "span.updates_per_epoch: .* at least 1, got 0"),
        (lambda: Span(3, 0), "span.epochs: .* at least 1, got 0"),
    ],
)
def test_impossible_options_are_refused_by_name(build, message):
    with pytest.raises(OptionError, match=message):
        build()
