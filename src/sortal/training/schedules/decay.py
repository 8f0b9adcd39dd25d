"""Schedules that only ever lower the learning rate, at a pace that knows no end of training.

In the formulas t is the number of updates already made, U the updates of one unit
(1, or those of an epoch) and floor(t/U) the whole units already trained.
"""

from dataclasses import dataclass

import numpy as np

from sortal.training.schedules.span import Span, Unit, check_number, check_unit, check_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """The base learning rate throughout: factor 1."""

    def factors(self, updates: np.ndarray, span: Span) -> np.ndarray:  # noqa: ARG002
        """Factor 1 of each update."""
        return np.ones(np.shape(updates))


@dataclass(frozen=True, slots=True, kw_only=True)
class InverseTime:
    """Factor 1 / (1 + rate * floor(t/U)).

    Counted in updates this is the `decay` of the optimisers of Keras before 2.11.
    """

    rate: float = 0.0
    """Growth of the divisor a unit, 0 or more."""

    unit: Unit = "updates"
    """What `rate` is counted in."""

    def __post_init__(self) -> None:
        check_number("inverse_time", "rate", self.rate, least=0)
        check_unit("inverse_time", self.unit)

    def factors(self, updates: np.ndarray, span: Span) -> np.ndarray:
        """Factor of each update, in (0, 1].

        >>> InverseTime(rate=0.5).factors(np.arange(3), Span(10, 1))
        array([1.        , 0.66666667, 0.5       ])
        """
        return np.asarray(1.0 / (1.0 + self.rate * _units(updates, span, self.unit)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Exponential:
    """Factor gamma^floor(t/U).

    With gamma = e^-D this is the decay R e^(-D t) of textbooks; counted in updates,
    gamma = q^(1/s) falls by q every s updates without steps.
    """

    gamma: float = 0.95
    """Factor a unit, above 0 and at most 1."""

    unit: Unit = "epochs"
    """What `gamma` is counted in."""

    def __post_init__(self) -> None:
        check_number("exponential", "gamma", self.gamma, above=0, most=1)
        check_unit("exponential", self.unit)

    def factors(self, updates: np.ndarray, span: Span) -> np.ndarray:
        """Factor of each update, in [0, 1]: 0 where the power is below the smallest float."""
        return np.asarray(self.gamma ** _units(updates, span, self.unit))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Factor gamma^floor(t / (step_size * U)): a cut every so many units.

    The rate is cut before the update whose number is a multiple of the step size, as
    Deep-HiTS (Cabrera-Vives et al. 2017, doi:10.3847/1538-4357/836/1/97) does.
    """

    gamma: float = 0.5
    """Factor of each cut, above 0 and at most 1."""

    step_size: int = 10
    """Units between cuts, at least 1."""

    unit: Unit = "epochs"
    """What `step_size` is counted in."""

    def __post_init__(self) -> None:
        check_number("step", "gamma", self.gamma, above=0, most=1)
        check_whole("step", "step_size", self.step_size)
        check_unit("step", self.unit)

    def factors(self, updates: np.ndarray, span: Span) -> np.ndarray:
        """Factor of each update, in [0, 1].

        >>> Step(gamma=0.5, step_size=2, unit="updates").factors(np.arange(5), Span(10, 1))
        array([1.  , 1.  , 0.5 , 0.5 , 0.25])
        """
        cuts = _units(updates, span, self.unit) // self.step_size
        return np.asarray(self.gamma**cuts)


def _units(updates: np.ndarray, span: Span, unit: Unit) -> np.ndarray:
    """Whole units trained before each update, float64."""
    whole = np.floor_divide(updates, span.updates_in(unit))
    return np.asarray(whole, dtype=np.float64)
