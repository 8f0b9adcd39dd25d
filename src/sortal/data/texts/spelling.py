"""Which texts are the same value: whole numbers in several spellings, names of classes and groups."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

FINITE = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
"""A finite number in decimal notation."""

_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_USUAL = re.compile(r"-?(0|[1-9]\d*)(\.0*)?|-?\d\.\d+e[+-]\d{2,3}", re.ASCII)
"""How programs write whole numbers: 7, 7.0 or 7.00e+00. A user wrote 007, +7 or 7E0 on purpose."""

_LARGEST_EXPONENT = 400
_LONGEST = 4000
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Spellings:
    """What some different texts stand for."""

    values: tuple[int | str, ...]
    """The value of each text, in the order of the texts: all whole numbers, or names."""

    merged: tuple[tuple[str, ...], ...] = ()
    """Texts that are one value."""

    apart: tuple[tuple[str, ...], ...] = ()
    """Texts that are equal as numbers and yet stay values of their own."""

    renamed: tuple[str, ...] = ()
    """Texts that a whole number in another spelling stands for."""


def spellings(texts: Sequence[str]) -> Spellings:
    """Decide which of some different texts are the same value.

    If all are whole numbers, each stands for its number, as `7` and `7.0` do. But where spellings
    that programs do not use are equal as numbers (`1E3` and `1000`, `007` and `7`), these are names:
    then each such spelling is a value of its own.

    >>> spellings(["1.0", "1", "2"]).values
    (1, 1, 2)
    >>> spellings(["007", "7", "1E3"]).values
    ('007', '7', '1E3')
    """
    whole = [as_whole_number(text) for text in texts]
    known = [value for value in whole if value is not None]
    if len(known) < len(texts):
        return Spellings(tuple(texts))
    written = dict[int, list[str]]()
    for text, value in zip(texts, known, strict=True):
        written.setdefault(value, []).append(text)
    several = [tuple(sorted(one, key=natural_sort_key)) for one in written.values() if len(one) > 1]
    odd = [one for one in several if not all(map(_USUAL.fullmatch, one))]
    if not odd:
        unusual = sorted((t for t in texts if not _USUAL.fullmatch(t)), key=natural_sort_key)
        return Spellings(tuple(known), tuple(sorted(several)), (), tuple(unusual))
    values = tuple(
        str(value) if _USUAL.fullmatch(text) else text
        for text, value in zip(texts, known, strict=True)
    )
    usual = [tuple(t for t in one if _USUAL.fullmatch(t)) for one in several]
    merged = sorted(one for one in usual if len(one) > 1)
    return Spellings(values, tuple(merged), tuple(sorted(odd)))


def spelling_notes(column: str, found: Spellings) -> Iterator[str]:
    """Sentences about spellings of a column, for the user."""
    if found.merged:
        yield f"column {column!r}: {_listed(found.merged, ' and ')} are read as the same number."
    if found.apart:
        yield (
            f"column {column!r}: {_listed(found.apart, ' and ')} are equal as numbers but not as "
            "text, and stay values of their own."
        )
    if found.renamed:
        first = found.renamed[0]
        yield (
            f"column {column!r}: texts are read as whole numbers, such as {first!r} as "
            f"{as_whole_number(first)}."
        )


def as_whole_number(text: str) -> int | None:
    """The whole number that a text is, exactly, however large; None if it is none."""
    if _WHOLE.fullmatch(text):
        return int(text) if len(text) < _LONGEST else None
    found = FINITE.fullmatch(text)
    if not found or len(text) > _LONGEST:
        return None
    if found[2] and abs(int(found[2][1:])) > _LARGEST_EXPONENT:
        return None
    value = Decimal(text)
    return int(value) if value == value.to_integral_value() else None


def natural_sort_key(name: str) -> tuple[Any, ...]:
    """Key by which names sort as people sort them: digits by their value."""
    if _WHOLE.fullmatch(name):
        return (0, _valued(name), name)
    pieces = re.split(r"(\d+)", name, flags=re.ASCII)
    valued = tuple(_valued(piece) if odd % 2 else piece for odd, piece in enumerate(pieces))
    return (1, valued, name)


def _valued(digits: str) -> int:
    # Python refuses to convert very long texts to int, but not by way of Decimal.
    return int(digits) if len(digits) < _LONGEST else int(Decimal(digits))


def _listed(several: Sequence[tuple[str, ...]], between: str) -> str:
    shown = "; ".join(between.join(map(repr, one)) for one in several[:_SHOWN])
    return f"{shown}; ..." if len(several) > _SHOWN else shown
