"""Missing values in new examples where a method takes none: which examples, and which feature."""

import numpy as np

from sortal.data.inputs import Array, Inputs, Ragged
from sortal.data.preparer import Preparer
from sortal.errors import DataError


class Gaps(DataError):
    """Examples lack a value, and a method takes no missing values."""

    def __init__(self, rows: np.ndarray, feature: str, method: str) -> None:
        self.rows, self.feature, self.method = rows, feature, method
        super().__init__(self.told(f"example {int(rows[0]) + 1}"))

    def told(self, place: str) -> str:
        """The sentence for the user.

        Args:
            place: The first of the examples, as a user finds it.
        """
        return (
            f"{place}: {self.feature} is missing, and {self.method} takes no missing values; fill "
            "the gap, leave such examples blank (--skip-bad; in Python skip_bad=True), or train "
            "with data.imputation."
        )

    def among(self, rows: np.ndarray) -> "Gaps":
        """The same gaps, where the examples were picked out of more by `rows`."""
        return Gaps(rows[self.rows], self.feature, self.method)


def refuse_gaps(prepared: Inputs, preparer: Preparer, method: str) -> None:
    """Refuse prepared examples in which something is missing.

    Raises:
        Gaps: All such examples, and the feature that the first of them lacks.
    """
    lacking = {name: _lacking(array) for name, array in prepared.arrays.items()}
    rows = np.flatnonzero(np.logical_or.reduce(list(lacking.values())))
    if not len(rows):
        return
    name = next(name for name, missing in lacking.items() if missing[rows[0]])
    raise Gaps(rows, _feature(name, prepared.arrays[name], int(rows[0]), preparer), method)


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
