"""Simulated events whose likelihood ratio is known."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sortal.systems.cms.simulation.observables import infer, measure
from sortal.systems.cms.simulation.processes import SimulatedProblem

_STEP = (5**0.5 - 1) / 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedEvents:
    """Simulated events of a problem, its processes well mixed in any stretch of them."""

    problem: SimulatedProblem

    values: np.ndarray
    """Shape (examples, observables), single precision."""

    weights: np.ndarray
    """Shape (examples,) [pb], single precision; some are negative. Those of a whole sample sum to
    the processes' cross sections."""

    process: np.ndarray
    """Index into the problem's processes, shape (examples,)."""

    @property
    def is_signal(self) -> np.ndarray:
        """Whether each event is signal, shape (examples,)."""
        signal: np.ndarray = self.problem.is_signal[self.process]
        return signal

    def __len__(self) -> int:
        return len(self.weights)

    def pick(self, rows: np.ndarray | slice) -> "SimulatedEvents":
        """Keep some events; their weights stay as they are."""
        return SimulatedEvents(
            problem=self.problem,
            values=self.values[rows],
            weights=self.weights[rows],
            process=self.process[rows],
        )


def simulate(problem: SimulatedProblem, events: int, *, seed: int) -> SimulatedEvents:
    """Draw a sample of events; the same seed gives the same events."""
    (sample,) = events_in_chunks(problem, events, seed=seed, chunk=max(1, events))
    return sample


def events_in_chunks(
    problem: SimulatedProblem, events: int, *, seed: int, chunk: int = 100_000
) -> Iterator[SimulatedEvents]:
    """Draw a sample of events piece by piece, in memory that does not grow with the sample.

    Args:
        problem: What to draw.
        events: Events of the whole sample, which share the cross sections.
        seed: The same seed and chunk give the same events.
        chunk: Events of each piece but the last.
    """
    for number, start in enumerate(range(0, max(1, events), chunk)):
        rng = np.random.default_rng(np.random.SeedSequence([seed, number]))
        yield _draw(problem, rng, np.arange(start, min(start + chunk, events)), events)


def _draw(
    problem: SimulatedProblem, rng: np.random.Generator, rows: np.ndarray, events: int
) -> SimulatedEvents:
    """Draw the events with these numbers of a sample."""
    process = _process_of(problem, rows)
    latents = np.empty((len(rows), len(problem.processes[0].tilt)))
    states = np.empty(len(rows), dtype=np.intp)
    weights = np.empty(len(rows))
    for index, one in enumerate(problem.processes):
        own = np.flatnonzero(process == index)
        latents[own], states[own], weights[own] = one.draw(
            rng, len(own), sample=events * one.generated
        )
    return SimulatedEvents(
        problem=problem,
        values=measure(latents, states, problem.observables),
        weights=weights.astype(np.float32),
        process=process,
    )


def _process_of(problem: SimulatedProblem, rows: np.ndarray) -> np.ndarray:
    """Spread the processes evenly: each has its share in any stretch, to a few events.

    The golden sequence falls into every part of [0, 1) as often as the part is long, with
    an error that grows with the logarithm of its length.
    """
    edges = np.cumsum([process.generated for process in problem.processes])
    place = np.mod((rows + 0.5) * _STEP, 1.0)
    found: np.ndarray = np.searchsorted(edges[:-1], place, side="right")
    return found


def log_rates(events: SimulatedEvents) -> np.ndarray:
    """Log of each process's cross section times density of summed weights at each event.

    Returns:
        Shape (examples, processes), up to one number an event that all processes share.
    """
    latents, states = infer(events.values, events.problem.observables)
    return np.column_stack(
        [process.log_rate(latents, states) for process in events.problem.processes]
    )
