"""Expected events of each process: how weights are scaled, and what a cut leaves of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sortal.errors import DataError, NotFound, OptionError


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """What turns the weights of one part's events into expected events.

    A part holds only some of a sample's events, so each is multiplied by the inverse of
    that share besides the luminosity; the share may differ between samples.
    """

    luminosity: float = 1.0
    """Integrated luminosity, in the inverse of the weights' unit of cross-section."""

    split_factor: float = 1.0
    """Inverse of the part's share of a sample, for samples that `split_factors` lacks."""

    split_factors: Mapping[str, float] = field(default_factory=dict)
    """The same by name of the sample."""

    def __post_init__(self) -> None:
        numbers = {"luminosity": self.luminosity, "split_factor": self.split_factor}
        numbers |= {f"split_factors.{name}": one for name, one in self.split_factors.items()}
        for name, one in numbers.items():
            if not (np.isfinite(one) and one > 0):
                raise OptionError(name, one, "a finite number above 0")

    def factors(self, samples: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
        """Factor of each event's weight.

        Args:
            samples: Place in `names` of each event's sample, shape (examples,).
            names: Samples.

        Returns:
            Shape (examples,), float64.

        Raises:
            NotFound: `split_factors` has a sample that is not among the names.
        """
        for name in self.split_factors:
            if name not in names:
                raise NotFound("sample", name, names, where="split_factors")
        each = [self.split_factors.get(name, self.split_factor) for name in names]
        factors: np.ndarray = self.luminosity * np.asarray(each, dtype=np.float64)[samples]
        return factors


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessYield:
    """What a cut leaves of one process, or of several together."""

    expected: float
    """Sum of the weights of the selected events, sign kept."""

    error: float
    """Its statistical error of the simulation, sqrt(sum of w^2)."""

    events: int
    """Simulated events that are selected."""

    total: float
    """Sum of the weights of all events, selected or not."""

    @property
    def efficiency(self) -> float:
        """Expected / total; NaN if the total is 0."""
        return self.expected / self.total if self.total else float("nan")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Yields:
    """What a cut leaves of each process; arrays have shape (processes,)."""

    cut: float
    """The cut on the score."""

    names: tuple[str, ...]
    """Processes."""

    expected: np.ndarray
    """Sum of the weights of the selected events, sign kept."""

    squares: np.ndarray
    """Sum of their squared weights: the variance of `expected`."""

    events: np.ndarray
    """Simulated events that are selected."""

    totals: np.ndarray
    """Sum of the weights of all events, selected or not."""

    @property
    def errors(self) -> np.ndarray:
        """Statistical error of `expected`."""
        errors: np.ndarray = np.sqrt(self.squares)
        return errors

    @property
    def efficiencies(self) -> np.ndarray:
        """`expected` / `totals`; NaN where there is nothing."""
        none = np.full_like(self.expected, np.nan)
        share: np.ndarray = np.divide(self.expected, self.totals, out=none, where=self.totals != 0)
        return share

    def of(self, *names: str) -> ProcessYield:
        """Some processes together; of none named, all.

        Raises:
            NotFound: There is no process of that name.
        """
        for name in names:
            if name not in self.names:
                raise NotFound("process", name, self.names)
        some = [place for place, name in enumerate(self.names) if not names or name in names]
        return ProcessYield(
            expected=float(self.expected[some].sum()),
            error=float(np.sqrt(self.squares[some].sum())),
            events=int(self.events[some].sum()),
            total=float(self.totals[some].sum()),
        )


def yields_at_cut(
    processes: np.ndarray,
    names: tuple[str, ...],
    scores: np.ndarray,
    weights: np.ndarray,
    cut: float,
    *,
    strict: bool = False,
    upper: float = 1.0,
    eligible: np.ndarray | None = None,
) -> Yields:
    """Sum what a cut selects, process by process.

    Args:
        processes: Place in `names` of each event's process, shape (examples,).
        names: Processes; one without events has a yield of 0.
        scores: Shape (examples,).
        weights: Expected events of each example, shape (examples,).
        cut: The cut.
        strict: Select cut < score < upper, instead of score >= cut.
        upper: Of strict selections.
        eligible: Which events may be selected, shape (examples,), bool; None for all.

    Raises:
        DataError: Columns differ in length, or a code is not a place in `names`.
    """
    columns = (processes, scores, weights, *(() if eligible is None else (eligible,)))
    if len({len(one) for one in columns}) != 1:
        raise DataError(f"yields: expected columns of one length, got {[*map(len, columns)]}.")
    if len(processes) and not (processes.min() >= 0 and processes.max() < len(names)):
        raise DataError(f"processes: expected codes of 0 to {len(names) - 1}, got others.")
    chosen = (scores > cut) & (scores < upper) if strict else scores >= cut
    if eligible is not None:
        chosen = chosen & eligible.astype(bool)
    each = weights.astype(np.float64)

    def sums(values: np.ndarray, rows: np.ndarray | slice) -> np.ndarray:
        # bincount of no events is of integers, whatever the weights.
        found = np.bincount(processes[rows], values[rows], minlength=len(names))
        return found.astype(np.float64)

    return Yields(
        cut=float(cut),
        names=tuple(names),
        expected=sums(each, chosen),
        squares=sums(each**2, chosen),
        events=np.bincount(processes[chosen], minlength=len(names)),
        totals=sums(each, slice(None)),
    )
