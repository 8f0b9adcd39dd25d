"""Figures of merit: against 50-digit arithmetic, published values and their own limits."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.errors import OptionError
from sortal.evaluation.physics.significance import (
    FigureOfMerit,
    ams,
    asimov,
    combine,
    s_over_b,
    s_over_sigma,
    s_over_sqrt_b,
    s_over_sqrt_sb,
)

RATIOS = st.floats(-12, 12).map(lambda power: 10.0**power)
BACKGROUNDS = st.floats(-6, 9).map(lambda power: 10.0**power)
UNCERTAINTIES = st.one_of(
    st.sampled_from([0.0, 1e-12, 1e-9, 1e-6, 0.2, 1.0]),
    st.floats(-12, 0).map(lambda power: 10.0**power),
    st.floats(0, 1).filter(lambda f: f == 0 or f > 1e-12),
)


def exact(signal, background, uncertainty, digits=50):
    """The printed formula, with as many digits to spare as it cancels."""
    with mpmath.workdps(digits + 60):
        s, b, f = mpmath.mpf(signal), mpmath.mpf(background), mpmath.mpf(uncertainty)
        v = (f * b) ** 2
        if v == 0:
            half = (s + b) * mpmath.log1p(s / b) - s
        else:
            events = (s + b) * mpmath.log((s + b) * (b + v) / (b * b + (s + b) * v))
            half = events - b * b / v * mpmath.log1p(v * s / (b * (b + v)))
        return mpmath.sqrt(2 * half)


@given(RATIOS, BACKGROUNDS, UNCERTAINTIES)
def test_asimov_agrees_with_50_digits(ratio, background, uncertainty):
    signal = ratio * background
    expected = exact(signal, background, uncertainty)
    assert abs(asimov(signal, background, uncertainty) / expected - 1) < 1e-14


def test_asimov_agrees_with_50_digits_on_its_whole_range():
    worst = 0.0
    for power in range(-12, 13):
        for background in (1e-6, 1e-3, 1.0, 37.0, 1e4, 1e9):
            for uncertainty in (0.0, 1e-12, 1e-8, 1e-4, 0.01, 0.2, 0.5, 1.0):
                signal = 10.0**power * background
                found = asimov(signal, background, uncertainty)
                worst = max(worst, abs(found / exact(signal, background, uncertainty) - 1))
    assert worst < 1e-14


@pytest.mark.parametrize(
    ("signal", "background", "uncertainty", "expected"),
    [
        (10, 100, 0.2, 0.434463405),
        (5, 3, 0.2, 2.202105053),
        (50, 1000, 0.2, 0.242980306),
        (7, 0.01, 0.2, 8.721684364),
        (1e6, 1e7, 0.2, 0.484242131),
        (10, 100, 0.0, 0.983991645),
    ],
)
def test_asimov_has_the_values_of_the_guide(signal, background, uncertainty, expected):
    assert asimov(signal, background, uncertainty) == pytest.approx(expected, abs=1e-9)


def test_asimov_does_not_cancel_where_the_printed_formula_does():
    s, b, f = 1e-5, 1e5, 0.2
    printed = (s + b) * np.log((s + b) * (b + (f * b) ** 2) / (b**2 + (s + b) * (f * b) ** 2))
    printed -= np.log(1 + f**2 * b**2 * s / (b * (b + (f * b) ** 2))) / f**2
    first_order = s / math.sqrt(b + (f * b) ** 2)
    assert abs(math.sqrt(max(2 * printed, 0)) / first_order - 1) > 1
    assert asimov(s, b, f) == pytest.approx(first_order, rel=1e-9)


@given(BACKGROUNDS, st.floats(1e-3, 1), st.floats(1e-12, 1e-9))
def test_a_small_signal_is_judged_to_first_order(background, uncertainty, ratio):
    signal = ratio * background
    expected = signal / math.sqrt(background + (uncertainty * background) ** 2)
    assert asimov(signal, background, uncertainty) == pytest.approx(expected, rel=1e-8)


@given(RATIOS, BACKGROUNDS)
def test_uncertainty_fades_out_without_a_step(ratio, background):
    signal = ratio * background
    assert asimov(signal, background, 1e-150) == asimov(signal, background, 0.0)
    nearly = asimov(signal, background, 1e-30)
    assert nearly == pytest.approx(asimov(signal, background), rel=1e-15)


@given(st.floats(-3, 3).map(lambda power: 10.0**power), st.floats(0.01, 1))
def test_more_data_does_not_help_against_systematic_uncertainty(ratio, uncertainty):
    limit = math.sqrt(2 * (ratio - math.log1p(ratio))) / uncertainty
    assert asimov(ratio * 1e30, 1e30, uncertainty) == pytest.approx(limit, rel=1e-9)


def test_an_ever_smaller_background_makes_a_signal_ever_clearer():
    backgrounds = 10.0 ** -np.arange(300.0)
    assert np.all(np.diff(asimov(2.0, backgrounds, 0.1)) > 0)
    assert asimov(2.0, 1e-299) == pytest.approx(math.sqrt(4 * math.log(2 / 1e-299) - 4), rel=1e-6)


@given(RATIOS, BACKGROUNDS, st.floats(0, 1))
def test_figures_rise_with_signal_and_fall_with_background(ratio, background, uncertainty):
    signal = ratio * background
    for figure in FigureOfMerit:
        here = figure.of(signal, background, uncertainty=uncertainty)
        assert figure.of(signal * 1.01, background, uncertainty=uncertainty) > here
        # S / sqrt(S + B) does not see a background far below the signal.
        assert figure.of(signal, background * 1.01, uncertainty=uncertainty) <= here
        if figure.needs_uncertainty:
            assert figure.of(signal, background, uncertainty=uncertainty + 0.01) <= here


@pytest.mark.parametrize("figure", FigureOfMerit)
def test_no_signal_is_no_merit_whatever_the_background(figure):
    found = figure.of([0.0, -1.0, -1.0, 0.0, -2.0], [5.0, 5.0, 0.5, 0.0, -1.0], uncertainty=0.2)
    assert np.array_equal(found, np.zeros(5))


@pytest.mark.parametrize("figure", sorted(set(FigureOfMerit) - {FigureOfMerit.AMS}))
def test_a_negative_background_has_no_merit(figure):
    assert np.isnan(figure.of(3.0, -1.0, uncertainty=0.2))


@pytest.mark.parametrize("figure", FigureOfMerit)
def test_a_missing_yield_is_not_taken_for_nothing(figure):
    assert np.isnan(figure.of(np.nan, 2.0))
    assert np.isnan(figure.of(2.0, np.nan))


def test_without_background_merit_diverges_or_is_root_of_signal():
    for figure in (FigureOfMerit.ASIMOV, FigureOfMerit.S_OVER_B, FigureOfMerit.S_OVER_SQRT_B):
        assert figure.of(4.0, 0.0, uncertainty=0.2) == np.inf
    for figure in (FigureOfMerit.S_OVER_SQRT_SB, FigureOfMerit.S_OVER_SIGMA):
        assert figure.of(4.0, 0.0, uncertainty=0.2) == 2.0
    assert np.isfinite(ams(4.0, 0.0))


def test_simple_figures_are_what_their_names_say():
    assert s_over_b(10, 100) == 0.1
    assert s_over_sqrt_b(10, 100) == 1.0
    assert s_over_sqrt_sb(21, 100) == 21 / 11
    assert s_over_sigma(10, 100, 0.2) == pytest.approx(0.442807443, abs=1e-9)
    assert s_over_sigma(10, 100) == s_over_sqrt_sb(10, 100)


def test_ams_is_the_formula_of_the_challenge():
    s, b = 250.0, 900.0
    expected = math.sqrt(2 * ((s + b + 10) * math.log(1 + s / (b + 10)) - s))
    assert ams(s, b) == pytest.approx(expected, rel=1e-12)
    assert ams(s, b, 0.0) == asimov(s, b)
    assert FigureOfMerit.AMS.of(s, b, regularisation=3.0) == ams(s, b, 3.0)


def test_yields_and_uncertainties_broadcast():
    found = asimov(np.array([[1.0], [2.0]]), np.array([3.0, 4.0, 5.0]), 0.1)
    assert found.shape == (2, 3)
    assert found[1, 2] == asimov(2.0, 5.0, 0.1)
    assert asimov(1.0, 2.0, np.array([0.0, 0.5])).shape == (2,)


@pytest.mark.parametrize("wrong", [-0.1, np.nan, np.inf, [0.2, -1.0]])
def test_an_impossible_uncertainty_is_refused(wrong):
    with pytest.raises(OptionError, match="uncertainty: expected"):
        asimov(1.0, 2.0, wrong)
    with pytest.raises(OptionError, match="uncertainty: expected"):
        s_over_sigma(1.0, 2.0, wrong)


def test_an_impossible_regularisation_is_refused():
    with pytest.raises(OptionError, match="regularisation: expected"):
        ams(1.0, 2.0, -1.0)


def test_options_name_figures_and_axes_are_titled():
    assert [str(one) for one in FigureOfMerit] == [
        "asimov",
        "s_over_b",
        "s_over_sqrt_b",
        "s_over_sqrt_sb",
        "s_over_sigma",
        "ams",
    ]
    assert len({one.label for one in FigureOfMerit}) == len(FigureOfMerit)


def test_independent_bins_add_in_quadrature():
    assert combine([3.0, 4.0]) == 5.0
    assert np.array_equal(combine([[3.0, 4.0], [0.0, 2.0]]), [5.0, 2.0])


def test_splitting_a_bin_of_constant_purity_changes_nothing():
    whole = asimov(10.0, 40.0)
    assert combine(asimov(np.full(5, 2.0), np.full(5, 8.0))) == pytest.approx(whole, rel=1e-12)
