"""Members one after another: what training raises or warns about becomes outcomes and notes."""

import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import TypeAlias

from sortal.methods.base import Control, Failed, Key, Member, Population, Progress, Trained

Heard: TypeAlias = list[tuple[int, str]]
"""Number of the thread that warned, and the text, in the order they came."""


def in_turn(
    population: Population, control: Control, train: Callable[[Member], Trained | Failed]
) -> Iterator[Trained | Failed]:
    """Train member after member, as the driver's verdicts say; none is kept once it is yielded.

    Args:
        population: The members.
        control: Told after each of them.
        train: What becomes of one; it raises nothing.
    """
    ended: frozenset[Key] = frozenset()
    total = len(population.members)
    for number, member in enumerate(population.members, start=1):
        if member.key in ended:
            yield Failed(member.key, "stopped before it was trained.")
            continue
        yield train(member)
        verdict = control.report(Progress(number / total, f"classifier {number}/{total}"))
        if verdict.stop_all:
            return
        ended |= verdict.stop


def failed(key: Key, error: Exception) -> Failed:
    """Describe an exception as the failure of one member: its first line, with its kind if bare."""
    lines = str(error).strip().splitlines()
    if isinstance(error, MemoryError):
        reason = f"training ran out of memory ({lines[0] if lines else 'no details'})."
    else:
        reason = lines[0] if lines else f"training raised {type(error).__name__}."
    return Failed(key, reason, "".join(traceback.format_exception(error)))


@contextmanager
def noting(*, ignored: tuple[str, ...] = ()) -> Iterator[list[str]]:
    """Collect warnings as notes, each text once, in the order they came.

    Args:
        ignored: Beginnings of warnings that do not concern the user.

    Yields:
        A list that is filled when the block ends.
    """
    notes: list[str] = []
    with hearing() as heard:
        yield notes
    texts = dict.fromkeys(text for _, text in heard)
    notes.extend(text for text in texts if not text.startswith(ignored))


@contextmanager
def hearing() -> Iterator[Heard]:
    """Collect warnings with the thread that gave them.

    Python's own recording does not tell threads apart, so it cannot say whose warning
    it was when several members train side by side.

    Yields:
        A list that grows.
    """
    heard: Heard = []

    def hear(message: Warning | str, *_: object, **__: object) -> None:
        heard.append((get_ident(), " ".join(str(message).split())))

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = hear
        yield heard
