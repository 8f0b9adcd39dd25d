"""Errors of figures of merit: slopes against 50 digits, errors against simulated samples."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.evaluation.physics.significance import FigureOfMerit
from sortal.evaluation.physics.significance_error import derivatives, standard_error

FORMULAS = {
    FigureOfMerit.S_OVER_B: lambda s, b, f: s / b,
    FigureOfMerit.S_OVER_SQRT_B: lambda s, b, f: s / mpmath.sqrt(b),
    FigureOfMerit.S_OVER_SQRT_SB: lambda s, b, f: s / mpmath.sqrt(s + b),
    FigureOfMerit.S_OVER_SIGMA: lambda s, b, f: s / mpmath.sqrt(s + b + (f * b) ** 2),
    FigureOfMerit.AMS: lambda s, b, f: mpmath.sqrt(
        2 * ((s + b + 10) * mpmath.log1p(s / (b + 10)) - s)
    ),
    FigureOfMerit.ASIMOV: lambda s, b, f: mpmath.sqrt(
        2
        * (
            (s + b) * mpmath.log1p(s / (b * (1 + f**2 * (s + b))))
            - mpmath.log1p(f**2 * s / (1 + f**2 * b)) / f**2
        )
    ),
}


@given(
    st.sampled_from(list(FigureOfMerit)),
    st.floats(-6, 6).map(lambda power: 10.0**power),
    st.floats(-3, 6).map(lambda power: 10.0**power),
    st.floats(1e-3, 1),
)
def test_slopes_are_the_derivatives(figure, ratio, background, uncertainty):
    signal = ratio * background
    by_signal, by_background = derivatives(figure, signal, background, uncertainty=uncertainty)
    with mpmath.workdps(90):
        s, b, f = map(mpmath.mpf, (signal, background, uncertainty))
        expected = [
            mpmath.diff(lambda x, y: FORMULAS[figure](x, y, f), (s, b), order, h=b * ratio * 1e-25)
            for order in ((1, 0), (0, 1))
        ]
    assert float(by_signal) == pytest.approx(float(expected[0]), rel=1e-9)
    assert float(by_background) == pytest.approx(float(expected[1]), rel=1e-9)


@pytest.mark.parametrize("figure", FigureOfMerit)
@pytest.mark.parametrize("uncertainty", [0.0, 0.3])
def test_errors_are_the_spread_of_simulated_samples(figure, uncertainty):
    rng = np.random.default_rng(3)
    signal, background = rng.poisson(900, 40_000) * 0.02, rng.poisson(1600, 40_000) * 0.05
    figures = figure.of(signal, background, uncertainty=uncertainty)
    error = standard_error(
        figure, 18.0, 80.0, 900 * 0.02**2, 1600 * 0.05**2, uncertainty=uncertainty
    )
    assert error == pytest.approx(figures.std(), rel=0.02)


@pytest.mark.parametrize("figure", FigureOfMerit)
def test_errors_keep_their_limit_as_the_signal_vanishes(figure):
    found = standard_error(figure, [1e-9, 0.0, -1.0], 50.0, 0.3, 0.2, uncertainty=0.1)
    assert np.all(found > 0)
    assert found == pytest.approx(np.full(3, found[0]), rel=1e-6)


def test_an_infinite_merit_has_no_known_error():
    assert np.isnan(standard_error(FigureOfMerit.ASIMOV, 1.0, 0.0, 0.1, 0.1))
    assert np.isnan(standard_error(FigureOfMerit.ASIMOV, 1.0, -1.0, 0.1, 0.1))
    assert standard_error(FigureOfMerit.S_OVER_SQRT_SB, 4.0, 0.0, 0.16, 0.0) == pytest.approx(0.1)


def test_exact_yields_have_exact_figures():
    assert standard_error(FigureOfMerit.ASIMOV, 3.0, 4.0, 0.0, 0.0, uncertainty=0.2) == 0
