"""Numbers that stand for a missing value, such as -999: as missing, before anything is derived."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from sortal.data.expressions.parse import find_names, needed_aliases, parse
from sortal.data.readers.base import Table
from sortal.data.readers.derived import DerivedTable
from sortal.data.readers.missing import mask_table


def _with_rounded(blanks: Sequence[float]) -> np.ndarray:
    """The numbers, and what 32 bits make of them."""
    exact = np.asarray(blanks, dtype=np.float64)
    with np.errstate(over="ignore"):
        rounded = exact.astype(np.float32).astype(np.float64)
    return np.unique(np.concatenate([exact, rounded[np.isfinite(rounded)]]))


def are_blank(values: np.ndarray, blanks: Sequence[float]) -> np.ndarray:
    """Tell which numbers stand for a missing value, also where they were rounded to 32 bits.

    Args:
        values: In any shape.
        blanks: The numbers that mean a missing value.

    Returns:
        Boolean array in the shape of `values`.
    """
    found: np.ndarray = np.isin(values.astype(np.float64), _with_rounded(blanks))
    return found


def without_blanks(
    table: Table, variables: Collection[str], aliases: Mapping[str, str], blanks: Sequence[float]
) -> Table:
    """A file's table with missing values in place of some numbers.

    Only columns that variables are made of are changed: a weight of -1 stays one.

    Args:
        table: The file's table, with the aliases that a tree brings and no others.
        variables: Columns and aliases that a network takes; weight, process and such not among
            them.
        aliases: Other aliases.
        blanks: The numbers.
    """
    if not blanks:
        return table
    own = table.texts if isinstance(table, DerivedTable) else {}
    every = needed_aliases({**own, **aliases}, variables)
    columns = {name for name in variables if name not in every}
    columns |= {one.name for name, text in every.items() for one in find_names(parse(text, name))}
    numbers = tuple(map(float, _with_rounded(blanks)))
    return mask_table(table, numbers, columns)
