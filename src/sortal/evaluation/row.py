"""A row of a table of results: what stands in each column."""

import math
from typing import TypeAlias

Cell: TypeAlias = str | int | float | bool | None
"""None where there is nothing to show."""

Row: TypeAlias = dict[str, Cell]
"""Cells by the names of their columns; names of metrics, classes and targets depend on the job."""


def finite_or_none(value: float) -> float | None:
    """A number as a cell: None for NaN and infinity."""
    return float(value) if math.isfinite(value) else None
