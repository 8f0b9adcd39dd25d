"""Divide members into populations, and populations into tasks for the workers.

The plan depends on the job alone, never on what the store already holds or on
measured times: a rerun after a kill divides the work as the first run did, so
every task that is computed again writes the same bytes.
"""

import hashlib
from collections.abc import Container, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace

from sortal.jobs.planning.members import PlannedMember
from sortal.methods.contract.base import Axis, Cost, Method, Shape
from sortal.methods.contract.user_methods import plain_name

_DIVISIBLE_SECONDS = 5.0
"""Estimated length at which a population that gains nothing from company is cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTask:
    """A population for one worker."""

    name: str
    """Stable: made from the keys of all members that were planned together."""

    method: Method
    entries: tuple[PlannedMember, ...]
    cost: Cost
    """Estimate for the whole population, as if nothing were shared."""

    def without(self, keys: Container[str]) -> "PlannedTask":
        """The same population, under the same name, without some members."""
        kept = tuple(entry for entry in self.entries if entry.member.key not in keys)
        return replace(self, entries=kept)

    def singles(self) -> Iterator["PlannedTask"]:
        """Each member as a population of its own."""
        return (
            replace(self, name=f"{self.name}.{number}", entries=(entry,))
            for number, entry in enumerate(self.entries)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All tasks of a job, longest first, and the workers to run them with."""

    tasks: tuple[PlannedTask, ...]
    workers: int
    threads: int
    """Threads of each worker."""

    @property
    def cost(self) -> Cost:
        """Estimates: wall seconds on these workers, memory of all workers, disk of all members."""
        costs = [task.cost for task in self.tasks]
        longest = max((cost.seconds for cost in costs), default=0.0)
        largest = sorted((cost.memory_bytes for cost in costs), reverse=True)[: self.workers]
        return Cost(
            seconds=max(longest, sum(cost.seconds for cost in costs) / max(1, self.workers)),
            memory_bytes=sum(largest),
            disk_bytes=sum(cost.disk_bytes for cost in costs),
        )


def plan(entries: Sequence[PlannedMember], shape: Shape, *, cores: int) -> Plan:
    """Group members that can share, cut the groups, and share out the cores.

    Args:
        entries: All members of the job; equal keys are planned once.
        shape: Sizes of the data, for the estimates.
        cores: Cores to divide between workers.
    """
    tasks = [
        PlannedTask(
            name=_name(population),
            method=population[0].method,
            entries=tuple(population),
            cost=_total(population, shape),
        )
        for population in _populations(entries, shape)
    ]
    tasks.sort(key=lambda task: -task.cost.seconds)
    workers = max(1, min(cores, len(tasks)))
    return Plan(tasks=tuple(tasks), workers=workers, threads=max(1, cores // workers))


def _populations(entries: Sequence[PlannedMember], shape: Shape) -> Iterator[list[PlannedMember]]:
    groups: dict[Hashable, dict[str, PlannedMember]] = {}
    for entry in entries:
        member, method = entry.member, entry.method
        apart = tuple(member.along(axis) for axis in Axis if axis not in method.shares)
        place = (
            member.method,
            member.calibration,
            method.probabilities(member.parameters),
            entry.split,
            method.group(member),
            apart,
        )
        groups.setdefault(place, {}).setdefault(member.key, entry)
    for group in groups.values():
        yield from _cut(list(group.values()), shape)


def _cut(population: list[PlannedMember], shape: Shape) -> Iterator[list[PlannedMember]]:
    """Cut at the method's largest population and, where company gains nothing, at a few seconds."""
    method = population[0].method
    part: list[PlannedMember] = []
    seconds = 0.0
    for entry in population:
        cost = method.cost(entry.member, shape).seconds
        long = method.divisible and seconds + cost > _DIVISIBLE_SECONDS
        if part and (long or len(part) == method.largest_population):
            yield part
            part, seconds = [], 0.0
        part.append(entry)
        seconds += cost
    yield part


def _name(population: Sequence[PlannedMember]) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for entry in population:
        digest.update(entry.member.key.encode())
    method = plain_name(population[0].member.method).rpartition(".")[2]
    return f"{method}-{digest.hexdigest()}"


def _total(population: Sequence[PlannedMember], shape: Shape) -> Cost:
    costs = [entry.method.cost(entry.member, shape) for entry in population]
    return Cost(
        seconds=sum(cost.seconds for cost in costs),
        memory_bytes=max(cost.memory_bytes for cost in costs),
        disk_bytes=sum(cost.disk_bytes for cost in costs),
    )
