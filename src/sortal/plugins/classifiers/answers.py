"""What a plugin's functions return, as scores: checked, with a column for every class of the data."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Never

import numpy as np

from sortal.errors import DataError
from sortal.methods.contract.class_columns import ClassColumns
from sortal.plugins.classifiers.classifier import ScoreFunction


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How one classifier's answers are read."""

    plugin: str

    answer: ScoreFunction

    seen: ClassColumns
    """Classes that training saw: EXCLUSIVE also of a single target, whose classes are no and yes."""

    several: bool
    """Whether an example may have several labels at once, as columns of 0 and 1."""

    single: bool = False
    """Whether the labels are one independent target: scores are then of yes alone."""

    def scores(self, answered: Any, examples: int) -> np.ndarray:
        """Scores of what `answer` returned, shape (examples, outputs).

        Probabilities, or decision values: whose largest decides, or of labels that come
        together, whose sign. A class that training never saw gets probability 0, or a
        decision value one below the example's lowest. Labels alone become 1 and 0 (1 and -1
        of two classes and of several labels).

        Values of `predict_proba` are not checked here; the evaluation decides whether they can be
        probabilities.

        Raises:
            DataError: They are of another shape, or no finite numbers.
        """
        scores = (
            self._several(answered, examples) if self.several else self._one(answered, examples)
        )
        return scores[:, 1:] if self.single else scores

    def labels(self, predicted: Any, examples: int) -> np.ndarray:
        """What `predict` returned, int64, shape (examples,), or (examples, labels) of 0 and 1.

        Raises:
            DataError: It is of another shape, or holds anything but numbers of classes.
        """
        columns = self.seen.columns
        shape = (examples, columns) if self.several else (examples,)
        array = np.asarray(predicted)
        if not self.several and array.shape == (examples, 1):
            array = array[:, 0]
        if array.shape != shape:
            what = "0 and 1 of each label" if self.several else "the number of a class"
            self._refuse("predict", f"{what} for each example, shape {shape}", array.shape)
        if examples == 0:
            return array.astype(np.int64)
        greatest = 1 if self.several else columns - 1
        if array.dtype.kind not in "biuf" or not np.isin(array, range(greatest + 1)).all():
            odd = [one for one in array.ravel().tolist() if one not in range(greatest + 1)]
            self._refuse("predict", f"whole numbers from 0 to {greatest}", odd[:1] or array.dtype)
        return array.astype(np.int64)

    def decided(self, answered: Any, examples: int) -> np.ndarray:
        """Labels that follow from what `answer` returned, in the shape that `labels` gives.

        Raises:
            DataError: They are of another shape, or no finite numbers.
        """
        if self.answer is ScoreFunction.LABELS:
            return self.labels(answered, examples)
        if not self.several:
            return np.asarray(self._one(answered, examples).argmax(axis=1))
        least = 0.5 if self.answer is ScoreFunction.PROBABILITIES else 0.0
        return (self._several(answered, examples) > least).astype(np.int64)

    def contradictions(self, decided: np.ndarray, said: np.ndarray) -> Iterator[str]:
        """Sentences on answers that do not agree with each other.

        Args:
            decided: What `decided` made of what `answer` returned for some examples.
            said: What `labels` made of what `predict` returned for the same.
        """
        examples = len(said)
        unlike = int((decided != said).reshape(examples, -1).any(axis=1).sum())
        if unlike:
            yield (
                f"predict and {self.answer} decide otherwise for {unlike} of {examples} training "
                f"examples; {self.answer} is what counts."
            )

    def _one(self, answered: Any, examples: int) -> np.ndarray:
        """Scores of classes that exclude each other."""
        columns, codes = self.seen.columns, self.seen.codes[0]
        if self.answer is ScoreFunction.LABELS:
            said = self.labels(answered, examples)[:, None] == np.arange(columns)
            return np.where(said, 1.0, -1.0 if columns == 2 else 0.0)
        array = self._numbers(answered)
        if array.shape in {(examples,), (examples, 1)} and len(codes) == 2:
            array = self._both(array.reshape(-1, 1))
        if array.shape not in {(examples, columns), (examples, len(codes))}:
            few = "" if len(codes) == columns else f", or {(examples, len(codes))} of those seen"
            self._refuse(self.answer, f"shape {(examples, columns)}{few}", array.shape)
        return array if array.shape[1] == columns else self._placed(array, codes)

    def _both(self, column: np.ndarray) -> np.ndarray:
        """Columns of both classes from that of the second, in the order of the labels."""
        if self.answer is ScoreFunction.PROBABILITIES:
            return np.concatenate([1 - column, column], axis=1)
        return np.concatenate([-column, column], axis=1)

    def _placed(self, array: np.ndarray, codes: Sequence[int]) -> np.ndarray:
        scores = np.zeros((len(array), self.seen.columns))
        if self.answer is ScoreFunction.DECISIONS:
            scores[:] = array.min(axis=1, keepdims=True) - 1.0
        scores[:, list(codes)] = array
        return scores

    def _several(self, answered: Any, examples: int) -> np.ndarray:
        """Scores of labels that come together."""
        shape = (examples, self.seen.columns)
        if self.answer is ScoreFunction.LABELS:
            return np.where(self.labels(answered, examples) == 1, 1.0, -1.0)
        array = self._stacked(answered, examples)
        if array.shape != shape:
            self._refuse(self.answer, f"shape {shape}", array.shape)
        return array

    def _stacked(self, answered: Any, examples: int) -> np.ndarray:
        """One column a label; scikit-learn gives a list of (examples, classes seen) instead."""
        if not isinstance(answered, list | tuple) or len(answered) != self.seen.columns:
            return self._numbers(answered)
        columns = [
            self._of_yes(self._numbers(part), codes, examples)
            for part, codes in zip(answered, self.seen.codes, strict=True)
        ]
        return np.stack(columns, axis=1)

    def _of_yes(self, part: np.ndarray, codes: Sequence[int], examples: int) -> np.ndarray:
        if part.shape == (examples, 2):
            return np.asarray(part[:, 1])
        if part.shape != (examples, 1):
            self._refuse(self.answer, f"shape {(examples, 2)} of each label", part.shape)
        return np.asarray(part[:, 0] if 1 in codes else 1 - part[:, 0])

    def _numbers(self, answered: Any) -> np.ndarray:
        try:
            array = np.asarray(answered, dtype=np.float64)
        except (TypeError, ValueError) as error:
            came = type(answered).__name__
            raise DataError(
                f"classifier {self.plugin}: {self.answer}: expected an array of numbers, got {came}."
            ) from error
        if not np.isfinite(array).all():
            odd = array[~np.isfinite(array)][0]
            self._refuse(self.answer, "finite numbers", odd)
        return array

    def _refuse(self, function: str, expected: str, came: Any) -> Never:
        raise DataError(f"classifier {self.plugin}: {function}: expected {expected}, got {came}.")
