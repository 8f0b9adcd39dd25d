"""A row of a table of results: what stands in each column."""

from typing import TypeAlias

Cell: TypeAlias = str | int | float | bool | None
"""None where there is nothing to show."""

Row: TypeAlias = dict[str, Cell]
"""Cells by the names of their columns; names of metrics, classes and targets depend on the job."""
