"""Names of the schedules that a job may choose."""

from typing import Literal, TypeAlias

ScheduleName: TypeAlias = Literal[
    "constant",
    "inverse_time",
    "exponential",
    "step",
    "cyclic",
    "sgdr",
    "cosine",
    "one_cycle",
    "coslog4",
    "flat_cos",
]
