"""Mixtures of correlated Gaussians with counted observables: drawn from and evaluated exactly.

A component is a Gaussian in the latent variables and, independent of it, a table of
probabilities of the counted state (charge, jets, b-tagged jets). Whether an event's
weight is negative depends on its component alone, so the density of summed weights is
a mixture again, with the components' shares changed.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

LEAST_JETS, MOST_JETS = 2, 10
STATES = (2, MOST_JETS - LEAST_JETS + 1, MOST_JETS + 1)
"""How many charges, numbers of jets, and numbers of b-tagged jets there are."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Component:
    """One Gaussian and what is counted beside it."""

    share: float
    """Share of the process's events; those of a mixture sum to 1."""

    negative: float
    """Share of its events with a negative weight, in [0, 0.5)."""

    mean: np.ndarray
    """Shape (latents,)."""

    covariance: np.ndarray
    """Shape (latents, latents), positive definite."""

    states: np.ndarray
    """Probability of each counted state, shape `STATES`, summing to 1."""

    def draw(self, rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw latents (count, latents) and the flat index of states (count,)."""
        latents = rng.standard_normal((count, len(self.mean))) @ self._factor.T + self.mean
        edges = np.cumsum(self.states.ravel())
        at = np.searchsorted(edges, rng.random(count) * edges[-1], side="right")
        return latents, np.minimum(at, edges.size - 1)

    def log_density(self, latents: np.ndarray, states: np.ndarray) -> np.ndarray:
        """Log of the density of events, whatever the sign of their weight, shape (examples,)."""
        whitened = (latents - self.mean) @ self._whitening.T
        quadratic = np.einsum("ij,ij->i", whitened, whitened)
        normal = -0.5 * (quadratic + len(self.mean) * np.log(2 * np.pi))
        density: np.ndarray = (
            normal - np.log(np.diag(self._factor)).sum() + self._log_states[states]
        )
        return density

    def mean_exponential(self, tilt: np.ndarray) -> float:
        """Give the mean of exp(tilt . latents) over the component."""
        return float(np.exp(tilt @ self.mean + 0.5 * tilt @ self.covariance @ tilt))

    @cached_property
    def _factor(self) -> np.ndarray:
        return np.linalg.cholesky(self.covariance)

    @cached_property
    def _whitening(self) -> np.ndarray:
        return np.linalg.inv(self._factor)

    @cached_property
    def _log_states(self) -> np.ndarray:
        with np.errstate(divide="ignore"):
            logs: np.ndarray = np.log(self.states.ravel())
        return logs


@dataclass(frozen=True, kw_only=True, eq=False)
class SimulatedProcess:
    """Events of one origin: how they are drawn, weighted, and how their weights sum up."""

    name: str
    """As in the event files, `Name.root`."""

    kind: str
    """Class that its events are of, `Signal` for signal."""

    cross_section: float
    """After the preselection [pb]; the expected sum of all weights."""

    generated: float
    """Its share of the events of a sample."""

    spread: float
    """Relative standard deviation of the scale factors that do not depend on the event's values."""

    tilt: np.ndarray
    """The scale factors that do are exp(tilt . latents), up to a constant; shape (latents,)."""

    components: tuple[Component, ...]

    def draw(
        self, rng: np.random.Generator, count: int, *, sample: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw some of the events of a sample.

        Args:
            rng: Where the randomness comes from.
            count: Events to draw.
            sample: Events of this process in the whole sample, which share its cross section.

        Returns:
            Latents (count, latents), flat index of counted states (count,), weights (count,) [pb].
        """
        shares = np.array([one.share for one in self.components])
        origin = np.searchsorted(np.cumsum(shares)[:-1], rng.random(count), side="right")
        latents = np.empty((count, len(self.tilt)))
        states = np.empty(count, dtype=np.intp)
        negative = np.array([one.negative for one in self.components])[origin]
        for number, component in enumerate(self.components):
            rows = np.flatnonzero(origin == number)
            latents[rows], states[rows] = component.draw(rng, len(rows))
        signs = np.where(rng.random(count) < negative, -1.0, 1.0)
        factors = np.exp(latents @ self.tilt) / self._mean_weight
        return (
            latents,
            states,
            self.cross_section / sample * signs * factors * self._noise(rng, count),
        )

    def log_rate(self, latents: np.ndarray, states: np.ndarray) -> np.ndarray:
        """Log of cross section times the density of summed weights, shape (examples,).

        Per volume of the latents: the Jacobian of the observables is left out, which all
        processes have in common.
        """
        terms = [
            one.log_density(latents, states) + np.log(one.share * (1 - 2 * one.negative))
            for one in self.components
        ]
        rate: np.ndarray = (
            np.logaddexp.reduce(terms, axis=0)
            + latents @ self.tilt
            + np.log(self.cross_section / self._mean_weight)
        )
        return rate

    @property
    def negative(self) -> float:
        """Share of events with a negative weight."""
        return sum(one.share * one.negative for one in self.components)

    def _noise(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Positive factors of mean 1, as the corrections that know nothing of the observables."""
        if not self.spread:
            return np.ones(count)
        shape = self.spread**-2
        return rng.gamma(shape, 1 / shape, count)

    @cached_property
    def _mean_weight(self) -> float:
        return sum(
            one.share * (1 - 2 * one.negative) * one.mean_exponential(self.tilt)
            for one in self.components
        )


def states_table(*, plus: float, jets: float, b_rate: float) -> np.ndarray:
    """Tabulate charge, jets and b-tagged jets, which are drawn one after the other.

    Args:
        plus: Share of leptons of positive charge.
        jets: Mean of the Poisson law of jets beyond two, cut at `MOST_JETS`.
        b_rate: Probability of each jet to pass the loose b tag.

    Returns:
        Probabilities of (charge -1 or +1, jets from two, tags from zero), shape `STATES`.
    """
    from scipy import stats

    beyond = stats.poisson.pmf(np.arange(STATES[1]), jets)
    tags = stats.binom.pmf(
        np.arange(STATES[2]), np.arange(LEAST_JETS, MOST_JETS + 1)[:, None], b_rate
    )
    table: np.ndarray = np.array([1 - plus, plus])[:, None, None] * (
        (beyond / beyond.sum())[:, None] * tags
    )
    return table
