"""Methods whose members are prefixes of the largest one: trained once, read off at each size."""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator
from time import perf_counter
from typing import ClassVar

from sortal.data.prepared import Prepared
from sortal.methods.contract import base
from sortal.methods.contract.base import Axis, Control, Member, Model, Outcome, Population, Trained
from sortal.methods.contract.class_columns import target_columns, training_labels
from sortal.methods.contract.outcomes import collecting_notes, failed
from sortal.methods.ensembles.prefixes import Growth, Prefixes, parameters_without


class AbstractPrefixEnsemble(base.AbstractMethod, ABC):
    """What ensembles of scikit-learn that grow round by round have in common."""

    library: ClassVar[str] = "scikit-learn"
    shares: ClassVar[frozenset[Axis]] = frozenset()
    weights_allowed: ClassVar[bool] = True
    rounds: ClassVar[str]
    """Name of the parameter that says how many rounds."""

    joint: ClassVar[bool] = False
    """Whether one ensemble learns all independent targets together."""

    def group(self, member: Member) -> Hashable:
        """Members that differ only in their number of rounds: no round looks ahead."""
        return (parameters_without(member.parameters, self.rounds), member.seed)

    def size(self, member: Member) -> int:
        """Rounds that a member asks for."""
        size: int = getattr(member.parameters, self.rounds)
        return size

    def train(self, population: Population, data: Prepared, control: Control) -> Iterator[Outcome]:
        """Train the largest member; the others are its first rounds."""
        started = perf_counter()
        first = population.members[0]
        asked = Prefixes({member.key: self.size(member) for member in population.members})
        try:
            parts = 1 if self.joint else len(target_columns(training_labels(data, first)))
            growth = Growth(control, asked, parts)
            with collecting_notes(ignored=("class_weight presets",)) as notes:
                model = self.fit(first, data, growth, population.threads)
        except Exception as error:  # noqa: BLE001 - reported as the members' failure
            for key in asked.keys:
                yield failed(key, error)
            return
        if model is None:
            return
        each = (perf_counter() - started) / len(model.members)
        yield Trained(
            model,
            dict.fromkeys(model.members, each),
            {key: (*notes, *growth.notes(key)) for key in model.members},
        )

    @abstractmethod
    def fit(self, member: Member, data: Prepared, growth: Growth, threads: int) -> Model | None:
        """Train as many rounds as `growth` wants.

        Args:
            member: Any member of the family; its number of rounds is not looked at.
            data: What to train on.
            growth: Told of every step; says when to end.
            threads: Threads to use.

        Returns:
            A model of the members that are complete; None if there are none.
        """
