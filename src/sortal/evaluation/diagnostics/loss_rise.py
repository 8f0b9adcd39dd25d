"""Whether a curve of losses rises after its minimum, beyond its own noise."""

import math
from dataclasses import dataclass

import numpy as np

SIGMAS = 3.0
"""A rise counts beyond so many of its errors."""

MATERIAL = 1e-3
"""A rise counts beyond this share of the loss at the minimum."""

_LEVEL = 25
_FEWEST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LossRise:
    """From the level about the minimum of a curve to the level of its end."""

    amount: float
    """End less minimum, both medians over neighbouring epochs; 0 where the minimum is the end."""

    relative: float
    """`amount` as a share of the level at the minimum."""

    error: float
    """One standard deviation of `amount` by the noise of the curve from epoch to epoch; NaN with
    fewer than five epochs."""

    clear: bool
    """Whether it is more than three errors and more than 0.1 % of the loss."""

    @classmethod
    def of(cls, losses: np.ndarray) -> "LossRise":
        """Measure one curve.

        The noise is the median absolute second difference of the later half, as normal and
        independent noise has it; a curve that wanders slowly counts as rising.

        Args:
            losses: By epoch, shape (epochs,); NaN are passed over; one number at least.
        """
        values = losses[np.isfinite(losses)]
        best = int(values.argmin())
        after = len(values) - 1 - best
        width = min(max(1, len(values) // 20), max(1, after), _LEVEL)
        half = width // 2
        low = float(np.median(values[max(0, best - half) : best + half + 1]))
        amount = float(np.median(values[-width:])) - low if after else 0.0
        # A median of n values has an error sqrt(pi / 2) times that of their mean.
        error = _noise(values) * math.sqrt(math.pi / width)
        relative = amount / abs(low) if low else math.nan
        clear = after > 0 and amount > SIGMAS * error and relative > MATERIAL
        return cls(amount=amount, relative=relative, error=error, clear=clear)

    @property
    def words(self) -> str:
        """What it does, to follow upon the name of the curve."""
        if math.isnan(self.error):
            return "has too few epochs to say whether it rises"
        size = f"by {self.amount:.3g} ({self.relative:.2%}, error {self.error:.1g})"
        if self.clear:
            return f"rises {size}"
        return f"does not rise beyond its noise: it changes {size}"


def _noise(values: np.ndarray) -> float:
    if len(values) < _FEWEST:
        return math.nan
    later = values[len(values) // 2 - 1 :]
    bends = np.abs(np.diff(later, n=2))
    # The median absolute value of a normal variable is 0.6745; a second difference has
    # 1 + 4 + 1 times the variance of one value.
    return float(np.median(bends)) / (0.6745 * math.sqrt(6.0))
