"""Statistical errors of figures of merit from the finite number of simulated events."""

import numpy as np
from numpy.typing import ArrayLike

from sortal.evaluation.physics.significance import (
    REGULARISATION,
    FigureOfMerit,
    asimov,
    less_log,
    relative_variance,
)


def standard_error(
    figure: FigureOfMerit,
    signal: ArrayLike,
    background: ArrayLike,
    signal_variance: ArrayLike,
    background_variance: ArrayLike,
    *,
    uncertainty: ArrayLike = 0.0,
    regularisation: float = REGULARISATION,
) -> np.ndarray:
    """Propagate the errors of both yields to a figure of merit, to first order.

    Signal and background are simulated apart, so their errors are independent. First order
    is good where the relative errors are small (a few tens of effective events); for less,
    resample (`cut_choice.resampled_merit`).

    Args:
        figure: Which figure.
        signal: Expected signal events; where they are not positive the error is that at
            the limit S -> 0.
        background: Expected background events.
        signal_variance: Sum of the squared weights of the signal.
        background_variance: The same of the background.
        uncertainty: Relative systematic uncertainty of the background, held fixed.
        regularisation: For `ams`.

    Returns:
        One standard deviation, of the broadcast shape; NaN where the figure is not finite.
    """
    by_signal, by_background = derivatives(
        figure, signal, background, uncertainty=uncertainty, regularisation=regularisation
    )
    from_signal = by_signal * np.sqrt(np.asarray(signal_variance, dtype=np.float64))
    from_background = by_background * np.sqrt(np.asarray(background_variance, dtype=np.float64))
    error: np.ndarray = np.hypot(from_signal, from_background)
    return error


def derivatives(
    figure: FigureOfMerit,
    signal: ArrayLike,
    background: ArrayLike,
    *,
    uncertainty: ArrayLike = 0.0,
    regularisation: float = REGULARISATION,
) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives of a figure of merit by S and by B, NaN where it is not finite."""
    s = np.maximum(np.asarray(signal, dtype=np.float64), 0.0)
    b = np.asarray(background, dtype=np.float64)
    variance = relative_variance(uncertainty)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        match figure:
            case FigureOfMerit.ASIMOV:
                found = _asimov_slopes(s, b, variance)
            case FigureOfMerit.AMS:
                found = _asimov_slopes(s, b + regularisation, np.zeros(()))
            case FigureOfMerit.S_OVER_B:
                found = 1 / b, -s / b**2
            case FigureOfMerit.S_OVER_SQRT_B:
                found = b**-0.5, -0.5 * s * b**-1.5
            case FigureOfMerit.S_OVER_SQRT_SB:
                found = _sigma_slopes(s, b, np.zeros(()))
            case FigureOfMerit.S_OVER_SIGMA:
                found = _sigma_slopes(s, b, variance)
    known = np.isfinite(found[0]) & np.isfinite(found[1])
    return np.where(known, found[0], np.nan), np.where(known, found[1], np.nan)


def _asimov_slopes(
    s: np.ndarray, b: np.ndarray, variance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Differentiate Z through Z^2 / 2, whose best background drops out as it is a minimum.

    d(Z^2/2)/dS = ln(1+x) and d(Z^2/2)/dB = -(x - ln(1+x)) - x y, with the x and y of
    `asimov`; for S -> 0 they leave dZ/dS = 1 / sqrt(B + (f B)^2) and dZ/dB = 0.
    """
    x = s / (b * (1 + variance * (s + b)))
    y = variance * s / (1 + variance * b)
    z = asimov(s, b, np.sqrt(variance))
    rising = np.where(z == 0, (b + variance * b**2) ** -0.5, np.log1p(x) / z)
    falling = np.where(z == 0, 0.0, -(less_log(x) + x * y) / z)
    return rising, falling


def _sigma_slopes(
    s: np.ndarray, b: np.ndarray, variance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    total = s + b + variance * b**2
    return (total - s / 2) * total**-1.5, -0.5 * s * (1 + 2 * variance * b) * total**-1.5
