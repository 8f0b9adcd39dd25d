import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import ExponentialLR, LambdaLR, StepLR

from sortal.errors import OptionError
from sortal.training.schedules.decay import Constant, Exponential, InverseTime, Step
from sortal.training.schedules.span import Span

UPDATES = np.arange(120)
SPAN = Span(7, 20)


def test_a_constant_rate_stays():
    assert Constant().factors(UPDATES, SPAN).tolist() == [1.0] * 120


def test_the_decay_of_keras_before_2_11_counts_updates(by_torch):
    ours = InverseTime(rate=0.03).factors(UPDATES, SPAN)
    theirs = by_torch(lambda one: LambdaLR(one, lambda t: 1 / (1 + 0.03 * t)), 120)
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_the_cms_trainings_end_at_the_rates_their_decay_gives():
    """5e-5/(1 + decay * 1000 U) after 1000 epochs of U = 17 updates, worked by hand."""
    end = np.array([17_000])
    for decay, divisor in [(1e-3, 18.0), (1e-4, 2.7)]:
        rate = 5e-5 * InverseTime(rate=decay).factors(end, Span(17, 1001))
        np.testing.assert_allclose(rate, [5e-5 / divisor], rtol=1e-12)


def test_inverse_time_by_epochs_changes_between_epochs_alone():
    factors = InverseTime(rate=1.0, unit="epochs").factors(np.arange(6), Span(2, 3))
    np.testing.assert_allclose(factors, [1, 1, 1 / 2, 1 / 2, 1 / 3, 1 / 3], rtol=1e-12)


@pytest.mark.parametrize(("unit", "every"), [("updates", 1), ("epochs", 7)])
def test_exponential_decay_equals_torchs(by_torch, unit, every):
    ours = Exponential(gamma=0.9, unit=unit).factors(UPDATES, SPAN)
    theirs = by_torch(lambda one: ExponentialLR(one, 0.9), 120, every=every)
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_the_textbook_decay_is_exponential():
    factors = Exponential(gamma=math.exp(-0.25)).factors(np.array([0, 7, 70]), SPAN)
    np.testing.assert_allclose(factors, [1, math.exp(-0.25), math.exp(-2.5)], rtol=1e-12)


@pytest.mark.parametrize(("unit", "every"), [("updates", 1), ("epochs", 7)])
def test_steps_equal_torchs(by_torch, unit, every):
    ours = Step(gamma=0.3, step_size=3, unit=unit).factors(UPDATES, SPAN)
    theirs = by_torch(lambda one: StepLR(one, 3, 0.3), 120, every=every)
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_deep_hits_halves_its_rate_every_100_000_updates():
    made = np.array([0, 99_999, 100_000, 199_999, 200_000, 439_999])
    rates = 0.04 * Step(gamma=0.5, step_size=100_000, unit="updates").factors(
        made, Span(24_400, 18)
    )
    np.testing.assert_allclose(rates, [0.04, 0.04, 0.02, 0.02, 0.01, 0.0025], rtol=1e-12)


@given(
    st.one_of(
        st.builds(InverseTime, rate=st.floats(0, 10), unit=st.sampled_from(["epochs", "updates"])),
        st.builds(
            Exponential, gamma=st.floats(1e-3, 1), unit=st.sampled_from(["epochs", "updates"])
        ),
        st.builds(Step, gamma=st.floats(1e-3, 1), step_size=st.integers(1, 9)),
    ),
    st.integers(1, 9),
)
def test_decays_start_at_one_and_never_rise(schedule, updates_per_epoch):
    factors = schedule.factors(np.arange(50), Span(updates_per_epoch, 5))
    assert factors[0] == 1
    assert (np.diff(factors) <= 0).all()
    assert (factors >= 0).all()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda: InverseTime(rate=-1),
            "inverse_time.rate: expected a number of at least 0, got -1.",
        ),
        (
            lambda: Exponential(gamma=1.5),
            "exponential.gamma: expected a number above 0 and of at most 1, got 1.5.",
        ),
        (
            lambda: Step(step_size=0),
            "step.step_size: expected a whole number of at least 1, got 0.",
        ),
        (lambda: Step(unit="days"), "step.unit: expected one of epochs, updates, got 'days'."),
        (lambda: Exponential(gamma=math.nan), "exponential.gamma: .* got nan"),
        (lambda: Exponential(gamma=True), "exponential.gamma: .* got True"),
    ],
)
def test_impossible_options_are_refused_by_name(build, message):
    with pytest.raises(OptionError, match=message):
        build()
