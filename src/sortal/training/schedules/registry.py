"""Schedules by name, from flat options."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from sortal.errors import OptionError
from sortal.job.type_names import nearest
from sortal.training.schedules.annealing import Cosine, CosLog4, FlatCos, OneCycle
from sortal.training.schedules.cycle import SGDR, Cyclic
from sortal.training.schedules.decay import Constant, Exponential, InverseTime, Step
from sortal.training.schedules.span import Schedule, check_number
from sortal.training.schedules.warm_up import WarmUp

SCHEDULES: dict[str, type[Any]] = {
    "constant": Constant,
    "inverse_time": InverseTime,
    "exponential": Exponential,
    "step": Step,
    "cyclic": Cyclic,
    "sgdr": SGDR,
    "cosine": Cosine,
    "one_cycle": OneCycle,
    "coslog4": CosLog4,
    "flat_cos": FlatCos,
}
"""Every schedule that is a function of the update alone; `plateau.Plateau` is not."""


def options_of(name: str) -> tuple[str, ...]:
    """Names of a schedule's own options.

    Raises:
        OptionError: No schedule has that name.

    >>> options_of("step")
    ('gamma', 'step_size', 'unit')
    """
    return tuple(field.name for field in fields(_kind(name)))


def build_schedule(name: str, options: Mapping[str, Any] | None = None) -> Schedule:
    """Make a schedule.

    Args:
        name: One of `SCHEDULES`.
        options: The schedule's fields, those left out at their defaults; and, for any
            schedule, `warm_up`: epochs of linear warm-up, 0 for none.

    Raises:
        OptionError: The name or an option is unknown, or a value out of range.

    >>> build_schedule("step", {"gamma": 0.1, "step_size": 30})
    Step(gamma=0.1, step_size=30, unit='epochs')
    """
    own = dict(options or {})
    warm_up = own.pop("warm_up", 0)
    check_number(name, "warm_up", warm_up, least=0)
    kind, known = _kind(name), options_of(name)
    for option in own:
        if option not in known:
            raise OptionError(name, option, _one_of("an option", option, (*known, "warm_up")))
    schedule: Schedule = kind(**own)
    return WarmUp(schedule=schedule, length=warm_up) if warm_up else schedule


def _kind(name: str) -> type[Any]:
    if name not in SCHEDULES:
        raise OptionError("schedule", name, _one_of("the name of a schedule", name, SCHEDULES))
    return SCHEDULES[name]


def _one_of(what: str, came: str, known: Mapping[str, Any] | tuple[str, ...]) -> str:
    close = nearest(came, known)
    meant = f" (perhaps {close!r})" if close else ""
    return f"{what}, one of {', '.join(known)}{meant}"
