"""Train one member on arrays alone: no job, no store, nothing imputed or scaled."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import Labels, Outputs
from sortal.data.prepared import Prepared
from sortal.data.preparing.preparer import Preparation
from sortal.data.split import Split
from sortal.errors import TaskError
from sortal.methods.contract.base import (
    Failed,
    Member,
    Method,
    Population,
    Progress,
    Trained,
    Verdict,
)


@dataclass(frozen=True, slots=True, eq=False)
class LabelCodes:
    """Labels as Python code has them, and what the codes mean."""

    codes: np.ndarray
    """Shape (examples,), or (examples, targets) of 0 and 1."""

    values: np.ndarray
    """The classes, ascending; of independent targets their numbers."""

    outputs: Outputs

    dtype: np.dtype[Any]
    """Type of the labels."""

    @classmethod
    def of(cls, y: Any, allowed: frozenset[Outputs]) -> "LabelCodes":
        """Read labels in scikit-learn's forms.

        Args:
            y: A class per example, or an indicator matrix, perhaps sparse.
            allowed: What the method can learn.

        Raises:
            ValueError: They are neither, or of a kind that the method cannot learn.
        """
        from sklearn.utils import column_or_1d
        from sklearn.utils.multiclass import check_classification_targets, type_of_target

        kind = type_of_target(y, input_name="y", raise_unknown=True)
        if kind == "multilabel-indicator" and Outputs.INDEPENDENT in allowed:
            matrix = np.asarray(y.toarray() if hasattr(y, "toarray") else y)
            codes = (matrix != 0).astype(np.int64)
            return cls(codes, np.arange(codes.shape[1]), Outputs.INDEPENDENT, matrix.dtype)
        if kind == "multiclass-multioutput":
            raise ValueError(
                "y: expected a class per example, or 0 and 1 of shape (examples, targets); got "
                f"several classes in {y.shape[1]} columns."
            )
        check_classification_targets(y)
        column = column_or_1d(y, warn=True)
        values, codes = np.unique(column, return_inverse=True)
        return cls(codes.astype(np.int64), values, Outputs.EXCLUSIVE, column.dtype)

    def labels(self) -> Labels:
        """As data sets have them."""
        return Labels(self.codes, tuple(map(str, self.values)), self.outputs)

    def decoded(self, codes: np.ndarray) -> np.ndarray:
        """Decisions in the form of the labels."""
        if self.outputs is Outputs.EXCLUSIVE:
            return np.asarray(self.values[codes])
        return codes.astype(self.dtype)


class _Uninterrupted:
    """A driver that lets training run to its end."""

    def report(self, progress: Progress) -> Verdict:  # noqa: ARG002 - nobody looks
        return Verdict()


def train_alone(method: Method, member: Member, data: Prepared) -> Trained | Failed:
    """Train a population of one to its end.

    Raises:
        TaskError: The method broke its contract: it ended without telling what became of it.
    """
    for outcome in method.train(Population(members=(member,)), data, _Uninterrupted()):
        if isinstance(outcome, Trained | Failed):
            return outcome
    raise TaskError(f"{method.name} ended without a model.")


def make_training_data(
    matrix: np.ndarray, truth: LabelCodes, weights: np.ndarray | None, names: Sequence[str] | None
) -> Prepared:
    """Arrays as data of which every example trains, with nothing to impute or scale.

    Args:
        matrix: Features, shape (examples, features).
        truth: Labels of the same examples.
        weights: Weight of each example, or None.
        names: Names of the features, or None.
    """
    rows = np.arange(len(matrix))
    named = tuple(names) if names is not None else tuple(f"x{n}" for n in range(matrix.shape[1]))
    dataset = Dataset(
        name="arrays",
        inputs=Inputs({"features": matrix}, rows),
        labels=truth.labels(),
        names={"features": named},
        weights=weights,
    )
    split = Split(train=rows, validation=rows[:0], test=rows[:0])
    return Prepared.fit(dataset, split, Preparation())
