"""What the metrics of a block of members are computed from; what several metrics share is computed once.

Leading axes are members. Exclusive classes and independent targets offer the same names, so that
one function computes a metric of both.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sortal.metrics import confusion, multilabel, probability, ranking
from sortal.metrics.class_totals import ClassTotals


@dataclass(frozen=True, eq=False, kw_only=True)
class MetricBlock(ABC):
    """Members that are judged on the same examples."""

    scores: np.ndarray
    """Without NaN, shape (members, examples, outputs)."""

    decided: np.ndarray
    """EXCLUSIVE: predicted class codes, shape (members, examples). INDEPENDENT: 0 or 1, the shape
    of `scores`."""

    truth: np.ndarray
    """EXCLUSIVE: class codes, shape (examples,). INDEPENDENT: 0 or 1, shape (examples, targets)."""

    weights: np.ndarray | None
    """Weight of each example, of either sign, shape (examples,); None where all count 1."""

    @property
    @abstractmethod
    def matrix(self) -> np.ndarray:
        """Confusion matrices, shape (members, classes, classes), rows are the truth."""

    @property
    @abstractmethod
    def tally(self) -> ClassTotals:
        """Weights of the examples of each class or target, shape (members, outputs)."""

    @cached_property
    def pooled(self) -> ClassTotals:
        """The classes or targets pooled into one, shape (members, 1)."""
        return self.tally.micro()

    @property
    @abstractmethod
    def steps(self) -> ranking.Steps:
        """Rankings of the examples by the score of each class or target."""

    @property
    @abstractmethod
    def log_losses(self) -> np.ndarray:
        """Log loss of each example [nats], shape (members, examples); of probabilities only."""

    @property
    @abstractmethod
    def brier(self) -> np.ndarray:
        """Brier score, shape (members,); of probabilities only."""

    @cached_property
    def roc_auc(self) -> np.ndarray:
        """Area under the ROC curve of each class or target, shape (members, outputs)."""
        return self.steps.roc_auc()

    @cached_property
    def average_precision(self) -> np.ndarray:
        """Average precision of each class or target, shape (members, outputs)."""
        return self.steps.average_precision()


@dataclass(frozen=True, eq=False, kw_only=True)
class ExclusiveBlock(MetricBlock):
    """Members that choose one of several classes."""

    counted: np.ndarray | None = None
    """The confusion matrices, where they are all that is known of the members: there are no examples."""

    @classmethod
    def of_counts(cls, matrix: np.ndarray) -> "ExclusiveBlock":
        """A block without examples, shape of `matrix` (members, classes, classes)."""
        members, classes = matrix.shape[:2]
        return cls(
            scores=np.empty((members, 0, classes)),
            decided=np.empty((members, 0), dtype=np.uint8),
            truth=np.empty(0, dtype=np.uint8),
            weights=None,
            counted=matrix,
        )

    @cached_property
    def matrix(self) -> np.ndarray:
        """Confusion matrices, shape (members, classes, classes)."""
        if self.counted is not None:
            return self.counted
        return confusion.confusion_matrix(
            self.truth, self.decided, self.scores.shape[-1], self.weights
        )

    @cached_property
    def tally(self) -> ClassTotals:
        """Weights of the examples of each class."""
        return confusion.class_totals(self.matrix)

    @cached_property
    def steps(self) -> ranking.Steps:
        """Rankings of the examples, each class against the rest."""
        by_class = np.swapaxes(self.scores, -1, -2)
        rest = ranking.one_vs_rest(self.truth, self.scores.shape[-1])
        return ranking.Steps.of(rest, by_class, self.weights)

    @cached_property
    def log_losses(self) -> np.ndarray:
        """Log loss of each example [nats]."""
        return probability.log_losses(self.truth, self.scores)

    @cached_property
    def brier(self) -> np.ndarray:
        """Brier score of the probabilities of all classes."""
        return probability.brier_score(self.truth, self.scores, self.weights)


@dataclass(frozen=True, eq=False, kw_only=True)
class IndependentBlock(MetricBlock):
    """Members that answer yes or no for each of several targets."""

    @cached_property
    def matrix(self) -> np.ndarray:
        """Confusion matrices of a single target, whose classes are no and yes."""
        return confusion.confusion_matrix(self.truth[:, 0], self.decided[..., 0], 2, self.weights)

    @cached_property
    def tally(self) -> ClassTotals:
        """Weights of the examples of each target."""
        return multilabel.target_totals(self.truth, self.decided, self.weights)

    @cached_property
    def steps(self) -> ranking.Steps:
        """Rankings of the examples by the score of each target."""
        return multilabel.ranking_steps(self.truth, self.scores, self.weights)

    @cached_property
    def log_losses(self) -> np.ndarray:
        """Log loss of each example, a mean over the targets [nats]."""
        losses: np.ndarray = probability.binary_log_losses(self.truth, self.scores).mean(axis=-1)
        return losses

    @cached_property
    def brier(self) -> np.ndarray:
        """Brier score, a mean over the targets."""
        scores = multilabel.brier_score(self.truth, self.scores, self.weights)
        mean: np.ndarray = scores.mean(axis=-1)
        return mean
