"""Train members as the planner would, and hold what comes back to the contract."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np

from sortal.data.inputs import Inputs
from sortal.data.prepared import Prepared
from sortal.methods.contract.base import (
    Axis,
    Control,
    Failed,
    Key,
    Member,
    Method,
    Model,
    Paused,
    Population,
    Progress,
    Trained,
    Verdict,
)


class ContractBroken(AssertionError):
    """A method does something else than `sortal.methods.contract.base` promises."""


class NotApplicable(Exception):
    """A check has nothing to look at in this method; the text says why."""


@dataclass(slots=True)
class Driver:
    """A driver that asks for an end at one of the reports, or never."""

    stop_at: int | None = None
    """Number of the report, from 1, that is answered with `stop_all`."""

    reports: list[Progress] = field(default_factory=list)

    def report(self, progress: Progress) -> Verdict:
        """Keep the report."""
        self.reports.append(progress)
        require(0 <= progress.done <= 1, f"progress of {progress.done} is not in [0, 1].")
        return Verdict(stop_all=self.stop_at is not None and len(self.reports) >= self.stop_at)


@dataclass(slots=True)
class Became:
    """What members became."""

    trained: dict[Key, Model] = field(default_factory=dict)
    """The model that holds each member."""

    failed: dict[Key, Failed] = field(default_factory=dict)
    paused: set[Key] = field(default_factory=set)

    def scores(self, key: Key, inputs: Inputs) -> np.ndarray:
        """Scores of one member, shape (examples, outputs)."""
        model = self.trained[key]
        scores = model.scores(inputs)
        require(
            scores.ndim == 3 and scores.shape[:2] == (len(model.members), len(inputs)),
            f"scores have shape {scores.shape} for {len(model.members)} members and "
            f"{len(inputs)} examples.",
        )
        return np.asarray(scores[model.members.index(key)])


def require(condition: object, text: str) -> None:
    """Refuse what breaks the contract.

    Raises:
        ContractBroken: The condition does not hold.
    """
    if not condition:
        raise ContractBroken(text)


def populations(method: Method, members: Sequence[Member]) -> list[tuple[Member, ...]]:
    """Put members together as the planner does: equal groups, equal places on unshared axes."""
    unshared = [axis for axis in Axis if axis not in method.shares]
    together: dict[Hashable, list[Member]] = {}
    for member in members:
        place = (method.group(member), *(member.along(axis) for axis in unshared))
        together.setdefault(place, []).append(member)
    return [tuple(some) for some in together.values()]


def train_all(
    method: Method, members: Sequence[Member], data: Prepared, control: Control | None = None
) -> Became:
    """Train all members, in as few populations as the planner would make.

    Raises:
        ContractBroken: A key comes twice, or one that was not asked for.
    """
    became = Became()
    for some in populations(method, members):
        asked = {member.key for member in some}
        for outcome in method.train(Population(members=some), data, control or Driver()):
            match outcome:
                case Trained(model, seconds):
                    keys = model.members
                    became.trained.update(dict.fromkeys(keys, model))
                    require(set(seconds) == set(keys), "seconds are not those of the members.")
                case Paused(keys):
                    became.paused.update(keys)
                case Failed(key, reason):
                    keys = (key,)
                    became.failed[key] = outcome
                    require(reason.strip(), f"{key} failed without a reason.")
            for key in keys:
                require(key in asked, f"{key} came twice, or was not asked for.")
                asked.discard(key)
    return became


def train_completely(method: Method, members: Sequence[Member], data: Prepared) -> Became:
    """Train all members, none of which may fail.

    Raises:
        ContractBroken: A member failed, paused or was forgotten.
    """
    became = train_all(method, members, data)
    for key, failure in became.failed.items():
        raise ContractBroken(f"{key} failed: {failure.reason}\n{failure.traceback}")
    missing = [member.key for member in members if member.key not in became.trained]
    require(not missing, f"no outcome for {', '.join(missing)}.")
    return became
