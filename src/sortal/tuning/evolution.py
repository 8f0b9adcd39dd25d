"""The evolution of ClaVis's tuner, with a seed: variants of the best, sifted over all classifiers together.

Every round each survivor is kept and varied. A variant decides for each tuned parameter by
itself: it keeps the parent's value (20 %); else a choice is drawn anew among all, and a
number is drawn anew from its whole range (50 %) or near the parent's value (50 %, normal
with the parameter's sigma, moved to the ends of the range). There is no crossover, and
sigmas do not change. Heyen et al. 2020, doi:10.1145/3399715.3399814, describe the system;
the numbers are those of its code.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from sortal.tuning.space import Candidate, Choices, Dimension, EvaluatedCandidate, Range, Space

KEPT = 0.2
"""Chance that a parameter keeps its parent's value."""

NEAR = 0.5
"""Chance that a number which changes is drawn near its parent's."""


class Evolution:
    """A sampler whose rounds are the survivors and their variants."""

    def __init__(
        self, spaces: Sequence[Space], *, population: int, offspring: int, seed: int
    ) -> None:
        """Set up.

        Args:
            spaces: What may be varied of each classifier.
            population: Survivors of a round, of all classifiers together.
            offspring: Variants of each survivor.
            seed: Seed of all draws.
        """
        self._spaces, self._population, self._offspring = tuple(spaces), population, offspring
        self._generator = np.random.default_rng(seed)
        self._survivors = tuple(
            Candidate(kind=kind, values=space.initial) for kind, space in enumerate(spaces)
        )

    @property
    def survivors(self) -> tuple[Candidate, ...]:
        """The best so far, best first; every classifier's initial values before the first round."""
        return self._survivors

    def ask(self, count: int) -> tuple[Candidate, ...]:  # noqa: ARG002 (samplers share the signature)
        """The next round: survivors first, then their variants, each candidate once."""
        variants = (self._variants(parent) for parent in self._survivors)
        every = [*self._survivors, *(one for family in variants for one in family)]
        return tuple(dict.fromkeys(every))

    def tell(self, judged: Sequence[EvaluatedCandidate]) -> None:
        """Keep the best of a round; of equals the first. Those that failed or were pruned drop out.

        A round of which nothing is left changes nothing.
        """
        whole = [one for one in judged if one.is_whole]
        ranked = sorted(whole, key=lambda one: -(one.value or 0.0))
        if ranked:
            self._survivors = tuple(one.candidate for one in ranked[: self._population])

    def _variants(self, parent: Candidate) -> Iterator[Candidate]:
        space = self._spaces[parent.kind]
        for _ in range(self._offspring):
            values = self._varied(space, parent.values)
            yield Candidate(kind=parent.kind, values=values, parent=parent.identity)

    def _varied(self, space: Space, values: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: values[name]
            if self._generator.random() < KEPT
            else change_value(dimension, values[name], self._generator)
            for name, dimension in space.dimensions.items()
        }


def change_value(dimension: Dimension, value: Any, generator: np.random.Generator) -> Any:
    """Draw another value of one parameter; by chance it may be the same."""
    match dimension:
        case Choices(values=values):
            return values[int(generator.integers(len(values)))]
        case Range():
            if generator.random() < NEAR:
                return dimension.at(generator.normal(dimension.place(value), dimension.step))
            return draw_value(dimension, generator)


def draw_value(dimension: Range, generator: np.random.Generator) -> int | float:
    """Draw from a whole range, evenly on its axis."""
    low, high = dimension.place(dimension.low), dimension.place(dimension.high)
    return dimension.at(generator.uniform(low, high))
