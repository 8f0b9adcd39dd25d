"""What the densities behind simulated events tell: true scores, and how well they can do at best."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from sortal.evaluation.physics.cut_scan import CutScan, page_cuts, scan
from sortal.metrics.ranking import roc_auc
from sortal.systems.cms.simulation.processes import SIGNAL_POINT, SimulatedProblem
from sortal.systems.cms.simulation.simulate import SimulatedEvents, events_in_chunks, log_rates

LUMINOSITY = 35866.0
"""That of the page [1/pb]."""

UNCERTAINTY = 0.2
"""The page's relative uncertainty of the background."""

_LEAST_SIMULATED = 10.0
"""Effective simulated background events that a cut must leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimum:
    """How well the true likelihood ratio does; signal is the benchmark point alone."""

    events: int
    """Simulated events that were judged, of all processes."""

    auc: float
    """Signal against all background, by weight."""

    cut: float
    """Cut on the true score."""

    merit: float
    """Figure of merit (Asimov) above the cut."""

    merit_error: float
    """Its statistical error of the simulation."""

    signal: float
    """Expected signal events above the cut."""

    background: float
    """Expected background events above the cut."""


def true_scores(events: SimulatedEvents, *, signal: str = SIGNAL_POINT) -> np.ndarray:
    """Score events by the ratio of weight-summed densities, r / (1 + r), in [0, 1].

    r is the density of the signal process over that of all background together, both
    normalised: no cut on anything selects less background for the same signal, in the
    limit of many events (Neyman and Pearson 1933, doi:10.1098/rsta.1933.0009).

    Args:
        events: Events of any process.
        signal: Process that is taken for the signal.

    Returns:
        Shape (examples,), float64.
    """
    problem = events.problem
    rates, sections = log_rates(events), _cross_sections(problem)
    wanted = problem.names.index(signal)
    background = np.flatnonzero(~problem.is_signal)
    above = rates[:, wanted] - np.log(sections[wanted])
    below = np.logaddexp.reduce(rates[:, background], axis=1) - np.log(sections[background].sum())
    scores: np.ndarray = 1 / (1 + np.exp(below - above))
    return scores


def class_posteriors(events: SimulatedEvents, *, power: float = 0.5) -> np.ndarray:
    """Give what a network of many events would learn: probabilities of the classes.

    Args:
        events: Events of any process.
        power: The total weight of each class in training is its cross section to this
            power: 0 for equal classes, 1/2 for the page's SQRT balance, 1 for nature.

    Returns:
        Shape (examples, classes), rows summing to 1, in the order of the problem's classes.
    """
    problem = events.problem
    rates, sections = log_rates(events), _cross_sections(problem)
    kinds = np.array([process.kind for process in problem.processes])
    columns = []
    for kind in problem.classes:
        own = kinds == kind
        scale = (power - 1) * np.log(sections[own].sum())
        columns.append(np.logaddexp.reduce(rates[:, own], axis=1) + scale)
    logs = np.column_stack(columns)
    posteriors: np.ndarray = np.exp(logs - np.logaddexp.reduce(logs, axis=1)[:, None])
    return posteriors


def balanced_scores(events: SimulatedEvents) -> np.ndarray:
    """Give the signal score that a network of many events would learn with the page's SQRT balance.

    Returns:
        Shape (examples,), in [0, 1]. All signal points are one class to it.
    """
    scores: np.ndarray = class_posteriors(events)[:, 0]
    return scores


def optimum_of_parts(
    validation: SimulatedEvents, test: SimulatedEvents, *, split_factors: tuple[float, float]
) -> Optimum:
    """Judge true scores as a classifier's are: the cut is chosen on validation, applied to test.

    Args:
        validation: Events that choose the cut, among the page's 200.
        test: Events that are reported.
        split_factors: Whole sample over validation, and over test.
    """
    chosen = _scan([true_scores(validation)], [validation], split_factors[0], page_cuts())
    scores = true_scores(test)
    applied = _scan([scores], [test], split_factors[1], chosen.cuts[[chosen.best]])
    return _optimum([scores], [test], applied, 0)


@cache
def optimum_in_the_limit(
    problem: SimulatedProblem,
    events: int = 500_000,
    *,
    seed: int,
    score: Callable[[SimulatedEvents], np.ndarray] = true_scores,
) -> Optimum:
    """Judge scores of a large sample, with its own best cut among the page's 200."""
    pieces = list(events_in_chunks(problem, events, seed=seed))
    scores = [score(piece) for piece in pieces]
    found = _scan(scores, pieces, 1.0, page_cuts())
    return _optimum(scores, pieces, found, found.best)


def _scan(
    scores: Sequence[np.ndarray],
    pieces: Sequence[SimulatedEvents],
    factor: float,
    cuts: np.ndarray,
) -> CutScan:
    together, signal, weights = _judged(scores, pieces)
    return scan(
        together,
        signal,
        weights * LUMINOSITY * factor,
        cuts=cuts,
        uncertainty=UNCERTAINTY,
        minimum_effective_background=_LEAST_SIMULATED,
    )


def _optimum(
    scores: Sequence[np.ndarray], pieces: Sequence[SimulatedEvents], found: CutScan, place: int
) -> Optimum:
    together, signal, weights = _judged(scores, pieces)
    point = found.at(place)
    return Optimum(
        events=sum(map(len, pieces)),
        auc=float(roc_auc(signal, together, weights)),
        cut=point.cut,
        merit=point.merit,
        merit_error=point.merit_error,
        signal=point.signal,
        background=point.background,
    )


def _judged(
    scores: Sequence[np.ndarray], pieces: Sequence[SimulatedEvents]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores, truth and weights of the events that count: background and the benchmark signal."""
    problem = pieces[0].problem
    process = np.concatenate([piece.process for piece in pieces])
    weights = np.concatenate([piece.weights for piece in pieces]).astype(np.float64)
    is_point = process == problem.names.index(SIGNAL_POINT)
    kept = is_point | ~problem.is_signal[process]
    return np.concatenate(scores)[kept], is_point[kept], weights[kept]


def _cross_sections(problem: SimulatedProblem) -> np.ndarray:
    return np.array([process.cross_section for process in problem.processes])
