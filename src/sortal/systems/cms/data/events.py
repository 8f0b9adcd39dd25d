"""Weighted simulated events with everything that an analyst must not lose: process, sign, number."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from sortal.data.split import Part
from sortal.systems.cms.data.event_numbers import joined_numbers

SIGNAL, BACKGROUND = "signal", "background"
ROOT_SUFFIX = ".root"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Events:
    """Events in the order of their files; all arrays have one row an event."""

    variables: tuple[str, ...]
    """Names of the variables, in the network's order."""

    features: np.ndarray = field(repr=False)
    """Shape (events, variables), float32 or float64."""

    weights: np.ndarray = field(repr=False)
    """Physics weight [pb an event], sign kept, float64, shape (events,)."""

    processes: tuple[str, ...]
    """Names of the processes, without `.root`."""

    process: np.ndarray = field(repr=False)
    """Place of each event's process in `processes`, int64, shape (events,)."""

    is_signal: np.ndarray = field(repr=False)
    """Whether it came from a file of signal, bool, shape (events,)."""

    parts: np.ndarray | None = field(default=None, repr=False)
    """Place of its `Part` in that enumeration, int8, shape (events,); None before the division."""

    numbers: np.ndarray | None = field(default=None, repr=False)
    """Event number, int64 or uint64, shape (events,); None where files have none."""

    factors: np.ndarray | None = field(default=None, repr=False)
    """Product of the scale factors, shape (events,); None where none are asked for."""

    notes: tuple[str, ...] = ()
    """What reading noticed, in sentences for the user."""

    def __len__(self) -> int:
        return len(self.weights)

    @property
    def process_names(self) -> np.ndarray:
        """Name of each event's process, shape (events,)."""
        names: np.ndarray = np.asarray(self.processes, dtype=object)[self.process]
        return names

    def rows(self, part: Part) -> np.ndarray:
        """Row numbers of a part, ascending.

        Raises:
            ValueError: The events are not divided.
        """
        if self.parts is None:
            raise ValueError("the events are not divided")
        return np.flatnonzero(self.parts == list(Part).index(part))

    def noting(self, *sentences: str) -> "Events":
        """The same with more notes."""
        return replace(self, notes=(*self.notes, *sentences))


def join(pieces: list[Events]) -> Events:
    """Put events of several files, in order, into one value.

    Args:
        pieces: At least one; of the same variables, and all with or without parts, numbers, factors.

    Raises:
        DataError: Event numbers fit no type together.
    """
    names = tuple(dict.fromkeys(name for piece in pieces for name in piece.processes))
    place = {name: code for code, name in enumerate(names)}

    def joined(what: str, put: Callable[..., np.ndarray] = np.concatenate) -> np.ndarray | None:
        values = [getattr(piece, what) for piece in pieces]
        return None if any(value is None for value in values) else put(values)

    codes = [
        np.array([place[name] for name in piece.processes], dtype=np.int64)[piece.process]
        for piece in pieces
    ]
    return Events(
        variables=pieces[0].variables,
        features=np.concatenate([piece.features for piece in pieces]),
        weights=np.concatenate([piece.weights for piece in pieces]),
        processes=names,
        process=np.concatenate(codes),
        is_signal=np.concatenate([piece.is_signal for piece in pieces]),
        parts=joined("parts"),
        numbers=joined("numbers", joined_numbers),
        factors=joined("factors"),
        notes=tuple(dict.fromkeys(note for piece in pieces for note in piece.notes)),
    )


def without_root(name: str) -> str:
    """The process that a string of a file names: without `.root`, else as it is.

    >>> without_root("ttbar.root"), without_root("ttbar")
    ('ttbar', 'ttbar')
    """
    return name.removesuffix(ROOT_SUFFIX)
