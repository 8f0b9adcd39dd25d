"""Figure of merit of a distribution: its bins, judged one by one and combined."""

from dataclasses import dataclass

import numpy as np

from sortal.errors import DataError
from sortal.evaluation.physics.cut_rule import MeritRule, guarded_merit
from sortal.evaluation.physics.significance import REGULARISATION, FigureOfMerit, combine
from sortal.evaluation.physics.significance_error import standard_error
from sortal.metrics.histogram import Histogram


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BinnedMerit:
    """Figures of the bins and of all together."""

    merit: np.ndarray
    """Figure of merit of each bin, shape (bins,); 0 where guarded."""

    guarded: np.ndarray
    """Bins that were left out: too little background, shape (bins,), bool."""

    errors: np.ndarray
    """Statistical errors of `merit` from the simulated events, shape (bins,); 0 where guarded."""

    @property
    def combined(self) -> float:
        """Square root of the sum of squares over the bins."""
        return float(combine(self.merit))

    @property
    def error(self) -> float:
        """Statistical error of `combined`, to first order; NaN where that is 0."""
        total = self.combined
        return float(combine(self.merit * self.errors)) / total if total else float("nan")


def binned_merit(
    signal: Histogram,
    background: Histogram,
    *,
    figure: FigureOfMerit = FigureOfMerit.ASIMOV,
    uncertainty: float = 0.0,
    regularisation: float = REGULARISATION,
    minimum_background: float = 0.0,
    minimum_effective_background: float = 0.0,
) -> BinnedMerit:
    """Judge each bin of two histograms of expected events.

    Background uncertainties of different bins count as independent; for one that moves all
    bins together the combination is too good, as the bins would measure the background.
    A guarded bin adds nothing, so coarse bins can be better than fine ones.

    Raises:
        DataError: The edges differ.
        OptionError: The uncertainty, regularisation or a minimum is negative.
    """
    if not np.array_equal(signal.edges, background.edges):
        raise DataError("signal and background: expected histograms of the same edges.")
    rule = MeritRule(
        figure=figure,
        uncertainty=uncertainty,
        regularisation=regularisation,
        minimum_background=minimum_background,
        minimum_effective_background=minimum_effective_background,
    )
    merit, guarded = guarded_merit(rule, signal.sums, background.sums, background.squares)
    errors = standard_error(
        figure,
        signal.sums,
        background.sums,
        signal.squares,
        background.squares,
        uncertainty=uncertainty,
        regularisation=regularisation,
    )
    return BinnedMerit(merit=merit, guarded=guarded, errors=np.where(guarded, 0.0, errors))
