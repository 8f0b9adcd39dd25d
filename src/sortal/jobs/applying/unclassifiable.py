"""New examples that cannot be classified: a value is missing that the method needs, or a score is lost."""

import numpy as np

from sortal.data.inputs import Array, Inputs, Ragged
from sortal.data.preparing.preparer import Preparer
from sortal.errors import DataError

_BLANK = "leave such examples blank (--skip-bad; in Python skip_bad=True)"


class UnclassifiableExamples(DataError):
    """Examples that a classifier cannot classify."""

    def __init__(self, rows: np.ndarray, reason: str, cure: str = _BLANK) -> None:
        """Take the rows in ascending order, the reason of the first one, and what the user can do."""
        self.rows, self.reason, self.cure = rows, reason, cure
        super().__init__(self.located(f"example {int(rows[0]) + 1}"))

    def located(self, place: str) -> str:
        """The sentence for the user, where `place` names the first of the examples."""
        return f"{place}: {self.reason}; {self.cure}."

    def among(self, rows: np.ndarray) -> "UnclassifiableExamples":
        """Renumber the examples: `rows` are the places of these examples among more of them."""
        return UnclassifiableExamples(rows[self.rows], self.reason, self.cure)


def refuse_lost_scores(scores: np.ndarray) -> None:
    """Refuse scores that are missing or infinite: values were beyond what the method computes with.

    Args:
        scores: Shape (examples, outputs), as they are written.

    Raises:
        Unpredictable: All examples with such a score.
    """
    rows = np.flatnonzero(~np.isfinite(scores).all(axis=1))
    if len(rows):
        raise UnclassifiableExamples(
            rows,
            "the score is no finite number, for a value lies too far from those of the training",
        )


def refuse_gaps(prepared: Inputs, preparer: Preparer, method: str) -> None:
    """Refuse prepared examples in which something is missing.

    Raises:
        Unpredictable: All such examples, and the feature that the first of them lacks.
    """
    lacking = {name: _lacking(array) for name, array in prepared.arrays.items()}
    rows = np.flatnonzero(np.logical_or.reduce(list(lacking.values())))
    if not len(rows):
        return
    name = next(name for name, missing in lacking.items() if missing[rows[0]])
    feature = _feature(name, prepared.arrays[name], int(rows[0]), preparer)
    raise UnclassifiableExamples(
        rows,
        f"{feature} is missing, and {method} takes no missing values",
        f"fill the gap, {_BLANK}, or train with data.imputation",
    )


def _lacking(array: Array) -> np.ndarray:
    """Which examples hold NaN, bool, shape (examples,)."""
    if isinstance(array, Ragged):
        missing = _any(np.isnan(array.values))
        running = np.concatenate([[0], np.cumsum(missing)])
        return np.asarray(running[array.offsets[1:]] > running[array.offsets[:-1]])
    return _any(np.isnan(array))


def _any(marked: np.ndarray) -> np.ndarray:
    """Which rows have a mark, shape (rows,)."""
    return np.asarray(marked.any(axis=tuple(range(1, marked.ndim))))


def _feature(name: str, array: Array, row: int, preparer: Preparer) -> str:
    """Name the first missing number of an example."""
    if isinstance(array, Ragged):
        values = array.values[array.offsets[row] : array.offsets[row + 1]]
    else:
        values = np.asarray(array[row])
    place = tuple(int(one) for one in np.argwhere(np.isnan(values))[0])
    fitted = preparer.fitted[name]
    if not isinstance(array, Ragged) and array.ndim == 2 and fitted.lanes.axis == 1:
        return f"column {fitted.names[place[0]]!r}"
    return f"input {name!r} at {list(place)}"
