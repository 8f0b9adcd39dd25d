"""Expressions worked out over blocks of columns, with NumPy.

Numbers are computed in 64 bits whatever their columns are, so that neither a whole number without
sign wraps around at `n - 1` nor a comparison depends on how a column was stored. A missing value
is NaN: every comparison with it is false but `!=`, as in C++, and it counts as not true.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from sortal.data.readers.expression import FUNCTIONS, Among, Name, Node, Number, from_inside

Columns = Mapping[Name | Among, np.ndarray]
"""Values of each name, shape (rows,), float64; of each `Among` whether it holds, bool."""


def worked_out(node: Node, columns: Columns) -> np.ndarray:
    """Work an expression out: float64, or bool if it asks a question.

    A logarithm or a root of what has none is missing, and so is 0/0; 1/0 is infinite.
    """
    values: list[np.ndarray] = []
    with np.errstate(all="ignore"):
        for part in from_inside(node):
            if isinstance(part, Number):
                values.append(np.asarray(part.value))
            elif isinstance(part, Name | Among):
                values.append(columns[part])
            else:
                given = values[-len(part.to) :]
                values[-len(part.to) :] = [_applied(part.function, given)]
    return values[0]


def true(values: np.ndarray) -> np.ndarray:
    """Which values count as true: all but 0 and missing ones."""
    if values.dtype == bool:
        return values
    return np.asarray((values != 0) & ~np.isnan(values))


def _applied(function: str, values: Sequence[np.ndarray]) -> np.ndarray:
    if function in _LOGICAL:
        return np.asarray(_LOGICAL[function](*map(true, values)))
    if function == "where":
        return np.where(true(values[0]), *map(_number, values[1:]))
    return np.asarray(_ARITHMETIC[function](*map(_number, values)))


def _number(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float64) if values.dtype == bool else values


_LOGICAL: Mapping[str, Callable[..., np.ndarray]] = {
    "And": np.logical_and,
    "Or": np.logical_or,
    "Not": np.logical_not,
    "Invert": np.logical_not,
}
_ARITHMETIC: Mapping[str, Callable[..., np.ndarray]] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mult": np.multiply,
    "Div": np.divide,
    # As `%` and `fmod` of C++: with the sign of the first.
    "Mod": np.fmod,
    "Pow": np.power,
    "USub": np.negative,
    "Eq": np.equal,
    "NotEq": np.not_equal,
    "Lt": np.less,
    "LtE": np.less_equal,
    "Gt": np.greater,
    "GtE": np.greater_equal,
    "min": np.minimum,
    "max": np.maximum,
    **{name: getattr(np, name) for name in FUNCTIONS.keys() - {"min", "max", "where"}},
}
