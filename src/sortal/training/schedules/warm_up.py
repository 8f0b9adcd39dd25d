"""A gentle start for any schedule."""

from dataclasses import dataclass

import numpy as np

from sortal.training.schedules.span import Schedule, Span, Unit, check_number, check_unit


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmUp:
    """Another schedule's factors times min(1, (t + 1)/w), w being the updates of the warm-up.

    Gradual warm-up, Goyal et al. 2017 (arXiv:1706.02677). The other schedule runs on
    underneath from update 0, so its steps, restarts and end stay where they are. The
    first update is made at 1/w, not 0, and update w - 1 is the first at full rate.
    """

    schedule: Schedule
    """What is warmed up."""

    length: float = 1.0
    """Units of the warm-up, above 0; rounded to whole updates."""

    unit: Unit = "epochs"
    """What `length` is counted in."""

    def __post_init__(self) -> None:
        check_number("warm_up", "length", self.length, above=0)
        check_unit("warm_up", self.unit)

    def factors(self, updates: np.ndarray, span: Span) -> np.ndarray:
        """Factor of each update."""
        length = max(1, round(self.length * span.updates_in(self.unit)))
        warmth = np.minimum(1.0, (np.asarray(updates) + 1) / length)
        return self.schedule.factors(updates, span) * warmth
