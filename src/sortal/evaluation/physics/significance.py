"""Figures of merit of a counting experiment: how clearly a signal S stands out of a background B.

All are functions of arrays that broadcast, in float64, and keep one rule of signs: no
signal (S <= 0) is 0, whatever B; a negative background is NaN; an empty one is infinite
where the formula diverges. `uncertainty` is f, the relative systematic uncertainty of B.
"""

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from sortal.errors import OptionError

REGULARISATION = 10.0
"""What `ams` adds to the background, as the HiggsML challenge did."""

_SERIES = 0.5
_ORDERS = tuple(1.0 / k for k in range(25, 1, -2))


def asimov(signal: ArrayLike, background: ArrayLike, uncertainty: ArrayLike = 0.0) -> np.ndarray:
    """Median significance [standard deviations] with which the signal would be discovered.

    Z = sqrt(2 {(S+B) ln[(S+B)(B+V) / (B^2+(S+B)V)] - B^2/V ln[1+VS / (B(B+V))]}) with
    V = (f B)^2: Cowan, "Discovery sensitivity for a counting experiment with background
    uncertainty", 2012; with f = 0 it is eq. 97 of Cowan, Cranmer, Gross and Vitells 2011,
    arXiv:1007.1727. For S << B it is S / sqrt(B + V), and for B -> infinity at fixed
    r = S / B it saturates at sqrt(2 (r - ln(1+r))) / f.

    The difference cancels where S << B, so it is not what is computed. With the background
    that fits best without signal, b = B (1+y), y = f^2 S / (1 + f^2 B), the same is
    Z^2 / 2 = D(S+B, b) + D(1/f^2, (1+y)/f^2), D(n, b) = n ln(n/b) - n + b >= 0: a sum
    without cancellation, which f = 0 needs no branch for.

    Args:
        signal: Expected signal events.
        background: Expected background events; 0 gives infinity where there is signal.
        uncertainty: f, at least 0.

    Returns:
        Of the broadcast shape.

    Raises:
        OptionError: `uncertainty` is negative or not finite.

    >>> round(float(asimov(10, 100)), 6), round(float(asimov(10, 100, 0.2)), 6)
    (0.983992, 0.434463)
    """
    s, b, variance = _arrays(signal, background, uncertainty)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        excess = s / (b * (1 + variance * (s + b)))
        pull = variance * s / (1 + variance * b)
        events = (s + b) * log_less_share(excess)
        nuisance = s / (1 + variance * b) * _share_less_log(pull)
        return _signed(s, b, np.sqrt(2 * (events + nuisance)))


def s_over_b(signal: ArrayLike, background: ArrayLike) -> np.ndarray:
    """S / B: the purity of what is selected, blind to how much of it there is."""
    s, b, _ = _arrays(signal, background)
    return _ratio(s, b, b)


def s_over_sqrt_b(signal: ArrayLike, background: ArrayLike) -> np.ndarray:
    """S / sqrt(B): `asimov` to first order in S / B, without uncertainty of B."""
    s, b, _ = _arrays(signal, background)
    return _ratio(s, b, np.sqrt(np.maximum(b, 0)))


def s_over_sqrt_sb(signal: ArrayLike, background: ArrayLike) -> np.ndarray:
    """S / sqrt(S + B): the inverse of the relative error of a measured signal yield."""
    return s_over_sigma(signal, background)


def s_over_sigma(
    signal: ArrayLike, background: ArrayLike, uncertainty: ArrayLike = 0.0
) -> np.ndarray:
    """S / sqrt(S + B + (f B)^2): the same with the systematic uncertainty of the background.

    Raises:
        OptionError: `uncertainty` is negative or not finite.
    """
    s, b, variance = _arrays(signal, background, uncertainty)
    return _ratio(s, b, np.sqrt(np.maximum(s + b + variance * b**2, 0)))


def ams(
    signal: ArrayLike, background: ArrayLike, regularisation: float = REGULARISATION
) -> np.ndarray:
    """Approximate median significance: `asimov` of f = 0 with a constant added to B.

    Adam-Bourdarios et al. 2014, "Learning to discover: the Higgs boson machine learning
    challenge", doi:10.7483/OPENDATA.ATLAS.MQ5J.GHXA. The constant keeps tight cuts with
    next to no background from winning.

    Raises:
        OptionError: `regularisation` is negative or not finite.
    """
    if not (np.isfinite(regularisation) and regularisation >= 0):
        raise OptionError("regularisation", regularisation, "a finite number of 0 or more")
    return asimov(signal, np.asarray(background, dtype=np.float64) + regularisation)


