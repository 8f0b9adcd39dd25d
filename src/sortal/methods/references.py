"""The two poles of every comparison: knowing everything, and knowing how frequent classes are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from sortal.data.inputs import Inputs
from sortal.data.labels import UNKNOWN, Labels, Outputs
from sortal.data.prepared import Prepared
from sortal.errors import Damaged, DataError, NotSavable
from sortal.methods.contract import base
from sortal.methods.contract.base import (
    Control,
    Cost,
    Key,
    Member,
    Model,
    Outcome,
    Population,
    Progress,
    Shape,
    Trained,
)
from sortal.methods.contract.class_columns import training_labels, training_weights
from sortal.methods.contract.outcomes import failed
from sortal.methods.model_files.files import (
    damaged_if_unreadable,
    read_description,
    write_description,
)


class _Reference(base.AbstractMethod):
    """What the references have in common: all members at once, at no cost."""

    missing_allowed: ClassVar[bool] = True
    weights_allowed: ClassVar[bool] = True

    def cost(self, member: Member, shape: Shape) -> Cost:  # noqa: ARG002 - next to nothing
        """A look at the labels."""
        return Cost(seconds=1e-3, memory_bytes=16.0 * shape.examples, disk_bytes=1e3)

    def train(self, population: Population, data: Prepared, control: Control) -> Iterator[Outcome]:
        """Look at the labels once for all members."""
        started = perf_counter()
        try:
            model = self.fit(population.members, data)
        except Exception as error:  # noqa: BLE001 - reported as the members' failure
            yield from (failed(key, error) for key in population.keys)
            return
        control.report(Progress(1.0))
        each = (perf_counter() - started) / len(population.members)
        yield Trained(model, dict.fromkeys(population.keys, each))

    def fit(self, members: tuple[Member, ...], data: Prepared) -> Model:
        """Make the model of all members."""
        raise NotImplementedError


class OptimalParameters(base.Parameters):
    """The optimal classifier has no parameters."""


@dataclass(frozen=True, slots=True, eq=False)
class Oracle:
    """Labels of examples, looked up by id."""

    members: tuple[Key, ...]
    ids: np.ndarray = field(repr=False)
    """Ascending."""

    truth: np.ndarray = field(repr=False)
    """Probabilities, shape (examples, outputs), in the order of `ids`."""

    def scores(self, inputs: Inputs) -> np.ndarray:
        """Probability 1 for what is true; where that is not known, all are equally probable.

        Raises:
            DataError: An example is not of the data that the classifier was made for.
        """
        place = np.minimum(np.searchsorted(self.ids, inputs.ids), len(self.ids) - 1)
        strange = np.flatnonzero(self.ids[place] != inputs.ids)
        if len(strange):
            raise DataError(
                f"optimal knows only the labels of its own data; example "
                f"{inputs.ids[strange[0]]} is not in it."
            )
        return np.repeat(self.truth[place][None], len(self.members), axis=0)

    def pick(self, keys: tuple[Key, ...]) -> "Oracle":
        """The same for fewer members."""
        return replace(self, members=tuple(keys))

    def save(self, folder: Path) -> None:  # noqa: ARG002 - nothing is written
        """Refuse: the labels of one dataset say nothing about other examples."""
        raise NotSavable("optimal knows only the labels of its own data.")


class Optimal(_Reference):
    """Always right, on every example of its own data: the best that a classifier could do."""

    name: ClassVar[str] = "optimal"
    summary: ClassVar[str] = "reference: knows the truth"
    Parameters: ClassVar[type[base.Parameters]] = OptimalParameters

    def fit(self, members: tuple[Member, ...], data: Prepared) -> Oracle:
        """Sort the examples of the whole dataset by id."""
        ids = np.asarray(data.dataset.inputs.ids)
        order = np.argsort(ids, kind="stable")
        table = _certainty(data.dataset.labels.for_target(members[0].target))[order]
        ids = ids[order]
        again = ids[1:] == ids[:-1]
        if (table[1:][again] != table[:-1][again]).any():
            raise DataError("optimal needs ids that name one example each; some ids come twice.")
        return Oracle(tuple(member.key for member in members), ids, table)

    def load(self, folder: Path) -> Model:
        """There is never anything to load."""
        raise Damaged(f"{folder}: optimal is never stored.")


def _certainty(labels: Labels) -> np.ndarray:
    """Probabilities of a classifier that knows the labels, shape (examples, outputs)."""
    codes = np.asarray(labels.codes)
    if labels.outputs is Outputs.INDEPENDENT:
        return np.asarray(np.where(codes == UNKNOWN, 0.5, codes == 1))
    classes = np.arange(len(labels.classes))
    sure = codes[:, None] == classes
    return np.asarray(np.where((codes == UNKNOWN)[:, None], 1 / len(classes), sure))


class NaiveParameters(base.Parameters):
    """Parameters of the naive classifier."""

    strategy: Literal["majority", "prior"] = Field(default="majority")
    """`majority`: probability 1 for the most frequent answer. `prior`: every answer's
    frequency. Both decide alike; the log loss of `prior` is the entropy of the labels, that of
    `majority` the price of being always sure."""


@dataclass(frozen=True, slots=True, eq=False)
class ConstantModel:
    """The same probabilities for every example."""

    members: tuple[Key, ...]
    answers: np.ndarray = field(repr=False)
    """Shape (members, outputs)."""

    def scores(self, inputs: Inputs) -> np.ndarray:
        """Repeat each member's answer."""
        return np.repeat(self.answers[:, None, :], len(inputs), axis=1)

    def pick(self, keys: tuple[Key, ...]) -> "ConstantModel":
        """Answers of these members."""
        return ConstantModel(tuple(keys), self.answers[[self.members.index(key) for key in keys]])

    def save(self, folder: Path) -> None:
        """Write model.json."""
        about = {"kind": Naive.name, "members": self.members, "answers": self.answers.tolist()}
        write_description(folder, about, files=())

    @classmethod
    def load(cls, folder: Path) -> "ConstantModel":
        """Read model.json.

        Raises:
            Damaged: It is not what was written.
        """
        about = read_description(folder, Naive.name)
        with damaged_if_unreadable(folder):
            answers = np.array(about["answers"], dtype=np.float64)
            members = tuple(map(str, about["members"]))
            are_shares = bool(((answers >= 0) & (answers <= 1)).all())
            if answers.ndim != 2 or len(answers) != len(members) or not are_shares:
                raise Damaged(f"{folder}: {len(members)} members do not fit their answers.")
        return cls(members, answers)


