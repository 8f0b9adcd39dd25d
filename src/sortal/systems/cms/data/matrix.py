"""The variables of a block of events side by side, as training and `apply` read them."""

from collections.abc import Collection, Sequence

import numpy as np

from sortal.data.readers.base import Batch
from sortal.data.reading.tables import feature_matrix
from sortal.systems.cms.data.blanks import are_blank


class BadVariable(ValueError):
    """A value of a variable that is no number, or not a finite one."""

    def __init__(self, row: int, name: str, reason: str) -> None:
        self.row, self.name, self.reason = row, name, reason
        super().__init__(f"{name}: {reason}")


def variable_matrix(
    batch: Batch, variables: Sequence[str], blanks: Sequence[float], words: Collection[str]
) -> np.ndarray:
    """Read variables, shape (events, variables), NaN where a value is missing.

    Args:
        batch: A block with a column for each variable.
        variables: Their names.
        blanks: Numbers that mean a missing value; derived values are compared with them too.
        words: Texts that mean a missing value.

    Raises:
        BadVariable: A value is no number.
    """
    matrix, bad = feature_matrix(batch, variables, words)
    for name, error in bad.items():
        raise BadVariable(error.row, name, str(error)) from error
    if not blanks:
        return matrix
    return np.where(are_blank(matrix, blanks), matrix.dtype.type(np.nan), matrix)


def not_finite(matrix: np.ndarray, *, gaps_allowed: bool) -> np.ndarray:
    """Tell which values no network can be given, bool, in the shape of the matrix."""
    wrong: np.ndarray = np.isinf(matrix) if gaps_allowed else ~np.isfinite(matrix)
    return wrong


def first_not_finite(
    matrix: np.ndarray, wrong: np.ndarray, variables: Sequence[str]
) -> BadVariable:
    """Describe the first of some values that are not finite."""
    row, place = map(int, np.argwhere(wrong)[0])
    value = matrix[row, place]
    shown = "NaN or nothing" if np.isnan(value) else f"{value}"
    return BadVariable(row, variables[place], f"expected a finite number, got {shown}")