class FigureOfMerit(StrEnum):
    """Which figure judges a selection; the values are names of options."""

    ASIMOV = "asimov"
    S_OVER_B = "s_over_b"
    S_OVER_SQRT_B = "s_over_sqrt_b"
    S_OVER_SQRT_SB = "s_over_sqrt_sb"
    S_OVER_SIGMA = "s_over_sigma"
    AMS = "ams"

    @property
    def label(self) -> str:
        """Title of an axis, in matplotlib's mathtext."""
        return _LABELS[self]

    @property
    def needs_uncertainty(self) -> bool:
        """Whether the figure looks at the uncertainty of the background."""
        return self in {FigureOfMerit.ASIMOV, FigureOfMerit.S_OVER_SIGMA}

    def of(
        self,
        signal: ArrayLike,
        background: ArrayLike,
        *,
        uncertainty: ArrayLike = 0.0,
        regularisation: float = REGULARISATION,
    ) -> np.ndarray:
        """The figure, of the broadcast shape.

        Args:
            signal: Expected signal events.
            background: Expected background events.
            uncertainty: Relative, of the background; for figures that `needs_uncertainty`.
            regularisation: For `ams`.
        """
        match self:
            case FigureOfMerit.ASIMOV:
                return asimov(signal, background, uncertainty)
            case FigureOfMerit.S_OVER_B:
                return s_over_b(signal, background)
            case FigureOfMerit.S_OVER_SQRT_B:
                return s_over_sqrt_b(signal, background)
            case FigureOfMerit.S_OVER_SQRT_SB:
                return s_over_sqrt_sb(signal, background)
            case FigureOfMerit.S_OVER_SIGMA:
                return s_over_sigma(signal, background, uncertainty)
            case FigureOfMerit.AMS:
                return ams(signal, background, regularisation)


_LABELS = {
    FigureOfMerit.ASIMOV: r"Asimov significance $Z_\mathrm{A}$",
    FigureOfMerit.S_OVER_B: r"$S/B$",
    FigureOfMerit.S_OVER_SQRT_B: r"$S/\sqrt{B}$",
    FigureOfMerit.S_OVER_SQRT_SB: r"$S/\sqrt{S+B}$",
    FigureOfMerit.S_OVER_SIGMA: r"$S/\sqrt{S+B+\sigma_B^2}$",
    FigureOfMerit.AMS: "AMS",
}


def combine(figures: ArrayLike) -> np.ndarray:
    """Combine independent bins or channels: sqrt(sum of Z^2) over the last axis.

    Z^2 is twice a log-likelihood ratio, and those of independent counts add. It is exact
    for `asimov` when the background uncertainties of the bins are independent as well.
    """
    total: np.ndarray = np.sqrt(np.square(np.asarray(figures, dtype=np.float64)).sum(axis=-1))
    return total


def relative_variance(uncertainty: ArrayLike) -> np.ndarray:
    """f^2.

    Raises:
        OptionError: An f is negative or not finite.
    """
    share = np.asarray(uncertainty, dtype=np.float64)
    bad = share[~(np.isfinite(share) & (share >= 0))]
    if bad.size:
        raise OptionError(
            "uncertainty", float(bad[0]), "a finite share of the background, 0 or more"
        )
    return np.square(share)


def less_log(x: np.ndarray) -> np.ndarray:
    """Compute x - ln(1+x) for x >= 0, to a few units in the last place.

    With t = x / (2+x), ln(1+x) is 2 (t + t^3/3 + t^5/5 + ...) and x is 2t / (1-t), so the
    first order drops out by algebra and not by subtraction.
    """
    t = x / (2 + x)
    near = 2 * t**2 / (1 - t) - 2 * _tail(t)
    far = x - np.log1p(x)
    value: np.ndarray = np.where(x < _SERIES, near, far)
    return value


def log_less_share(x: np.ndarray) -> np.ndarray:
    """Compute ln(1+x) - x / (1+x) for x >= 0, infinity included, as exact as `less_log`."""
    t = x / (2 + x)
    near = 2 * t**2 / (1 + t) + 2 * _tail(t)
    far = np.log1p(x) - 1 / (1 + 1 / x)
    value: np.ndarray = np.where(x < _SERIES, near, far)
    return value


def _share_less_log(y: np.ndarray) -> np.ndarray:
    """1 - ln(1+y) / y for y >= 0; 0 at 0."""
    return np.where(y > 0, less_log(y) / y, 0.0)


def _tail(t: np.ndarray) -> np.ndarray:
    """t^3/3 + t^5/5 + ..., exact in float64 for t <= 0.2."""
    square = np.minimum(t, 0.2) ** 2
    total = np.zeros_like(square)
    for order in _ORDERS:
        total = total * square + order
    tail: np.ndarray = total * square * t
    return tail


def _arrays(
    signal: ArrayLike, background: ArrayLike, uncertainty: ArrayLike = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    s, b = np.asarray(signal, dtype=np.float64), np.asarray(background, dtype=np.float64)
    return s, b, relative_variance(uncertainty)


def _ratio(s: np.ndarray, b: np.ndarray, scale: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return _signed(s, b, s / scale)


def _signed(s: np.ndarray, b: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Hold the rule of signs that all figures share."""
    return np.where(s <= 0, 0.0, np.where(b < 0, np.nan, value))