class Naive(_Reference):
    """Always the same answer: the worst that a classifier should do.

    With weights, classes are as frequent as their weights sum up to; a class whose sum is
    negative counts as never seen.
    """

    name: ClassVar[str] = "naive"
    summary: ClassVar[str] = "reference: always the most frequent class"
    Parameters: ClassVar[type[base.Parameters]] = NaiveParameters

    def fit(self, members: tuple[Member, ...], data: Prepared) -> ConstantModel:
        """Count the classes of the training examples."""
        labels, weights = training_labels(data, members[0]), training_weights(data, members[0])
        frequencies = _frequencies(labels, weights)
        answers: Mapping[str, np.ndarray] = {
            "prior": frequencies,
            "majority": _majority(frequencies, labels.outputs),
        }
        strategies = [member.chosen(NaiveParameters).strategy for member in members]
        keys = tuple(member.key for member in members)
        return ConstantModel(keys, np.stack([answers[strategy] for strategy in strategies]))

    def load(self, folder: Path) -> ConstantModel:
        """Read the answers."""
        return ConstantModel.load(folder)


def _frequencies(labels: Labels, weights: np.ndarray | None) -> np.ndarray:
    """Share of each class, or of the examples of which each target is true, shape (outputs,)."""
    codes = np.asarray(labels.codes)
    weights = np.ones(len(codes)) if weights is None else np.asarray(weights, dtype=np.float64)
    if labels.outputs is Outputs.INDEPENDENT:
        true = np.maximum(weights @ (codes == 1), 0.0)
        false = np.maximum(weights @ (codes == 0), 0.0)
        return np.asarray(_shares(np.stack([false, true], axis=1))[:, 1])
    sums = np.bincount(codes, weights, minlength=len(labels.classes))
    return np.asarray(_shares(np.maximum(sums, 0.0)[None])[0])


def _shares(sums: np.ndarray) -> np.ndarray:
    """Divide each row by its sum; rows of zeros become equal shares."""
    total = sums.sum(axis=1, keepdims=True)
    equal = np.full_like(sums, 1 / sums.shape[1])
    return np.asarray(np.divide(sums, total, out=equal, where=total > 0))


def _majority(frequencies: np.ndarray, outputs: Outputs) -> np.ndarray:
    if outputs is Outputs.INDEPENDENT:
        return np.asarray(frequencies > 0.5, dtype=np.float64)
    winner = np.arange(len(frequencies)) == np.argmax(frequencies)
    return np.asarray(winner, dtype=np.float64)
