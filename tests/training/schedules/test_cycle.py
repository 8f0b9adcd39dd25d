import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts, CyclicLR

from sortal.errors import OptionError
from sortal.training.schedules.cycle import SGDR, Cyclic
from sortal.training.schedules.span import Span

UPDATES = np.arange(200)
SPAN = Span(5, 40)


@pytest.mark.parametrize(
    ("mode", "gamma"), [("triangular", 1.0), ("triangular2", 1.0), ("exp_range", 0.99)]
)
def test_cycles_equal_torchs(by_torch, mode, gamma):
    ours = Cyclic(peak=50, step_size=3, mode=mode, gamma=gamma).factors(UPDATES, SPAN)
    theirs = by_torch(
        lambda one: CyclicLR(one, 1.0, 50.0, 15, mode=mode, gamma=gamma, cycle_momentum=False), 200
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_cycles_of_capfinder_peak_where_its_template_says():
    """Rates from 1e-3 to 5e-2 over 8 epochs of 5 updates, each peak half as high as the last."""
    schedule = Cyclic(peak=50, step_size=8, mode="triangular2")
    rates = 1e-3 * schedule.factors(np.array([0, 20, 40, 60, 80, 120, 160, 200]), SPAN)
    expected = [0.001, 0.0255, 0.05, 0.0255, 0.001, 0.0255, 0.001, 0.01325]
    np.testing.assert_allclose(rates, expected, rtol=1e-12)


def test_half_a_cycle_need_not_be_whole_updates():
    factors = Cyclic(peak=2, step_size=0.5).factors(np.arange(6), SPAN)
    np.testing.assert_allclose(factors, [1, 1.4, 1.8, 1.8, 1.4, 1], rtol=1e-12)


@given(
    st.floats(1, 100),
    st.floats(0.1, 10),
    st.sampled_from(["triangular", "triangular2", "exp_range"]),
    st.floats(0.5, 1),
)
def test_cycles_stay_between_base_and_peak(peak, step_size, mode, gamma):
    schedule = Cyclic(peak=peak, step_size=step_size, mode=mode, gamma=gamma)
    factors = schedule.factors(UPDATES, SPAN)
    assert factors[0] == 1
    assert factors.min() >= 1
    assert factors.max() <= peak * (1 + 1e-12)


@given(st.integers(1, 20))
def test_triangles_come_again_after_two_steps(step_size):
    factors = Cyclic(step_size=step_size, unit="updates").factors(UPDATES, SPAN)
    np.testing.assert_allclose(factors[2 * step_size :], factors[: -2 * step_size], atol=1e-12)


@pytest.mark.parametrize(("period", "multiplier"), [(4, 1), (3, 2), (1, 3)])
def test_restarts_equal_torchs(by_torch, period, multiplier):
    ours = SGDR(period=period, multiplier=multiplier, min_factor=0.01).factors(UPDATES, SPAN)
    theirs = by_torch(
        lambda one: CosineAnnealingWarmRestarts(one, period * 5, multiplier, eta_min=0.01), 200
    )
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


def test_capfinder_s_restarts_come_after_the_epochs_of_its_rule():
    """Cycles of 5, 8, 12, 18, 27, 41, 62 epochs; the highest rate falls to 0.9 of itself."""
    schedule = SGDR(period=5, multiplier=1.5, min_factor=0.5, peak_decay=0.9)
    rates = 2e-3 * schedule.factors(np.arange(300 * 5), Span(5, 300))
    restarts = (np.flatnonzero(np.diff(rates) > 0) + 1) / 5
    # From the eighth cycle on the highest rate would lie below the lowest.
    assert restarts.tolist() == [5, 13, 25, 43, 70, 111]
    at = np.array([0, 5, 13, 25, 43, 70, 111]) * 5
    np.testing.assert_allclose(rates[at], [2e-3 * 0.9**i for i in range(7)], rtol=1e-12)
    # Halfway through the second cycle of 8 epochs.
    np.testing.assert_allclose(rates[9 * 5], (1.8e-3 + 1e-3) / 2, rtol=1e-12)
    np.testing.assert_allclose(rates[173 * 5 :], 1e-3, rtol=1e-12)


def test_a_product_just_above_a_whole_number_is_that_number():
    assert math.ceil(100 * 1.1) == 111
    factors = SGDR(period=100, multiplier=1.1, unit="updates").factors(np.arange(212), SPAN)
    assert np.flatnonzero(factors == 1).tolist() == [0, 100, 210]


@given(st.integers(1, 12), st.floats(1, 3), st.floats(0, 1), st.floats(0.1, 1))
def test_restarts_stay_between_minimum_and_one_and_fall_between(
    period, multiplier, least, peak_decay
):
    schedule = SGDR(
        period=period,
        multiplier=multiplier,
        min_factor=least,
        peak_decay=peak_decay,
        unit="updates",
    )
    factors = schedule.factors(UPDATES, SPAN)
    assert factors[0] == 1
    assert factors.min() >= least - 1e-12
    assert factors.max() <= 1
    assert (np.diff(factors[:period]) <= 0).all()


@given(st.integers(1, 12), st.floats(1, 3), st.permutations(list(range(60))))
def test_any_updates_may_be_asked_for_in_any_order(period, multiplier, order):
    schedule = SGDR(period=period, multiplier=multiplier, unit="updates")
    whole = schedule.factors(np.arange(60), SPAN)
    assert schedule.factors(np.array(order), SPAN).tolist() == whole[order].tolist()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Cyclic(peak=0.5), "cyclic.peak: expected a number of at least 1, got 0.5."),
        (lambda: Cyclic(mode="square"), "cyclic.mode: expected one of triangular, .*'square'"),
        (lambda: Cyclic(step_size=0), "cyclic.step_size: expected a number above 0, got 0."),
        (lambda: SGDR(period=2.5), "sgdr.period: expected a whole number of at least 1, got 2.5."),
        (lambda: SGDR(multiplier=0.5), "sgdr.multiplier: .* at least 1, got 0.5."),
    ],
)
def test_impossible_options_are_refused_by_name(build, message):
    with pytest.raises(OptionError, match=message):
        build()
