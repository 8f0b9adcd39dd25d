"""Rises of loss curves after their minimum, against their noise."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.evaluation.diagnostics.loss_rise import LossRise

EPOCHS = np.arange(400)


def noisy(curve, *, noise=0.002, seed=0):
    return curve + np.random.default_rng(seed).normal(0, noise, len(curve))


def plateau():
    return 0.4 + 0.4 * np.exp(-EPOCHS / 30)


def test_a_noisy_plateau_is_seldom_taken_for_a_rise():
    clear = [LossRise.of(noisy(plateau(), seed=seed)).clear for seed in range(200)]
    assert sum(clear) <= 4


def test_a_rise_is_measured_beside_noise():
    found = LossRise.of(noisy(plateau() + 0.0002 * np.maximum(0, EPOCHS - 150)))
    assert found.clear
    assert found.amount == pytest.approx(0.0002 * 240, abs=0.006)
    assert found.relative == pytest.approx(found.amount / 0.4, rel=0.05)
    assert found.words.startswith("rises by 0.0")


def test_the_error_is_that_of_medians_of_a_noisy_curve():
    spread = [LossRise.of(noisy(np.ones(400), noise=0.01, seed=seed)).error for seed in range(100)]
    assert np.mean(spread) == pytest.approx(0.01 * math.sqrt(math.pi / 20), rel=0.1)


def test_a_rise_of_less_than_a_thousandth_is_none_however_sure():
    curve = np.concatenate([np.linspace(1.0, 0.5, 50), np.linspace(0.5, 0.5002, 50)])
    found = LossRise.of(curve)
    assert found.error < 1e-9
    assert found.amount > 0
    assert not found.clear


def test_a_curve_that_ends_at_its_minimum_does_not_rise():
    found = LossRise.of(np.linspace(1.0, 0.2, 30))
    assert found.amount == 0.0
    assert not found.clear


def test_few_epochs_say_nothing():
    found = LossRise.of(np.array([1.0, 0.5, 0.9]))
    assert math.isnan(found.error)
    assert not found.clear
    assert "too few epochs" in found.words


@given(st.lists(st.floats(0.1, 10.0), min_size=1, max_size=60), st.floats(0.1, 10.0))
def test_scaling_a_curve_scales_its_rise(losses, scale):
    curve = np.array(losses)
    plain, scaled = LossRise.of(curve), LossRise.of(curve * scale)
    assert scaled.amount == pytest.approx(plain.amount * scale, abs=1e-9)
    assert scaled.relative == pytest.approx(plain.relative, abs=1e-9)
