"""Who proposes the candidates of a job's search, and through which rungs each round goes."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle

from sortal.job.models import TuningBlock
from sortal.tuning.evolution import Evolution
from sortal.tuning.rungs import Bracket, budgets, halving, hyperband
from sortal.tuning.samplers import OptunaSampler, Sampler
from sortal.tuning.space import Space

TRIALS, BATCH = 50, 10
ROUNDS, POPULATION, OFFSPRING = 5, 10, 5


def sampler_of(tuning: TuningBlock, spaces: Sequence[Space], seed: int) -> Sampler:
    """The sampler that a job asks for."""
    if tuning.sampler == "evolution":
        return Evolution(
            spaces,
            population=tuning.population or POPULATION,
            offspring=tuning.offspring or OFFSPRING,
            seed=seed,
        )
    return OptunaSampler(tuning.sampler, spaces, seed=seed)


def brackets_of(tuning: TuningBlock) -> tuple[Bracket, ...]:
    """One bracket a round, as many as the search has rounds."""
    rungs = tuning.rungs
    if tuning.sampler == "evolution":
        steps = (
            budgets(lowest=rungs.lowest, highest=rungs.highest, factor=rungs.factor)
            if rungs
            else ()
        )
        factor = rungs.factor if rungs else 1
        one = Bracket(candidates=0, budgets=steps, factor=factor)
        return (one,) * (tuning.rounds or ROUNDS)
    return tuple(_shared(tuning, tuning.trials or TRIALS))


def _shared(tuning: TuningBlock, left: int) -> Iterator[Bracket]:
    """Give every round its share of the trials, until none is left."""
    for bracket in cycle(_kinds(tuning)):
        count = min(bracket.candidates, left)
        yield replace(bracket, candidates=count)
        left -= count
        if left <= 0:
            return


def _kinds(tuning: TuningBlock) -> tuple[Bracket, ...]:
    rungs, batch = tuning.rungs, tuning.batch or BATCH
    if rungs is None:
        return (Bracket(candidates=batch, budgets=()),)
    if rungs.rule == "hyperband":
        return hyperband(lowest=rungs.lowest, highest=rungs.highest, factor=rungs.factor)
    return (
        halving(lowest=rungs.lowest, highest=rungs.highest, factor=rungs.factor, candidates=batch),
    )
