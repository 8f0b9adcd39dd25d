"""Members that are prefixes of one ensemble: how many rounds of it each one uses."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sortal.errors import Damaged
from sortal.methods.contract.base import Control, Key, Parameters, Progress, Verdict


def parameters_without(parameters: Parameters, *names: str) -> tuple[tuple[str, Any], ...]:
    """All parameters but those named, hashable: what members of one family agree on."""
    return tuple(parameters.model_dump(exclude=set(names)).items())


@dataclass(frozen=True, slots=True)
class Prefixes:
    """Sizes of the members of one family, in the members' order."""

    sizes: Mapping[Key, int]
    """Rounds (trees, stages) of each member, at least 1."""

    @property
    def keys(self) -> tuple[Key, ...]:
        """The members, in order."""
        return tuple(self.sizes)

    @property
    def largest(self) -> int:
        """Rounds that the family needs."""
        return max(self.sizes.values())

    def places(self) -> dict[int, list[int]]:
        """Places of the members in `keys` by size, sizes ascending."""
        places: dict[int, list[int]] = {size: [] for size in sorted(set(self.sizes.values()))}
        for place, size in enumerate(self.sizes.values()):
            places[size].append(place)
        return places

    def pick(self, keys: Iterable[Key]) -> "Prefixes":
        """Keep these members, in this order."""
        return Prefixes({key: self.sizes[key] for key in keys})

    def cut(self, verdict: Verdict, rounds: int) -> "Prefixes":
        """Let the members that a verdict ends have no more than the rounds trained so far."""
        return Prefixes(
            {
                key: min(size, rounds) if key in verdict.stop else size
                for key, size in self.sizes.items()
            }
        )

    def done(self, rounds: int) -> "Prefixes":
        """Keep the members that are complete after so many rounds; perhaps none."""
        return Prefixes({key: size for key, size in self.sizes.items() if size <= rounds})

    def describe(self) -> list[list[Any]]:
        """As plain JSON."""
        return [[key, size] for key, size in self.sizes.items()]

    @classmethod
    def read(cls, described: list[list[Any]]) -> "Prefixes":
        """From what `describe` gave.

        Raises:
            Damaged: There is no member, or one without rounds.
        """
        sizes = {str(key): int(size) for key, size in described}
        if not sizes or min(sizes.values()) < 1:
            raise Damaged(f"stored model: members of {sorted(sizes.values())} rounds.")
        return cls(sizes)


class Growth:
    """How far the ensembles of one family are; tells the driver, and obeys it."""

    def __init__(self, control: Control, asked: Prefixes, parts: int) -> None:
        """Begin.

        Args:
            control: The line to the driver.
            asked: Rounds that each member asks for.
            parts: Ensembles that are trained one after another, one for each truth.
        """
        self.wanted = asked
        """Rounds that each member gets: fewer than asked for where the driver ended it."""
        self._control, self._asked, self._parts = control, asked, parts
        self._part, self._rounds, self._stopped, self._longest = 0, 0, False, 0

    def tell(self, rounds: int) -> bool:
        """Report rounds of the present ensemble; returns whether to train more of them."""
        share = (self._part + min(1.0, rounds / self.wanted.largest)) / self._parts
        verdict = self._control.report(Progress(share, f"{rounds} of {self.wanted.largest}"))
        self.wanted = self.wanted.cut(verdict, rounds)
        self._rounds = rounds
        self._stopped = self._stopped or verdict.stop_all
        return not self._stopped and rounds < self.wanted.largest

    def finish(self, rounds: int) -> bool:
        """Report that the present ensemble is as long as it will ever be.

        Args:
            rounds: Its length, less than wanted where it ended by itself.

        Returns:
            Whether to go on with the next ensemble.
        """
        self._longest = max(self._longest, rounds)
        self.tell(max(rounds, self.wanted.largest))
        self._part += 1
        self._rounds = 0
        return not self._stopped

    @property
    def stopped(self) -> bool:
        """Whether the driver wants an end."""
        return self._stopped

    def complete(self) -> Prefixes:
        """Members whose every ensemble is as long as they need; perhaps none."""
        if self._part == self._parts:
            return self.wanted
        return self.wanted.done(self._rounds if self._part == self._parts - 1 else 0)

    def notes(self, key: Key) -> tuple[str, ...]:
        """What a user should know about a member that is shorter than it asked to be."""
        asked, size = self._asked.sizes[key], self.wanted.sizes[key]
        if size < asked:
            return (f"ended by request after {size} of {asked} rounds.",)
        if self._part == self._parts and self._longest < asked:
            return (f"training ended by itself after {self._longest} of {asked} rounds.",)
        return ()
