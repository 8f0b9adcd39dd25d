"""Members one after another: what training raises or warns about becomes outcomes and notes."""

import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import get_ident
from typing import TypeAlias

from sortal.methods.contract.base import Control, Failed, Key, Member, Population, Progress, Trained
from sortal.methods.contract.printed import keeping_output

Heard: TypeAlias = list[tuple[int, str]]
"""Number of the thread that warned, and the text, in the order they came."""


def train_one_by_one(
    population: Population, control: Control, train: Callable[[Member], Trained | Failed]
) -> Iterator[Trained | Failed]:
    """Train member after member, as the driver's verdicts say; none is kept once it is yielded.

    Args:
        population: The members.
        control: Gets a report before and after each of them, and what each prints meanwhile.
        train: What becomes of one; it raises nothing.
    """
    ended: frozenset[Key] = frozenset()
    total = len(population.members)
    for number, member in enumerate(population.members, start=1):
        if member.key in ended:
            yield Failed(member.key, "stopped before it was trained.")
            continue
        text = f"classifier {number}/{total}"
        verdict = control.report(Progress((number - 1) / total, text, member.key))
        if verdict.stop_all:
            return
        yield _keeping(member, control, Progress((number - 1) / total, text, member.key), train)
        verdict = control.report(Progress(number / total, text))
        if verdict.stop_all:
            return
        ended |= verdict.stop


def _keeping(
    member: Member,
    control: Control,
    place: Progress,
    train: Callable[[Member], Trained | Failed],
) -> Trained | Failed:
    """Train one member, and keep with it what it prints."""

    def tell(lines: list[str]) -> None:
        control.report(replace(place, printed=tuple(lines)))

    with keeping_output(tell) as printed:
        outcome = train(member)
    if not (text := printed.text):
        return outcome
    if isinstance(outcome, Failed):
        return replace(outcome, printed=text)
    return replace(outcome, printed={**outcome.printed, member.key: text})


def failed(key: Key, error: Exception) -> Failed:
    """Describe an exception as the failure of one member: its first line, with its kind if bare."""
    lines = str(error).strip().splitlines()
    if isinstance(error, MemoryError):
        reason = f"training ran out of memory ({lines[0] if lines else 'no details'})."
    else:
        reason = lines[0] if lines else f"training raised {type(error).__name__}."
    return Failed(key, reason, "".join(traceback.format_exception(error)))


@contextmanager
def collecting_notes(*, ignored: tuple[str, ...] = ()) -> Iterator[list[str]]:
    """Collect warnings as notes, each text once, in the order they came.

    Args:
        ignored: Beginnings of warnings that do not concern the user.

    Yields:
        A list that is filled when the block ends.
    """
    notes: list[str] = []
    with collecting_warnings() as heard:
        yield notes
    texts = dict.fromkeys(text for _, text in heard)
    notes.extend(text for text in texts if not text.startswith(ignored))


@contextmanager
def collecting_warnings() -> Iterator[Heard]:
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
