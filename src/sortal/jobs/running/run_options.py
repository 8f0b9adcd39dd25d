"""The options of a run as one value, which every layer hands on whole."""

import os
from dataclasses import dataclass
from functools import cache
from numbers import Real
from typing import Annotated, get_type_hints

from sortal.errors import OptionError


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The smallest value that an option may have."""

    least: float
    unit: str = ""
    """Unit of the value in the plural, for the error message."""

    def accepts(self, value: object) -> bool:
        """True for a number that is large enough; NaN is not."""
        return isinstance(value, Real) and float(value) >= self.least

    def __str__(self) -> str:
        return f"{self.least:g} or more {self.unit}".rstrip()


@dataclass(frozen=True, slots=True)
class Variable:
    """The environment variable that sets an option where the command line does not."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How a job is run; no option changes what a member becomes.

    Each field is an option of `sortal run`: its name, its type and the text under it make the
    command line and its help (`sortal.options.with_run_options`).

    Raises:
        OptionError: A number is smaller than its option allows.
    """

    cores: Annotated[int | None, AtLeast(1)] = None
    """Cores to use; all that are available if not given."""

    snapshot_seconds: Annotated[
        float | None, AtLeast(0, "seconds"), Variable("SORTAL_SNAPSHOT_SECONDS")
    ] = None
    """Pause between snapshots of networks in training, which is what a kill can cost; 20 if not given."""

    as_is: bool = False
    """Train nothing: make results of networks in mid-training, with their best weights."""

    def __post_init__(self) -> None:
        for name, bound in _bounds().items():
            value = getattr(self, name)
            if value is not None and not bound.accepts(value):
                raise OptionError(name, value, str(bound))

    @property
    def cores_to_use(self) -> int:
        """The cores that were asked for, else all that are available."""
        return self.cores or available_cores()


@cache
def _bounds() -> dict[str, AtLeast]:
    """Bounds of the options that have one, by field."""
    hints = get_type_hints(RunOptions, include_extras=True)
    return {
        name: mark
        for name, hint in hints.items()
        for mark in getattr(hint, "__metadata__", ())
        if isinstance(mark, AtLeast)
    }


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    import psutil

    return psutil.cpu_count(logical=False) or 1


DEFAULT_OPTIONS = RunOptions()
"""A run for which nothing was asked."""
