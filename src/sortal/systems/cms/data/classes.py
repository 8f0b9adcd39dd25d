"""Which class each process belongs to, and what physics weight each event has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

import numpy as np

from sortal.errors import DataError, suggest
from sortal.systems.cms.data.events import Events, without_root
from sortal.systems.cms.settings import CMSSettings, ProcessBlock


@dataclass(frozen=True, slots=True, eq=False)
class ClassMap:
    """Classes of events in the order of the output nodes, signal first."""

    names: tuple[str, ...]
    codes: np.ndarray
    """Class of each event, int64, shape (events,)."""

    of_process: Mapping[str, str]
    """Class of each process; the signal's processes are told by their files."""


def class_map(events: Events, settings: CMSSettings) -> ClassMap:
    """Give every event its class: signal by its file, background by the name of its process.

    Without classes in the settings all background is one class.

    Raises:
        DataError: A class has no events, or a process of background fits no class.
    """
    rules = settings.classes or {"Background": ["*"]}
    names = (settings.signal_class, *rules)
    if len(set(names)) < len(names):
        raise DataError(
            f"classes: expected names that differ, got {settings.signal_class!r} as a class of "
            "background and of signal."
        )
    found = {process: _class_of(process, rules) for process in _names(events, signal=False)}
    place = {name: code for code, name in enumerate(names)}
    table = np.array([place[found.get(process, names[0])] for process in events.processes])
    codes = np.where(events.is_signal, 0, table[events.process]).astype(np.int64)
    counts = np.bincount(codes, minlength=len(names))
    for code, name in enumerate(names):
        if not counts[code]:
            wanted = "a file of signal" if code == 0 else f"processes like {', '.join(rules[name])}"
            raise DataError(
                f"classes: no event is of the class {name!r} ({wanted}); "
                f"background processes are {', '.join(map(repr, sorted(found)))}."
            )
    return ClassMap(names, codes, found)


def _class_of(process: str, rules: Mapping[str, Sequence[str]]) -> str:
    for name, patterns in rules.items():
        if any(_fits(process, pattern) for pattern in patterns):
            return name
    raise DataError(
        f"classes: the process {process!r} fits no class; add a class with the pattern '*'."
    )


def with_physics_weights(events: Events, settings: CMSSettings) -> Events:
    """Multiply the files' weights by scale factors and, of processes in the table, by cross section / generated.

    Raises:
        DataError: A line of the table is of no event.
    """
    weights = events.weights if events.factors is None else events.weights * events.factors
    if not settings.processes:
        return events if weights is events.weights else replace(events, weights=weights)
    signal = _names(events, signal=True)
    rates = np.ones(len(events.processes))
    used = set()
    for code, process in enumerate(events.processes):
        pattern = next((p for p in settings.processes if _fits(process, p)), None)
        if pattern is not None:
            used.add(pattern)
            counts = settings.signal_cross_section or process not in signal
            rates[code] = _rate(settings.processes[pattern], with_cross_section=counts)
    unused = [pattern for pattern in settings.processes if pattern not in used]
    if unused:
        raise _unused(unused[0], events)
    return replace(events, weights=weights * rates[events.process])


def _unused(pattern: str, events: Events) -> DataError:
    """What to say of a line of the table that is of no event."""
    taken = [process for process in events.processes if _fits(process, pattern)]
    if taken:
        return DataError(
            f"processes: {pattern!r} stands behind a pattern that fits {taken[0]!r} too; the first "
            "that fits counts, so put it before."
        )
    return DataError(
        f"processes: no event is of the process {pattern!r}."
        f"{suggest(without_root(pattern), events.processes)}"
    )


def _rate(block: ProcessBlock, *, with_cross_section: bool) -> float:
    section = block.cross_section if with_cross_section else None
    return (section or 1.0) / (block.generated or 1.0)


def signal_point_rows(events: Events, point: str) -> np.ndarray:
    """Which events the figure of merit counts: all background, and signal of one process.

    Args:
        events: All events.
        point: Name of the process, with or without `.root`; empty for all signal.

    Raises:
        DataError: No signal has that name.
    """
    if not point:
        return np.ones(len(events), dtype=bool)
    wanted = without_root(point)
    signal = _names(events, signal=True)
    if wanted not in signal:
        raise DataError(
            f"signal_point: no signal event is of the process {wanted!r}.{suggest(wanted, signal)}"
        )
    chosen = events.process == events.processes.index(wanted)
    counted: np.ndarray = ~events.is_signal | chosen
    return counted


def _names(events: Events, *, signal: bool) -> list[str]:
    """Processes that have events in files of that kind."""
    mine = events.is_signal if signal else ~events.is_signal
    return [events.processes[code] for code in np.unique(events.process[mine])]


def _fits(process: str, pattern: str) -> bool:
    """Whether a pattern, with or without `.root`, is of a process."""
    return fnmatchcase(process, without_root(pattern))
