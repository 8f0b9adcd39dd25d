"""What a search may choose from: ranges and choices of parameters, and the candidates drawn from them."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

LOG_FROM = 100.0
"""Ratio of the ends of a range from which ratios count and not differences: two decades."""

_SHARE = 0.2
"""Standard deviation of small steps, as a share of the range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Numbers from `low` to `high`, both included."""

    low: float
    high: float
    initial: float
    whole: bool = False
    """Whether only whole numbers count."""

    log: bool = False
    """Whether ratios count and not differences; `low` is then above 0."""

    sigma: float | None = None
    """Standard deviation of small steps: in units of the parameter, in decades if `log`; a fifth of
    the range if None."""

    @property
    def step(self) -> float:
        """Standard deviation of small steps on the axis of `place`."""
        if self.sigma is None:
            return _SHARE * (self.place(self.high) - self.place(self.low))
        return self.sigma

    def place(self, value: float) -> float:
        """Where a value lies on the axis that is drawn from: itself, or its decimal logarithm."""
        return math.log10(value) if self.log else float(value)

    def at(self, place: float) -> int | float:
        """The value at a place; what lies outside is moved to the nearest end.

        >>> Range(low=1, high=1000, initial=10, log=True, whole=True).at(1.5)
        32
        """
        value = 10.0**place if self.log else place
        value = min(max(value, self.low), self.high)
        # The nearest whole number of a value inside lies inside, for the ends are whole.
        return round(value) if self.whole else float(value)

    def holds(self, value: Any) -> bool:
        """Whether a value is a number of this range."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        return self.low <= value <= self.high and (not self.whole or value == int(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Values without an order between them."""

    values: tuple[Any, ...]
    initial: Any

    def holds(self, value: Any) -> bool:
        """Whether a value is one of them; 1, 1.0 and true are three."""
        return repr(value) in map(repr, self.values)


Dimension: TypeAlias = Range | Choices


@dataclass(frozen=True, slots=True)
class Space:
    """The tuned parameters of one classifier, in the job's order; empty if nothing is tuned."""

    dimensions: Mapping[str, Dimension] = field(default_factory=dict)

    @property
    def initial(self) -> dict[str, Any]:
        """The values where a search begins."""
        return {name: one.initial for name, one in self.dimensions.items()}

    @property
    def numeric(self) -> tuple[str, ...]:
        """Names of the parameters that are ranges."""
        return tuple(name for name, one in self.dimensions.items() if isinstance(one, Range))

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether these are values of all tuned parameters, each within its dimension."""
        return values.keys() == self.dimensions.keys() and all(
            one.holds(values[name]) for name, one in self.dimensions.items()
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Candidate:
    """One classifier of a search with a value of each of its tuned parameters."""

    kind: int
    """Place of the classifier among those of the search."""

    values: Mapping[str, Any]
    parent: str = ""
    """`identity` of the candidate that it varies; empty for one that was drawn freely."""

    @cached_property
    def identity(self) -> str:
        """What makes it this candidate, as text; its parent is no part of it."""
        return json.dumps([self.kind, self.values], sort_keys=True)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Candidate) and self.identity == other.identity

    def __hash__(self) -> int:
        return hash(self.identity)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatedCandidate:
    """What became of a candidate."""

    candidate: Candidate
    value: float | None
    """The larger the better; None for one that failed."""

    pruned_at: int | None = None
    """Budget at which it was given up, `value` being what it had reached; None if trained whole."""

    @property
    def is_whole(self) -> bool:
        """Whether it was trained whole and has a value."""
        return self.value is not None and self.pruned_at is None
