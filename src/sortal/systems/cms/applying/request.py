"""What is asked of every file that a network is applied to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from sortal.systems.cms.applying.shift import Shift

Missing: TypeAlias = Literal["refuse", "nan"]

UNSHIFTED = ""
"""Stands for the name of a shift where there is none."""

ALL = "*"
"""Asks for every column that holds one number or text an event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to make of every file."""

    variables: tuple[str, ...]
    """Variables of the network, in order."""

    keep: tuple[str, ...] | None = None
    """Columns to keep beside the scores; `*` for all; None for weight, process and event number."""

    weight: str = "weight"
    unit_weights: bool = False
    """Whether every event of the training had the weight 1; text without a header line may lack
    weights then."""

    process: str = "process"
    event_number: str | None = None
    folds: int = 0
    """Folds that an event number belongs to; 0 where events are not told apart."""

    tree: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict)
    cut: str = ""
    shifts: Mapping[str, Shift] = field(default_factory=dict)
    typed: bool = True
    """Whether columns of text files are kept as numbers where they hold such; else as they are
    written."""

    blanks: tuple[float, ...] = ()
    """Numbers that mean a missing value, which the network fills in."""

    gaps_allowed: bool = False
    """Whether the network fills in values that are missing."""

    missing: Missing = "refuse"
