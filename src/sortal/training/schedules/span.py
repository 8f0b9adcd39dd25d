"""What a schedule is, how long a training lasts, and the checks that options share."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from sortal.errors import OptionError

if TYPE_CHECKING:
    import numpy as np  # who only names an optimiser in settings does not wait for it

Unit: TypeAlias = Literal["epochs", "updates"]
"""What a length or a rate of a schedule is counted in."""


@dataclass(frozen=True, slots=True)
class Span:
    """How long a member's whole training is, the epochs still to come included."""

    updates_per_epoch: int
    """Minibatches of one epoch, at least 1."""

    epochs: int
    """Epochs that the member would train without early stopping, at least 1."""

    def __post_init__(self) -> None:
        check_whole("span", "updates_per_epoch", self.updates_per_epoch)
        check_whole("span", "epochs", self.epochs)

    @property
    def updates(self) -> int:
        """Updates of the whole training."""
        return self.updates_per_epoch * self.epochs

    def updates_in(self, unit: Unit) -> int:
        """Updates that one unit lasts."""
        return self.updates_per_epoch if unit == "epochs" else 1

    def progress(self, updates: "np.ndarray") -> "np.ndarray":
        """Share of the training done before each update, float64 in [0, 1]."""
        share: np.ndarray = (updates / self.updates).clip(max=1.0)
        return share


class Schedule(Protocol):
    """Factors on a member's base learning rate, a pure function of the number of the update."""

    def factors(self, updates: "np.ndarray", span: Span) -> "np.ndarray":
        """Factor of each update.

        Args:
            updates: Numbers of updates about to be made, whole and from 0, in any order.
            span: How long the training is.

        Returns:
            float64, shape of `updates`, none below 0.
        """
        ...


def check_number(
    owner: str,
    option: str,
    value: object,
    *,
    above: float = -math.inf,
    below: float = math.inf,
    least: float = -math.inf,
    most: float = math.inf,
) -> None:
    """Refuse what is not a finite number in a range.

    Raises:
        OptionError: `value` is no number, or out of range.
    """
    if (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and math.isfinite(value)
        and above < value < below
        and least <= value <= most
    ):
        return
    bounds = [
        f"{word} {bound:g}"
        for word, bound in (
            ("above", above),
            ("of at least", least),
            ("below", below),
            ("of at most", most),
        )
        if math.isfinite(bound)
    ]
    expected = f"a number {' and '.join(bounds)}" if bounds else "a number"
    raise OptionError(f"{owner}.{option}", value, expected)


def check_whole(owner: str, option: str, value: object, *, least: int = 1) -> None:
    """Refuse what is not a whole number of at least `least`.

    Raises:
        OptionError: `value` is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise OptionError(f"{owner}.{option}", value, f"a whole number of at least {least}")


def check_choice(owner: str, option: str, value: object, choices: tuple[str, ...]) -> None:
    """Refuse what is not one of some words.

    Raises:
        OptionError: `value` is something else.
    """
    if value not in choices:
        raise OptionError(f"{owner}.{option}", value, "one of " + ", ".join(choices))


def check_unit(owner: str, unit: object) -> None:
    """Refuse what is not a unit.

    Raises:
        OptionError: `unit` is neither `epochs` nor `updates`.
    """
    check_choice(owner, "unit", unit, ("epochs", "updates"))
